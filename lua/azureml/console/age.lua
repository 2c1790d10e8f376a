--- Write times as ages in words: "5 minutes", "3 days".
local age = {}

local UNITS = {
  { 365 * 86400, "year" }, { 30 * 86400, "month" }, { 86400, "day" }, { 3600, "hour" },
  { 60, "minute" }, { 1, "second" },
}

--- Write a duration in words, in its largest unit.
---@param seconds number
---@return string      "now" for less than a second, and for a time that is still to come
function age.words(seconds)
  for _, unit in ipairs(UNITS) do
    local count = seconds // unit[1]
    if count >= 1 then
      return ("%d %s%s"):format(count, unit[2], count == 1 and "" or "s")
    end
  end
  return "now"
end

-- Count the days from 1970-01-01 to a date. March begins the year here, so that the leap day is
-- the last day.
local function days_before(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  local leap_days = year // 4 - year // 100 + year // 400
  return 365 * year + leap_days + (153 * (month - 3) + 2) // 5 + day - 719469
end

--- Read a time in ISO 8601, in UTC or with an offset.
---@param text any
---@return number? seconds      since 1970; nil when it is not a time
function age.read(text)
  if type(text) ~= "string" then return nil end
  local year, month, day, hour, minute, second, zone =
    text:match "^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)[%d.]*(.*)$"
  if not year then return nil end
  local sign, hours, minutes = zone:match "^([+-])(%d%d):?(%d%d)$"
  local offset = sign and tonumber(hours) * 3600 + tonumber(minutes) * 60 or 0
  local days = days_before(tonumber(year), tonumber(month), tonumber(day))
  local seconds = ((days * 24 + tonumber(hour)) * 60 + tonumber(minute)) * 60 + tonumber(second)
  return sign == "-" and seconds + offset or seconds - offset
end

--- Write the age of a time in words.
---@param text any         ISO 8601
---@param now number?      seconds since 1970; default: the machine's clock
---@return string?         nil when the text is not a time
function age.of(text, now)
  local time = age.read(text)
  return time and age.words((now or os.time()) - time)
end

return age
