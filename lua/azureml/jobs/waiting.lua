--- Wait for a job: look at it until it has ended, and raise why it failed.
local core = require "azureml.core"
local errors = require "azureml.error"
local options = require "azureml.options"
local pace = require "azureml.pace"
local progress = require "azureml.console.progress"
local screen = require "azureml.console.screen"
local task = require "azureml.task"

local waiting = {}

-- Seconds that a wait takes at most where the caller names no timeout: jobs run for hours.
local DEFAULT_TIMEOUT = 24 * 3600

-- Seconds between two looks at any job of a workspace, so that many waits together stay below what
-- the service grants. A wait among 200 thus looks at its job every 40 s.
local SHARE = 0.2

--- How to wait for a job.
---@class azureml.JobWaitOptions
---@field timeout? number  seconds; default: a day
---@field show_output? boolean  print changes of its status, to standard error
---@field progress? azureml.ProgressStyle  how show_output prints
---@field allow_canceled? boolean  a job that was canceled is a success

local OPTIONS = {
  timeout = "number", show_output = "boolean", progress = "string", allow_canceled = "boolean",
}

-- Failures ----------------------------------------------------------------------------------------

local CODES = { Failed = "JobFailed", Canceled = "JobCanceled" }
local WORDS = { Failed = "the job %s has failed", Canceled = "the job %s was canceled" }

-- Raise why a job did not complete, in the words of the run history.
local function raise_outcome(job)
  local details, trouble = errors.try(job.details, job)
  local reason = details and details.error
  local message = WORDS[job.status]:format(job.name)
  if reason then
    -- The reason may repeat what the job's program has written.
    message = ("%s: %s"):format(message, screen.lines(reason.message or reason.code))
  end
  if trouble then
    message = ("%s; its reason cannot be read: %s"):format(message, trouble.message)
  end
  errors.raise {
    code = CODES[job.status], message = message, job = job,
    innererror = reason and { code = reason.code, message = reason.message } or nil,
    hint = job.status == "Failed"
      and ("'azureml job logs %s' prints what it has written"):format(job.name) or nil,
  }
end

local function raise_overdue(job, seconds)
  errors.raise { code = "Timeout", job = job,
    message = ("the job %s is still %s after %s s; it goes on"):format(job.name, job.status,
      pace.text(seconds)),
    hint = ("'azureml job wait %s' waits again"):format(job.name) }
end

-- Waiting -----------------------------------------------------------------------------------------

-- Return a function that returns the pause before the next look, in seconds.
local function pauses_of(jobs)
  local next_pause = pace.pauses(jobs)
  return function() return math.max(next_pause(), jobs.waits * SHARE) end
end

-- Look at a job until it has ended.
local function look_until_over(job, watch)
  local next_pause = pauses_of(job.workspace.jobs)
  job:refresh()
  while not job:is_over() do
    if watch.reporter then watch.reporter.state(job.status) end
    local left = watch.deadline - core.now()
    if left <= 0 then raise_overdue(job, watch.timeout) end
    task.sleep(math.min(next_pause(), left))
    job:refresh()
  end
  if watch.reporter then watch.reporter.finish(job.status) end
end

-- Count a wait of the workspace while it lasts.
local function count_wait(jobs)
  jobs.waits = jobs.waits + 1
  return setmetatable({}, { __close = function() jobs.waits = jobs.waits - 1 end })
end

--- Wait until a job has ended.
---@param job azureml.Job
---@param settings? azureml.JobWaitOptions
---@return azureml.Job
---@raise an error object: `JobFailed`, `JobCanceled`, `Timeout`
function waiting.run(job, settings)
  settings = options.check("wait", settings, OPTIONS)
  local timeout = settings.timeout or DEFAULT_TIMEOUT
  options.check_seconds("wait: timeout", timeout)
  local reporter = progress.reporter("job", job.name, progress.style("wait", settings))
  local watch = { timeout = timeout, deadline = core.now() + timeout, reporter = reporter }
  local _ <close> = count_wait(job.workspace.jobs)
  local ok, raised = pcall(look_until_over, job, watch)
  if not ok then
    if reporter then reporter.leave() end
    error(raised, 0)
  end
  local is_fine = job.status == "Completed"
    or job.status == "Canceled" and settings.allow_canceled
  if not is_fine then raise_outcome(job) end
  return job
end

return waiting
