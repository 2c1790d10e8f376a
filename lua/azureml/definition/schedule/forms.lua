--- The forms in which people say when a schedule fires, each turned into a cron expression:
---   daily = "18:00"               every day
---   weekdays = "18:00"            Monday to Friday
---   weekends = "10:00"            Saturday and Sunday
---   weekly = "monday 08:00"       some days: "mon,wed 08:00", "mon-thu 08:00", or a list of such
---                                 texts with the same time
local values = require "azureml.definition.schedule.values"

local forms = {}

local shown, plain = values.shown, values.plain

local NAMES = {
  "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
}
local WEEK = 7

-- Return the number of a day, 0 is Sunday, by its name or three letters or more of it.
local function day_of(name)
  for index, known in ipairs(#name >= 3 and NAMES or {}) do
    if known:sub(1, #name) == name:lower() then return index - 1 end
  end
end

-- Add the days of "mon" or "fri-mon" to a set; return nil if the text names no day.
local function add_days(set, text)
  local from, to = text:match "^(%a+)%-(%a+)$"
  local first, last = day_of(from or text), day_of(to or text)
  if not first or not last then return nil end
  for offset = 0, (last - first) % WEEK do set[(first + offset) % WEEK] = true end
  return set
end

-- Write a set of days as cron's fifth field, runs of three and more as a range: "1-5", "0,6".
local function write_days(set)
  local parts, day = {}, 0
  while day < WEEK do
    local last = day
    while set[day] and set[last + 1] do last = last + 1 end
    if set[day] and last - day >= 2 then
      parts[#parts + 1] = day .. "-" .. last
    elseif set[day] then
      parts[#parts + 1] = tostring(day)
      last = day
    end
    day = last + 1
  end
  return #parts == 1 and parts[1] == "0-6" and "*" or table.concat(parts, ",")
end

--- Read a time of the day.
---@param value any                "18:00", "8:05"
---@return integer? hour
---@return integer|string minute   without an hour: what is wrong
function forms.time_of(value)
  local hour, minute = nil, nil
  if type(value) == "string" then hour, minute = value:match "^(%d%d?):(%d%d)$" end
  hour, minute = math.tointeger(tonumber(hour)), math.tointeger(tonumber(minute))
  if hour and hour < 24 and minute < 60 then return hour, minute end
  return nil, shown(value) .. " is not a time of the day, such as '18:00'"
end

local function write(days, time)
  local hour, minute = forms.time_of(time)
  if not hour then return nil, minute end
  return ("%d %d * * %s"):format(minute, hour, days)
end

--- Tell whether a text names days: "monday", "mon,wed", "mon-fri".
---@param text string
---@return boolean
function forms.has_days(text)
  local set = {}
  for part in (text .. ","):gmatch "([^,]*)," do
    if not add_days(set, part) then return false end
  end
  return true
end

-- Split "monday, friday 08:00" into a set of days and the time; or return nil and what is wrong.
local function split(text, set)
  local days, time = nil, nil
  if type(text) == "string" then days, time = text:match "^%s*(%S.-)%s+(%S+)%s*$" end
  days = days and days:gsub("%s*,%s*", ",")
  for part in ((days or "") .. ","):gmatch "([^,]*)," do
    if not add_days(set, part) then
      return nil, shown(text) .. " is not a day and a time, such as 'monday 08:00'"
    end
  end
  return time
end

local function weekly(value)
  local days, shared = {}, nil
  for _, text in ipairs(type(value) == "table" and plain(value) or { value }) do
    local time, fault = split(text, days)
    if not time then return nil, fault end
    if shared and shared ~= time then
      return nil, "its times differ: give a schedule for each time"
    end
    shared = time
  end
  if not shared then return nil, "it names no day" end
  return write(write_days(days), shared)
end

local function at_time_of(days)
  return function(value) return write(days, value) end
end

--- The forms by name: functions that return the cron expression of a value, or nil and what is
--- wrong with it. They take any value.
---@type table<string, fun(value: any): string?, string?>
forms.by_name = {
  daily = at_time_of "*", weekdays = at_time_of "1-5", weekends = at_time_of "0,6",
  weekly = weekly,
}

return forms
