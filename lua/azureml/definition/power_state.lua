<<<<<<< HEAD
--- The states of a compute instance, as a client sees them. What a verb does from a state stands in
--- verbs.lua. Source: spec/contract/compute-rest.md, section 7.6.
local verbs = require "azureml.verbs"

=======
--- The states of a compute instance, as a client sees them. Source: spec/contract/compute-rest.md,
--- section 7.6.
>>>>>>> main
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

<<<<<<< HEAD
--- Tell whether a state changes by itself. A state that is not known does not.
---@param state string?
=======
-- Where a verb is meant to lead.
local AIMS = {
  start = RUNNING,
  restart = RUNNING,
  stop = { Stopped = true },
  create = { Running = true, JobRunning = true, Stopped = true },      -- a schedule can have it created stopped
  delete = {},      -- to be gone
}

-- What one sees while a verb is at work.
local ON_THE_WAY = {
  create = { Creating = true, SettingUp = true, UserSettingUp = true },
  start = { Starting = true, SettingUp = true, UserSettingUp = true },
  stop = { Stopping = true },
  restart = { Restarting = true },
  delete = { Deleting = true },
}

-- Where one is both before a verb and after it, its end proves nothing.
local PROVES_NOTHING = { restart = true, create = true, delete = true }

-- Where a verb is refused, as far as anybody knows; restart is for what runs and what is unusable.
-- Source: spec/contract/compute-rest.md, section 7.6.
local REFUSED_IN = {
  start = FAILED,
  restart = { Stopped = true, CreateFailed = true, SetupFailed = true, UserSetupFailed = true },
}

--- Why a verb would be sent to an instance in vain; nil: it would not, or nobody knows.
---@param verb string
---@param word string?
---@return string?        "already Stopped", "busy: Starting", "wrong state: CreateFailed"
function power_state.reason_to_skip(verb, word)
  if TRANSITIONAL[word] then return "busy: " .. word end
  if not PROVES_NOTHING[verb] and AIMS[verb][word] then return "already " .. word end
  if REFUSED_IN[verb] and REFUSED_IN[verb][word] then return "wrong state: " .. word end
end

--- Does a state show that a verb was taken on, though its answer was lost?
---@param verb string
---@param word string?
function power_state.shows(verb, word)
  return ON_THE_WAY[verb][word] == true or not PROVES_NOTHING[verb] and AIMS[verb][word] == true
end

--- Will it change by itself? What nobody knows is not waited for.
---@param word string?
>>>>>>> main
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

--- Tell whether a verb has nothing to do in this state: start while it runs, stop while it is stopped.
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

--- Return why a verb would be sent in vain; nil where it would not, or where that is not known.
---@param verb string
---@param state string?
---@return string?        "already Stopped", "wrong state: CreateFailed"
function power_state.reason_to_skip(verb, state)
  if power_state.is_already_there(verb, state) then return "already " .. state end
  if power_state.remedy(verb, state) then return "wrong state: " .. state end
end

--- Tell whether a state shows that the service has taken a verb on, though its answer was lost.
---@param verb string
---@param state string?
---@return boolean
function power_state.shows(verb, state)
  return verbs[verb].on_the_way[state] == true or power_state.is_already_there(verb, state)
end

return power_state
