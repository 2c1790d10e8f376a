local changes = require "azureml.definition.schedule.changes"
local date = require "azureml.definition.schedule.date"
local firing = require "azureml.definition.schedule.firing"
local schedule = require "azureml.definition.schedule"

local function check(list)
  local canonical, fault = schedule.check(list)
  assert.is_nil(fault)
  return canonical
end

local STOP, START = "stop weekdays 18:00 Europe/Amsterdam", "start weekdays 08:00 Europe/Amsterdam"

describe("a list of schedules", function()
  it("gets one more", function()
    local list = check { STOP }
    assert.same(check { STOP, START }, changes.add(list, START))
    assert.same(check { STOP }, list)
    assert.same(check { START }, changes.add(nil, START))
  end)

  it("gets no more than the service takes, and no wrong one", function()
    local full = check { STOP, STOP, STOP, STOP }
    local list, fault = changes.add(full, START)
    assert.same({ nil, "5 schedules: the service takes at most 4" }, { list, fault })
    list, fault = changes.add({}, { action = "stop", daily = "25:00" })
    assert.is_nil(list)
    assert.equal("daily is wrong: '25:00' is not a time of the day, such as '18:00'", fault)
  end)

  it("loses one", function()
    local list = check { STOP, START }
    assert.same(check { START }, changes.remove(list, 1))
    assert.same(check { STOP }, changes.remove(list, 2))
    assert.same(check { STOP, START }, list)
  end)

  it("has one enabled or disabled", function()
    local list = check { STOP, START }
    local disabled = changes.disable(list, 2)
    assert.same({ "enabled", "disabled" }, { disabled[1].status, disabled[2].status })
    assert.equal("enabled", list[2].status)
    assert.same(list, changes.enable(disabled, 2))
  end)

  for _, name in ipairs { "remove", "enable", "disable" } do
    for _, position in ipairs { 0, 3, -1, 1.5, 1e300 } do
      it(("refuses to %s %s"):format(name, position), function()
        local list, fault = changes[name](check { STOP, START }, position)
        assert.is_nil(list)
        assert.equal(("there is no schedule %s: there are 2 schedules"):format(position), fault)
      end)
    end
    it("says that there is nothing to " .. name, function()
      local _, fault = changes[name](nil, 1)
      assert.equal("there is no schedule 1: there are no schedules", fault)
    end)
  end

  it("may lose one that is not understood, not have it enabled", function()
    local list = { { verbatim = { a = 1 } } }
    assert.same({}, changes.remove(list, 1))
    local _, fault = changes.enable(list, 1)
    assert.equal("this version does not understand schedule 1", fault)
  end)
end)

describe("the next stop is skipped", function()
  local now = date.parse "2026-11-30T12:00"      -- a Monday

  local function skip(list, since)
    return changes.skip_next_stop(check(list), now, since)
  end

  it("by a start time at the stop after it", function()
    local list, stop = skip { STOP, START }
    assert.equal("2026-11-30T17:00:00Z", stop.utc)
    assert.equal("2026-12-01T18:00:00", list[1].start_time)
    assert.is_nil(list[2].start_time)
    assert.is_true(schedule.check(list) ~= nil)
  end)

  it("only that one: a schedule that stops later stays as it is", function()
    local list = skip { STOP, "stop daily 23:00", "stop daily 17:00 UTC" }
    assert.same({ "2026-12-01T18:00:00", "none", "2026-12-01T17:00:00" },
      { list[1].start_time, list[2].start_time or "none", list[3].start_time })
  end)

  it("whatever the disabled and the starting schedules do", function()
    local list, stop = skip { "stop daily 13:00 disabled", "start daily 13:00", "stop daily 14:00" }
    assert.equal("2026-11-30T14:00:00Z", stop.utc)
    assert.is_nil(list[1].start_time)
    assert.is_nil(list[2].start_time)
  end)

  it("twice, when it is asked for twice", function()
    local list, stop = changes.skip_next_stop(skip { "stop daily 18:00" }, now)
    assert.equal("2026-12-01T18:00:00Z", stop.utc)
    assert.equal("2026-12-02T18:00:00", list[1].start_time)
  end)

  it("in a list with a schedule that is not understood, which stays", function()
    local list = changes.skip_next_stop({ { verbatim = { 1 } }, check({ STOP })[1] }, now)
    assert.same({ verbatim = { 1 } }, list[1])
    assert.equal("2026-12-01T18:00:00", list[2].start_time)
  end)

  for _, recurrence in ipairs {
    { frequency = "day", interval = 3, hours = { 8, 18 }, minutes = { 0, 30 } },
    { frequency = "week", interval = 2, hours = { 18 }, week_days = { "monday", "thursday" } },
    { frequency = "month", interval = 2, hours = { 18 }, month_days = { 15, 31 } },
    { frequency = "month", interval = 1 }, { frequency = "week", interval = 3 },
    { frequency = "hour", interval = 5 }, { frequency = "minute", interval = 95 },
    { frequency = "day", interval = 1, hours = {}, minutes = { 5, 45 } },
  } do
    it(("and a recurrence goes on as before: every %d %s"):format(recurrence.interval or 1,
      recurrence.frequency), function()
      local list = check { { action = "stop", recurrence = recurrence,
        start_time = "2026-10-31T07:20", time_zone = "America/New_York" } }
      local before = assert(firing.list(list[1], now, 13))
      local skipped, stop = changes.skip_next_stop(list, now)
      assert.equal(before[1].time, stop.time)
      local after = assert(firing.list(skipped[1], now, 12))
      for index = 1, 12 do assert.equal(before[index + 1].utc, after[index].utc) end
    end)
  end

  it("by a schedule that stops only once more", function()
    local list = check { "stop cron 0 0 31 12 * UTC from 9999-01-01" }
    local skipped = changes.skip_next_stop(list, now)
    assert.equal("9999-12-31T00:01:00", skipped[1].start_time)
    assert.same({}, firing.list(skipped[1], now, 1))
  end)

  for name, row in pairs {
    ["there is none"] = { {}, "no enabled schedule stops the instance" },
    ["all are disabled"] = { { "stop daily 18:00 disabled" }, "no enabled schedule stops" },
    ["its times are not known"] = { { STOP, "stop every 2 days at 18:00" },
      "^schedule 2: its times depend on its start" },
    ["its zone is not known"] = { { "stop daily 18:00 Mars Standard Time" },
      "^schedule 1: the clocks of 'Mars Standard Time' are not known here" },
  } do
    it("not when " .. name, function()
      local list, fault = skip(row[1])
      assert.is_nil(list)
      assert.matches(row[2], fault)
    end)
  end
end)
