--- Recurrences: every so many minutes, hours, days, weeks or months from a start, at hours and
--- minutes that combine each with each. Source: spec/contract/compute-rest.md, section 9.1.
local calendar = require "azureml.emulator.machine.calendar"

local recurrence = {}

local DAY = calendar.DAY
local PERIODS = { Minute = 60, Hour = 3600 }
local WEEK = { Sunday = 1, Monday = 2, Tuesday = 3, Wednesday = 4, Thursday = 5, Friday = 6, Saturday = 7 }

recurrence.FREQUENCIES = { Minute = true, Hour = true, Day = true, Week = true, Month = true }
recurrence.WEEK_DAYS = WEEK

local function set_of(list, translate)
  if not list or #list == 0 then return nil end
  local set = {}
  for _, value in ipairs(list) do set[translate and translate[value] or math.tointeger(value) or value] = true end
  return set
end

-- The times of a day in seconds, in order; without hours or minutes it is the start's.
local function times_of(schedule, start)
  local parts, times = calendar.parts(start), {}
  local hours = set_of(schedule.hours) or { [parts.hour] = true }
  local minutes = set_of(schedule.minutes) or { [schedule.hours and 0 or parts.min] = true }
  for time = 0, 24 * 60 - 1 do
    if hours[time // 60] and minutes[time % 60] then times[#times + 1] = time * 60 end
  end
  return times
end

--- Make one ready to be asked.
---@param given { frequency: string, interval: integer, schedule: table? }
---@param start number        seconds of the wall clock: nothing is due before it, and intervals are counted from it
---@return table
function recurrence.parse(given, start)
  local schedule, parts = given.schedule or {}, calendar.parts(start)
  return {
    frequency = given.frequency, interval = math.tointeger(given.interval), start = math.floor(start), times = times_of(schedule, start),
    week_days = set_of(schedule.weekDays, WEEK) or { [parts.wday] = true },
    month_days = set_of(schedule.monthDays) or { [parts.day] = true },
    any_day = schedule.weekDays and set_of(schedule.weekDays, WEEK),       -- narrows days, where it is given
  }
end

-- The weeks of the calendar begin on Sunday; 1970 began on a Thursday.
local function week_of(day) return (day + 4) // 7 end

local function month_of(parts) return parts.year * 12 + parts.month end

-- frequency -> whether a day is one of its days
local fits = {}

function fits.Day(parsed, day, parts)
  return (day - parsed.start // DAY) % parsed.interval == 0 and (not parsed.any_day or parsed.any_day[parts.wday])
end

function fits.Week(parsed, day, parts)
  return (week_of(day) - week_of(parsed.start // DAY)) % parsed.interval == 0 and parsed.week_days[parts.wday]
end

function fits.Month(parsed, _, parts)
  return (month_of(parts) - month_of(calendar.parts(parsed.start))) % parsed.interval == 0 and parsed.month_days[parts.day]
end

local function next_period(parsed, after)
  local period = parsed.interval * PERIODS[parsed.frequency]
  if after < parsed.start then return parsed.start end
  return parsed.start + ((after - parsed.start) // period + 1) * period
end

local LONGEST = 10 * 366      -- days that are looked through

local function next_day(parsed, after)
  local first = after // DAY
  for day = first, first + LONGEST do
    if fits[parsed.frequency](parsed, day, calendar.parts(day * DAY)) then
      for _, time in ipairs(parsed.times) do
        local at = day * DAY + time
        if at > after and at >= parsed.start then return at end
      end
    end
  end
end

--- The next time it is due, strictly after another; nil where there is none for ten years.
---@param parsed table
---@param after number        seconds of the wall clock
---@return integer?
function recurrence.next(parsed, after)
  after = math.floor(after)
  if PERIODS[parsed.frequency] then return next_period(parsed, after) end
  return next_day(parsed, math.max(after, parsed.start - 1))
end

return recurrence
