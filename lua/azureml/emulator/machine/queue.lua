--- Queue the jobs of an instance: two for each core run at once, the others wait in order of
--- arrival. The queue is plain data in the instance's record: `jobs` holds jobs that run or wait,
--- `ended` those that have ended, until emulator/world.lua removes them.
---
--- Source: spec/contract/compute-rest.md, section 13.
local inferred = require "azureml.emulator.inferred"

local queue = {}

local PER_CORE = 2

-- Members of compute.jobs: { id, length, outcome, reason, exit_code, began, ends, cancelled }. A
-- job without a length truly runs: machine/host/work.lua ends it.
-- Members of compute.ended: { id, began, at, status, reason, exit_code }. The reason is a word of
-- jobs/history.lua.

-- End a job. `facts` has the reason and the exit code.
local function finish(compute, index, time, status, facts)
  local job = table.remove(compute.jobs, index)
  compute.ended = compute.ended or {}
  table.insert(compute.ended, {
    id = job.id, began = job.began, at = time, status = status,
    reason = facts and facts.reason, exit_code = facts and facts.exit_code,
  })
end

-- End a job whose time has come.
local function finish_in_time(compute, index, job)
  if job.cancelled then return finish(compute, index, job.ends, "Canceled") end
  finish(compute, index, job.ends, job.outcome, job)
end

local function fill(compute, time, cores)
  local running = 0
  for _, job in ipairs(compute.jobs or {}) do
    if job.began then
      running = running + 1
    elseif running < PER_CORE * cores then
      job.began = time
      job.ends = job.length and time + inferred.durations.job_preparing + job.length
      running = running + 1
    end
  end
end

--- Add a job.
---@param compute table      the instance's record
---@param job table      id string; length number? (seconds) and outcome string? (the status in
---  which it is to end): both nil if it truly runs; reason string? and exit_code integer?, which
---  lead to that end
function queue.add(compute, job)
  compute.jobs = compute.jobs or {}
  table.insert(compute.jobs, job)
end

--- Begin waiting jobs as far as cores are free. The caller knows that the machine runs.
---@param compute table
---@param time number        seconds since 1970
---@param cores integer
function queue.begin(compute, time, cores)
  fill(compute, time, cores)
end

--- Return when the next running job ends.
---@param compute table
---@return number?      nil if no job runs
function queue.next(compute)
  local first
  for _, job in ipairs(compute.jobs or {}) do
    if job.ends and (not first or job.ends < first) then first = job.ends end
  end
  return first
end

--- End the jobs that are over by a time, and begin waiting jobs.
---@param compute table
---@param time number
---@param cores integer
function queue.turn(compute, time, cores)
  for i = #compute.jobs, 1, -1 do
    local job = compute.jobs[i]
    if job.ends and job.ends <= time then finish_in_time(compute, i, job) end
  end
  fill(compute, time, cores)
end

--- Return whether a job runs.
---@param compute table
---@return boolean
function queue.is_running(compute)
  for _, job in ipairs(compute.jobs or {}) do
    if job.began then return true end
  end
  return false
end

--- Return whether no job runs or waits.
---@param compute table
---@return boolean
function queue.is_empty(compute)
  return compute.jobs == nil or #compute.jobs == 0
end

--- End the running jobs because the machine stops: they fail. With `all`, cancel the waiting jobs
--- and the running jobs.
---@param compute table
---@param time number
---@param all boolean?
function queue.lose(compute, time, all)
  for i = #(compute.jobs or {}), 1, -1 do
    if all then
      finish(compute, i, time, "Canceled", { reason = "deleted" })
    elseif compute.jobs[i].began then
      finish(compute, i, time, "Failed", { reason = "stopped" })
    end
  end
end

--- Find a job that runs or waits.
---@param compute table
---@param id string
---@return table? job, integer? index
function queue.find(compute, id)
  for i, job in ipairs(compute.jobs or {}) do
    if job.id == id then return job, i end
  end
end

--- Cancel a job: a waiting job ends at once, a running job after a few seconds.
---@param compute table
---@param id string
---@param time number
function queue.cancel(compute, id, time)
  local job, index = queue.find(compute, id)
  if not job or job.cancelled then return end
  if job.began then
    job.cancelled = time
    job.ends = job.ends and math.min(job.ends, time + inferred.durations.job_cancelling)
  else
    finish(compute, index, time, "Canceled")
  end
end

--- End a job that truly ran.
---@param compute table
---@param id string
---@param time number
---@param status string
---@param facts { reason: string?, exit_code: integer? }?
function queue.finish(compute, id, time, status, facts)
  local _, index = queue.find(compute, id)
  if index then finish(compute, index, time, status, facts) end
end

--- Return the status of a job that runs or waits.
---@param job table
---@param time number
---@return string
function queue.status(job, time)
  if not job.began then return "Queued" end
  if job.cancelled then return "CancelRequested" end
  if not job.length then return "Running" end
  return time < job.began + inferred.durations.job_preparing and "Preparing" or "Running"
end

return queue
