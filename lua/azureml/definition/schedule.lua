--- Check, write, read and compare the schedules by which the service starts or stops an instance: a
--- kind of the table of fields.
--- Source: spec/contract/compute-rest.md, section 9.1.
---
--- The canonical form is a list of tables:
---   { action = "stop", status = "enabled", time_zone = "W. Europe Standard Time",
---     cron = "0 18 * * 1-5", start_time = "2026-11-30T08:00:00" }
--- or, in place of cron, recurrence = { frequency = "week", interval = 2, hours = { 8 },
--- minutes = { 30 }, week_days = { "monday" } }. The zone has its Windows name: several IANA names
--- share a Windows name, so the service's reply does not tell which of them the caller gave.
--- `extra` has members that this package does not know. A schedule of the service that this package
--- does not understand is { verbatim = its JSON }, which is written back unchanged.
local checking = require "azureml.definition.schedule.checking"
local comparison = require "azureml.definition.schedule.comparison"
local json = require "azureml.json"
local reading = require "azureml.definition.schedule.reading"
local values = require "azureml.definition.schedule.values"
local writing = require "azureml.definition.schedule.writing"

--- When the service starts or stops an instance: with one of cron, daily, weekdays, weekends,
--- weekly and recurrence.
---@class azureml.Schedule
---@field action "start"|"stop"  what the service does
---@field cron? string  "0 18 * * 1-5"
---@field daily? string  a time of each day: "18:00"
---@field weekdays? string  a time from Monday to Friday: "18:00"
---@field weekends? string  a time on Saturday and Sunday: "18:00"
---@field weekly? string  days and a time: "mon,thu 18:00"
---@field recurrence? azureml.Recurrence  a calendar rule
---@field time_zone? string  "Europe/Amsterdam", or its Windows name; default: UTC
---@field start_time? string  the first moment: "2026-11-30T08:00:00"
---@field status? "enabled"|"disabled"  a disabled schedule does not fire
---@field id? string  as the service sends it
---@field provisioning_status? string  as the service sends it
---@field extra? table  members that this package does not know
---@field verbatim? string  the JSON of a schedule that this package does not understand

--- A calendar rule of a schedule.
---@class azureml.Recurrence
---@field frequency "minute"|"hour"|"day"|"week"|"month"  the unit of the interval
---@field interval? integer  the units between two times; 1
---@field hours? integer[]  hours of the day
---@field minutes? integer[]  minutes of the hour
---@field week_days? string[]  "monday" and so on
---@field month_days? integer[]  days of the month; -1 is the last

local schedule = { none = json.array {} }

local MOST = 4            -- schedules of an instance
local LIST = "write { { action = 'stop', weekdays = '18:00' } }"

local function note_to(faults, owner)
  return function(message, ...)
    faults[#faults + 1] = ("%s: %s"):format(owner, message:format(...))
  end
end

--- Check the schedules of an instance.
---@param value any      a list of at most four tables { action = "start"|"stop", time_zone =
---  "Europe/Amsterdam", start_time = "2026-11-30T08:00:00", status = "enabled"|"disabled" }, each
---  with one of cron = "0 18 * * 1-5", daily = "18:00", weekdays = "18:00", weekends = "18:00",
---  weekly = "mon,thu 18:00" and recurrence = { frequency = "week", interval = 2, hours = { 18 },
---  minutes = { 0 }, week_days = { "monday" }, month_days = { 1 } }. An item may also be a text
---  such as "stop weekdays 18:00 Europe/Amsterdam"; see definition/schedule/text.lua
---@return table[]? canonical
---@return string? fault       all that is wrong, each with its position in the list
---@usage local list, fault = schedule.check { "stop weekdays 18:00 Europe/Amsterdam" }
function schedule.check(value)
  local faults, checked = {}, json.array {}
  local list = values.list_of("schedules", value, function(message, ...)
    faults[1] = message:format(...):gsub("^schedules ", "") .. ": " .. LIST
  end)
  if not list then return nil, faults[1] end
  if #list > MOST then
    faults[1] = ("%d schedules: the service takes at most %d"):format(#list, MOST)
  end
  for index = 1, math.min(#list, MOST) do
    checked[index] = checking.check(list[index], note_to(faults, "schedule " .. index))
  end
  if #faults == 0 then return checked end
  return nil, table.concat(faults, "; ")
end

--- Write schedules as the service's JSON has them.
---@param canonical table[]?     a result of `schedule.check` or `schedule.read`
---@return table?                { computeStartStop = { ... } }; nil from nil
function schedule.write(canonical)
  if not canonical then return nil end
  local list = json.array {}
  for index, item in ipairs(canonical) do list[index] = writing.write(item) end
  return { computeStartStop = list }
end

--- Read the service's schedules. Beside the canonical fields, each has `id` and
--- `provisioning_status` where the service sent them. A schedule that this package does not
--- understand is { verbatim = its JSON }.
---@param value any          the member `schedules` of an instance, decoded
---@return table[]           empty where the service sent no list
function schedule.read(value)
  local sent, list = json.get(value, "computeStartStop"), json.array {}
  if type(sent) ~= "table" then return list end
  for _, item in ipairs(sent) do
    if item ~= json.null then list[#list + 1] = reading.read(item) end
  end
  return list
end

-- Remove the schedule that is the same as the wanted one from a list. Return false if it is not
-- there.
local function take(list, wanted)
  for index, actual in ipairs(list) do
    if comparison.same(wanted, actual) then
      table.remove(list, index)
      return true
    end
  end
  return false
end

-- Put schedules with a start time first: those without match any start.
local function strict_first(list)
  local sorted = {}
  for _, item in ipairs(list) do
    table.insert(sorted, item.start_time and 1 or #sorted + 1, item)
  end
  return sorted
end

--- Tell whether the service's schedules are the wanted ones. What the service adds does not count;
--- the order does not either.
---@param wanted table[]?      canonical; nil is the same as {}
---@param actual table[]?      canonical
---@return boolean
function schedule.same(wanted, actual)
  local rest = values.plain(actual or {})
  if #(wanted or {}) ~= #rest then return false end
  for _, item in ipairs(strict_first(wanted or {})) do
    if not take(rest, item) then return false end
  end
  return true
end

return schedule
