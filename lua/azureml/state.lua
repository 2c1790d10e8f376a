--- The states of a compute instance, as a client sees them. Source: compute-rest.md, section 7.6.
local state = {}

local TRANSITIONAL = {
  Creating = true, SettingUp = true, UserSettingUp = true, Starting = true, Stopping = true, Restarting = true, Resizing = true,
  Deleting = true, Updating = true,
}

local FAILED = {
  CreateFailed = true, SetupFailed = true, UserSetupFailed = true, Unusable = true, Failed = true, Canceled = true,
}

local RUNNING = { Running = true, JobRunning = true }

-- Where a verb is meant to lead.
local AIMS = {
  start = RUNNING,
  restart = RUNNING,
  stop = { Stopped = true },
  create = { Running = true, JobRunning = true, Stopped = true },      -- a schedule can have it created stopped
}

--- Will it change by itself? What nobody knows is not waited for.
---@param word string?
---@return boolean
function state.is_transitional(word)
  return TRANSITIONAL[word] == true
end

--- Did it fail?
function state.is_failed(word)
  return FAILED[word] == true
end

--- Is it running?
function state.is_running(word)
  return RUNNING[word] == true
end

--- Is this where a verb is meant to lead?
---@param verb string
---@param word string?
function state.is_aim(verb, word)
  local aims = AIMS[verb]
  return not aims or aims[word] == true
end

return state
