--- The states of a compute instance, as a client sees them. What a verb does from a state stands in
--- verbs.lua. Source: spec/contract/compute-rest.md, section 7.6.
local verbs = require "azureml.verbs"

---@alias azureml.State string  a state of an instance, such as "Running" or "Stopped", in any case

local power_state = {}

local TRANSITIONAL = {
  Creating = true, SettingUp = true, UserSettingUp = true, Starting = true, Stopping = true,
  Restarting = true, Resizing = true, Deleting = true, Updating = true,
}

local FAILED = {
  CreateFailed = true, SetupFailed = true, UserSetupFailed = true, Unusable = true, Failed = true,
  Canceled = true,
}

local RUNNING = { Running = true, JobRunning = true }

--- The names of all states that are known, the frequent ones first.
power_state.names = {
  "Running", "Stopped", "JobRunning", "Creating", "CreateFailed", "SettingUp", "SetupFailed",
  "UserSettingUp", "UserSetupFailed", "Starting", "Stopping", "Restarting", "Resizing", "Deleting",
  "Unusable", "Unknown",
}

-- Words of the resource's provisioning, which stand in until the instance has a state.
local PROVISIONING = { "Updating", "Succeeded", "Failed", "Canceled" }

local canonical = {}
for _, names in ipairs { power_state.names, PROVISIONING } do
  for _, name in ipairs(names) do canonical[name:lower()] = name end
end

--- Return a state as the service spells it; nil for a word that is not a state.
---@param word string       in any case
---@return string?
function power_state.canonical(word)
  return canonical[word:lower()]
end

--- Tell whether a state changes by itself. A state that is not known does not.
---@param state string?
---@return boolean
function power_state.is_transitional(state)
  return TRANSITIONAL[state] == true
end

--- Tell whether a state is a failure.
---@param state string?
---@return boolean
function power_state.is_failed(state)
  return FAILED[state] == true
end

--- Tell whether an instance in this state runs.
---@param state string?
---@return boolean
function power_state.is_running(state)
  return RUNNING[state] == true
end

--- Tell whether a verb leads to this state.
---@param verb string
---@param state string?
---@return boolean
function power_state.is_aim(verb, state)
  return verbs[verb].aim[state] == true
end

--- Tell whether a verb has nothing to do in this state: start while it runs, stop while it is
--- stopped.
---@param verb string
---@param state string?
---@return boolean
function power_state.is_already_there(verb, state)
  return verbs[verb].is_idempotent == true and power_state.is_aim(verb, state)
end

--- Return what to do instead where the service refuses a verb in this state; nil where it takes it.
---@param verb string
---@param state string?
---@return string?
function power_state.remedy(verb, state)
  local refused_in = verbs[verb].refused_in
  return refused_in and refused_in[state]
end

--- Tell whether a state shows that the service has taken a verb on, though its answer was lost.
---@param verb string
---@param state string?
---@return boolean
function power_state.shows(verb, state)
  return verbs[verb].on_the_way[state] == true or power_state.is_already_there(verb, state)
end

return power_state
