--- NCrontab's expressions of five fields: minute, hour, day of the month, month, day of the week. A
--- day must fit both its fields, unlike in Unix's cron. Source: spec/contract/compute-rest.md,
--- section 9.1.
local calendar = require "azureml.emulator.machine.calendar"

local cron = {}

local MONTHS = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec" }
local WEEK = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" }

-- name, lowest, highest, names of the values from the lowest on
local fields = {
  { "minute", 0, 59 }, { "hour", 0, 23 }, { "day", 1, 31 }, { "month", 1, 12, MONTHS }, { "weekday", 0, 6, WEEK },
}

local function value_of(text, field)
  local _, low, high, names = table.unpack(field)
  local number = text:find "^%d%d?$" and math.tointeger(tonumber(text))
  for i, name in ipairs(names or {}) do
    if text:lower():sub(1, 3) == name then number = low + i - 1 end
  end
  return number and number >= low and number <= high and number or nil
end

-- "*", "5", "1-5", each of them with "/2" behind it; "5/2" goes on to the highest, as in NCrontab.
local function range_of(text, field)
  local range, step = text:match "^([^/]+)/?(%d*)$"
  if not range or text:find "/$" then return nil end
  step = step == "" and 1 or math.tointeger(tonumber(step))
  if not step or step < 1 then return nil end
  if range == "*" then return field[2], field[3], step end
  local first, last = range:match "^(%w+)-(%w+)$"
  if first then return value_of(first, field), value_of(last, field), step end
  local only = value_of(range, field)
  return only, text:find("/", 1, true) and field[3] or only, step
end

local function set_of(text, field)
  local set = {}
  for part in (text .. ","):gmatch "([^,]*)," do
    local first, last, step = range_of(part, field)
    if not first or not last or first > last then return nil end
    for value = first, last, step do set[value] = true end
  end
  return set
end

--- Read an expression.
---@param expression string
---@return table? parsed, string? fault
function cron.parse(expression)
  local texts, parsed = {}, {}
  for text in expression:gmatch "%S+" do texts[#texts + 1] = text end
  if #texts ~= #fields then return nil, ("it has %d fields, not 5"):format(#texts) end
  for i, field in ipairs(fields) do
    parsed[field[1]] = set_of(texts[i], field)
    if not parsed[field[1]] then return nil, ("'%s' is no %s"):format(texts[i]:sub(1, 40), field[1]) end
  end
  return parsed
end

-- The first time of a day at or after a minute of it.
local function time_of_day(parsed, from)
  for hour = from // 60, 23 do
    for minute = parsed.hour[hour] and (hour == from // 60 and from % 60 or 0) or 60, 59 do
      if parsed.minute[minute] then return hour * 60 + minute end
    end
  end
end

local LONGEST = 28      -- years in which every date has met every day of the week

--- The next time it names, strictly after another; nil where there is none.
---@param parsed table
---@param after number        seconds of the wall clock
---@return integer?
function cron.next(parsed, after)
  local start = (math.floor(after) // 60 + 1) * 60
  local parts = calendar.parts(start)
  local month, last = parts.month, parts.year + LONGEST
  local day, from = start // calendar.DAY, start % calendar.DAY // 60
  while parts.year <= last do
    if not parsed.month[month] then
      day, from = calendar.days(parts.year, month + 1, 1), 0
    else
      local minutes = parsed.day[parts.day] and parsed.weekday[parts.wday - 1] and time_of_day(parsed, from)
      if minutes then return day * calendar.DAY + minutes * 60 end
      day, from = day + 1, 0
    end
    parts = calendar.parts(day * calendar.DAY)
    month = parts.month
  end
end

return cron
