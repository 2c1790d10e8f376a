--- Calculate with the dates of a wall clock, as seconds since 1970 as if that clock showed UTC.
--- Schedules use this wall time; machine/zone.lua converts it to UTC.
local calendar = {}

local DAY = 86400

calendar.DAY = DAY

--- Return the days from 1970-01-01 to a date of the Gregorian calendar.
---@param year integer
---@param month integer      may exceed 12: month 13 is January of the next year
---@param day integer        any
---@return integer
function calendar.days(year, month, day)
  year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
  -- A year that begins in March ends with the leap day.
  local shifted = month > 2 and year or year - 1
  local era_years = shifted % 400
  local year_day = (153 * ((month + 9) % 12) + 2) // 5
  return shifted // 400 * 146097 + era_years * 365 + era_years // 4 - era_years // 100
    + year_day + day - 719469
end

--- Return the seconds of a date and a time.
---@param year integer
---@param month integer
---@param day integer
---@param hour integer?      0 by default, like minute and second
---@param minute integer?
---@param second integer?
---@return integer
function calendar.seconds(year, month, day, hour, minute, second)
  local time = (hour or 0) * 3600 + (minute or 0) * 60 + (second or 0)
  return calendar.days(year, month, day) * DAY + time
end

--- Split seconds into year, month, day, hour, min, sec and wday (1 is Sunday).
---@param seconds number
---@return table
function calendar.parts(seconds)
  return os.date("!*t", math.floor(seconds))
end

--- Parse a date and a time, such as "2021-04-23T01:30:00".
---@param text string
---@return integer? seconds      nil if the text is no valid date
function calendar.parse(text)
  local year, month, day, hour, minute, second =
    text:match "^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):?(%d?%d?)$"
  if not year then return nil end
  local extra = tonumber(second) or 0
  local seconds = calendar.seconds(tonumber(year), tonumber(month), tonumber(day),
    tonumber(hour), tonumber(minute), extra)
  -- Refuse a 30th of February and a 25th hour: they would become another date.
  local is_same = os.date("!%Y-%m-%dT%H:%M", seconds) == text:sub(1, 16)
  return is_same and extra < 60 and seconds or nil
end

return calendar
