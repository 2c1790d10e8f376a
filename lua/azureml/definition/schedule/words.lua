--- Say in words what a schedule does: "stops Monday to Friday at 18:00 (Europe/Amsterdam)".
local cron = require "azureml.definition.cron"
local json = require "azureml.json"
local time_zone = require "azureml.definition.time_zone"
local values = require "azureml.definition.schedule.values"

local words = {}

local MOST_TIMES = 6      -- times of the day that are listed one by one

local WEEK_DAYS = {
  "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
}
local MONTHS = {
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December",
}

-- Lists -------------------------------------------------------------------------------------------

local function join(list)
  if #list <= 1 then return list[1] or "" end
  return table.concat(list, ", ", 1, #list - 1) .. " and " .. list[#list]
end

-- Write a set of numbers, runs of three and more as "Monday to Friday" or "8 to 18".
local function runs(set, first, last, name_of)
  local parts, number = {}, first
  while number <= last do
    local stop = number
    while set[number] and set[stop + 1] and stop < last do stop = stop + 1 end
    if set[number] and stop - number >= 2 then
      parts[#parts + 1] = name_of(number) .. " to " .. name_of(stop)
    else
      if set[number] then parts[#parts + 1] = name_of(number) end
      stop = number
    end
    number = stop + 1
  end
  return join(parts)
end

local function size_of(set)
  local count = 0
  for _ in pairs(set) do count = count + 1 end
  return count
end

local function sorted(set)
  local list = {}
  for number in pairs(set) do list[#list + 1] = number end
  table.sort(list)
  return list
end

local function set_of(list, translate)
  local set = {}
  for _, item in ipairs(list) do set[translate and translate(item) or item] = true end
  return set
end

-- Times of the day --------------------------------------------------------------------------------

-- Return the step of "every 15 minutes": the numbers are the multiples of a divisor of 60 or 24.
local function step_of(set, count)
  local step = count // size_of(set)
  if count % step ~= 0 or size_of(set) ~= count // step then return nil end
  for number = 0, count - 1, step do
    if not set[number] then return nil end
  end
  return step
end

local function every(step, unit)
  return step == 1 and "every " .. unit or ("every %d %ss"):format(step, unit)
end

local function list_times(hours, minutes)
  local times = {}
  for _, hour in ipairs(sorted(hours)) do
    for _, minute in ipairs(sorted(minutes)) do
      times[#times + 1] = ("%02d:%02d"):format(hour, minute)
    end
  end
  return "at " .. join(times)
end

-- Write hours that have many times: "every 15 minutes", "at minute 30 of hour 8 to 18".
local function describe_many(hours, minutes)
  local minute_step, hour_step = step_of(minutes, 60), step_of(hours, 24)
  local is_full_hour = size_of(minutes) == 1 and minutes[0]
  local is_stepped = minute_step and not is_full_hour
  if hour_step == 1 and is_stepped then return every(minute_step, "minute") end
  if hour_step and is_full_hour then return every(hour_step, "hour") .. " on the hour" end
  local of_hours = hour_step == 1 and "every hour" or "the hours " .. runs(hours, 0, 23, tostring)
  local start = is_stepped and every(minute_step, "minute")
    or "at minute " .. runs(minutes, 0, 59, tostring)
  return start .. " of " .. of_hours
end

local function describe_times(hours, minutes)
  if size_of(hours) * size_of(minutes) <= MOST_TIMES then return list_times(hours, minutes) end
  return describe_many(hours, minutes)
end

-- Days --------------------------------------------------------------------------------------------

local function week_day_name(number) return WEEK_DAYS[number] end
local function month_name(number) return MONTHS[number] end

-- Cron's Sunday is 0; here it is 7, the last day of the week.
local function week_days_of(fields)
  local days = set_of(sorted(fields.week_days), function(day) return day == 0 and 7 or day end)
  return runs(days, 1, 7, week_day_name)
end

local function month_days(set)
  return "day " .. runs(set, 1, 31, tostring)
end

local function describe_days(fields)
  local all_days, all_months = size_of(fields.month_days) == 31, size_of(fields.months) == 12
  local all_week_days = size_of(fields.week_days) == 7
  local of_months = all_months and "every month" or runs(fields.months, 1, 12, month_name)
  local within = all_months and "" or " in " .. of_months
  if all_days then
    return (all_week_days and "every day" or week_days_of(fields)) .. within
  end
  local days = ("on %s of %s"):format(month_days(fields.month_days), of_months)
  return all_week_days and days or ("%s, if it is %s,"):format(days, week_days_of(fields))
end

-- Triggers ----------------------------------------------------------------------------------------

local function describe_cron(expression)
  local fields = cron.parse(expression)
  local days, times = describe_days(fields), describe_times(fields.hours, fields.minutes)
  if days == "every day" and times:find "every" then return times end
  return days .. " " .. times
end

local function position_of_day(name)
  for index, known in ipairs(WEEK_DAYS) do
    if known:lower() == name then return index end
  end
end

local function recurrence_days(recurrence)
  if recurrence.week_days then
    return " on " .. runs(set_of(recurrence.week_days, position_of_day), 1, 7, week_day_name)
  end
  if recurrence.month_days then return " on " .. month_days(set_of(recurrence.month_days)) end
  return ""
end

-- Without hours a recurrence fires at the hour of its start.
local function recurrence_times(recurrence)
  local hours, minutes = recurrence.hours, recurrence.minutes
  if not hours or not hours[1] then return "" end
  return " " .. describe_times(set_of(hours), set_of(minutes and minutes[1] and minutes or { 0 }))
end

local function describe_recurrence(recurrence)
  return every(recurrence.interval, recurrence.frequency) .. recurrence_days(recurrence)
    .. recurrence_times(recurrence)
end

local VERBS = { start = "starts", stop = "stops" }

--- Say what a schedule does.
---@param item table        canonical: an item of `schedule.check` or `schedule.read`
---@param zone string?      the name of the zone to show; default: `time_zone.label`
---@return string
---@usage print(words.of(list[1]))   --> stops Monday to Friday at 18:00 (Europe/Amsterdam)
function words.of(item, zone)
  if item.verbatim ~= nil then
    return "a schedule that this version does not understand: "
      .. values.shown(json.encode(item.verbatim))
  end
  local parts = {
    VERBS[item.action], item.cron and describe_cron(item.cron)
      or describe_recurrence(item.recurrence),
    ("(%s)"):format(zone or time_zone.label(item.time_zone)),
  }
  local text = table.concat(parts, " ")
  if item.start_time then text = text .. ", from " .. item.start_time:sub(1, 16):gsub("T", " ") end
  return item.status == "disabled" and text .. ", disabled" or text
end

return words
