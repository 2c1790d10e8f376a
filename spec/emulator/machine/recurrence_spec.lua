local calendar = require "azureml.emulator.machine.calendar"
local recurrence = require "azureml.emulator.machine.recurrence"

local START = "2026-11-26T10:30:00"      -- a Thursday

local function dates(given, after, count)
  local parsed, list, at = recurrence.parse(given, calendar.parse(START)), {}, calendar.parse(after)
  for i = 1, count do
    at = recurrence.next(parsed, at)
    if not at then break end
    list[i] = os.date("!%a %m-%d %H:%M", at)
  end
  return list
end

describe("a recurrence", function()
  for name, row in pairs {
    ["of 20 minutes counts them from its start"] = {
      { frequency = "Minute", interval = 20 },
      "2026-11-26T11:00:00",
      { "Thu 11-26 11:10", "Thu 11-26 11:30" },
    },
    ["of 6 hours counts them from its start"] = {
      { frequency = "Hour", interval = 6 },
      "2026-11-26T16:30:00",
      { "Thu 11-26 22:30", "Fri 11-27 04:30" },
    },
    ["of a day comes at its hours and minutes, each with each"] = {
      { frequency = "Day", interval = 1, schedule = { hours = { 18, 8 }, minutes = { 0, 30 } } },
      "2026-11-26T18:00:00",
      { "Thu 11-26 18:30", "Fri 11-27 08:00", "Fri 11-27 08:30", "Fri 11-27 18:00" },
    },
    ["of a day without times comes at its start's"] = {
      { frequency = "Day", interval = 1 },
      START,
      { "Fri 11-27 10:30" },
    },
    ["of two days leaves one out"] = {
      { frequency = "Day", interval = 2, schedule = { hours = { 18 } } },
      START,
      { "Thu 11-26 18:00", "Sat 11-28 18:00" },
    },
    ["of a day on week days leaves the week end out"] = {
      {
        frequency = "Day", interval = 1,
        schedule = { hours = { 18 }, weekDays = { "Thursday", "Monday" } },
      },
      START,
      { "Thu 11-26 18:00", "Mon 11-30 18:00" },
    },
    ["of a week comes on its days"] = {
      {
        frequency = "Week", interval = 1,
        schedule = { hours = { 9 }, weekDays = { "Friday", "Monday" } },
      },
      START,
      { "Fri 11-27 09:00", "Mon 11-30 09:00", "Fri 12-04 09:00" },
    },
    ["of two weeks counts the weeks of the calendar"] = {
      {
        frequency = "Week", interval = 2,
        schedule = { hours = { 9 }, weekDays = { "Friday", "Monday" } },
      },
      START,
      { "Fri 11-27 09:00", "Mon 12-07 09:00", "Fri 12-11 09:00" },
    },
    ["of a week without days comes on its start's"] = {
      { frequency = "Week", interval = 1, schedule = { hours = { 9 } } },
      START,
      { "Thu 12-03 09:00" },
    },
    ["of a month comes on its days, where the month has them"] = {
      { frequency = "Month", interval = 1, schedule = { hours = { 0 }, monthDays = { 31 } } },
      START,
      { "Thu 12-31 00:00", "Sun 01-31 00:00", "Wed 03-31 00:00" },
    },
    ["is not due before its start"] = {
      { frequency = "Day", interval = 1, schedule = { hours = { 8 } } },
      "2020-01-01T00:00:00",
      { "Fri 11-27 08:00" },
    },
    ["of minutes is first due at its start"] = {
      { frequency = "Minute", interval = 5 },
      "2020-01-01T00:00:00",
      { "Thu 11-26 10:30", "Thu 11-26 10:35" },
    },
  } do
    it(name, function() assert.same(row[3], dates(row[1], row[2], #row[3])) end)
  end

  it("that never comes is none for ten years, and then no more", function()
    -- Novembers
    assert.same(
      {},
      dates({ frequency = "Month", interval = 12, schedule = { monthDays = { 31 } } }, START, 1))
  end)
end)
