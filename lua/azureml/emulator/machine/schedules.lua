--- Schedules that start and stop an instance: what may be asked for, how it is shown, and when one
--- is due next. Source: spec/contract/compute-rest.md, sections 3.13 and 9.1.
local calendar = require "azureml.emulator.machine.calendar"
local check = require "azureml.emulator.check"
local cron = require "azureml.emulator.machine.cron"
local json = require "azureml.json"
local recurrence = require "azureml.emulator.machine.recurrence"
local refusal = require "azureml.emulator.refusal"
local tables = require "azureml.tables"
local zone = require "azureml.emulator.machine.zone"

local schedules = {}

local MOST = 4
local ACTIONS, STATUSES, TRIGGERS = { Start = true, Stop = true }, { Enabled = true, Disabled = true }, { Cron = true, Recurrence = true }

-- Asking for one ----------------------------------------------------------------------------------------------------------

local function refuse(why, ...)
  refusal.raise("bad_schedule", why:format(...))
end

-- What both kinds of triggers have.
local function begin_of(given)
  local start, name = check.text(given.startTime, "startTime"), check.text(given.timeZone, "timeZone") or "UTC"
  if start and not calendar.parse(start) then refuse("startTime '%s' is not of the form yyyy-MM-ddTHH:mm:ss", start) end
  local found, why = zone.find(name)
  if not found then refuse("timeZone '%s': %s", name, why) end
  return { startTime = start, timeZone = name }
end

local triggers = {}

function triggers.Cron(given)
  local trigger = begin_of(given)
  trigger.expression = check.required(given.expression, "string", "cron.expression")
  local parsed, why = cron.parse(trigger.expression)
  if not parsed then refuse("cron expression '%s': %s", trigger.expression, why) end
  return trigger
end

local function whole(value, low, high, name)
  if not math.tointeger(value) or value < low or value > high then refuse("%s holds a whole number from %d to %d", name, low, high) end
  return math.tointeger(value)
end

local function numbers(list, low, high, name)
  local kept = {}
  for i, value in ipairs(check.list(list, name) or {}) do kept[i] = whole(value, low, high, name) end
  return kept[1] and kept or nil
end

local function week_days(list)
  local kept = {}
  for i, value in ipairs(check.list(list, "weekDays") or {}) do kept[i] = check.one_of(value, recurrence.WEEK_DAYS, "weekDays") end
  return kept[1] and kept or nil
end

function triggers.Recurrence(given)
  local trigger = begin_of(given)
  local schedule = check.table(given.schedule, "recurrence.schedule") or {}
  trigger.frequency = check.one_of(check.required(given.frequency, "string", "recurrence.frequency"), recurrence.FREQUENCIES, "frequency")
  trigger.interval = whole(check.required(given.interval, "number", "recurrence.interval"), 1, 10000, "interval")
  trigger.schedule = {
    hours = numbers(schedule.hours, 0, 23, "hours"), minutes = numbers(schedule.minutes, 0, 59, "minutes"),
    monthDays = numbers(schedule.monthDays, 1, 31, "monthDays"), weekDays = week_days(schedule.weekDays),
  }
  return trigger
end

local function read_one(given, now, guid)
  if type(given) ~= "table" then refuse "each is an object" end
  local kind = check.one_of(check.required(given.triggerType, "string", "triggerType"), TRIGGERS, "triggerType")
  local member = kind:lower()
  return {
    id = guid(), since = now, kind = member,
    action = check.one_of(check.required(given.action, "string", "action"), ACTIONS, "action"),
    status = check.one_of(check.text(given.status, "status") or "Enabled", STATUSES, "status"),
    trigger = triggers[kind](check.required(given[member], "table", member)),
  }
end

--- Read `{ computeStartStop = {...} }`, checked; raises a refusal.
---@param given table?
---@param now number
---@param guid fun(): string
---@return table[]? list       plain records
function schedules.read(given, now, guid)
  given = check.table(given, "schedules")
  local list = given and check.list(given.computeStartStop, "computeStartStop")
  if not list then return nil end
  if #list > MOST then refuse("an instance has at most %d, not %d", MOST, #list) end
  local kept = {}
  for i, each in ipairs(list) do kept[i] = read_one(each, now, guid) end
  return kept
end

-- Showing them ------------------------------------------------------------------------------------------------------------

local LISTS = { "hours", "minutes", "monthDays", "weekDays" }

local function show_trigger(trigger)
  local shown = tables.copy(trigger)
  shown.startTime = trigger.startTime or json.null
  if trigger.schedule then
    shown.schedule = { hours = json.array {}, minutes = json.array {} }      -- these two are always there
    for _, name in ipairs(LISTS) do
      if trigger.schedule[name] then shown.schedule[name] = json.array(trigger.schedule[name]) end
    end
  end
  return shown
end

--- As the service shows them.
---@param list table[]?
---@return table
function schedules.show(list)
  local shown = json.array {}
  for i, one in ipairs(list or {}) do
    shown[i] = {
      id = one.id, provisioningStatus = "Completed", status = one.status, action = one.action,
      triggerType = one.kind == "cron" and "Cron" or "Recurrence", [one.kind] = show_trigger(one.trigger),
    }
  end
  return { computeStartStop = shown }
end

-- When --------------------------------------------------------------------------------------------------------------------

local ready = setmetatable({}, { __mode = "k" })      -- schedule -> what it was read to; the records stay plain

local function ready_of(one)
  if ready[one] then return ready[one] end
  local trigger = one.trigger
  local place = zone.find(trigger.timeZone)
  local start = trigger.startTime and calendar.parse(trigger.startTime) or place:local_of(one.since)
  local made = { zone = place, start = start }
  if one.kind == "cron" then
    made.next, made.parsed = cron.next, cron.parse(trigger.expression)
  else
    made.next, made.parsed = recurrence.next, recurrence.parse(trigger, start)
  end
  ready[one] = made
  return made
end

-- Strictly after: where clocks are set back a time of the wall comes twice, and the first is over.
local function next_of(one, after)
  local made = ready_of(one)
  local wall = math.max(made.zone:local_of(after), made.start - 1)
  repeat
    wall = made.next(made.parsed, wall)
    local at = wall and made.zone:utc_of(wall)
    if at and at > after then return at end
  until not wall
end

--- When one with an action is due next, strictly after a time; nil where none is.
---@param list table[]?
---@param action "Start"|"Stop"
---@param after number
---@return number?
function schedules.next(list, action, after)
  local first
  for _, one in ipairs(list or {}) do
    local at = one.status == "Enabled" and one.action == action and next_of(one, after)
    if at and (not first or at < first) then first = at end
  end
  return first
end

return schedules
