--- Serve computes of any kind: list, get, create, delete, start, stop, restart, and check a name.
--- What differs by kind is in instances.lua and clusters.lua.
local answer = require "azureml.emulator.answer"
local check = require "azureml.emulator.check"
local clusters = require "azureml.emulator.clusters"
local instances = require "azureml.emulator.instances"
local listed = require "azureml.emulator.listed"
local machine = require "azureml.emulator.machine"
local operations = require "azureml.emulator.operations"
local page = require "azureml.emulator.page"
local refusal = require "azureml.emulator.refusal"
local show = require "azureml.emulator.show"
local tables = require "azureml.tool.tables"
local validate = require "azureml.emulator.validate"
local versions = require "azureml.emulator.versions"

local computes = {}

local kinds = { ComputeInstance = instances, AmlCompute = clusters }

--- List the computes of a workspace, all kinds mixed, a page at a time.
function computes.list(request)
  local all = request.world:computes(request.workspace)
  return page.of_texts(request, all, function(compute) return listed.text(request, compute) end)
end

--- Get a compute. While its state changes by itself, a client is told when to look again.
function computes.get(request)
  local compute = request:compute()
  local reply = answer.of(show.compute(compute, request.workspace, request.now,
    request.api_version))
  if machine.is_busy(compute, request.now) then
    reply.headers["retry-after-ms"] = operations.poll_delay(request)
  end
  return reply
end

-- Add the headers that the service sends with changes it has accepted.
local function served(request, reply)
  local application, location = request.application, request.workspace.location
  reply.headers["x-ms-operation-identifier"] = ("tenantId=%s,objectId=%s/%s/%s"):format(
    application.tenant_id, application.object_id, location, request.world.guid())
  reply.headers["azureml-served-by-cluster"] = ("vienna-%s-01"):format(location)
  return reply
end

--- Create a compute. If the name exists, replace what can be replaced.
function computes.put(request)
  local kind, common, properties = validate.envelope(check.body(request.body), request.workspace)
  local old = request.world:compute(request.workspace, request.compute_name)
  if not old then
    if request.trouble and request.trouble.name == "conflict" then
      refusal.raise("busy", request.compute_name, "Creating")
    end
    return served(request, kinds[kind].create(request, common, properties))
  end
  local old_kind = old.kind or "ComputeInstance"
  if old_kind ~= kind then refusal.raise("kind_differs", old.name, old_kind, kind) end
  request:refuse_busy(old)
  return served(request, kinds[kind].replace(request, old, common, properties))
end

--- Patch a compute: only clusters accept it.
function computes.patch(request)
  return served(request, clusters.patch(request))
end

-- Return the scope that a lock covers: the resource group.
local function locked_scope(request)
  return show.workspace_id(request.workspace):match "^.*/resourceGroups/[^/]+"
end

--- Delete a compute. To delete one that does not exist succeeds.
function computes.delete(request)
  local action = (request.query.underlyingResourceAction or ""):lower()
  if action == "detach" then refusal.raise "detach" end
  if action ~= "delete" then refusal.raise "no_action" end
  local compute = request.world:compute(request.workspace, request.compute_name)
  if not compute then return { status = versions.nothing_there(request.api_version) } end
  if request.world.behaviour.locked then
    refusal.raise("locked", request.path, locked_scope(request))
  end
  request:refuse_busy(compute)
  local headers = operations.begin(request, compute, "delete", { location = true })
  request.world:save("compute", compute)
  return { status = 202, headers = headers }
end

-- Make the handler of start, stop or restart: an answer without a body.
local function verb(name)
  return function(request)
    local compute = request:instance()
    request:refuse_busy(compute)
    if not machine.allows(compute, name, request.now) then
      refusal.raise("only_from", machine.state(compute, request.now), name)
    end
    local is_full = compute.disk_full and name == "stop"
      or request.trouble and request.trouble.name == "disk_full"
    if is_full then refusal.raise "disk_full" end
    if name == "start" then instances.check_start(request, compute) end
    local headers = operations.begin(request, compute, name)
    request.world:save("compute", compute)
    return { status = versions.accepted(request.api_version, name), headers = headers }
  end
end

computes.start, computes.stop, computes.restart = verb "start", verb "stop", verb "restart"

--- Refuse to list keys: the kinds of computes served here have no keys.
function computes.list_keys(request)
  refusal.raise("no_keys", request:compute().kind or "ComputeInstance")
end

-- Tell whether a name is in use: by an instance of the region, or by a compute of the workspace.
local function is_taken(request, name)
  return request.world:is_taken(request.workspace.location, name)
    or request.world:compute(request.workspace, name) ~= nil
end

--- Check whether a name is free. The v1 SDK asks this before it creates a compute.
function computes.check_name(request)
  local body = check.body(request.body)
  local name = check.required(body.Name or body.name, "string", "Name")
  local function unavailable(reason, message)
    return {
      status = 200,
      json = { nameAvailable = false, reason = reason, message = message:format(name) },
    }
  end
  if not pcall(validate.name, name) then
    return unavailable("Invalid", "The name %s is invalid.")
  end
  if is_taken(request, name) then
    return unavailable("AlreadyExists", "The specified name %s is already in use.")
  end
  return { status = 200, json = { nameAvailable = true } }
end

-- Seeds -------------------------------------------------------------------------------------------

local NEWEST = versions.list[#versions.list]      -- the version that knows every member

--- Put a compute into a workspace in a state, as if it had existed for long: for seeds.
---@param request table      a request, or a table with its world, now, workspace and application
---@param name string
---@param seed table
---  state, vm_size, description string?; tags table?; kind string? ("AmlCompute" for a cluster);
---  properties table? (the innermost object of a PUT)
---@return table compute
---@raise a refusal if the service would refuse a PUT of it
function computes.seed(request, name, seed)
  local properties = tables.merge({ vmSize = seed.vm_size or "STANDARD_DS3_V2" }, seed.properties)
  local kind = seed.kind or "ComputeInstance"
  local put = {
    workspace = request.workspace, world = request.world, now = request.now,
    application = request.application, api_version = NEWEST,
  }
  local common = { tags = seed.tags, description = seed.description }
  local wanted = kind == "AmlCompute" and validate.cluster(properties, put)
    or validate.instance(properties, put)
  local compute = kinds[kind].make(put, name, common, wanted)
  local now = request.now
  compute.last = { name = "Create", at = now, due = now, failed = false, trigger = "User" }
  local state = seed.state or kind == "AmlCompute" and "Steady" or "Running"
  machine.settle(compute, state, now)
  return request.world:add_compute(request.workspace, compute)
end

return computes
