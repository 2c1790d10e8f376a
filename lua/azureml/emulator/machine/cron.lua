--- Parse NCrontab expressions of five fields (minute, hour, day of the month, month, day of the
--- week), and find the times that they name. A day must match both its fields, unlike in the cron
--- of Unix. Source: spec/contract/compute-rest.md, section 9.1.
local calendar = require "azureml.emulator.machine.calendar"
local count = require "azureml.tool.count"
local shorten = require "azureml.emulator.shorten"

local cron = {}

local MONTHS = {
  "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
}
local WEEK = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" }

-- name, lowest value, highest value, names of the values from the lowest on
local fields = {
  { "minute", 0, 59 }, { "hour", 0, 23 }, { "day", 1, 31 }, { "month", 1, 12, MONTHS },
  { "weekday", 0, 6, WEEK },
}

local function value_of(text, field)
  local _, low, high, names = table.unpack(field)
  local number = text:find "^%d%d?$" and math.tointeger(tonumber(text))
  for i, name in ipairs(names or {}) do
    if text:lower():sub(1, 3) == name then number = low + i - 1 end
  end
  return number and number >= low and number <= high and number or nil
end

-- Read "*", "5" or "1-5", each with an optional step such as "/2". As in NCrontab, "5/2" extends to
-- the highest value.
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

--- Parse an expression.
---@param expression string
---@return table? parsed, string? fault
function cron.parse(expression)
  local texts, parsed = {}, {}
  for text in expression:gmatch "%S+" do texts[#texts + 1] = text end
  if #texts ~= #fields then return nil, ("it has %s, not 5"):format(count.of(#texts, "field")) end
  for i, field in ipairs(fields) do
    parsed[field[1]] = set_of(texts[i], field)
    if not parsed[field[1]] then
      return nil, ("'%s' is no %s"):format(shorten(texts[i], 40), field[1])
    end
  end
  return parsed
end

-- Return the first minute of a day that matches, from a minute of the day on.
local function time_of_day(parsed, from)
  for hour = from // 60, 23 do
    local first = hour == from // 60 and from % 60 or 0
    for minute = first, parsed.hour[hour] and 59 or -1 do
      if parsed.minute[minute] then return hour * 60 + minute end
    end
  end
end

local LONGEST = 28      -- years: within them each date falls on each day of the week

--- Return the next time that an expression names, strictly after another time.
---@param parsed table        a result of `cron.parse`
---@param after number        seconds of the wall clock
---@return integer?           nil if there is no such time
function cron.next(parsed, after)
  local start = (math.floor(after) // 60 + 1) * 60
  local parts = calendar.parts(start)
  local month, last = parts.month, parts.year + LONGEST
  local day, from = start // calendar.DAY, start % calendar.DAY // 60
  while parts.year <= last do
    if not parsed.month[month] then
      day, from = calendar.days(parts.year, month + 1, 1), 0
    else
      local is_day = parsed.day[parts.day] and parsed.weekday[parts.wday - 1]
      local minutes = is_day and time_of_day(parsed, from)
      if minutes then return day * calendar.DAY + minutes * 60 end
      day, from = day + 1, 0
    end
    parts = calendar.parts(day * calendar.DAY)
    month = parts.month
  end
end

return cron
