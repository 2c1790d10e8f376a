--- Dates as a wall clock shows them, counted in seconds since 1970 as if that clock stood in UTC: what schedules are reckoned in.
local calendar = {}

local DAY = 86400

calendar.DAY = DAY

--- Days since 1970-01-01 of a date of the Gregorian calendar.
---@param year integer
---@param month integer      any: 13 is January of the next year
---@param day integer        any
---@return integer
function calendar.days(year, month, day)
  year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
  local shifted = month > 2 and year or year - 1              -- a year that begins in March ends with the leap day
  local era_years = shifted % 400
  local year_day = (153 * ((month + 9) % 12) + 2) // 5
  return shifted // 400 * 146097 + era_years * 365 + era_years // 4 - era_years // 100 + year_day + day - 719469
end

--- Seconds of a date and a time.
function calendar.seconds(year, month, day, hour, minute, second)
  return calendar.days(year, month, day) * DAY + (hour or 0) * 3600 + (minute or 0) * 60 + (second or 0)
end

--- year, month, day, hour, min, sec, wday (1: Sunday).
---@param seconds number
---@return table
function calendar.parts(seconds)
  return os.date("!*t", math.floor(seconds))
end

--- Seconds of "2021-04-23T01:30:00"; nil for what is no date.
---@param text string
---@return integer?
function calendar.parse(text)
  local year, month, day, hour, minute, second = text:match "^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):?(%d?%d?)$"
  if not year then return nil end
  local seconds = calendar.seconds(tonumber(year), tonumber(month), tonumber(day), tonumber(hour), tonumber(minute), tonumber(second) or 0)
  local same = os.date("!%Y-%m-%dT%H:%M", seconds) == text:sub(1, 16)       -- no 30th of February, no 25th hour
  return same and (tonumber(second) or 0) < 60 and seconds or nil
end

return calendar
