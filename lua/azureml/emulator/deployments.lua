--- Serve deployments of templates in a resource group: put, get, list, validate, what-if, cancel,
--- and the operations of one. template/ expands templates, deploying.lua carries them out.
--- Source: spec/contract/neighbours.md, section 2.
local answer = require "azureml.emulator.answer"
local check = require "azureml.emulator.check"
local clock = require "azureml.emulator.clock"
local deploying = require "azureml.emulator.deploying"
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"
local later = require "azureml.tool.later"
local operations = require "azureml.emulator.operations"
local page = require "azureml.emulator.page"
local refusal = require "azureml.emulator.refusal"
local resource_groups = require "azureml.emulator.resource_groups"
local shorten = require "azureml.emulator.shorten"
local subscriptions = require "azureml.emulator.subscriptions"
local tables = require "azureml.tool.tables"
local template = later "azureml.emulator.template"
local what_if = later "azureml.emulator.what_if"
local world = require "azureml.emulator.world"

local deployments = {}

local NAMESPACE, TYPE = "Microsoft.MachineLearningServices", "workspaces/computes"

-- The result of a what-if, until its client has fetched it.
world.kinds.what_if = {
  key = function(record) return record.id end,
  enter = function(self, record) self:expect("what_if", record, record.due + record.kept) end,
  happen = function(self, record) self:drop("what_if", record) end,
}

-- Reading -----------------------------------------------------------------------------------------

local MODES = { Incremental = true }

-- Return the template of a request, expanded, with the mode.
local function read(request)
  local properties = check.required(check.body(request.body).properties, "table", "properties")
  local mode = check.required(properties.mode, "string", "properties.mode")
  if not MODES[mode] then
    refusal.raise("not_one_of", "properties.mode", shorten(mode), "Incremental")
  end
  return template.of(properties, {
    resource_group = resource_groups.show(request, request.group),
    subscription = subscriptions.show(request, request.subscription),
  }), mode
end

-- Refuse the resources that the service refuses before it begins: all of them in one error.
local function check_resources(request, resources)
  local details = {}
  for _, resource in ipairs(resources) do
    local ok, raised = pcall(deploying.check, request, resource)
    if not ok and not refusal.is(raised) then error(raised, 0) end
    if not ok then
      details[#details + 1] = {
        code = raised.code, target = resource.id, message = raised.message,
      }
    end
  end
  if #details == 0 then return end
  refusal.raise_with(details, "invalid_deployment", request.deployment_name, request.world.guid())
end

-- Showing -----------------------------------------------------------------------------------------

local ID = "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Resources/deployments/%s"

local function id_of(record)
  return ID:format(record.subscription_id, record.group_name, record.name)
end

-- Return a time span as an ISO 8601 duration: "PT1M2.5S".
local function duration(seconds)
  local minutes = math.floor(seconds / 60)
  local rest = ("%.3f"):format(seconds - 60 * minutes):gsub("%.?0+$", "")
  if rest == "" then rest = "0" end
  return minutes > 0 and ("PT%dM%sS"):format(minutes, rest) or ("PT%sS"):format(rest)
end

local function ids_of(resources)
  local list = json.array {}
  for index, resource in ipairs(resources) do list[index] = { id = resource.id } end
  return list
end

local function dependencies_of(resources)
  local list = json.array {}
  for _, resource in ipairs(resources) do
    local needs = json.array {}
    for index, need in ipairs(resource.needs) do
      local other = resources[need]
      needs[index] = { id = other.id, resourceType = other.type, resourceName = other.name }
    end
    if #needs > 0 then
      list[#list + 1] = {
        id = resource.id, resourceType = resource.type, resourceName = resource.name,
        dependsOn = needs,
      }
    end
  end
  return list
end

local function providers()
  return json.array { {
    namespace = NAMESPACE,
    resourceTypes = json.array { { resourceType = TYPE, locations = json.array { json.null } } },
  } }
end

-- Return the error of a resource as an operation's statusMessage has it.
local function error_of(failure)
  return {
    code = failure.code, message = failure.message,
    details = failure.details and json.array(failure.details),
  }
end

local FAILED = "At least one resource deployment operation failed. Please list deployment "
  .. "operations for details. Please see https://aka.ms/arm-deployment-operations for usage "
  .. "details."

-- Return the error of a deployment; the messages inside it are JSON text again.
local function failure_of(record)
  if record.state == "Canceled" then
    return { code = "DeploymentCanceled", message = "The deployment was canceled." }
  end
  local details = json.array {}
  for _, resource in ipairs(record.resources) do
    if resource.failure then
      details[#details + 1] = {
        code = resource.failure.code,
        message = json.encode { error = error_of(resource.failure) },
      }
    end
  end
  if #details == 0 then return nil end
  return { code = "DeploymentFailed", message = FAILED, details = details }
end

local function shown(request, record)
  local now = record.ended or request.now
  local is_done = record.state == "Succeeded"
  return {
    id = id_of(record), name = record.name, type = "Microsoft.Resources/deployments",
    properties = {
      mode = record.mode, provisioningState = record.state, correlationId = record.correlation_id,
      timestamp = clock.iso(now), duration = duration(now - record.began),
      parameters = record.parameters, outputs = is_done and record.outputs or nil,
      outputResources = is_done and ids_of(record.resources) or nil,
      providers = providers(), dependencies = dependencies_of(record.resources),
      error = record.ended and failure_of(record) or nil,
    },
  }
end

local CODES = { [400] = "BadRequest", [403] = "Forbidden", [404] = "NotFound", [409] = "Conflict" }

local function status_code(resource)
  if resource.state == "Running" then return nil end
  if resource.state == "Succeeded" then return "OK" end
  return CODES[resource.failure.status] or "InternalServerError"
end

