--- Decide what becomes of one instance of a fleet: by the stage that it is at, and by what a look
--- at it has shown. Pure: flight.lua acts on the decision.
local errors = require "azureml.error"
local operation = require "azureml.operation"
local pace = require "azureml.pace"
local power_state = require "azureml.definition.power_state"
local resource = require "azureml.resource"
local verdict = require "azureml.verdict"

-- Each stage in which an instance is looked at has a function here. It takes the flight, the item
-- and the instance (nil: it is missing), and returns a decision:
--
--   "look"          look again later
--   "turn"          another operation is active: wait for its end
--   "send"          send the verb, once more perhaps
--   "taken_on"      the service has accepted the verb, although its answer was lost
--   "lost_sight"    the instance does not show what became of the operation
--   "done", "skipped", "failed"      it is over; then the fields of its result follow
local judge = {}

local function label_of(flight, item)
  return flight.verb .. " " .. flight.names[item.index]
end

local function is_busy(vm)
  return vm ~= nil and power_state.is_transitional(vm.state)
end

local function failed(err)
  return "failed", { error = err }
end

local function already(vm)
  return "skipped", { reason = "already " .. vm.state }
end

-- Wait for the other operation, or fail where the caller does not want to.
local function wait_or_fail(flight, item, vm, decision)
  if flight.no_wait then return failed(verdict.busy(label_of(flight, item), vm.state)) end
  return decision
end

-- No other operation is active. An error brings the number of the request that was refused.
local function judge_idle(flight, item, vm)
  local is_there, err = verdict.before_sending(flight.verb, vm, label_of(flight, item))
  if err then
    err.request_id = item.error and item.error.request_id
    return failed(err)
  end
  if not is_there then return "send" end
  if vm then return already(vm) end
  return "done"
end

--- The verb waits for another operation's end; it was not sent, or refused because of that
--- operation.
function judge.turn(flight, item, vm)
  if is_busy(vm) then return wait_or_fail(flight, item, vm, "look") end
  return judge_idle(flight, item, vm)
end

--- The service has refused the verb with a conflict.
function judge.refused(flight, item, vm)
  if not vm and flight.verb ~= "delete" then return failed(item.error) end
  if is_busy(vm) then return wait_or_fail(flight, item, vm, "turn") end
  local decision, fields = judge_idle(flight, item, vm)
  if decision ~= "send" then return decision, fields end
  if not resource.is_busy(item.error) then return failed(item.error) end
  if flight.no_wait then return failed(verdict.busy(label_of(flight, item), item.error.message)) end
  if item.tries >= pace.lost_looks then return failed(item.error) end      -- no operation shows
  return "send"
end

--- The service has ended a start because the instance was not stopped then.
function judge.not_stopped(flight, item, vm)
  if is_busy(vm) then return wait_or_fail(flight, item, vm, "look") end
  if vm and power_state.is_aim(flight.verb, vm.state) then return already(vm) end
  if vm and vm.state == "Stopped" and not item.sent_again then
    item.sent_again = true
    return "send"
  end
  return failed(item.error)
end

--- The answer to the verb was lost.
function judge.lost(flight, item, vm)
  if verdict.shows(flight.verb, flight.before[item.index], vm) then return "taken_on" end
  item.looks = (item.looks or 0) + 1
  if item.looks < pace.lost_looks then return "look" end
  return failed(item.error)
end

--- The service has accepted the verb, and its status cannot be read any more.
function judge.gone(flight, item, vm)
  if is_busy(vm) then return "look" end
  if verdict.proves(flight.verb, vm) then return "done" end
  if vm and power_state.is_failed(vm.state) then return judge.settling(flight, item, vm) end
  if resource.is_status_gone(item.error) then return "lost_sight" end
  return failed(item.error)
end

--- The operation has succeeded; the instance settles.
function judge.settling(flight, item, vm)
  if is_busy(vm) then return "look" end
  local name = flight.names[item.index]
  local _, wrong = errors.try(operation.check_aim, flight.verb, vm, name)
  if wrong then return failed(wrong) end
  return "done"
end

return judge
