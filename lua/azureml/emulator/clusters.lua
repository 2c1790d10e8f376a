--- Serve clusters (AmlCompute), which share the list and the quota with instances. A cluster always
--- has its minimum of nodes, because no jobs run on clusters here. What clusters have in common
--- with instances is in computes.lua.
--- Source: spec/contract/compute-rest.md, sections 3.4 and 3.7, and the recordings.
local answer = require "azureml.emulator.answer"
local billing = require "azureml.emulator.machine.billing"
local check = require "azureml.emulator.check"
local identities = require "azureml.emulator.identities"
local json = require "azureml.json"
local machine = require "azureml.emulator.machine"
local operations = require "azureml.emulator.operations"
local quotas = require "azureml.emulator.quotas"
local refusal = require "azureml.emulator.refusal"
local show = require "azureml.emulator.show"
local validate = require "azureml.emulator.validate"
local versions = require "azureml.emulator.versions"

local clusters = {}

--- Make the record of a new cluster.
---@param request table
---@param name string
---@param common table      as validate.envelope returns it
---@param wanted table      as validate.cluster returns it
---@return table
function clusters.make(request, name, common, wanted)
  local world = request.world
  return {
    kind = "AmlCompute",
    number = world:next_number(),
    name = name,
    tags = common.tags,
    description = common.description,
    no_local_auth = common.no_local_auth,
    identity = identities.make(common.identity, world.guid, request.application.tenant_id),
    vm_size = wanted.vm_size,
    scale = wanted.scale,
    nodes = wanted.scale.least,
    priority = wanted.priority,
    system = wanted.system,
    image = wanted.image,
    isolated = wanted.isolated,
    public_ip = wanted.public_ip,
    remote_login = wanted.remote_login,
    subnet = wanted.subnet,
    created = request.now,
    modified = request.now,
  }
end

-- Check the quota for a cluster's nodes. Low-priority nodes have a quota of their own, which the
-- service does not show.
local function check_quota(request, wanted, old)
  if wanted.priority == "LowPriority" then return end
  quotas.check(request, request.world.sizes:find(wanted.vm_size), {
    nodes = wanted.scale.least,
    computes = old and 0 or 1,
    freed = old and quotas.cores_of(old) or 0,
  })
end

--- Create a cluster.
function clusters.create(request, common, properties)
  local wanted = validate.cluster(properties, request)
  validate.cluster_name(request.compute_name)
  check_quota(request, wanted)
  local compute = clusters.make(request, request.compute_name, common, wanted)
  local headers = operations.begin(request, compute, "create")
  request.world:add_compute(request.workspace, compute)
  local shown = show.created(compute, request.workspace, request.now)
  return { status = 201, json = shown, headers = headers }
end

local function scale(request, compute, wanted)
  local plan = { scale = wanted, vm_size = compute.vm_size, priority = compute.priority }
  check_quota(request, plan, compute)
  billing.count(compute, request.now)
  local headers = operations.begin(request, compute, "update")
  compute.scale, compute.nodes = wanted, wanted.least
  return headers
end

--- Replace a cluster by a PUT: its scale, tags and description change; its size stays.
function clusters.replace(request, compute, common, properties)
  local wanted = validate.cluster(properties, request, compute)
  request:refuse_busy(compute)
  local headers = scale(request, compute, wanted.scale)
  compute.tags, compute.description = common.tags, common.description
  request.world:save("compute", compute)
  local shown = show.compute(compute, request.workspace, request.now)
  return { status = 200, json = shown, headers = headers }
end

--- Patch a cluster. Only its scale can change.
function clusters.patch(request)
  local compute = request:compute()
  if not compute.kind then refusal.raise("no_patch", compute.name) end
  local body = check.body(request.body)
  local settings = json.get(body, "properties", "properties", "scaleSettings")
  request:refuse_busy(compute)
  check.required(settings, "table", "properties.properties.scaleSettings")
  local headers = scale(request, compute, validate.scale(settings, compute.scale))
  request.world:save("compute", compute)
  local shown = show.compute(compute, request.workspace, request.now)
  return { status = 202, json = shown, headers = headers }
end

local FIRST_PORT = 50000

local function node_id(compute, index)
  local created = os.date("!%Y%m%dt%H%M%Sz", math.floor(compute.created))
  return ("tvm-%010d_%d-%s"):format(compute.number, index, created)
end

local function private_address(compute, index)
  local number = compute.number
  return ("10.%d.%d.%d"):format(64 + (number >> 8 & 63), number & 255, index + 3)
end

local function public_address(compute, index)
  if compute.public_ip == false then return json.null end
  return ("198.19.%d.%d"):format(compute.number & 255, index)
end

--- List the nodes of a cluster. The service refuses this for instances.
function clusters.list_nodes(request)
  local compute = request:compute()
  if not compute.kind then refusal.raise "no_nodes" end
  local nodes = json.array {}
  local is_steady = machine.state(compute, request.now) == "Steady"
  for index = 1, is_steady and compute.nodes or 0 do
    nodes[index] = {
      nodeId = node_id(compute, index),
      privateIpAddress = private_address(compute, index),
      publicIpAddress = public_address(compute, index),
      port = FIRST_PORT + index - 1,
      nodeState = "idle",
      runId = json.null,
    }
  end
  local kind = versions.tells_type_of_nodes(request.api_version) and compute.kind or nil
  return answer.of { nodes = nodes, computeType = kind }
end

return clusters
