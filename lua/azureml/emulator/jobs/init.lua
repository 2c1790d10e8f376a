--- Serve jobs on instances: submit, get, list, cancel. The duration and the result of a job are
--- derived from its command (machine/script.lua), unless a real computer is behind the instance.
--- history.lua tells what became of a job, logs.lua what it has written.
--- Source: spec/contract/compute-rest.md, section 13.
local answer = require "azureml.emulator.answer"
local check = require "azureml.emulator.check"
local clock = require "azureml.emulator.clock"
local command = require "azureml.emulator.jobs.command"
local core = require "azureml.core"
local environments = require "azureml.emulator.environments"
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

-- Return how a job runs, as machine/queue.lua takes it: its duration in seconds, its final status
-- and what leads to that.
local function course_of(properties)
  check.required(properties.command, "string", "properties.command")
  local slept, code = script.outcome(command.of(properties))
  local length, timeout = inferred.durations.job + slept, timeout_of(properties)
  if timeout and length > timeout then
    return { length = timeout, outcome = "Canceled", reason = "timeout" }
  end
  if code == 0 then return { length = length, outcome = "Completed", exit_code = 0 } end
  return { length = length, outcome = "Failed", reason = "exit", exit_code = code }
end

-- The types of members that are checked before a job is made of them.
local TYPES = {
  displayName = "string", description = "string", experimentName = "string", tags = "table",
  properties = "table", environmentVariables = "table", inputs = "table", outputs = "table",
  services = "table", isArchived = "boolean",
}

local function validate(request, properties)
  local kind = check.required(properties.jobType, "string", "properties.jobType")
  if kind ~= "Command" then refusal.raise("no_job_kind", kind) end
  local id = check.required(properties.environmentId, "string", "properties.environmentId")
  for name, type_name in pairs(TYPES) do
    check.typed(properties[name], type_name, "properties." .. name)
  end
  for _, name in ipairs { "inputs", "outputs" } do
    for key, value in pairs(properties[name] or {}) do
      check.required(value, "table", ("properties.%s.%s"):format(name, key))
    end
  end
  local resources = check.table(properties.resources, "resources")
  local count = resources and check.whole(resources.instanceCount, "resources.instanceCount") or 1
  if count ~= 1 then refusal.raise("many_nodes", count) end
  environments.check(request, id)
end

-- Looking -----------------------------------------------------------------------------------------

--- Return the entry of a job in the queue of its instance; nil if it has ended.
---@param request table
---@param job table
---@return table?
function jobs.entry_of(request, job)
  if job.status then return nil end
  local compute = request.world:compute(request.workspace, job.compute)
  if compute then machine.catch_up(compute, request.now) end
  return compute and queue.find(compute, job.name)
end

--- Return the status of a job.
---@param request table
---@param job table
---@return string
function jobs.status_of(request, job)
  local entry = jobs.entry_of(request, job)
  return entry and queue.status(entry, request.now) or job.status or "Unknown"
end

--- Find the job that the path names.
---@param request table
---@return table?
function jobs.find(request)
  return request.world:job(request.workspace, request.job_name)
end

local function find(request)
  local job = jobs.find(request)
  if job then return job end
  local workspace = request.workspace
  refusal.raise("no_job", workspace.name, request.job_name, workspace.group.name)
end

-- Shown -------------------------------------------------------------------------------------------

local STUDIO = "https://ml.azure.com/runs/%s?wsid=%s"

local function service(kind, endpoint)
  return { jobServiceType = kind, endpoint = endpoint }
end

-- Return the services that every job has: its page in the studio, and where it is tracked.
local function services_of(request, job, given)
  local workspace = show.workspace_id(request.workspace)
  return tables.merge({
    Studio = service("Studio", STUDIO:format(job.name, workspace)),
    Tracking = service("Tracking", request.origin:gsub("^https?", "azureml") .. "/mlflow/v1.0"
      .. workspace),
  }, given)
end

local function show_job(request, job)
  local properties = tables.copy(job.properties)
  properties.status = jobs.status_of(request, job)
  properties.services = services_of(request, job, properties.services)
  properties.isArchived = job.archived == true
  properties.displayName = properties.displayName or job.name
  properties.experimentName = properties.experimentName or "Default"
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

-- Done --------------------------------------------------------------------------------------------

-- The members of an existing job that a PUT can change.
local DESCRIBES = { "displayName", "description", "tags", "properties" }

local function change(request, job, properties)
  for _, name in ipairs(DESCRIBES) do job.properties[name] = properties[name] end
  if properties.isArchived ~= nil then job.archived = properties.isArchived == true end
  request.world:save("job", job)
  return { status = 200, json = show_job(request, job) }
end

local SIGNATURE = 32      -- bytes

local function submit(request, properties, course)
  local compute_id = check.required(properties.computeId, "string", "properties.computeId")
  local compute, world = compute_of(request, compute_id), request.world
  properties.isArchived = nil
  local job = world:save("job", {
    place = request.workspace.place,
    number = world:next_number(),
    name = request.job_name,
    compute = compute.name,
    properties = properties,
    created = request.now,
    creator = request.application.object_id,
    signature = core.crypto.base64url(core.random(SIGNATURE)),
  })
  if compute.host then course = {} end
  course.id = job.name
  queue.add(compute, course)
  machine.plan(compute, request.now)
  world:save("compute", compute)
  return { status = 201, json = show_job(request, job) }
end

--- Submit a job. If the name exists, change the job's description.
function jobs.put(request)
  local sent = check.required(check.body(request.body).properties, "table", "properties")
  local properties = check.plain(sent)
  validate(request, properties)
  local name = request.job_name
  if not name:find "^[%w][%w_.-]*$" or #name > 255 then refusal.raise("job_name_invalid", name) end
  local course = course_of(properties)
  local old = jobs.find(request)
  if old then return change(request, old, properties) end
  return submit(request, properties, course)
end

--- Get a job.
function jobs.get(request)
  return answer.of(show_job(request, find(request)))
end

-- Tell whether a job passes the filters of a list: listViewType, jobType, and tag ("name" or
-- "name=value").
local function is_wanted(job, query)
  local view = (query.listViewType or "ActiveOnly"):lower()
  local archived = job.archived == true
  if view == "activeonly" and archived or view == "archivedonly" and not archived then
    return false
  end
  if query.jobType and query.jobType:lower() ~= "command" then return false end
  if not query.tag then return true end
  local name, value = query.tag:match "^([^=]*)=?(.*)$"
  local found = (job.properties.tags or {})[name]
  return found ~= nil and (value == "" or found == value)
end

--- List the jobs of a workspace, the newest first, a page at a time.
function jobs.list(request)
  local all, newest = request.world:jobs(request.workspace), {}
  for index = #all, 1, -1 do
    if is_wanted(all[index], request.query) then newest[#newest + 1] = all[index] end
  end
  return page.of(request, newest, function(job) return show_job(request, job) end)
end

--- Cancel a job: 202 while it is queued or runs, 200 if it is already over.
function jobs.cancel(request)
  local job = find(request)
  local status = jobs.status_of(request, job)
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
