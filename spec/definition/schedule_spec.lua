local emulated = require "azureml.emulator.machine.schedules"
local json = require "azureml.json"
local random = require "spec.definition.schedule.random"
local schedule = require "azureml.definition.schedule"

local function check(list)
  local canonical, fault = schedule.check(list)
  assert.is_nil(fault)
  return canonical
end

local function fault_of(list)
  local canonical, fault = schedule.check(list)
  assert.is_nil(canonical)
  return fault
end

-- Return what the service's JSON becomes in a decoder of the client.
local function sent(text)
  return json.decode(text)
end

local STOP = { action = "stop", cron = "0 18 * * *" }

describe("schedules that the caller gives", function()
  it("become canonical: lower case, defaults, the zone's Windows name", function()
    assert.same({
      { action = "stop", status = "enabled", time_zone = "W. Europe Standard Time",
        cron = "0 18 * * mon-fri" },
    }, check { { action = "STOP", cron = " 0  18 * * MON-Fri ", time_zone = "europe/amsterdam" } })
    assert.same({ { action = "stop", status = "enabled", time_zone = "UTC", cron = "0 18 * * *" } },
      check { STOP })
    assert.same({}, check {})
  end)

  it("become canonical with a recurrence: sorted lists without doubles, whole numbers", function()
    assert.same({
      { action = "start", status = "disabled", time_zone = "UTC",
        start_time = "2026-11-30T08:00:00",
        recurrence = {
          frequency = "week", interval = 2, hours = { 8, 12 }, minutes = { 30 },
          week_days = { "monday", "friday" },
        } },
    }, check { {
      action = "start", status = "Disabled", start_time = "2026-11-30 08:00",
      recurrence = {
        frequency = "WEEK", interval = 2.0, hours = { 12, 8.0, 12 }, minutes = { 30 },
        week_days = { "Friday", "MONDAY" },
      },
    } })
  end)

  for _, row in ipairs {
    { { frequency = "day" }, { hours = { 0 }, minutes = { 0 } } },
    { { frequency = "day", hours = {}, minutes = {} }, { hours = {}, minutes = {} } },
    { { frequency = "week", week_days = {} }, { hours = { 0 }, minutes = { 0 } } },
    { { frequency = "month", month_days = { 31, 1 } },
      { hours = { 0 }, minutes = { 0 }, month_days = { 1, 31 } } },
    { { frequency = "hour", interval = 3 }, { interval = 3 } },
    { { frequency = "minute", hours = { 0 }, minutes = {} }, {} },
  } do
    it("have the defaults of a recurrence: " .. json.encode(row[1]), function()
      local wanted = { frequency = row[1].frequency, interval = row[2].interval or 1 }
      for name, list in pairs(row[2]) do wanted[name] = list end
      assert.same(wanted, check({ { action = "stop", recurrence = row[1] } })[1].recurrence)
    end)
  end

  for _, row in ipairs {
    { { daily = "18:00" }, "0 18 * * *" }, { { weekdays = "8:05" }, "5 8 * * 1-5" },
    { { weekends = "10:00" }, "0 10 * * 0,6" }, { { weekly = "Monday 08:00" }, "0 8 * * 1" },
    { { weekly = { "mon 08:00", "thursday 08:00" } }, "0 8 * * 1,4" },
    { { weekly = "fri-mon 08:00" }, "0 8 * * 0,1,5,6" },
    { { weekly = "tue, wed, sat 08:00" }, "0 8 * * 2,3,6" },
    { { weekly = "mon-sun 08:00" }, "0 8 * * *" },
    { { weekly = "mon-thu,sat 23:59" }, "59 23 * * 1-4,6" },
  } do
    it("may be in a form for people: " .. json.encode(row[1]), function()
      local given = { action = "stop" }
      for name, value in pairs(row[1]) do given[name] = value end
      assert.same({ action = "stop", status = "enabled", time_zone = "UTC", cron = row[2] },
        check({ given })[1])
    end)
  end

  it("may be texts", function()
    assert.same(check { { action = "stop", weekdays = "18:00", time_zone = "Europe/Amsterdam" } },
      check { "stop weekdays 18:00 Europe/Amsterdam" })
  end)

  it("stay as they are when they are checked again", function()
    for seed = 1, 200 do
      local list = check(random.list(seed))
      assert.same(list, check(list))
    end
  end)

  for _, row in ipairs {
    { { STOP, STOP, STOP, STOP, STOP }, "^5 schedules: the service takes at most 4$" },
    { "stop", "^must be a list, not 'stop': write { { action = 'stop'" },
    { STOP, "^must be a list, but it has the key '%a+': write { {" },
    { { [2] = STOP }, "^must be a list without gaps" },
    { { 5 }, "^schedule 1: it is a table or a text, not 5$" },
    { { { action = "pause", cron = "0 18 * * *" } }, "action is one of start, stop, not 'pause'" },
    { { { cron = "0 18 * * *" } }, "it needs an action: start, stop" },
    { { { action = "stop" } }, "needs one of cron, recurrence, daily, weekdays, weekends, weekly" },
    { { { action = "stop", cron = "0 18 * * *", recurrence = { frequency = "day" } } },
      "cron and recurrence exclude each other" },
    { { { action = "stop", daily = "18:00", weekly = "mon 18:00" } },
      "daily and weekly exclude each other" },
    { { { action = "stop", cron = "0 18 * *" } }, "cron '0 18 %* %*' is wrong: .*five fields" },
    { { { action = "stop", cron = "0 18 * * * ; rm" } }, "five fields" },
    { { { action = "stop", cron = "99 77 * * *" } }, "'99' is not a minute" },
    { { { action = "stop", cron = "0 18 31 2 *" } }, "no month of it has such a day" },
    { { { action = "stop", cron = 18 } }, "cron 18 is wrong: it is a text" },
    { { { action = "stop", cron = "0 18 * * *", status = "on" } },
      "status is one of enabled, disabled, not 'on'" },
    { { { action = "stop", cron = "0 18 * * *", start_time = "tomorrow" } },
      "start_time is 'tomorrow': a time in its time_zone" },
    { { { action = "stop", cron = "0 18 * * *", start_time = "2026-02-30T08:00:00" } },
      "start_time is '2026%-02%-30T08:00:00'" },
    { { { action = "stop", cron = "0 18 * * *", start_time = "2026-11-30T08:00:00Z" } },
      "start_time is .* a time in its time_zone" },
    { { { action = "stop", cron = "0 18 * * *", time_zone = "Mars/Olympus" } },
      "time zone 'Mars/Olympus' is not known here: give its IANA name" },
    { { { action = "stop", cron = "0 18 * * *", time_zone = "Amsterdam" } },
      "is not known here: did you mean 'Europe/Amsterdam'%?" },
    { { { action = "stop", cron = "0 18 * * *", time_zone = 1 } }, "time_zone is a name such as" },
    { { { action = "stop", recurrence = "day" } }, "recurrence is a table such as" },
    { { { action = "stop", recurrence = {} } },
      "recurrence needs its frequency: minute, hour, day, week, month" },
    { { { action = "stop", recurrence = { frequency = "year" } } }, "not 'year'" },
    { { { action = "stop", recurrence = { frequency = "day", interval = 0 } } },
      "interval is a whole number, 1 or more, not 0" },
    { { { action = "stop", recurrence = { frequency = "day", interval = 2 ^ 60 } } },
      "interval is a whole number" },
    { { { action = "stop", recurrence = { frequency = "day", hours = { 24 } } } },
      "hours are whole numbers from 0 to 23, not 24" },
    { { { action = "stop", recurrence = { frequency = "day", hours = { at = 18 } } } },
      "hours must be a list, but it has the key 'at'" },
    { { { action = "stop", recurrence = { frequency = "day", minutes = { 0.5 } } } },
      "minutes are whole numbers from 0 to 59, not 0.5" },
    { { { action = "stop", recurrence = { frequency = "week", week_days = { "Mo" } } } },
      "a week day is one of monday, .*, not 'Mo'" },
    { { { action = "stop", recurrence = { frequency = "month", month_days = { 0 } } } },
      "month_days are whole numbers from 1 to 31" },
    { { { action = "stop", recurrence = { frequency = "week", month_days = { 1 } } } },
      "month_days have no effect with frequency 'week'" },
    { { { action = "stop", recurrence = { frequency = "hour", minutes = { 30 } } } },
      "minutes have no effect with frequency 'hour'" },
    { { { action = "stop", corn = "0 18 * * *" } }, "a schedule has no option 'corn'" },
    { { { action = "stop", recurrence = { frequncy = "day" } } },
      "a recurrence has no option 'frequncy'" },
    { { { action = "stop", daily = "6pm" } },
      "daily is wrong: '6pm' is not a time of the day, such as '18:00'" },
    { { { action = "stop", daily = "24:00" } }, "'24:00' is not a time of the day" },
    { { { action = "stop", daily = 18 } }, "18 is not a time of the day" },
    { { { action = "stop", weekly = "monday" } }, "'monday' is not a day and a time" },
    { { { action = "stop", weekly = "noday 08:00" } }, "'noday 08:00' is not a day and a time" },
    { { { action = "stop", weekly = { "mon 08:00", "tue 09:00" } } },
      "weekly is wrong: its times differ: give a schedule for each time" },
    { { { action = "stop", weekly = {} } }, "weekly is wrong: it names no day" },
    { { { action = "stop", cron = "0 18 * * *", extra = 5 } }, "extra is a table of JSON members" },
    { { { action = "stop", cron = "0 18 * * *", extra = { 5 } } },
      "extra is a table of JSON members by name" },
    { { { action = "stop", cron = "0 18 * * *", extra = { f = print } } },
      "extra is a table of JSON members by name" },
    { { { action = "stop", cron = "0 18 * * *", extra = { status = "On" } } },
      "extra repeats 'status', which has an option of its own" },
    { { { action = "stop", cron = "0 18 * * *", extra = { cron = { timeZone = "UTC" } } } },
      "extra repeats 'timeZone'" },
    { { { action = "stop", cron = "0 18 * * *", extra = { id = "1" } } },
      "extra has 'id', which the service sets" },
    { { { verbatim = 1, action = "stop" } }, "verbatim is JSON of the service and stands alone" },
  } do
    it("are refused with the rule: " .. row[2]:gsub("%%", ""), function()
      assert.matches(row[2], fault_of(row[1]))
    end)
  end

  it("are refused with all findings, each with its position", function()
    assert.equal("schedule 1: action is one of start, stop, not 'pause'; "
      .. "schedule 1: hours are whole numbers from 0 to 23, not 25; "
      .. "schedule 3: daily is wrong: '9' is not a time of the day, such as '18:00'",
      fault_of {
        { action = "pause", recurrence = { frequency = "day", hours = { 25 } } }, STOP,
        { action = "stop", daily = "9" },
      })
  end)

  it("are refused without an error, whatever they are", function()
    local trap = setmetatable({ x = 1 }, {
      __index = function() error "index" end, __pairs = function() error "pairs" end,
      __len = function() error "len" end, __tostring = function() error "tostring" end,
    })
    local knot, wide = {}, { x = 1 }
    knot.knot = knot
    for _ = 1, 90 do wide = { a = wide, b = wide } end
    for _, value in ipairs {
      true, 0 / 0, print, trap, { trap }, { "" }, { "\0\n" }, { ("x"):rep(1e5) }, { knot },
      { { action = trap, cron = trap, recurrence = trap, weekly = trap, [trap] = trap } },
      { { action = "stop", recurrence = { frequency = trap, hours = trap } } },
      { { action = "stop", recurrence = { frequency = "week", week_days = { trap } } } },
      { { action = "stop", daily = "18:00", extra = knot } },
      { { action = "stop", daily = "18:00", extra = wide } },
      { { action = "stop", daily = "18:00", extra = { x = 0 / 0 } } },
      { { action = "stop", daily = "18:00", extra = { x = "\xff" } } },
      { { action = "stop", weekly = { trap, 1 } } }, { { verbatim = knot } },
      { { action = "stop", cron = "*/" .. ("9"):rep(400) .. " * * * *" } },
      { { action = "stop", cron = "0 18 * * *", time_zone = ("Z"):rep(1e5) } },
      { { action = "stop", daily = "18:00", ["evil\27[2J"] = 1 } },
    } do
      local fault = fault_of(value)
      assert.is_true(#fault < 1000, #fault)
      assert.is_nil(fault:find "%c")
    end
  end)
end)

describe("schedules on the wire", function()
  it("are those of the specification's example", function()
    assert.same({
      computeStartStop = { {
        action = "Stop", status = "Enabled", triggerType = "Cron",
        cron = { expression = "0 18 * * *", timeZone = "Pacific Standard Time",
          startTime = "2021-04-23T01:30:00" },
      } },
    }, schedule.write(check { { action = "stop", cron = "0 18 * * *",
      start_time = "2021-04-23T01:30:00", time_zone = "America/Los_Angeles" } }))
  end)

  it("have arrays where there is nothing in them", function()
    assert.equal('{"computeStartStop":[]}', json.encode(schedule.write {}))
    local hourly = schedule.write(check { "stop every hour" })
    assert.equal('{"hours":[],"minutes":[]}',
      json.encode(hourly.computeStartStop[1].recurrence.schedule))
  end)

  it("are not sent where there are none", function()
    assert.is_nil(schedule.write(nil))
  end)

  it("come back as they were, for any schedule", function()
    for seed = 1, 500 do
      local canonical = check(random.list(seed))
      local text = json.encode(schedule.write(canonical))
      assert.same(canonical, schedule.read(json.decode(text)))
      assert.same(canonical, schedule.read(json.decode_exact(text)))
    end
  end)

  it("come back as they were from the emulator", function()
    for seed = 1, 200 do
      local canonical = check(random.list(seed, { extra = false }))
      local body = json.decode_exact(json.encode(schedule.write(canonical)))
      local count = 0
      local kept = emulated.read(body, 0, function()
        count = count + 1
        return tostring(count)
      end)
      local read = schedule.read(json.decode(json.encode(emulated.show(kept))))
      assert.is_true(schedule.same(canonical, read))
      assert.is_true(#read == 0 or read[1].provisioning_status == "Completed")
    end
  end)

  it("are an empty list where the service sends none", function()
    for _, value in ipairs {
      json.null, {}, { computeStartStop = json.null }, 5, "text", { computeStartStop = "x" }, false,
    } do
      assert.equal("[]", json.encode(schedule.read(value)))
    end
    assert.equal("[]", json.encode(schedule.read(nil)))
    assert.same({}, schedule.read { computeStartStop = {} })
  end)

  it("keep what this package does not know", function()
    local text = [[{"computeStartStop":[{"id":"1","provisioningStatus":"Failed","status":"Enabled",
      "schedule":null,"jitter":{"minutes":5},"action":"Stop","triggerType":"Cron","recurrence":null,
      "cron":{"expression":"0 18 * * *","timeZone":"UTC","startTime":null,"endTime":"2030"}}]}]]
    local read = schedule.read(sent(text))
    assert.same({ {
      id = "1", provisioning_status = "Failed", action = "stop", status = "enabled",
      cron = "0 18 * * *", time_zone = "UTC",
      extra = { jitter = { minutes = 5 }, cron = { endTime = "2030" } },
    } }, read)
    assert.same({ computeStartStop = { {
      action = "Stop", status = "Enabled", triggerType = "Cron", jitter = { minutes = 5 },
      cron = { expression = "0 18 * * *", timeZone = "UTC", endTime = "2030" },
    } } }, schedule.write(check(read)))
  end)

  it("without a status, a zone, an interval or times have the service's defaults", function()
    local read = schedule.read(sent [[{"computeStartStop":[
      {"action":"Stop","recurrence":{"frequency":"Day","startTime":"2026-11-30T08:00:00.000Z"}}]}]])
    assert.same({ {
      action = "stop", status = "enabled", time_zone = "UTC", start_time = "2026-11-30T08:00:00",
      recurrence = { frequency = "day", interval = 1, hours = {}, minutes = {} },
    } }, read)
  end)

  for _, text in ipairs {
    '5', '"x"', '[]', '{}', '{"action":"Hibernate","triggerType":"Cron","cron":{"expression":"* * '
      .. '* * *"}}',
    '{"action":"Stop","triggerType":"Cron"}', '{"action":"Stop","triggerType":5,"cron":{}}',
    '{"action":"Stop","triggerType":"Event","event":{"name":"x"}}',
    '{"action":"Stop","triggerType":"Cron","cron":{"expression":["a"]}}',
    '{"action":"Stop","triggerType":"Cron","cron":{"expression":"0 18 * * 9"}}',
    '{"action":"Stop","triggerType":"Recurrence","recurrence":{"frequency":"Year","interval":1}}',
    '{"action":{},"status":[],"cron":{"expression":{},"timeZone":{},"startTime":{}}}',
    '{"action":"Stop","recurrence":{"frequency":"Day","schedule":{"hours":"x","minutes":{"a":1}}}}',
    '{"action":"Stop","recurrence":{"frequency":"Day","schedule":"x","interval":1e300}}',
  } do
    it("that this package does not understand stay as they are: " .. text, function()
      local value = sent('{"computeStartStop":[' .. text .. "]}")
      local read = schedule.read(value)
      if #read == 1 and read[1].verbatim == nil then
        assert.is_truthy(text:find '"schedule":"x"')      -- only the broken part is kept
      end
      local again = schedule.read(json.decode(json.encode(schedule.write(check(read)))))
      assert.same(read, again)
      assert.is_true(schedule.same(read, again))
    end)
  end

  it("without an item that is null: it holds nothing", function()
    assert.same({}, schedule.read(sent '{"computeStartStop":[null]}'))
  end)
end)

describe("wanted schedules are those of the service", function()
  local function same(wanted, actual)
    return schedule.same(check(wanted), check(actual))
  end
  local function with(fields)
    local item = { action = "stop", cron = "0 18 * * 1-5" }
    for name, value in pairs(fields) do item[name] = value end
    return item
  end

  for name, pair in pairs {
    ["whatever their order"] = { { STOP, with {} }, { with {}, STOP } },
    ["whatever the zone is called"] = {
      { with { time_zone = "Europe/Amsterdam" } },
      { with { time_zone = "w. europe standard time" } },
    },
    ["however cron is written"] = {
      { with {} }, { with { cron = "0  18 * *  MON,tue,3-5/1" } },
    },
    ["with a start time that the service added"] = {
      { with {} }, { with { start_time = "2026-11-30T08:00:00" } },
    },
    ["with members that the service added"] = { { with {} }, { with { extra = { more = 1 } } } },
    ["with an id"] = { { with {} }, { with { id = "1", provisioning_status = "Completed" } } },
    ["when one of them has a start time and the other takes any"] = {
      { with {}, with { start_time = "2026-11-30T08:00:00" } },
      { with { start_time = "2026-11-30T08:00:00" }, with { start_time = "2027-01-01" } },
    },
    ["with all that was wanted in extra"] = {
      { with { extra = { a = { b = 1 } } } }, { with { extra = { a = { b = 1, c = 2 } } } },
    },
  } do
    it(name, function() assert.is_true(same(pair[1], pair[2])) end)
  end

  for name, pair in pairs {
    ["with another status"] = { { with {} }, { with { status = "disabled" } } },
    ["with another action"] = { { with {} }, { with { action = "start" } } },
    ["with another zone"] = { { with {} }, { with { time_zone = "Asia/Tokyo" } } },
    ["with other times"] = { { with {} }, { STOP } },
    ["with another start time"] = {
      { with { start_time = "2026-11-30" } }, { with { start_time = "2026-12-01" } },
    },
    ["without a wanted start time"] = { { with { start_time = "2026-11-30" } }, { with {} } },
    ["with one more"] = { { with {} }, { with {}, STOP } },
    ["with another one twice"] = { { with {}, STOP }, { with {}, with {} } },
    ["by a recurrence"] = {
      { STOP }, { { action = "stop", recurrence = { frequency = "day", hours = { 18 } } } },
    },
    ["without a wanted member"] = { { with { extra = { a = 1 } } }, { with {} } },
    ["that this package does not understand"] = { { with {} }, { { verbatim = { a = 1 } } } },
  } do
    it("not " .. name, function() assert.is_false(same(pair[1], pair[2])) end)
  end

  it("where there are none on either side", function()
    assert.is_true(schedule.same(nil, {}))
    assert.is_true(schedule.same({}, nil))
    assert.is_false(schedule.same(check { STOP }, nil))
  end)
end)
