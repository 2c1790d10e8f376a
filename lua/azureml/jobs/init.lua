--- The jobs of a workspace: submit commands that run on an instance, look at them, cancel them and
--- wait for them. Source: spec/contract/compute-rest.md, section 13.
local definition = require "azureml.tool.later" "azureml.jobs.definition"
local environment = require "azureml.tool.later" "azureml.jobs.environment"
local errors = require "azureml.error"
local job = require "azureml.jobs.job"
local list = require "azureml.jobs.list"
local options = require "azureml.options"
local power_state = require "azureml.definition.power_state"
local resource = require "azureml.resource"
local waiting = require "azureml.tool.later" "azureml.jobs.waiting"

--- The jobs of a workspace.
---@class azureml.Jobs
---@field workspace azureml.Workspace  the workspace that has them
---@field waits integer         the waits for jobs that go on now
---@field asked number?         seconds that the service asked for before the next look, at the last
local Jobs = {}
local metatable = { __name = "azureml.Jobs", __index = Jobs, __methods = Jobs }

local jobs = {}

-- The name of a job is the client's choice, so that a repeated PUT submits no second job.
local verbs = {
  list = { method = "GET", path = "jobs" },
  list_archived = { method = "GET", path = "jobs", query = { listViewType = "ArchivedOnly" } },
  get = { method = "GET", path = "jobs/{name}" },
  put = { method = "PUT", path = "jobs/{name}", is_repeatable = true },
  cancel = { method = "POST", path = "jobs/{name}/cancel", is_repeatable = true },
}

--- Make the collection of a workspace.
---@param workspace azureml.Workspace
---@return azureml.Jobs
function jobs.new(workspace)
  return setmetatable({ workspace = workspace, waits = 0 }, metatable)
end

-- Looking -----------------------------------------------------------------------------------------

-- Return the name of a job that is told by its name or as an object.
local function name_of(verb, subject)
  if job.is_one(subject) then return subject.name end
  if type(subject) ~= "string" then
    errors.mistake("bad argument #1 to '%s' (name of a job expected, got %s)", verb, type(subject))
  end
  if subject == "" then errors.mistake("bad argument #1 to '%s' (the name is empty)", verb) end
  if not utf8.len(subject) or subject:find "%c" then
    errors.raise { code = "InvalidArgument",
      message = ("%s: a job's name has no control characters and is in UTF-8"):format(verb) }
  end
  return subject
end

local function object_of(self, raw, label)
  if type(raw) == "table" and type(raw.properties) == "table" and type(raw.name) == "string" then
    return job.new(self.workspace, raw)
  end
  errors.raise { code = "InvalidReply",
    message = ("cannot %s: the reply does not describe a job"):format(label) }
end

local function find(self, name)
  local label = "get the job " .. name
  self.asked = nil
  local raw, came = resource.call(self.workspace, verbs.get, { name = name }, { label = label })
  self.asked = came.retry_after
  return object_of(self, raw, label)
end

--- Look at a job.
---@param name string
---@return azureml.Job
---@raise an error object `JobNotFound` when it is not there; what the service refuses
function Jobs:get(name)
  local found = self:find(name_of("get", name))
  if found then return found end
  errors.raise { code = "JobNotFound", status = 404,
    message = ("there is no job '%s' in %s"):format(name, tostring(self.workspace)),
    hint = "check the name; 'azureml job list' shows what there is" }
end

--- Look whether a job is there.
---@param name string
---@return azureml.Job?      nil when it is not there
---@raise an error object for everything else
function Jobs:find(name)
  local found, err = errors.try(find, self, name_of("find", name))
  if found then return found end
  if resource.is_missing(err) then return nil end
  error(err, 0)
end

--- Iterate over the jobs of the workspace, the newest first. Single-pass; the first request goes
--- out at first use.
---@param wanted? azureml.JobListOptions
---@return azureml.JobList       an iterator, with all()
---@raise an error object rather than ending early: no list is partial
---@usage for job in ws.jobs:list { compute = "ci-ann", status = "Active" } do print(job) end
function Jobs:list(wanted)
  local filters = list.check(wanted)
  local verb = wanted and wanted.archived and verbs.list_archived or verbs.list
  local label = "list the jobs of " .. self.workspace.name
  local raws = resource.list(self.workspace, verb, {}, { label = label })
  local function next_job()
    local raw = raws()
    return raw and object_of(self, raw, label)
  end
  return list.new(next_job, filters)
end

-- Submitting --------------------------------------------------------------------------------------

local function raise_not_running(vm)
  errors.raise { code = "WrongState", instance = vm,
    message = ("cannot submit the job: the instance '%s' is %s, and it must run to take a job")
      :format(vm.name, vm.state),
    hint = "start it first, or say start = true (--start)" }
end

