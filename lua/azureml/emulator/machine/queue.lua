--- The jobs of an instance: two for each core at once, the others wait in the order they came.
--- Plain data in the instance's record; what is over is taken out by who keeps jobs.
--- Source: spec/contract/compute-rest.md, section 13.
local inferred = require "azureml.emulator.inferred"

local queue = {}

local PER_CORE = 2

-- Each job of one.jobs: { id, length, outcome, began, ends, cancelled }. Those of one.ended: { id, began, at, status }.

local function finish(one, index, at, status)
  local job = table.remove(one.jobs, index)
  one.ended = one.ended or {}
  table.insert(one.ended, { id = job.id, began = job.began, at = at, status = status })
end

local function fill(one, at, cores)
  local running = 0
  for _, job in ipairs(one.jobs or {}) do
    if job.began then
      running = running + 1
    elseif running < PER_CORE * cores then
      job.began, job.ends = at, at + inferred.durations.job_preparing + job.length
      running = running + 1
    end
  end
end

--- One more.
---@param one table          the instance's record
---@param job { id: string, length: number, outcome: string }      seconds; how it is to end
function queue.add(one, job)
  one.jobs = one.jobs or {}
  table.insert(one.jobs, job)
end

--- Jobs that can be begun are begun: the machine runs.
---@param one table          the instance's record
---@param at number
---@param cores integer
function queue.begin(one, at, cores)
  fill(one, at, cores)
end

--- When the next one of those that run is over; nil if none runs.
---@return number?
function queue.next(one)
  local first
  for _, job in ipairs(one.jobs or {}) do
    if job.ends and (not first or job.ends < first) then first = job.ends end
  end
  return first
end

--- End those that are over by then, and let others begin.
function queue.turn(one, at, cores)
  for i = #one.jobs, 1, -1 do
    local job = one.jobs[i]
    if job.ends and job.ends <= at then
      finish(one, i, job.ends, job.cancelled and "Canceled" or job.outcome)
    end
  end
  fill(one, at, cores)
end

--- Whether one runs.
function queue.is_running(one)
  return queue.next(one) ~= nil
end

--- Whether nothing runs and nothing waits.
function queue.is_empty(one)
  return one.jobs == nil or #one.jobs == 0
end

--- The machine goes away under them: those that run fail. With all, those that wait go too.
---@param all boolean?
function queue.lose(one, at, all)
  for i = #(one.jobs or {}), 1, -1 do
    if all or one.jobs[i].began then finish(one, i, at, all and "Canceled" or "Failed") end
  end
end

--- The job of an id; nil if it is not here (any more).
function queue.find(one, id)
  for i, job in ipairs(one.jobs or {}) do
    if job.id == id then return job, i end
  end
end

--- Cancel one: what waits is gone at once, what runs takes a moment.
function queue.cancel(one, id, at)
  local job, index = queue.find(one, id)
  if not job or job.cancelled then return end
  if job.began then
    job.cancelled, job.ends = at, math.min(job.ends, at + inferred.durations.job_cancelling)
  else
    finish(one, index, at, "Canceled")
  end
end

--- How a job is getting on.
---@return string status
function queue.status(job, at)
  if not job.began then return "Queued" end
  if job.cancelled then return "CancelRequested" end
  return at < job.began + inferred.durations.job_preparing and "Preparing" or "Running"
end

return queue