local function show_operation(request, record, resource)
  return {
    id = ("%s/operations/%s"):format(id_of(record), resource.operation_id),
    operationId = resource.operation_id,
    properties = {
      provisioningOperation = "Create", provisioningState = resource.state,
      timestamp = clock.iso(resource.ended or request.now),
      duration = duration((resource.ended or request.now) - resource.began),
      statusCode = status_code(resource),
      statusMessage = resource.failure and { error = error_of(resource.failure) } or nil,
      targetResource = {
        id = resource.id, resourceType = resource.type, resourceName = resource.name,
      },
    },
  }
end

-- Requests ----------------------------------------------------------------------------------------

-- Return the deployment that the path names, as it is now; nil if it does not exist.
local function look(request)
  request.world:settle()
  local key = deploying.key(request.group, request.deployment_name)
  local record = request.world:record("deployment", key)
  if record then deploying.advance(request.world, record, request.now) end
  return record
end

local function find(request)
  return look(request) or refusal.raise("no_deployment", request.deployment_name)
end

local function check_name(name)
  if #name <= 64 and name:find "^[%w_.()-]+$" then return end
  refusal.raise("deployment_name", shorten(name, 80))
end

-- Return the deployment that the path names; refuse if it runs.
local function look_at_ended(request)
  local record = look(request)
  if record and not record.ended then
    refusal.raise("deployment_active", record.name, clock.iso(record.began))
  end
  return record
end

-- Return the headers that lead a client to a place below a deployment.
local function headers_to(request, name, id, place)
  local path = ID:format(request.subscription.id, request.group.name, name)
  local url = ("%s%s/%s/%s?api-version=%s"):format(request.origin, path, place, id,
    request.api_version)
  local header = place == "operationStatuses" and "Azure-AsyncOperation" or "Location"
  return tables.merge(operations.again(request), { [header] = url })
end

--- Deploy a template.
function deployments.put(request)
  local name = request.deployment_name
  check_name(name)
  local expanded, mode = read(request)
  check_resources(request, expanded.resources)
  local is_old = look_at_ended(request) ~= nil
  local record = deploying.begin(request, name, expanded, mode)
  local reply = shown(request, record)
  reply.properties.provisioningState = "Accepted"
  reply.properties.error, reply.properties.outputs = nil, nil
  return {
    status = is_old and 200 or 201, json = reply,
    headers = headers_to(request, name, record.id, "operationStatuses"),
  }
end

--- Get a deployment.
function deployments.get(request)
  return answer.of(shown(request, find(request)))
end

--- Tell whether a deployment exists: 204.
function deployments.head(request)
  find(request)
  return { status = 204 }
end

--- List the deployments of a group, the newest first, a page at a time.
function deployments.list(request)
  request.world:settle()
  local list = deploying.list(request.world, request.group)
  return page.of(request, list, function(record)
    deploying.advance(request.world, record, request.now)
    return shown(request, record)
  end)
end

--- Remove a deployment from the history of its group. Its resources stay.
function deployments.delete(request)
  local record = look_at_ended(request)
  if record then request.world:drop("deployment", record) end
  return { status = 204 }
end

--- Answer a poll for the status of a deployment.
function deployments.status(request)
  local record = find(request)
  if record.id ~= request.operation_id then
    refusal.raise("no_operation", request.operation_id)
  end
  if not record.ended then
    return { status = 200, json = { status = "Running" }, headers = operations.again(request) }
  end
  return answer.of { status = record.state, error = failure_of(record) }
end

--- List what a deployment does, a page at a time. A resource that still waits is not in the list.
function deployments.operations(request)
  local record, list = find(request), {}
  for _, resource in ipairs(record.resources) do
    if resource.began then list[#list + 1] = resource end
  end
  return page.of(request, list, function(resource)
    return show_operation(request, record, resource)
  end)
end

--- Cancel a deployment that runs.
function deployments.cancel(request)
  local record = find(request)
  if record.ended then refusal.raise("deployment_over", record.name, record.state) end
  deploying.cancel(request.world, record, request.now)
  return { status = 204 }
end

--- Check a template without deploying it.
function deployments.validate(request)
  check_name(request.deployment_name)
  local expanded, mode = read(request)
  check_resources(request, expanded.resources)
  local name = request.deployment_name
  return answer.of {
    id = ID:format(request.subscription.id, request.group.name, name), name = name,
    type = "Microsoft.Resources/deployments",
    properties = {
      mode = mode, provisioningState = "Succeeded", correlationId = request.world.guid(),
      timestamp = clock.iso(request.now), duration = "PT0S", parameters = expanded.parameters,
      providers = providers(), dependencies = dependencies_of(expanded.resources),
      validatedResources = ids_of(expanded.resources),
    },
  }
end

--- Begin to tell what a deployment would change.
function deployments.what_if(request)
  check_name(request.deployment_name)
  local expanded = read(request)
  check_resources(request, expanded.resources)
  local record = request.world:save("what_if", {
    id = request.world.guid(), due = request.now + inferred.what_if.takes,
    kept = inferred.what_if.kept, owner = request.application.object_id,
    changes = what_if.changes(request, expanded.resources),
  })
  local headers = headers_to(request, request.deployment_name, record.id, "operationResults")
  return { status = 202, headers = headers }
end

--- Answer a poll for the result of a what-if.
function deployments.result(request)
  request.world:settle()
  local record = request.world:record("what_if", request.operation_id)
  if not record or record.owner ~= request.application.object_id then
    refusal.raise("no_operation", request.operation_id)
  end
  if record.due > request.now then
    local headers = tables.merge(operations.again(request), {
      Location = request.origin .. request.target,
    })
    return { status = 202, headers = headers }
  end
  return answer.of { status = "Succeeded", properties = { changes = record.changes } }
end

return deployments
