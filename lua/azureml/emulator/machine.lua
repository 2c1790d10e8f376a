--- The machine behind a compute instance: which state it is in is a function of what was asked of it and of the clock. A transition has a
--- due time, and is seen when it is due. Source: compute-rest.md, section 7.6.
local clock = require "azureml.emulator.clock"
local inferred = require "azureml.emulator.inferred"

local machine = {}

-- verb -> the states it goes through, with the duration of each, and the one it ends in
local paths = {
  create = { { "Creating", "creating" }, { "SettingUp", "setting_up" }, ends = "Running", fails = "CreateFailed" },
  start = { { "Starting", "starting" }, ends = "Running" },
  stop = { { "Stopping", "stopping" }, ends = "Stopped" },
  restart = { { "Restarting", "restarting" }, ends = "Running" },
  delete = { { "Deleting", "deleting" }, ends = "Gone" },
}

-- What a verb may begin from; any other settled state is refused, or fails later.
local ALLOWED = {
  stop = { Running = true, JobRunning = true },
  restart = { Running = true, JobRunning = true, Unusable = true },
}

local TITLES = { create = "Create", start = "Start", stop = "Stop", restart = "Restart", delete = "Delete" }

--- Put a machine into a state, as if it had long been there.
---@param one table        the compute
---@param state string
---@param now number
function machine.settle(one, state, now)
  one.timeline = { { at = now, state = state } }
end

--- The state it is in.
---@param one table
---@param now number
---@return string
function machine.state(one, now)
  local state
  for _, step in ipairs(one.timeline) do
    if step.at <= now then state = step.state end
  end
  return state
end

--- When it will have settled; in the past if it has.
function machine.settled_at(one)
  return one.timeline[#one.timeline].at
end

--- When its state changes next, by itself; nil: not before a verb begins.
---@return number?
function machine.next_change(one, now)
  for _, step in ipairs(one.timeline) do
    if step.at > now then return step.at end
  end
end

--- Whether a verb is at work on it.
function machine.is_busy(one, now)
  return machine.settled_at(one) > now
end

--- Whether it is no more.
function machine.is_gone(one, now)
  return machine.state(one, now) == "Gone"
end

--- Whether a verb may begin from where it is. A start of what is not stopped is taken on, and fails: see `fault_of`.
function machine.allows(one, verb, now)
  local allowed = ALLOWED[verb]
  return not allowed or allowed[machine.state(one, now)] == true
end

-- The service delivers this as the operation's failure. Source: compute-rest.md, section 3.6.
local function fault_of(one, verb, now)
  if verb ~= "start" or machine.state(one, now) == "Stopped" then return nil end
  return {
    code = "StartComputeInstanceOnlyAllowedInStoppedState",
    message = ("Start compute instance is only allowed when the instance %s is in 'stopped' state."):format(one.name),
  }
end

local function follow(one, path, now, ending)
  local at, timeline = now, {}
  for _, step in ipairs(path) do
    timeline[#timeline + 1] = { at = at, state = step[1] }
    at = at + inferred.durations[step[2]]
  end
  timeline[#timeline + 1] = { at = at, state = ending }
  one.timeline = timeline
  return at
end

--- Begin a verb.
---@param one table
---@param verb string
---@param now number
---@param failure table?       { code, message }: it is to fail
---@return table operation     { due, failure }
function machine.begin(one, verb, now, failure)
  local path, before = paths[verb], one.timeline and machine.state(one, now)
  local fault = failure or fault_of(one, verb, now)
  local due
  if fault and not failure then      -- refused by the machine, which stays as it is
    due = now
  else
    due = follow(one, path, now, failure and (path.fails or before) or path.ends)
  end
  one.last = { name = TITLES[verb], at = now, due = due, failed = fault ~= nil, trigger = "User" }
  one.modified = now
  return { due = due, failure = fault }
end

local function last_status(last, now)
  if last.due > now then return "InProgress" end
  return last.failed and last.name .. "Failed" or "Succeeded"
end

--- lastOperation, as the service shows it. Source: compute-rest.md, section 7.7.
function machine.last_operation(one, now)
  local last = one.last
  return {
    operationName = last.name, operationTime = clock.iso(last.at, 3), operationStatus = last_status(last, now),
    operationTrigger = last.trigger,
  }
end

local PROVISIONING = {
  Creating = "Creating", SettingUp = "Creating", UserSettingUp = "Creating", Deleting = "Deleting", CreateFailed = "Failed",
}

--- provisioningState: ARM's word for the resource, not the machine's.
function machine.provisioning_state(state)
  return PROVISIONING[state] or "Succeeded"
end

return machine
