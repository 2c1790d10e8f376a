--- Read the rule for the years that a file of time zone data does not list, in the form of POSIX's
--- TZ: "CET-1CEST,M3.5.0,M10.5.0/3". Source: RFC 8536, section 3.3; POSIX, section 8.3.
local date = require "azureml.definition.schedule.date"

local clock_rule = {}

local HOUR, DAY = 3600, date.DAY
local TWO_O_CLOCK = 2 * HOUR      -- when clocks change, unless the rule says so
local MOST_HOURS = 167            -- of a time in a rule; RFC 8536 extends POSIX's 24

-- A cursor: the text and the position of the next character.
local function take(cursor, pattern)
  local found, last = cursor.text:match("^(" .. pattern .. ")()", cursor.position)
  if found then cursor.position = last end
  return found
end

local function take_name(cursor)
  local name = take(cursor, "<[%w+-]+>") or take(cursor, "%a%a%a+")
  return name and name:gsub("[<>]", "")
end

-- Take "-1", "10:30" or "+5:45:00" and return its seconds.
local function take_seconds(cursor)
  local sign = take(cursor, "[+-]")
  local seconds, unit = nil, HOUR
  repeat
    local number = tonumber(take(cursor, "%d%d?%d?"))
    if not number then return nil end
    seconds, unit = (seconds or 0) + number * unit, unit // 60
  until unit == 0 or not take(cursor, ":")
  if seconds > MOST_HOURS * HOUR then return nil end
  return math.tointeger(sign == "-" and -seconds or seconds)
end

local function integers(...)
  local list = { ... }
  for index, text in ipairs(list) do list[index] = math.tointeger(tonumber(text)) end
  return table.unpack(list)
end

-- "M3.5.0": the last Sunday of March; week 5 is a month's last one.
local function weekday_rule(month, week, weekday)
  if month < 1 or month > 12 or week < 1 or week > 5 or weekday > 6 then return nil end
  return function(year)
    local first = date.day(year, month, 1)
    local day = first + (weekday - date.weekday(first)) % 7 + (week - 1) * 7
    return day < first + date.month_length(year, month) and day or day - 7
  end
end

-- "J60": the first of March in every year; the leap day is not counted.
local function julian_rule(number)
  if number < 1 or number > 365 then return nil end
  return function(year)
    local is_leap = date.month_length(year, 2) == 29
    return date.day(year, 1, 1) + number - 1 + (is_leap and number >= 60 and 1 or 0)
  end
end

-- "59": a day of the year from 0 on; the leap day is counted.
local function ordinal_rule(number)
  if number > 365 then return nil end
  return function(year) return date.day(year, 1, 1) + number end
end

local function take_day(cursor)
  local text = take(cursor, "M%d+%.%d%.%d")
  if text then return weekday_rule(integers(text:match "^M(%d+)%.(%d)%.(%d)$")) end
  text = take(cursor, "J%d%d?%d?")
  if text then return julian_rule(integers(text:sub(2))) end
  text = take(cursor, "%d%d?%d?")
  return text and ordinal_rule(integers(text))
end

-- Take ",M3.5.0/2". Return a function of a year that returns the change in seconds of the wall
-- clock that shows before it.
local function take_change(cursor)
  local day_of = take(cursor, ",") and take_day(cursor)
  if not day_of then return nil end
  local seconds = TWO_O_CLOCK
  if take(cursor, "/") then seconds = take_seconds(cursor) end
  return seconds and function(year) return day_of(year) * DAY + seconds end
end

-- Take the clocks of summer, which the text has behind those of winter.
local function take_summer(cursor, rule)
  rule.summer = { offset = rule.winter.offset + HOUR, name = take_name(cursor), is_summer = true }
  if not rule.summer.name then return nil end
  if cursor.text:find("^[%d+-]", cursor.position) then
    local west = take_seconds(cursor)
    if not west then return nil end
    rule.summer.offset = -west
  end
  rule.to_summer, rule.to_winter = take_change(cursor), take_change(cursor)
  return rule.to_summer and rule.to_winter and rule
end

--- Read a rule.
---@param text string
---@return table? rule      nil: the text is not a rule
function clock_rule.parse(text)
  local cursor = { text = text, position = 1 }
  local rule = { winter = { name = take_name(cursor), is_summer = false } }
  local west = rule.winter.name and take_seconds(cursor)
  if not west then return nil end
  rule.winter.offset = -west
  if cursor.position <= #text and not take_summer(cursor, rule) then return nil end
  return cursor.position > #text and rule or nil
end

--- Return what a rule's clocks are at a time.
---@param rule table
---@param time integer      seconds since 1970
---@return { offset: integer, name: string, is_summer: boolean }
function clock_rule.state_at(rule, time)
  if not rule.summer then return rule.winter end
  local year = date.of((time + rule.winter.offset) // DAY)
  local from = rule.to_summer(year) - rule.winter.offset
  local to = rule.to_winter(year) - rule.summer.offset
  local is_summer
  if from < to then
    is_summer = time >= from and time < to
  else      -- south of the equator
    is_summer = time >= from or time < to
  end
  return is_summer and rule.summer or rule.winter
end

return clock_rule
