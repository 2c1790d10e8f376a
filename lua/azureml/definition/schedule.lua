--- Write the schedules by which the service starts or stops an instance.
--- Source: spec/contract/compute-rest.md, section 9.1.
local cron = require "azureml.definition.cron"
local json = require "azureml.json"
local options = require "azureml.options"
local tables = require "azureml.tables"
local time_zone = require "azureml.definition.time_zone"

local refuse = options.refuse

local schedule = {}

local MOST = 4      -- schedules of an instance

local KNOWN = {
  action = "string", cron = "string", recurrence = "table", time_zone = "string",
  start_time = "string", status = "string",
}
local RECURRENCE = {
  frequency = "string", interval = "integer", hours = "table", minutes = "table",
  week_days = "table", month_days = "table",
}

local ACTIONS = { start = "Start", stop = "Stop" }
local STATUSES = { enabled = "Enabled", disabled = "Disabled" }
local FREQUENCIES = {
  minute = "Minute", hour = "Hour", day = "Day", week = "Week", month = "Month",
}
local WEEK_DAYS = {
  monday = "Monday", tuesday = "Tuesday", wednesday = "Wednesday", thursday = "Thursday",
  friday = "Friday", saturday = "Saturday", sunday = "Sunday",
}

-- Return the service's spelling of a word that the caller wrote in any case.
local function word(name, text, words)
  local found = words[tostring(text):lower()]
  if found then return found end
  local known = table.concat(tables.values(words), ", ")
  refuse("a schedule's %s is one of %s, not '%s'", name, known, tostring(text):sub(1, 60))
end

local function cron_trigger(settings)
  local fault = cron.fault(settings.cron)
  if fault then
    refuse("a schedule's cron '%s' is wrong: %s; an example is '0 18 * * 1-5'",
      settings.cron:sub(1, 60), fault)
  end
  return { expression = settings.cron }
end

local function numbers(field, list, first, last)
  local written = json.array {}
  for i, number in ipairs(options.check_list("a recurrence's " .. field, list)) do
    if math.type(number) ~= "integer" or number < first or number > last then
      refuse("a recurrence's %s are whole numbers from %d to %d, not '%s'", field, first, last,
        tostring(number))
    end
    written[i] = number
  end
  return written
end

local function days(list)
  local written = json.array {}
  for i, day in ipairs(options.check_list("a recurrence's week days", list)) do
    written[i] = word("week day", day, WEEK_DAYS)
  end
  return written
end

local function recurrence_trigger(settings)
  local recurrence = options.check("a recurrence", settings.recurrence, RECURRENCE)
  local interval = recurrence.interval or 1
  if interval < 1 then refuse("a recurrence's interval is 1 or more, not %d", interval) end
  return {
    frequency = word("frequency", recurrence.frequency, FREQUENCIES), interval = interval,
    schedule = {
      hours = numbers("hours", recurrence.hours or { 0 }, 0, 23),
      minutes = numbers("minutes", recurrence.minutes or { 0 }, 0, 59),
      weekDays = recurrence.week_days and days(recurrence.week_days),
      monthDays = recurrence.month_days and numbers("month days", recurrence.month_days, 1, 31),
    },
  }
end

local function check_start(time)
  if not time or time:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d$" then return time end
  refuse("a schedule's start_time is '%s': a time in its time_zone, such as '2026-11-30T08:00:00'",
    time:sub(1, 60))
end

local function write(settings)
  options.check("a schedule", settings, KNOWN)
  if (settings.cron == nil) == (settings.recurrence == nil) then
    refuse "a schedule needs either cron or recurrence"
  end
  local trigger = settings.cron and cron_trigger(settings) or recurrence_trigger(settings)
  trigger.timeZone = time_zone.windows(settings.time_zone or "UTC")
  trigger.startTime = check_start(settings.start_time)
  return {
    action = word("action", settings.action, ACTIONS),
    status = word("status", settings.status or "Enabled", STATUSES),
    triggerType = settings.cron and "Cron" or "Recurrence",
    cron = settings.cron and trigger, recurrence = settings.recurrence and trigger,
  }
end

--- Check the schedules of an instance and return them as the request body has them.
---@param list table[]?  { action = "start"|"stop", cron = "0 18 * * 1-5" or recurrence = {
---  frequency = "Week", interval = 1, hours = { 18 }, minutes = { 0 }, week_days = { "Monday" },
---  month_days }, time_zone = "Europe/Amsterdam", start_time, status = "Enabled" }; at most four
---@return table?
---@raise an error object `InvalidArgument` that names the rule
function schedule.body(list)
  if not list then return nil end
  options.check_list("schedules", list)
  if #list > MOST then refuse("%d schedules: the service takes at most %d", #list, MOST) end
  local written = json.array {}
  for index, item in ipairs(list) do written[index] = write(item) end
  return { computeStartStop = written }
end

return schedule
