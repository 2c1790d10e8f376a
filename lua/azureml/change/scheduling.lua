--- Change a schedule of an instance and leave its other schedules as they are: vm:add_schedule and
--- its relatives. The service only replaces the whole list, so each change reads it first.
--- Source: spec/contract/compute-rest.md, section 3.13.
local changes = require "azureml.definition.schedule.changes"
local options = require "azureml.options"

local scheduling = {}

-- Read the list of schedules, change it, and write it back. Return what else the change tells.
local function rewrite(vm, change, ...)
  vm:refresh()
  local list, told = change(vm.schedules, ...)
  if not list then options.refuse("'%s': %s", vm.name, told) end
  vm:update { schedules = list }
  return told
end

--- Add a schedule.
---@param vm azureml.Instance
---@param value table|string      as an item of the option `schedules` of create
---@return azureml.Instance
function scheduling.add(vm, value)
  rewrite(vm, changes.add, value)
  return vm
end

-- Remove, enable or disable the schedule at a position.
for _, verb in ipairs { "remove", "enable", "disable" } do
  ---@param vm azureml.Instance
  ---@param position integer
  ---@return azureml.Instance
  scheduling[verb] = function(vm, position)
    rewrite(vm, changes[verb], position)
    return vm
  end
end

--- Skip the next stop: move the start time of the schedules that stop the instance next behind it.
---@param vm azureml.Instance
---@return azureml.Firing      the stop that is skipped
function scheduling.skip_next_stop(vm)
  return rewrite(vm, changes.skip_next_stop, os.time())
end

return scheduling
