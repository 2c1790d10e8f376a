--- Jobs on instances: put, looked at, listed, cancelled. Nothing is run: how long one takes and how
--- it ends is read in its command. Source: spec/contract/compute-rest.md, section 13.
local answer = require "azureml.emulator.answer"
local check = require "azureml.emulator.check"
local clock = require "azureml.emulator.clock"
local inferred = require "azureml.emulator.inferred"
local iso8601 = require "azureml.emulator.iso8601"
local machine = require "azureml.emulator.machine"
local operations = require "azureml.emulator.operations"
local page = require "azureml.emulator.page"
local queue = require "azureml.emulator.machine.queue"
local refusal = require "azureml.emulator.refusal"
local script = require "azureml.emulator.machine.script"
local show = require "azureml.emulator.show"
local tables = require "azureml.tables"

local jobs = {}

-- What is asked for -------------------------------------------------------------------------------------------------------

-- A job names its compute by an ARM id; the name alone will do.
local function compute_of(at, id)
  local name = id:match "([^/]+)/*$"
  local compute = name and at.world:compute(at.workspace, name)
  if not compute then refusal.raise("no_job_compute", id) end
  if compute.kind then refusal.raise("no_job_cluster", compute.name) end
  return compute
end

local function timeout_of(properties)
  local limits = check.table(properties.limits, "limits")
  local text = limits and check.text(limits.timeout, "limits.timeout")
  local seconds = text and iso8601.seconds(text)
  if text and not seconds then refusal.raise("bad_duration", "limits.timeout", text) end
  return seconds
end

-- How long it runs, and how it ends.
local function course_of(properties)
  local slept, code = script.outcome(check.required(properties.command, "string", "properties.command"))
  local length, timeout = inferred.durations.job + slept, timeout_of(properties)
  if timeout and length > timeout then return timeout, "Canceled" end
  return length, code == 0 and "Completed" or "Failed"
end

local function validate(properties)
  local kind = check.required(properties.jobType, "string", "properties.jobType")
  if kind ~= "Command" then refusal.raise("no_job_kind", kind) end
  check.required(properties.environmentId, "string", "properties.environmentId")
  local resources = check.table(properties.resources, "resources")
  local count = resources and check.whole(resources.instanceCount, "resources.instanceCount") or 1
  if count ~= 1 then refusal.raise("many_nodes", count) end
end

-- Shown -------------------------------------------------------------------------------------------------------------------

local function status_of(at, job)
  if job.status then return job.status end
  local compute = at.world:compute(at.workspace, job.compute)
  if compute then machine.catch_up(compute, at.now) end
  local entry = compute and queue.find(compute, job.name)
  return entry and queue.status(entry, at.now) or job.status or "Unknown"
end

local function shown(at, job)
  local properties = tables.copy(job.properties)
  properties.status = status_of(at, job)
  local created = clock.iso(job.created)
  return {
    id = show.workspace_id(at.workspace) .. "/jobs/" .. job.name, name = job.name,
    type = "Microsoft.MachineLearningServices/workspaces/jobs", properties = properties,
    systemData = { createdAt = created, createdBy = job.creator, createdByType = "Application", lastModifiedAt = created },
  }
end

local function find(at)
  local job = at.world:job(at.workspace, at.job_name)
  if not job then refusal.raise("no_job", at.workspace.name, at.job_name, at.workspace.group.name) end
  return job
end

-- Done --------------------------------------------------------------------------------------------------------------------

-- Of a job that is there only what describes it can be changed.
local DESCRIBES = { "displayName", "description", "tags", "properties" }

local function change(at, job, properties)
  for _, name in ipairs(DESCRIBES) do job.properties[name] = properties[name] end
  at.world:save("job", job)
  return { status = 200, json = shown(at, job) }
end

local function submit(at, properties, length, outcome)
  local compute = compute_of(at, check.required(properties.computeId, "string", "properties.computeId"))
  local job = at.world:save("job", {
    place = at.workspace.place, number = at.world:next_number(), name = at.job_name, compute = compute.name, properties = properties,
    created = at.now, creator = at.application.object_id,
  })
  queue.add(compute, { id = job.name, length = length, outcome = outcome })
  machine.plan(compute, at.now)
  at.world:save("compute", compute)
  return { status = 201, json = shown(at, job) }
end

--- Submit one; or describe one that is there anew.
function jobs.put(at)
  local properties = check.plain(check.required(check.body(at.body).properties, "table", "properties"))
  validate(properties)
  if not at.job_name:find "^[%w][%w_.-]*$" or #at.job_name > 255 then refusal.raise("job_name_invalid", at.job_name) end
  local length, outcome = course_of(properties)
  local old = at.world:job(at.workspace, at.job_name)
  if old then return change(at, old, properties) end
  return submit(at, properties, length, outcome)
end

--- One.
function jobs.get(at)
  return answer.of(shown(at, find(at)))
end

--- Those of a workspace, by pages, the newest first.
function jobs.list(at)
  local all, newest = at.world:jobs(at.workspace), {}
  for i = #all, 1, -1 do newest[#newest + 1] = all[i] end
  return page.of(at, newest, function(job) return shown(at, job) end)
end

--- Cancel one: accepted while it is under way; done where it is over.
function jobs.cancel(at)
  local job = find(at)
  local status = status_of(at, job)
  if job.status then return { status = 200 } end
  local compute = at.world:compute(at.workspace, job.compute)
  queue.cancel(compute, job.name, at.now)
  machine.plan(compute, at.now)
  at.world:save("compute", compute)
  local due = status == "Queued" and at.now or at.now + inferred.durations.job_cancelling
  return { status = 202, headers = operations.accept(at, due, nil, { only_location = true }) }
end

return jobs
