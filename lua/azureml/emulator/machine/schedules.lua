--- Keep the schedules that start and stop an instance: read and check them, show them, and find the
--- next time of each. machine/cron.lua and machine/recurrence.lua calculate the times.
---
--- Source: spec/contract/compute-rest.md, sections 3.13 and 9.1.
local calendar = require "azureml.emulator.machine.calendar"
local check = require "azureml.emulator.check"
local cron = require "azureml.emulator.machine.cron"
local json = require "azureml.json"
local recurrence = require "azureml.emulator.machine.recurrence"
local refusal = require "azureml.emulator.refusal"
local tables = require "azureml.tool.tables"
local zone = require "azureml.emulator.machine.zone"

local schedules = {}

local MOST = 4
local ACTIONS = { Start = true, Stop = true }
local STATUSES = { Enabled = true, Disabled = true }
local TRIGGERS = { Cron = true, Recurrence = true }

-- Reading -----------------------------------------------------------------------------------------

local function refuse(reason, ...)
  refusal.raise("bad_schedule", reason:format(...))
end

-- Read the members that both kinds of triggers have.
local function begin_of(body)
  local start = check.text(body.startTime, "startTime")
  local name = check.text(body.timeZone, "timeZone") or "UTC"
  if start and not calendar.parse(start) then
    refuse("startTime '%s' is not of the form yyyy-MM-ddTHH:mm:ss", start)
  end
  local found, fault = zone.find(name)
  if not found then refuse("timeZone '%s': %s", name, fault) end
  return { startTime = start, timeZone = name }
end

local triggers = {}

function triggers.Cron(body)
  local trigger = begin_of(body)
  trigger.expression = check.required(body.expression, "string", "cron.expression")
  local parsed, fault = cron.parse(trigger.expression)
  if not parsed then refuse("cron expression '%s': %s", trigger.expression, fault) end
  return trigger
end

local function whole(value, low, high, name)
  if not math.tointeger(value) or value < low or value > high then
    refuse("%s holds a whole number from %d to %d", name, low, high)
  end
  return math.tointeger(value)
end

local function numbers(list, low, high, name)
  local read = {}
  for i, value in ipairs(check.list(list, name) or {}) do
    read[i] = whole(value, low, high, name)
  end
  return read[1] and read or nil
end

local function week_days(list)
  local read = {}
  for i, value in ipairs(check.list(list, "weekDays") or {}) do
    read[i] = check.one_of(value, recurrence.WEEK_DAYS, "weekDays")
  end
  return read[1] and read or nil
end

function triggers.Recurrence(body)
  local trigger = begin_of(body)
  local schedule = check.table(body.schedule, "recurrence.schedule") or {}
  local frequency = check.required(body.frequency, "string", "recurrence.frequency")
  trigger.frequency = check.one_of(frequency, recurrence.FREQUENCIES, "frequency")
  local interval = check.required(body.interval, "number", "recurrence.interval")
  trigger.interval = whole(interval, 1, 10000, "interval")
  trigger.schedule = {
    hours = numbers(schedule.hours, 0, 23, "hours"),
    minutes = numbers(schedule.minutes, 0, 59, "minutes"),
    monthDays = numbers(schedule.monthDays, 1, 31, "monthDays"),
    weekDays = week_days(schedule.weekDays),
  }
  return trigger
end

local function read_schedule(body, now, guid)
  if type(body) ~= "table" then refuse "each is an object" end
  local kind = check.required(body.triggerType, "string", "triggerType")
  kind = check.one_of(kind, TRIGGERS, "triggerType")
  local member, id = kind:lower(), guid()
  local action = check.one_of(check.required(body.action, "string", "action"), ACTIONS, "action")
  local status = check.text(body.status, "status") or "Enabled"
  return {
    id = id, since = now, kind = member, action = action,
    status = check.one_of(status, STATUSES, "status"),
    trigger = triggers[kind](check.required(body[member], "table", member)),
  }
end

--- Read `{ computeStartStop = {...} }`. Raise a refusal if a schedule is malformed.
---@param body table?
---@param now number          seconds since 1970: the start of schedules without startTime
---@param guid fun(): string
---@return table[]? list      plain records; nil without computeStartStop
function schedules.read(body, now, guid)
  body = check.table(body, "schedules")
  local list = body and check.list(body.computeStartStop, "computeStartStop")
  if not list then return nil end
  if #list > MOST then refuse("an instance has at most %d, not %d", MOST, #list) end
  local read = {}
  for i, schedule in ipairs(list) do read[i] = read_schedule(schedule, now, guid) end
  return read
end

-- Showing -----------------------------------------------------------------------------------------

local LISTS = { "hours", "minutes", "monthDays", "weekDays" }

local function show_trigger(trigger)
  local shown = tables.copy(trigger)
  shown.startTime = trigger.startTime or json.null
  if trigger.schedule then
    -- The service always shows these two lists.
    shown.schedule = { hours = json.array {}, minutes = json.array {} }
    for _, name in ipairs(LISTS) do
      if trigger.schedule[name] then shown.schedule[name] = json.array(trigger.schedule[name]) end
    end
  end
  return shown
end

--- Return schedules, as the service shows them.
---@param list table[]?
---@return table
function schedules.show(list)
  local shown = json.array {}
  for i, schedule in ipairs(list or {}) do
    shown[i] = {
      id = schedule.id, provisioningStatus = "Completed", status = schedule.status,
      action = schedule.action,
      triggerType = schedule.kind == "cron" and "Cron" or "Recurrence",
      [schedule.kind] = show_trigger(schedule.trigger),
    }
  end
  return { computeStartStop = shown }
end

-- Times -------------------------------------------------------------------------------------------

-- schedule -> its parsed form. The records themselves stay plain data.
local parsed_of = setmetatable({}, { __mode = "k" })

local function parse(schedule)
  if parsed_of[schedule] then return parsed_of[schedule] end
  local trigger = schedule.trigger
  local place = zone.find(trigger.timeZone)
  local start = trigger.startTime and calendar.parse(trigger.startTime)
    or place:local_of(schedule.since)
  local parsed = { zone = place, start = start }
  if schedule.kind == "cron" then
    parsed.next, parsed.trigger = cron.next, cron.parse(trigger.expression)
  else
    parsed.next, parsed.trigger = recurrence.next, recurrence.parse(trigger, start)
  end
  parsed_of[schedule] = parsed
  return parsed
end

-- Return a time strictly after another. Where clocks are set back, a wall time comes twice and only
-- the first counts.
local function next_of(schedule, after)
  local parsed = parse(schedule)
  local wall = math.max(parsed.zone:local_of(after), parsed.start - 1)
  repeat
    wall = parsed.next(parsed.trigger, wall)
    local time = wall and parsed.zone:utc_of(wall)
    if time and time > after then return time end
  until not wall
end

--- Return the next time of the enabled schedules with an action, strictly after another time.
---@param list table[]?
---@param action "Start"|"Stop"
---@param after number      seconds since 1970
---@return number?          nil if there is no such time
function schedules.next(list, action, after)
  local first
  for _, schedule in ipairs(list or {}) do
    local is_wanted = schedule.status == "Enabled" and schedule.action == action
    local time = is_wanted and next_of(schedule, after)
    if time and (not first or time < first) then first = time end
  end
  return first
end

return schedules
