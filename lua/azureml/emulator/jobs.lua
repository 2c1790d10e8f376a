--- Serve jobs on instances: submit, get, list, cancel. The duration and the result of a job are
--- derived from its command (machine/script.lua), unless a real computer is behind the instance.
--- Source: spec/contract/compute-rest.md, section 13.
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
local tables = require "azureml.tool.tables"

local jobs = {}

-- What is asked for -------------------------------------------------------------------------------

-- Find the compute of a job. The id is an ARM id or only the name.
local function compute_of(request, id)
  local name = id:match "([^/]+)/*$"
  local compute = name and request.world:compute(request.workspace, name)
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

-- Return the duration of a job in seconds, and its final status.
local function course_of(properties)
  local command = check.required(properties.command, "string", "properties.command")
  local slept, code = script.outcome(command)
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

-- Shown -------------------------------------------------------------------------------------------

local function status_of(request, job)
  if job.status then return job.status end
  local compute = request.world:compute(request.workspace, job.compute)
  if compute then machine.catch_up(compute, request.now) end
  local entry = compute and queue.find(compute, job.name)
  return entry and queue.status(entry, request.now) or job.status or "Unknown"
end

local function show_job(request, job)
  local properties = tables.copy(job.properties)
  properties.status = status_of(request, job)
  properties.services = properties.services or {}
  local created = clock.iso(job.created)
  return {
    id = show.workspace_id(request.workspace) .. "/jobs/" .. job.name,
    name = job.name,
    type = "Microsoft.MachineLearningServices/workspaces/jobs",
    properties = properties,
    systemData = {
      createdAt = created, createdBy = job.creator, createdByType = "Application",
      lastModifiedAt = created,
    },
  }
end

local function find(request)
  local workspace = request.workspace
  local job = request.world:job(workspace, request.job_name)
  if not job then
    refusal.raise("no_job", workspace.name, request.job_name, workspace.group.name)
  end
  return job
end

-- Done --------------------------------------------------------------------------------------------

-- The members of an existing job that a PUT can change.
local DESCRIBES = { "displayName", "description", "tags", "properties" }

local function change(request, job, properties)
  for _, name in ipairs(DESCRIBES) do job.properties[name] = properties[name] end
  request.world:save("job", job)
  return { status = 200, json = show_job(request, job) }
end

local function submit(request, properties, length, outcome)
  local compute_id = check.required(properties.computeId, "string", "properties.computeId")
  local compute, world = compute_of(request, compute_id), request.world
  local job = world:save("job", {
    place = request.workspace.place,
    number = world:next_number(),
    name = request.job_name,
    compute = compute.name,
    properties = properties,
    created = request.now,
    creator = request.application.object_id,
  })
  if compute.host then length, outcome = nil, nil end
  queue.add(compute, { id = job.name, length = length, outcome = outcome })
  machine.plan(compute, request.now)
  world:save("compute", compute)
  return { status = 201, json = show_job(request, job) }
end

--- Submit a job. If the name exists, change the job's description.
function jobs.put(request)
  local sent = check.required(check.body(request.body).properties, "table", "properties")
  local properties = check.plain(sent)
  validate(properties)
  local name = request.job_name
  if not name:find "^[%w][%w_.-]*$" or #name > 255 then refusal.raise("job_name_invalid", name) end
  local length, outcome = course_of(properties)
  local old = request.world:job(request.workspace, name)
  if old then return change(request, old, properties) end
  return submit(request, properties, length, outcome)
end

--- Get a job.
function jobs.get(request)
  return answer.of(show_job(request, find(request)))
end

--- List the jobs of a workspace, the newest first, a page at a time.
function jobs.list(request)
  local all, newest = request.world:jobs(request.workspace), {}
  for index = #all, 1, -1 do newest[#newest + 1] = all[index] end
  return page.of(request, newest, function(job) return show_job(request, job) end)
end

--- Cancel a job: 202 while it is queued or runs, 200 if it is already over.
function jobs.cancel(request)
  local job = find(request)
  local status = status_of(request, job)
  if job.status then return { status = 200 } end
  local compute = request.world:compute(request.workspace, job.compute)
  queue.cancel(compute, job.name, request.now)
  machine.plan(compute, request.now)
  request.world:save("compute", compute)
  local due = request.now
  if status ~= "Queued" then due = due + inferred.durations.job_cancelling end
  local headers = operations.accept(request, due, nil, { only_location = true })
  return { status = 202, headers = headers }
end

return jobs
