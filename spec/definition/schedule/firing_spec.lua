local clock = require "azureml.definition.schedule.clock"
local date = require "azureml.definition.schedule.date"
local emulated = require "azureml.emulator.machine.schedules"
local firing = require "azureml.definition.schedule.firing"
local json = require "azureml.json"
local random = require "spec.definition.schedule.random"
local schedule = require "azureml.definition.schedule"
local surroundings = require "spec.surroundings"

local function checked(value)
  local list, fault = schedule.check { value }
  assert.is_nil(fault)
  return list[1]
end

local function list(value, after, count, since)
  return firing.list(checked(value), date.parse(after), count or 5, since and date.parse(since))
end

-- Return the times in UTC, without seconds.
local function times(...)
  local found, fault = list(...)
  assert.is_nil(fault)
  for index, item in ipairs(found) do found[index] = item.utc:sub(1, 16) end
  return found
end

local function recurring(recurrence, start_time, time_zone)
  return {
    action = "stop", recurrence = recurrence, start_time = start_time, time_zone = time_zone,
  }
end

describe("a schedule fires next", function()
  it("at its times, in its zone and in UTC", function()
    local found = assert(list("stop weekdays 18:00 Europe/Amsterdam", "2026-11-27T18:00", 2))
    assert.same({
      { time = date.parse "2026-11-30T17:00", utc = "2026-11-30T17:00:00Z",
        wall = "2026-11-30T18:00:00", nominal = "2026-11-30T18:00:00", offset = 3600,
        clock = "CET" },
      { time = date.parse "2026-12-01T17:00", utc = "2026-12-01T17:00:00Z",
        wall = "2026-12-01T18:00:00", nominal = "2026-12-01T18:00:00", offset = 3600,
        clock = "CET" },
    }, found)
  end)

  for _, row in ipairs {
    { "stop daily 18:00", "2026-11-28T18:00", { "2026-11-29T18:00", "2026-11-30T18:00" } },
    { "stop daily 18:00", "2026-11-28T17:59:59", { "2026-11-28T18:00", "2026-11-29T18:00" } },
    { "stop daily 18:00 UTC from 2027-01-01T18:00", "2026-11-28",
      { "2027-01-01T18:00", "2027-01-02T18:00" } },
    { "stop daily 18:00 UTC from 2027-01-01T18:01", "2026-11-28",
      { "2027-01-02T18:00", "2027-01-03T18:00" } },
    { "stop cron 0 0 31 * *", "2026-11-28", { "2026-12-31T00:00", "2027-01-31T00:00",
      "2027-03-31T00:00" } },
    { "stop cron 0 0 29 2 *", "2026-11-28", { "2028-02-29T00:00", "2032-02-29T00:00" } },
    -- 2100 has no leap day.
    { "stop cron 0 0 29 2 *", "2096-02-29", { "2104-02-29T00:00", "2108-02-29T00:00" } },
    { "stop cron 0 0 29 2 mon", "2072-02-29T00:01", { "2112-02-29T00:00" } },
    { "stop cron 0 0 13 * fri", "2026-11-28", { "2027-08-13T00:00", "2028-10-13T00:00" } },
    { "stop cron 59 23 31 12 *", "2026-12-31T23:59", { "2027-12-31T23:59" } },
    { "stop cron 0 0 * * *", "9999-12-30T12:00", { "9999-12-31T00:00" }, 5 },
  } do
    it(("%s after %s"):format(row[1], row[2]), function()
      assert.same(row[3], times(row[1], row[2], row[4] or #row[3]))
    end)
  end

  local AT_8 = { hours = { 8 }, minutes = { 0 } }
  local function every(frequency, interval, more)
    local made = { frequency = frequency, interval = interval }
    for name, value in pairs(more or AT_8) do made[name] = value end
    return made
  end
  for _, row in ipairs {
    { every("day", 2), "2026-11-27T00:00", "2026-11-28",
      { "2026-11-29T08:00", "2026-12-01T08:00" } },
    { every("day", 2), "2026-11-28T09:00", "2026-11-28",      -- on its first day it is too late
      { "2026-11-30T08:00", "2026-12-02T08:00" } },
    { every("week", 2, { hours = { 8 }, week_days = { "monday", "sunday" } }), "2026-11-25",
      "2026-11-25", { "2026-12-06T08:00", "2026-12-07T08:00", "2026-12-20T08:00" } },
    { every("week", 1), "2026-11-25", "2026-11-26",      -- a Wednesday, like its start
      { "2026-12-02T08:00", "2026-12-09T08:00" } },
    { every("month", 1, { hours = { 8 }, month_days = { 31 } }), "2026-11-25", "2026-11-26",
      { "2026-12-31T08:00", "2027-01-31T08:00", "2027-03-31T08:00" } },
    { every("month", 12, { hours = { 8 }, month_days = { 29 } }), "2026-02-01", "2026-11-26",
      { "2028-02-29T08:00", "2032-02-29T08:00" } },
    { every("month", 2), "2026-11-30", "2026-11-26",
      { "2026-11-30T08:00", "2027-01-30T08:00", "2027-03-30T08:00" } },
    { every("day", 1, { hours = { 18, 8 }, minutes = { 30, 0 } }), "2026-11-25", "2026-11-28",
      { "2026-11-28T08:00", "2026-11-28T08:30", "2026-11-28T18:00", "2026-11-28T18:30" } },
    { every("day", 1, { hours = {}, minutes = {} }), "2026-11-25T07:05", "2026-11-28",
      { "2026-11-28T07:05" } },
    { every("day", 1, { hours = { 9 }, minutes = {} }), "2026-11-25T07:05", "2026-11-28",
      { "2026-11-28T09:00" } },
    { every("day", 1, { hours = {}, minutes = { 30 } }), "2026-11-25T07:05", "2026-11-28",
      { "2026-11-28T07:30" } },
    { every("hour", 5, {}), "2026-11-28T01:30", "2026-11-28T02:00",
      { "2026-11-28T06:30", "2026-11-28T11:30" } },
    { every("minute", 90, {}), "2026-11-28T01:30", "2026-11-27",
      { "2026-11-28T01:30", "2026-11-28T03:00" } },
    { every("day", 7, { week_days = { "sunday" } }), "2026-11-28", "2026-11-28", {} },      -- never
    { every("month", 12, { month_days = { 30 } }), "2026-02-01", "2026-11-28", {} },      -- never
    { every("day", 2147483647), "2026-11-28", "2026-11-29", {} },      -- after the year 9999
    { every("minute", 2147483647, {}), "2026-11-28T12:00", "2026-11-29", { "6109-12-21T14:07" } },
  } do
    it(("every %d %s from %s: %s"):format(row[1].interval, row[1].frequency, row[2],
      table.concat(row[4], ", ")), function()
      assert.same(row[4], times(recurring(row[1], row[2]), row[3], math.max(1, #row[4])))
    end)
  end

  it("without a start from when it was set, if that is known and matters", function()
    local every_2_days = recurring { frequency = "day", interval = 2, hours = { 8 } }
    assert.same({ "2026-11-29T08:00" }, times(every_2_days, "2026-11-28", 1, "2026-11-27T06:00"))
    local found, fault = list(every_2_days, "2026-11-28", 1)
    assert.same({ nil, "its times depend on its start, which the service does not tell" },
      { found, fault })
    assert.same({ "2026-11-28T08:00" },
      times(recurring { frequency = "day", hours = { 8 } }, "2026-11-28", 1))
  end)

  it("far in the future, and from far in the past", function()
    assert.same({}, assert(firing.list(checked "stop daily 18:00", math.huge, 5)))
    assert.equal(5, #assert(firing.list(checked "stop daily 18:00", -math.huge, 5)))
    assert.equal(1000, #assert(list("stop cron * * * * * Europe/Paris", "2026-10-24", 1e9)))
  end)
end)

describe("daylight saving time", function()
  local function notes(value, after, count)
    local found = {}
    for index, item in ipairs(assert(list(value, after, count))) do
      found[index] = ("%s %s%s"):format(item.utc:sub(6, 16), item.wall:sub(12, 16),
        item.note and ": " .. item.note or "")
    end
    return found
  end

  it("that ends shifts a schedule's time in UTC", function()
    assert.same({
      "10-24T16:00 18:00",
      "10-25T17:00 18:00: the clocks go back 1 h before it: 17:00 UTC, no longer 16:00 UTC",
      "10-26T17:00 18:00",
    }, notes("stop daily 18:00 Europe/Amsterdam", "2026-10-24", 3))
  end)

  it("that begins is noted for the first firing, too", function()
    assert.same({
      "03-29T16:00 18:00: the clocks go forward 1 h before it: 16:00 UTC, no longer 17:00 UTC",
    }, notes("stop daily 18:00 Europe/Amsterdam", "2026-03-28T20:00", 1))
  end)

  it("skips a time", function()
    assert.same({
      "03-28T01:30 02:30", "03-29T01:30 03:30: the clocks skip 02:30 on that day",
      "03-30T00:30 02:30: the clocks go forward 1 h before it: 00:30 UTC, no longer 01:30 UTC",
    }, notes("stop daily 02:30 Europe/Amsterdam", "2026-03-28", 3))
  end)

  it("brings a time twice", function()
    assert.same({
      "10-25T00:30 02:30: the clocks show 02:30 twice on that day: the first time counts",
      "10-26T01:30 02:30: the clocks go back 1 h before it: 01:30 UTC, no longer 00:30 UTC",
    }, notes("stop daily 02:30 Europe/Amsterdam", "2026-10-25", 2))
  end)

  it("changes some clocks by half an hour", function()
    assert.matches("the clocks go forward 30 min before it",
      notes("stop daily 18:00 Australia/Lord_Howe", "2026-10-03T12:00", 1)[1])
  end)

  it("never brings a firing twice, and never in the wrong order", function()
    for _, after in ipairs { "2026-03-29", "2026-10-25" } do
      local last = 0
      for _, item in ipairs(assert(list("stop cron 1/7 * * * * Europe/Paris", after, 300))) do
        assert.is_true(item.time > last)
        last = item.time
      end
    end
  end)

  it("does not lose a skipped time when another one comes before it", function()
    -- 02:20 is skipped and fires at 02:50; 02:35 fires before it.
    assert.same({ "2026-10-03T15:35", "2026-10-03T15:50" },
      times("stop cron 20,35 2 * * * Australia/Lord_Howe", "2026-10-03T12:00", 2))
    assert.same({ "2026-10-03T15:50" },
      times("stop cron 20,35 2 * * * Australia/Lord_Howe", "2026-10-03T15:40", 1))
  end)
end)

describe("firings that are not known", function()
  it("are those of a schedule that is not understood", function()
    local found, fault = firing.list({ verbatim = {} }, 0, 5)
    assert.same({ nil, "this version does not understand the schedule" }, { found, fault })
  end)

  it("are those in a zone whose clocks are not known", function()
    local found, fault = list("stop daily 18:00 Mars Standard Time", "2026-11-28")
    assert.same({ nil, "the clocks of 'Mars Standard Time' are not known here" }, { found, fault })
    local variables <close> = surroundings { TZDIR = "/nowhere" }
    found, fault = list("stop daily 18:00 Europe/Amsterdam", "2026-11-28")
    assert.is_nil(found)
    assert.matches("no time zone data of Europe/Berlin: install tzdata", fault)
    assert.equal(5, #assert(list("stop daily 18:00", "2026-11-28")))
    variables:close()
  end)
end)

-- The emulator has rules of its own. It looks from the wall time on that the clocks show, so it
-- misses a skipped time when it is asked within the hour after the change.
describe("the emulator", function()
  local function is_near_change(item, time)
    local zone = assert(clock.find(item.time_zone))
    return zone:state_at(time - 7200).offset ~= zone:state_at(time + 7200).offset
  end

  local TEN_YEARS = 10 * 365 * date.DAY

  -- Compare the firings of one schedule, five from a time on.
  local function compare(item, kept, since, after)
    local time = after
    local found = assert(firing.list(item, after, 5, since))
    for index = 1, 5 do
      local wanted = emulated.next(kept, item.action == "stop" and "Stop" or "Start", time)
      local own = found[index] and found[index].time
      if own ~= wanted then
        local text = json.encode(schedule.write { item }) .. " after " .. date.write(time)
        local is_late = wanted == nil and (own == nil or own - time > TEN_YEARS)
        assert.is_true(is_late or is_near_change(item, own), text)
        return false
      end
      time = own
      if not own then return true end
    end
    return true
  end

  it("fires at the same times, for many random schedules", function()
    local draw, same, total = random.generator(3), 0, 0
    for _ = 1, 1500 do
      local item = checked(random.schedule(draw, { extra = false }))
      item.status = "enabled"
      local body = json.decode_exact(json.encode(schedule.write { item }))
      local since = date.parse "2026-01-01" + draw(0, 365 * 24 * 60) * 60
      local kept = emulated.read(body, since, function() return "1" end)
      total = total + 1
      if compare(item, kept, since, since + draw(0, 2 * 365 * 24 * 60) * 60) then
        same = same + 1
      end
    end
    assert.is_true(same / total > 0.98, same .. " of " .. total)
  end)
end)