-- Return the instance of a name, an ARM id or "azureml:NAME".
local function look_up(self, name)
  local instances = self.workspace.instances
  local place = "/workspaces/" .. self.workspace.name:lower() .. "/computes/"
  if name:find("/", 1, true) and not name:lower():find(place, 1, true) then
    errors.raise { code = "InvalidArgument",
      message = ("compute: '%s' is not the id of a compute in %s"):format(name,
        tostring(self.workspace)) }
  end
  local short = name:gsub("^azureml:", ""):match "([^/]+)/*$" or name
  local vm = instances:find(short)
  if vm then return vm end
  errors.raise { code = "ResourceNotFound", status = 404,
    message = ("there is no compute '%s' in %s"):format(short, tostring(self.workspace)),
    hint = "check the name; 'azureml list' shows what there is" }
end

-- Return the instance for a job: it runs. An instance in hand is looked at if it did not run.
local function ready_instance(self, settings)
  local vm = settings.compute
  if type(vm) ~= "table" then vm = look_up(self, vm) end
  if power_state.is_running(vm.state) then return vm end
  if settings.start then
    local style = { show_output = settings.show_output, progress = settings.progress }
    return self.workspace.instances:start(vm.name, style):wait(style)
  end
  if vm == settings.compute then vm = look_up(self, vm.name) end
  return power_state.is_running(vm.state) and vm or raise_not_running(vm)
end

-- Refuse a name that another job has: the service would change that job's description, and run
-- nothing.
local function check_name_is_free(self, name)
  if not name or not self:find(name) then return end
  errors.raise { code = "JobExists",
    message = ("the job '%s' exists already in %s"):format(name, tostring(self.workspace)),
    hint = "choose another name, or leave it out: then the job gets a new one" }
end

local KEPT = { command = "command", computeId = "compute_id", environmentId = "environment_id" }

-- Raise where the service has made another job of the request.
local function check_kept(found, properties)
  for member, field in pairs(KEPT) do
    local wanted, actual = properties[member], found[field]
    if member ~= "command" and actual then wanted, actual = wanted:lower(), actual:lower() end
    -- The service writes the short name of a curated environment as an id.
    local is_expanded = member == "environmentId" and wanted:find "^azureml:" ~= nil
    if wanted ~= actual and not is_expanded then
      errors.raise { code = "NotAsAsked", job = found,
        message = ("%s: the service has taken the job with another %s: %s, not %s"):format(
          found.name, field, tostring(found[field]), properties[member]) }
    end
  end
end

--- Submit a job: a command that runs on an instance. Return when the service has accepted it. Two
--- jobs run at once for each core; the others wait in order.
---@param settings azureml.SubmitOptions
---@return azureml.Job
---@raise an error object before anything is sent: `InvalidArgument`, `JobExists`, `WrongState`
---  where the instance does not run, `AnotherComputeType`, `ResourceNotFound`,
---  `EnvironmentNotFound`; what the service refuses; `NotAsAsked`
---@usage local job = ws.jobs:submit { command = "python train.py", environment = "sklearn:3",
---    compute = "ci-ann", timeout = "2h" }
---  print(job:wait().status)
function Jobs:submit(settings)
  settings = definition.check(settings)
  check_name_is_free(self, settings.name)
  local vm = ready_instance(self, settings)
  local environment_id = environment.id(self.workspace, settings.environment)
  local name = settings.name or definition.new_name()
  local body = definition.body(self.workspace, settings, vm.id, environment_id)
  local label = "submit the job " .. name
  local raw = resource.call(self.workspace, verbs.put, { name = name },
    { label = label, body = body })
  local found = object_of(self, raw, label)
  check_kept(found, body.properties)
  return found
end

-- Ending ------------------------------------------------------------------------------------------

local function raise_over(found)
  errors.raise { code = "JobEnded", job = found,
    message = ("cannot cancel %s: the job has ended: it is %s"):format(found.name, found.status) }
end

--- Cancel a job. Return when the service has accepted it; `wait` with allow_canceled waits for the
--- end. A job that is canceled already, or about to be, is a success.
---@param subject string|azureml.Job
---@return azureml.Job       refreshed
---@raise an error object: `JobNotFound`; `JobEnded` for a job that has completed or failed
---@usage ws.jobs:cancel("train"):wait { allow_canceled = true }
function Jobs:cancel(subject)
  local found = job.is_one(subject) and subject:refresh() or self:get(name_of("cancel", subject))
  if found.status == "Canceled" or found.status == "CancelRequested" then return found end
  if found:is_over() then raise_over(found) end
  resource.call(self.workspace, verbs.cancel, { name = found.name },
    { label = "cancel the job " .. found.name })
  return found:refresh()
end

--- Wait until a job has ended. The name of a job is all that another process needs to wait for it.
---@param subject string|azureml.Job
---@param settings? azureml.JobWaitOptions
---@return azureml.Job         refreshed; it is Completed
---@raise an error object with `job`: `JobFailed` and `JobCanceled` with the job's own reason,
---  `Timeout` while the job goes on
function Jobs:wait(subject, settings)
  local found = job.is_one(subject) and subject or self:get(name_of("wait", subject))
  return waiting.run(found, settings)
end

options.check_colon(Jobs, metatable, "ws.jobs")

function metatable:__tostring()
  return "jobs of " .. tostring(self.workspace)
end

return jobs
