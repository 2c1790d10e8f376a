--- Find the times that a schedule names on the wall clock of its zone. The clock's own changes are
--- the business of firing.lua. Source: spec/contract/compute-rest.md, section 9.1.
local cron = require "azureml.definition.cron"
local date = require "azureml.definition.schedule.date"

local wall_times = {}

local DAY = date.DAY
local LAST_YEAR = 9999
local LAST_DAY = date.day(LAST_YEAR, 12, 31)
local LONGEST = 100      -- years to search for cron's next day: longer than any of its pauses

local function sorted_keys(set)
  local keys = {}
  for key in pairs(set) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- Return the times of a day in seconds: each hour with each minute.
local function times_of(hours, minutes)
  local times = {}
  for _, hour in ipairs(hours) do
    for _, minute in ipairs(minutes) do times[#times + 1] = hour * 3600 + minute * 60 end
  end
  table.sort(times)
  return times
end

-- Cron --------------------------------------------------------------------------------------------

-- Return the first day of a month that matches, from a day of the month on.
local function day_in_month(fields, year, month, from)
  local first = date.day(year, month, 1)
  for number = from, date.month_length(year, month) do
    local day = first + number - 1
    if fields.month_days[number] and fields.week_days[date.weekday(day)] then return day end
  end
end

-- Return a function that returns the first matching day from a day on, or nil.
local function cron_days(fields)
  return function(day)
    local year, month, from = date.of(day)
    for _ = 1, LONGEST * 12 do
      local found = fields.months[month] and day_in_month(fields, year, month, from)
      if found then return found end
      year, month, from = year + month // 12, month % 12 + 1, 1
      if year > LAST_YEAR then return nil end
    end
  end
end

local function cron_pattern(expression)
  local fields = cron.parse(expression)
  return {
    next_day = cron_days(fields),
    times = times_of(sorted_keys(fields.hours), sorted_keys(fields.minutes)),
  }
end

-- Recurrences -------------------------------------------------------------------------------------

local WEEK = {
  sunday = 0, monday = 1, tuesday = 2, wednesday = 3, thursday = 4, friday = 5, saturday = 6,
}

local function set_of(list, translate)
  if not list then return nil end
  local set = {}
  for _, value in ipairs(list) do set[translate and translate[value] or value] = true end
  return set
end

-- Return the first multiple of an interval from a number on.
local function next_multiple(number, interval)
  return -(-number // interval) * interval
end

-- A frequency's functions get a recurrence, the day of its start and the day to search from; they
-- return the first matching day, or nil.
local next_day_of = {}

function next_day_of.day(recurrence, start, from)
  local days = set_of(recurrence.week_days, WEEK)
  local passed = next_multiple(math.max(from - start, 0), recurrence.interval)
  for _ = 1, 7 do      -- after seven intervals the days of the week repeat
    local day = start + passed
    if not days or days[date.weekday(day)] then return day end
    passed = passed + recurrence.interval
  end
end

-- Weeks begin on Sunday. Inferred: spec/contract/compute-rest.md, section 9.1.
function next_day_of.week(recurrence, start, from)
  local days = set_of(recurrence.week_days, WEEK) or { [date.weekday(start)] = true }
  local first_week = start - date.weekday(start)
  local step = recurrence.interval * 7
  local passed = math.max(from - first_week, 0) // step * step
  for _ = 1, 2 do
    for day = first_week + passed, first_week + passed + 6 do
      if day >= from and days[date.weekday(day)] then return day end
    end
    passed = passed + step
  end
end

local MONTHS_TO_REPEAT = 400 * 12      -- the calendar repeats after them

-- A month without the day is passed over.
function next_day_of.month(recurrence, start, from)
  local year, month, start_day = date.of(start)
  local first, days = year * 12 + month - 1, set_of(recurrence.month_days) or { [start_day] = true }
  year, month = date.of(math.max(from, start))
  local number = first + (year * 12 + month - 1 - first) // recurrence.interval
    * recurrence.interval
  for _ = 1, MONTHS_TO_REPEAT do
    year, month = number // 12, number % 12 + 1
    if year > LAST_YEAR then return nil end
    for day = 1, date.month_length(year, month) do
      local found = date.day(year, month, day)
      if days[day] and found >= from then return found end
    end
    number = number + recurrence.interval
  end
end

local PERIODS = { minute = 60, hour = 3600 }

-- Without hours a recurrence fires at the hour of its start; without minutes at the start's minute,
-- or at the full hour if it has hours. Inferred: spec/contract/compute-rest.md, section 9.1.
local function recurrence_pattern(recurrence, start)
  local period = PERIODS[recurrence.frequency]
  if period then return { period = recurrence.interval * period } end
  local hours, minutes = recurrence.hours or {}, recurrence.minutes or {}
  local has_hours = hours[1] ~= nil
  local of_day = start % DAY
  return {
    next_day = function(from)
      return next_day_of[recurrence.frequency](recurrence, start // DAY, from)
    end,
    times = times_of(has_hours and hours or { of_day // 3600 },
      minutes[1] and minutes or { has_hours and 0 or of_day // 60 % 60 }),
  }
end

-- Patterns ----------------------------------------------------------------------------------------

--- Tell whether the times of a schedule depend on its start.
---@param item table        canonical
---@return boolean
function wall_times.depend_on_start(item)
  local recurrence = item.recurrence
  if not recurrence then return false end
  local lacks_times = not (recurrence.hours and recurrence.hours[1] and recurrence.minutes)
  local lacks_days = recurrence.frequency == "week" and not recurrence.week_days
    or recurrence.frequency == "month" and not recurrence.month_days
  return recurrence.interval > 1 or lacks_times or lacks_days
end

--- Make a pattern of a schedule.
---@param item table        canonical
---@param start integer?    seconds of the wall clock: the first possible time; intervals count from
---  it
---@return table pattern
function wall_times.pattern(item, start)
  local pattern = item.cron and cron_pattern(item.cron)
    or recurrence_pattern(item.recurrence, start or 0)
  pattern.start = start
  return pattern
end

-- Return the first time of a list that is greater than a number.
local function first_above(times, number)
  local low, high = 1, #times + 1
  while low < high do
    local middle = (low + high) // 2
    if times[middle] > number then high = middle else low = middle + 1 end
  end
  return times[low]
end

local function next_period(pattern, after)
  if after < pattern.start then return pattern.start end
  return pattern.start + ((after - pattern.start) // pattern.period + 1) * pattern.period
end

--- Return the next time of a pattern, strictly after another time.
---@param pattern table     a result of `wall_times.pattern`
---@param after integer     seconds of the wall clock
---@return integer?         nil: there is no such time before the year 10000
function wall_times.next(pattern, after)
  if pattern.start then after = math.max(after, pattern.start - 1) end
  if pattern.period then
    local wall = next_period(pattern, after)
    return wall // DAY <= LAST_DAY and wall or nil
  end
  local today = after // DAY
  local day = pattern.next_day(today)
  local time = day == today and first_above(pattern.times, after % DAY)
  if day == today and not time then day = pattern.next_day(today + 1) end
  if not day or day > LAST_DAY then return nil end
  return day * DAY + (time or pattern.times[1])
end

return wall_times
