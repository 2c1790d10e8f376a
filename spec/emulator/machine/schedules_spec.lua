local calendar = require "azureml.emulator.machine.calendar"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local schedules = require "azureml.emulator.machine.schedules"

local NOW = calendar.parse "2026-11-26T12:00:00"      -- a Thursday
local count = 0

local function guid()
  count = count + 1
  return "schedule-" .. count
end

local function cron(expression, zone, more)
  local one = {
    action = "Stop", triggerType = "Cron",
    cron = { expression = expression, timeZone = zone },
  }
  for name, value in pairs(more or {}) do one[name] = value end
  return one
end

local function read(...)
  return schedules.read({ computeStartStop = { ... } }, NOW, guid)
end

local function next_of(list, action, after)
  local at = schedules.next(list, action or "Stop", after or NOW)
  return at and os.date("!%a %m-%d %H:%M", at)
end

describe("the schedules of an instance", function()
  for _, row in ipairs {
    { cron "0 18 * * *", "Thu 11-26 18:00" },
    { cron("0 18 * * *", "W. Europe Standard Time"), "Thu 11-26 17:00" },
    { cron("0 18 * * *", "Pacific Standard Time"), "Fri 11-27 02:00" },
    { cron("0 18 * * *", "UTC", { status = "Disabled" }), nil },
    { cron("0 18 * * *", "UTC", { action = "Start" }), nil },
    {
      {
        action = "stop",
        triggerType = "recurrence",
        recurrence = {
          frequency = "day", interval = 1,
          timeZone = "India Standard Time",
          schedule = { hours = { 20 }, minutes = { 15 }, weekDays = json.null },
        },
      },
      "Thu 11-26 14:45",
    },
    {
      {
        action = "Stop", triggerType = "Cron",
        cron = { expression = "0 18 * * *", startTime = "2026-12-24T19:00:00" },
      },
      "Fri 12-25 18:00",
    },
  } do
    it("are due next on " .. tostring(row[2]), function()
      assert.equal(row[2], next_of(read(row[1])))
    end)
  end

  it("are due at the first of several, strictly after a time", function()
    local list = read(
      cron "0 18 * * *", cron "30 17 * * *",
      cron("0 8 * * *", "UTC", { action = "Start" }))
    assert.equal("Thu 11-26 17:30", next_of(list))
    assert.equal("Thu 11-26 18:00", next_of(list, "Stop", calendar.parse "2026-11-26T17:30:00"))
    assert.equal("Fri 11-27 08:00", next_of(list, "Start"))
    assert.is_nil(next_of(nil))
  end)

  it("follow daylight saving: six in the evening stays six in the evening", function()
    local list = read(cron("0 18 * * *", "W. Europe Standard Time"))
    assert.equal("Sat 03-27 17:00", next_of(list, "Stop", calendar.parse "2027-03-27T12:00:00"))
    assert.equal("Sun 03-28 16:00", next_of(list, "Stop", calendar.parse "2027-03-28T00:00:00"))
  end)

  it("come once where the clocks are set back", function()
    local list = read(cron("*/30 2 * * *", "W. Europe Standard Time"))
    local at, hits = calendar.parse "2027-10-31T00:00:00" - 1, {}
    for i = 1, 3 do
      at = schedules.next(list, "Stop", at)
      hits[i] = os.date("!%m-%d %H:%M", at)
    end
    assert.same({ "10-31 00:00", "10-31 00:30", "11-01 01:00" }, hits)
  end)

  -- On 2027-10-31 at 01:00 UTC the clocks of this zone go back from 03:00 to 02:00.
  for _, row in ipairs {
    { "2027-10-31T00:59:59", "Sun 10-31 02:00" },      -- in the first of the two hours
    { "2027-10-31T01:00:00", "Sun 10-31 02:00" },      -- the second hour begins
    { "2027-10-31T01:10:00", "Sun 10-31 02:00" },      -- in the second hour
    { "2027-10-31T01:59:59", "Sun 10-31 02:00" },
  } do
    it("come next after the hour that the clocks show twice, from " .. row[1], function()
      local after = calendar.parse(row[1])
      assert.equal(row[2], next_of(read(cron("0,30 2,3 * * *", "W. Europe Standard Time")),
        "Stop", after))
      assert.equal(row[2], next_of(read {
        action = "Stop", triggerType = "Recurrence",
        recurrence = {
          frequency = "Day", interval = 1, timeZone = "W. Europe Standard Time",
          schedule = { hours = { 2, 3 }, minutes = { 0, 30 } },
        },
      }, "Stop", after))
    end)
  end

  it("come once, however often they are asked for where the clocks are set back", function()
    local list = read(cron("*/10 * * * *", "W. Europe Standard Time"))
    local time, texts = calendar.parse "2027-10-31T00:40:00", {}
    for i = 1, 4 do
      time = schedules.next(list, "Stop", time)
      texts[i] = os.date("!%H:%M", time)
    end
    assert.same({ "00:50", "02:00", "02:10", "02:20" }, texts)
  end)

  it("come at the time they would have had where the clocks skip it", function()
    local list = read(cron("30 2 * * *", "W. Europe Standard Time"))
    assert.equal("Sun 03-28 01:30", next_of(list, "Stop", calendar.parse "2027-03-28T00:00:00"))
    assert.equal("Mon 03-29 00:30", next_of(list, "Stop", calendar.parse "2027-03-28T01:30:00"))
  end)

  it("are shown as the service does, and are plain data", function()
    local list = read(cron("0 18 * * *", "Pacific Standard Time", {
      cron = {
        expression = "0 18 * * *", startTime = "2021-04-23T01:30:00",
        timeZone = "Pacific Standard Time",
      },
    }))
    local text = json.encode(list)
    list = json.decode(text)
    local shown = schedules.show(list).computeStartStop[1]
    assert.same(
      {
        "Completed", "Enabled", "Stop", "Cron", "Pacific Standard Time", "2021-04-23T01:30:00",
        "0 18 * * *",
      },
      {
        shown.provisioningStatus, shown.status, shown.action, shown.triggerType,
        shown.cron.timeZone, shown.cron.startTime, shown.cron.expression,
      })
    assert.is_string(shown.id)
    assert.equal('{"computeStartStop":[]}', json.encode(schedules.show(nil)))
    assert.equal("Fri 11-27 02:00", next_of(list))
  end)

  for name, row in pairs {
    ["five of them"] = {
      { cron "0 1 * * *", cron "0 2 * * *", cron "0 3 * * *", cron "0 4 * * *", cron "0 5 * * *" },
      "at most 4, not 5",
    },
    ["a cron of six fields"] = {
      { cron "0 0 18 * * *" },
      "'0 0 18 * * *': it has 6 fields, not 5",
    },
    ["a zone of another name"] = { { cron("0 18 * * *", "Europe/Berlin") }, "no Windows name" },
    ["a start that is no date"] = {
      {
        {
          action = "Stop", triggerType = "Cron",
          cron = { expression = "0 1 * * *", startTime = "soon" },
        },
      },
      "startTime 'soon'",
    },
    ["no action"] = {
      { { triggerType = "Cron", cron = { expression = "0 1 * * *" } } },
      "'action' is required",
    },
    ["another action"] = { { cron("0 1 * * *", nil, { action = "Pause" }) }, "one of Start, Stop" },
    ["another status"] = {
      { cron("0 1 * * *", nil, { status = "On" }) },
      "one of Disabled, Enabled",
    },
    ["no trigger"] = { { { action = "Stop" } }, "'triggerType' is required" },
    ["a trigger of the other kind"] = {
      { { action = "Stop", triggerType = "Recurrence", cron = { expression = "0 1 * * *" } } },
      "'recurrence' is required",
    },
    ["an hour that is none"] = {
      {
        {
          action = "Stop",
          triggerType = "Recurrence",
          recurrence = { frequency = "Day", interval = 1, schedule = { hours = { 24 } } },
        },
      },
      "hours holds a whole number from 0 to 23",
    },
    ["a day that is none"] = {
      {
        {
          action = "Stop",
          triggerType = "Recurrence",
          recurrence = { frequency = "Week", interval = 1, schedule = { weekDays = { "Funday" } } },
        },
      },
      "'weekDays' is 'Funday'",
    },
    ["no interval"] = {
      { { action = "Stop", triggerType = "Recurrence", recurrence = { frequency = "Day" } } },
      "'recurrence.interval' is required",
    },
    ["an interval of nothing"] = {
      {
        {
          action = "Stop",
          triggerType = "Recurrence",
          recurrence = { frequency = "Day", interval = 0 },
        },
      },
      "interval holds",
    },
    ["what is no object"] = { { "daily" }, "each is an object" },
  } do
    it("are refused with " .. name, function()
      local ok, raised = pcall(read, table.unpack(row[1]))
      assert.is_false(ok)
      assert.is_true(refusal.is(raised), tostring(raised))
      assert.equal(400, raised.status)
      assert.is_truthy(raised.message:find(row[2], 1, true), raised.message)
    end)
  end
end)
