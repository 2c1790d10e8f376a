--- What the state of an instance says about a verb: whether it can be sent, whether the service has
--- taken it on, whether it is done; and the errors for it. One instance (sending.lua,
--- operation.lua) and many (fleet/) judge by the same rules. Pure: it sends nothing.
local errors = require "azureml.error"
local pace = require "azureml.pace"
local power_state = require "azureml.definition.power_state"
local verbs = require "azureml.verbs"

local verdict = {}

--- Make the error of a verb that does not wait for another operation.
---@param label string      "start ci-ann"
---@param reason string     the state of the instance, or the service's refusal
---@return azureml.Error
function verdict.busy(label, reason)
  return errors.new { code = "Busy",
    message = ("cannot %s: another operation is active (%s)"):format(label, reason),
    hint = "try again later, or leave no_wait away to wait for it" }
end

--- Make the error of a verb whose time is over before it was sent.
---@param label string
---@param reason string       "still Stopping"
---@param seconds number
---@return azureml.Error
function verdict.overdue(label, reason, seconds)
  return errors.new { code = "Timeout",
    message = ("cannot %s: %s after %s s"):format(label, reason, pace.text(seconds)),
    hint = "the verb was not sent; look at the instance, then try again" }
end

local function missing(label)
  return errors.new { code = "ResourceNotFound",
    message = ("cannot %s: there is no such instance any more"):format(label) }
end

local function wrong_state(label, state, remedy)
  return errors.new { code = "WrongState", hint = remedy,
    message = ("cannot %s: the instance is %s"):format(label, state) }
end

--- Judge an instance on which no operation is active, before a verb is sent to it.
---@param verb string
---@param vm azureml.Instance|false|nil      nil or false: it is missing
---@param label string
---@return boolean is_there       there is nothing to do: the instance is where the verb leads
---@return azureml.Error? err     the service would refuse the verb
function verdict.before_sending(verb, vm, label)
  if not vm then
    if verb == "delete" then return true end
    return false, missing(label)
  end
  local remedy = power_state.remedy(verb, vm.state)
  if remedy then return false, wrong_state(label, vm.state, remedy) end
  return power_state.is_already_there(verb, vm.state)
end

local function is_another_operation(before, vm)
  local earlier, now = before and before.last_operation or {}, vm.last_operation
  return now.time ~= nil and (now.time ~= earlier.time or now.name ~= earlier.name)
end

--- Tell whether an instance shows that the service has taken on a verb whose answer was lost.
---@param verb string
---@param before azureml.Instance|false|nil      as it was before: false where it was missing, nil
---  where that is not known
---@param vm azureml.Instance|false|nil          as it is now
---@return boolean
function verdict.shows(verb, before, vm)
  if not vm then return verb == "delete" end
  if power_state.shows(verb, vm.state) then return true end
  if verb == "create" and before == false then return true end
  if not before or vm.last_operation.name ~= verbs[verb].operation then return false end
  return is_another_operation(before, vm)
end

--- Tell whether a settled instance proves that a verb has done its work.
---@param verb string
---@param vm azureml.Instance?
---@return boolean
function verdict.proves(verb, vm)
  if not vm then return verb == "delete" end
  local last, row = vm.last_operation, verbs[verb]
  local ended_well = last.name == row.operation and last.status == "Succeeded"
  return power_state.is_aim(verb, vm.state)
    and (row.is_idempotent == true or verb == "create" or ended_well)
end

return verdict
