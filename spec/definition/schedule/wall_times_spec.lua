local cron = require "azureml.definition.cron"
local date = require "azureml.definition.schedule.date"
local json = require "azureml.json"
local random = require "spec.definition.schedule.random"
local schedule = require "azureml.definition.schedule"
local wall_times = require "azureml.definition.schedule.wall_times"

local DAY = date.DAY

local function has(list, value)
  for _, item in ipairs(list) do
    if item == value then return true end
  end
  return false
end

local NAMES = {
  [0] = "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
}

-- Tell whether a day matches, one predicate a frequency, straight from the contract's words.
local fits = {}

function fits.day(recurrence, start, day)
  return (day - start) % recurrence.interval == 0
    and (not recurrence.week_days or has(recurrence.week_days, NAMES[date.weekday(day)]))
end

function fits.week(recurrence, start, day)
  local sunday, first = day - date.weekday(day), start - date.weekday(start)
  return (sunday - first) // 7 % recurrence.interval == 0
    and has(recurrence.week_days or { NAMES[date.weekday(start)] }, NAMES[date.weekday(day)])
end

function fits.month(recurrence, start, day)
  local year, month, number = date.of(day)
  local first_year, first_month, first_number = date.of(start)
  return ((year - first_year) * 12 + month - first_month) % recurrence.interval == 0
    and has(recurrence.month_days or { first_number }, number)
end

local function is_recurring(recurrence, start, wall)
  if wall < start then return false end
  local period = ({ minute = 60, hour = 3600 })[recurrence.frequency]
  if period then return (wall - start) % (period * recurrence.interval) == 0 end
  local hours, minutes = recurrence.hours, recurrence.minutes
  return has(#minutes > 0 and minutes or { #hours > 0 and 0 or start // 60 % 60 }, wall // 60 % 60)
    and has(#hours > 0 and hours or { start % DAY // 3600 }, wall % DAY // 3600)
    and fits[recurrence.frequency](recurrence, start // DAY, wall // DAY)
end

local function is_named(fields, start, wall)
  local is_time = wall >= start and fields.minutes[wall // 60 % 60]
    and fields.hours[wall % DAY // 3600]
  if not is_time then return false end
  local _, month, number = date.of(wall // DAY)
  return fields.month_days[number] and fields.months[month]
    and fields.week_days[date.weekday(wall // DAY)] or false
end

describe("the wall times of a schedule", function()
  it("are the minutes that match it, and no others, for many random schedules", function()
    local draw, found = random.generator(5), 0
    for _ = 1, 300 do
      local item = schedule.check({ random.schedule(draw, { extra = false }) })[1]
      local start = item.start_time and date.parse(item.start_time)
        or date.parse "2026-01-01" + draw(0, 50000) * 60
      local after = start + draw(-2000, 60000) * 60
      local fields = item.cron and cron.parse(item.cron)
      local next_wall = wall_times.next(wall_times.pattern(item, start), after)
      for minute = 1, 2000 do
        local wall = (after // 60 + minute) * 60
        local is_match
        if fields then
          is_match = is_named(fields, start, wall)
        else
          is_match = is_recurring(item.recurrence, start, wall)
        end
        if is_match ~= (wall == next_wall) then error(json.encode(item) .. date.write(wall)) end
        if is_match then
          found = found + 1
          break
        end
      end
    end
    assert.is_true(found > 100, found)
  end)

  for _, row in ipairs {
    { "stop daily 18:00", false }, { "stop every day at 18:00", false },
    { "stop every 2 days at 18:00", true }, { "stop every hour", true },
    { "stop every week at 18:00", true }, { "stop every month at 18:00", true },
    { { action = "stop", recurrence = { frequency = "week", week_days = { "monday" } } }, false },
    { { action = "stop", recurrence = { frequency = "month", month_days = { 1 } } }, false },
    { { action = "stop", recurrence = { frequency = "day", hours = {} } }, true },
    { { action = "stop", recurrence = { frequency = "day", hours = { 8 }, minutes = {} } }, false },
  } do
    it(row[2] and "depend on the start" or "do not depend on the start", function()
      local item = schedule.check({ row[1] })[1]
      assert.equal(row[2], wall_times.depend_on_start(item))
    end)
  end
end)
