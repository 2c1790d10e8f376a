--- Tell when the schedules of an instance start or stop it next.
local core = require "azureml.core"
local firing = require "azureml.definition.schedule.firing"

local upcoming = {}

local function is_wanted(item, action)
  local status = type(item.status) == "string" and item.status:lower()
  return type(item.action) == "string" and item.action:lower() == action and status ~= "disabled"
end

--- Return the next firing of the enabled schedules with an action.
---@param schedules table[]      canonical, as the field of an instance
---@param action string          "start" or "stop"
---@param now number?            seconds since 1970; default: the clock of this machine
---@return azureml.Firing?       nil: there is none
---@return string? fault         why the times of a schedule are not known
function upcoming.firing(schedules, action, now)
  local found, fault
  for _, item in ipairs(schedules or {}) do
    if is_wanted(item, action) then
      local list, unknown = firing.list(item, now or core.time(), 1)
      local first = list and list[1]
      if first and (not found or first.time < found.time) then found = first end
      fault = fault or unknown
    end
  end
  return found, fault
end

--- Return the time of the next firing.
---@param schedules table[]
---@param action string          "start" or "stop"
---@return string?               "2026-11-30T17:00:00Z"; nil: there is none, or it is not known
function upcoming.time(schedules, action)
  local found = upcoming.firing(schedules, action)
  return found and found.utc
end

return upcoming
