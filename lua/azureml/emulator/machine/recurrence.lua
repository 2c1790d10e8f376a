--- Find the times of a recurrence: every n minutes, hours, days, weeks or months from a start, at
--- each combination of its hours and minutes.
--- Source: spec/contract/compute-rest.md, section 9.1.
local calendar = require "azureml.emulator.machine.calendar"

local recurrence = {}

local DAY = calendar.DAY
local PERIODS = { Minute = 60, Hour = 3600 }
local WEEK = {
  Sunday = 1, Monday = 2, Tuesday = 3, Wednesday = 4, Thursday = 5, Friday = 6, Saturday = 7,
}

recurrence.FREQUENCIES = { Minute = true, Hour = true, Day = true, Week = true, Month = true }
recurrence.WEEK_DAYS = WEEK

local function set_of(list, translate)
  if not list or #list == 0 then return nil end
  local set = {}
  for _, value in ipairs(list) do
    set[translate and translate[value] or math.tointeger(value) or value] = true
  end
  return set
end

-- Return the times of a day in seconds, in order. Without hours or minutes they are the start's.
local function times_of(schedule, start)
  local parts, times = calendar.parts(start), {}
  local hours = set_of(schedule.hours) or { [parts.hour] = true }
  local minutes = set_of(schedule.minutes) or { [schedule.hours and 0 or parts.min] = true }
  for time = 0, 24 * 60 - 1 do
    if hours[time // 60] and minutes[time % 60] then times[#times + 1] = time * 60 end
  end
  return times
end

--- Parse a recurrence.
---@param trigger { frequency: string, interval: integer, schedule: table? }
---@param start number        seconds of the wall clock: the first possible time; intervals count
---  from it
---@return table parsed
function recurrence.parse(trigger, start)
  local schedule, parts = trigger.schedule or {}, calendar.parts(start)
  local week_days = set_of(schedule.weekDays, WEEK)
  return {
    frequency = trigger.frequency, interval = math.tointeger(trigger.interval),
    start = math.floor(start), times = times_of(schedule, start),
    week_days = week_days or { [parts.wday] = true },
    month_days = set_of(schedule.monthDays) or { [parts.day] = true },
    any_day = schedule.weekDays and week_days,      -- restricts the frequency Day
  }
end

-- Return the number of a day's week. Weeks begin on Sunday; 1970-01-01 was a Thursday.
local function week_of(day) return (day + 4) // 7 end

local function month_of(parts) return parts.year * 12 + parts.month end

-- frequency -> function that returns whether a day matches
local fits = {}

function fits.Day(parsed, day, parts)
  local passed = day - parsed.start // DAY
  return passed % parsed.interval == 0 and (not parsed.any_day or parsed.any_day[parts.wday])
end

function fits.Week(parsed, day, parts)
  local passed = week_of(day) - week_of(parsed.start // DAY)
  return passed % parsed.interval == 0 and parsed.week_days[parts.wday]
end

function fits.Month(parsed, _, parts)
  local passed = month_of(parts) - month_of(calendar.parts(parsed.start))
  return passed % parsed.interval == 0 and parsed.month_days[parts.day]
end

local function next_period(parsed, after)
  local period = parsed.interval * PERIODS[parsed.frequency]
  if after < parsed.start then return parsed.start end
  return parsed.start + ((after - parsed.start) // period + 1) * period
end

local LONGEST = 10 * 366      -- days to search

local function next_day(parsed, after)
  local first = after // DAY
  for day = first, first + LONGEST do
    if fits[parsed.frequency](parsed, day, calendar.parts(day * DAY)) then
      for _, seconds in ipairs(parsed.times) do
        local time = day * DAY + seconds
        if time > after and time >= parsed.start then return time end
      end
    end
  end
end

--- Return the next time of a recurrence, strictly after another time.
---@param parsed table        a result of `recurrence.parse`
---@param after number        seconds of the wall clock
---@return integer?           nil if there is no such time within ten years
function recurrence.next(parsed, after)
  after = math.floor(after)
  if PERIODS[parsed.frequency] then return next_period(parsed, after) end
  return next_day(parsed, math.max(after, parsed.start - 1))
end

return recurrence
