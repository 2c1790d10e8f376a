--- Clusters (AmlCompute): the neighbours of instances in the list and in the quota. Their nodes are
--- the fewest they may have: no job runs on them here. Source: spec/contract/compute-rest.md,
--- sections 3.4 and 3.7, and the recordings.
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
local sizes = require "azureml.emulator.sizes"
local validate = require "azureml.emulator.validate"

local clusters = {}

--- A record of what was asked for.
function clusters.make(at, name, common, wanted)
  return {
    kind = "AmlCompute", number = at.world:next_number(), name = name, tags = common.tags, description = common.description,
    no_local_auth = common.no_local_auth, identity = identities.make(common.identity, at.world.guid, at.application.tenant_id),
    vm_size = wanted.vm_size, scale = wanted.scale, nodes = wanted.scale.least, priority = wanted.priority, system = wanted.system,
    image = wanted.image, isolated = wanted.isolated, public_ip = wanted.public_ip, remote_login = wanted.remote_login,
    subnet = wanted.subnet, created = at.now, modified = at.now,
  }
end

-- Nodes of a low priority are of no quota that is shown.
local function check_quota(at, wanted, old)
  if wanted.priority == "LowPriority" then return end
  local size = sizes.find(wanted.vm_size)
  quotas.check(at, size, { nodes = wanted.scale.least, computes = old and 0 or 1, freed = old and quotas.cores_of(old) or 0 })
end

--- Create one.
function clusters.create(at, common, properties)
  local wanted = validate.cluster(properties, at)
  validate.cluster_name(at.compute_name)
  check_quota(at, wanted)
  local compute = clusters.make(at, at.compute_name, common, wanted)
  local headers = operations.begin(at, compute, "create")
  at.world:add_compute(at.workspace, compute)
  return { status = 201, json = show.created(compute, at.workspace, at.now), headers = headers }
end

local function scale(at, compute, wanted)
  check_quota(at, { scale = wanted, vm_size = compute.vm_size, priority = compute.priority }, compute)
  billing.count(compute, at.now)
  local headers = operations.begin(at, compute, "update")
  compute.scale, compute.nodes = wanted, wanted.least
  return headers
end

--- A PUT on one that is there: it scales anew; its size stays.
function clusters.replace(at, compute, common, properties)
  local wanted = validate.cluster(properties, at, compute)
  at:refuse_busy(compute)
  local headers = scale(at, compute, wanted.scale)
  compute.tags, compute.description = common.tags, common.description
  at.world:save("compute", compute)
  return { status = 200, json = show.compute(compute, at.workspace, at.now), headers = headers }
end

--- PATCH: how it scales, and nothing else.
function clusters.patch(at)
  local compute = at:compute()
  if not compute.kind then refusal.raise("no_patch", compute.name) end
  local given = json.get(check.body(at.body), "properties", "properties", "scaleSettings")
  at:refuse_busy(compute)
  local headers = scale(at, compute, validate.scale(check.required(given, "table", "properties.properties.scaleSettings"), compute.scale))
  at.world:save("compute", compute)
  return { status = 202, json = show.compute(compute, at.workspace, at.now), headers = headers }
end

local FIRST_PORT = 50000

--- Its nodes. An instance has none to show.
function clusters.list_nodes(at)
  local compute = at:compute()
  if not compute.kind then refusal.raise "no_nodes" end
  local nodes = json.array {}
  local is_steady = machine.state(compute, at.now) == "Steady"
  for i = 1, is_steady and compute.nodes or 0 do
    nodes[i] = {
      nodeId = ("tvm-%010d_%d-%s"):format(compute.number, i, os.date("!%Y%m%dt%H%M%Sz", math.floor(compute.created))),
      privateIpAddress = ("10.%d.%d.%d"):format(64 + (compute.number >> 8 & 63), compute.number & 255, i + 3),
      publicIpAddress = compute.public_ip ~= false and ("198.19.%d.%d"):format(compute.number & 255, i) or json.null,
      port = FIRST_PORT + i - 1, nodeState = "idle", runId = json.null,
    }
  end
  return answer.of { nodes = nodes }
end

return clusters
