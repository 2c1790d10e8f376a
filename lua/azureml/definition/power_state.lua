--- The states of a compute instance, as a client sees them. Source: spec/contract/compute-rest.md,
--- section 7.6.
local power_state = {}

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
---@return boolean
function power_state.is_transitional(word)
  return TRANSITIONAL[word] == true
end

--- Did it fail?
function power_state.is_failed(word)
  return FAILED[word] == true
end

--- Is it running?
function power_state.is_running(word)
  return RUNNING[word] == true
end

--- Is this where a verb is meant to lead?
---@param verb string
---@param word string?
function power_state.is_aim(verb, word)
  return AIMS[verb][word] == true
end

return power_state
