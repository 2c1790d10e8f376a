--- The statuses of a job, as a client sees them.
--- Source: spec/contract/compute-rest.md, section 13.
local status = {}

local WAITING = { NotStarted = true, Queued = true, Paused = true }

local RUNNING = {
  Starting = true, Provisioning = true, Preparing = true, Running = true, Finalizing = true,
  CancelRequested = true, NotResponding = true,
}

local ENDED = { Completed = true, Failed = true, Canceled = true }

--- The names of all statuses that are known, the frequent ones first.
---@type string[]
status.names = {
  "Running", "Queued", "Completed", "Failed", "Canceled", "NotStarted", "Starting", "Provisioning",
  "Preparing", "Finalizing", "CancelRequested", "NotResponding", "Paused", "Unknown",
}

--- A word for each job that has not ended.
status.ACTIVE = "Active"

local canonical = { active = status.ACTIVE }
for _, name in ipairs(status.names) do canonical[name:lower()] = name end

--- Return a status as the service spells it, or `status.ACTIVE`; nil for another word.
---@param word string       in any case
---@return string?
function status.canonical(word)
  return canonical[word:lower()]
end

--- Tell whether a job with this status has ended.
---@param name string?
---@return boolean
function status.is_over(name)
  return ENDED[name] == true
end

--- Tell whether a job with this status waits for its turn.
---@param name string?
---@return boolean
function status.is_waiting(name)
  return WAITING[name] == true
end

--- Tell whether a job with this status is at work on its compute, from its preparation to its last
--- moment.
---@param name string?
---@return boolean
function status.is_running(name)
  return RUNNING[name] == true
end

--- Tell whether a job with this status waits or runs.
---@param name string?
---@return boolean
function status.is_active(name)
  return WAITING[name] == true or RUNNING[name] == true
end

return status
