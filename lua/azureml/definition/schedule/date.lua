--- Calculate with dates of the Gregorian calendar. Times are seconds since 1970 of a wall clock, as
--- if that clock showed UTC.
local date = {}

local DAY = 86400
local ERA_DAYS, ERA_YEARS = 146097, 400      -- the calendar repeats after them
local TO_MARCH_0000 = 719468                 -- days from 0000-03-01 to 1970-01-01
local THURSDAY = 4                           -- the weekday of 1970-01-01

date.DAY = DAY

--- Return the days from 1970-01-01 to a date.
---@param year integer
---@param month integer      1 to 12
---@param day integer
---@return integer
function date.day(year, month, day)
  -- Count years from March on, so that the leap day is a year's last one.
  if month <= 2 then year = year - 1 end
  local era, since_march = year // ERA_YEARS, (month + 9) % 12
  local year_of_era = year - era * ERA_YEARS
  local day_of_year = (153 * since_march + 2) // 5 + day - 1
  local day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
  return era * ERA_DAYS + day_of_era - TO_MARCH_0000
end

--- Return the date of a day.
---@param day integer        days since 1970-01-01
---@return integer year, integer month, integer day_of_month
function date.of(day)
  local shifted = day + TO_MARCH_0000
  local era = shifted // ERA_DAYS
  local day_of_era = shifted - era * ERA_DAYS
  local year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524
    - day_of_era // (ERA_DAYS - 1)) // 365
  local day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
  local since_march = (5 * day_of_year + 2) // 153
  local month = since_march < 10 and since_march + 3 or since_march - 9
  local year = year_of_era + era * ERA_YEARS + (month <= 2 and 1 or 0)
  return year, month, day_of_year - (153 * since_march + 2) // 5 + 1
end

--- Return the day of the week of a day: 0 is Sunday.
---@param day integer        days since 1970-01-01
---@return integer
function date.weekday(day)
  return (day + THURSDAY) % 7
end

--- Return the days of a month.
---@param year integer
---@param month integer      1 to 12
---@return integer
function date.month_length(year, month)
  local next_year, next_month = year + month // 12, month % 12 + 1
  return date.day(next_year, next_month, 1) - date.day(year, month, 1)
end

local function seconds_of(year, month, day, hour, minute, second)
  if month < 1 or month > 12 or day < 1 or hour > 23 or minute > 59 or second > 59 then
    return nil
  end
  if day > date.month_length(year, month) then return nil end
  return date.day(year, month, day) * DAY + hour * 3600 + minute * 60 + second
end

--- Read a date, with or without a time: "2026-11-30", "2026-11-30T08:00", "2026-11-30 08:00:30".
---@param text string
---@return integer? seconds  of the wall clock; nil: the text is not a time, or not a valid date
function date.parse(text)
  local year, month, day, rest = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$"
  if not year then return nil end
  local hour, minute, second = rest:match "^[T ](%d%d):(%d%d):?(%d?%d?)$"
  if rest ~= "" and (not hour or #second == 1 or rest:find ":$") then return nil end
  return seconds_of(math.tointeger(tonumber(year)), math.tointeger(tonumber(month)),
    math.tointeger(tonumber(day)), math.tointeger(tonumber(hour or 0)),
    math.tointeger(tonumber(minute or 0)),
    second and second ~= "" and math.tointeger(tonumber(second)) or 0)
end

--- Read a time of the service: "2026-11-30T08:00:00.123Z".
---@param text any
---@return integer? seconds      since 1970; nil: the text is not such a time
function date.parse_utc(text)
  local time = type(text) == "string"
    and (text:match "^([%d-]+T[%d:]+)%.?%d*Z$" or text:match "^([%d-]+T[%d:]+)%.?%d*%+00:00$")
  return time and date.parse(time) or nil
end

--- Write a time as the service does: "2026-11-30T08:00:00".
---@param seconds integer        of the wall clock
---@return string
function date.write(seconds)
  local year, month, day = date.of(seconds // DAY)
  local rest = seconds % DAY
  return ("%04d-%02d-%02dT%02d:%02d:%02d"):format(year, month, day, rest // 3600,
    rest // 60 % 60, rest % 60)
end

return date
