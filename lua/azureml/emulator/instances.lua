--- Compute instances: what a PUT makes, and what can be changed of one afterwards. Source: compute-rest.md, sections 3.3 and 3.9 to 3.13.
local answer = require "azureml.emulator.answer"
local authorise = require "azureml.emulator.authorise"
local check = require "azureml.emulator.check"
local identities = require "azureml.emulator.identities"
local inferred = require "azureml.emulator.inferred"
local iso8601 = require "azureml.emulator.iso8601"
local json = require "azureml.json"
local machine = require "azureml.emulator.machine"
local mounts = require "azureml.emulator.machine.mounts"
local operations = require "azureml.emulator.operations"
local quotas = require "azureml.emulator.quotas"
local refusal = require "azureml.emulator.refusal"
local schedules = require "azureml.emulator.machine.schedules"
local services = require "azureml.emulator.machine.services"
local show = require "azureml.emulator.show"
local sizes = require "azureml.emulator.sizes"
local validate = require "azureml.emulator.validate"

local instances = {}

-- Made --------------------------------------------------------------------------------------------

-- Public ones are of the ranges that are set aside for documentation and for benchmarks: nobody's.
local function public_address(number)
  if number < 255 then return "203.0.113." .. number end
  return ("198.%d.%d.%d"):format(18 + (number >> 16 & 1), number >> 8 & 255, number & 255)
end

-- The first four of a subnet are Azure's own.
local function private_address(number)
  return ("10.%d.%d.%d"):format(number + 3 >> 16 & 255, number + 3 >> 8 & 255, number + 3 & 255)
end

--- A record of what was asked for.
---@param at table
---@param name string
---@param common table       as validate.envelope gives it
---@param wanted table       as validate.instance gives it
---@return table
function instances.make(request, name, common, wanted)
  local number = request.world:next_number()
  return {
    number = number, name = name, tags = common.tags, description = common.description, no_local_auth = common.no_local_auth,
    identity = identities.make(common.identity, request.world.guid, request.application.tenant_id),
    vm_size = wanted.vm_size, ssh = wanted.ssh, user = wanted.user, subnet = wanted.subnet, idle = wanted.idle,
    schedules = wanted.schedules, sharing = wanted.sharing, authorization = wanted.authorization, public_ip = wanted.public_ip,
    scripts = wanted.scripts,
    services = wanted.services, autologger = wanted.autologger, sso = wanted.sso, patching = wanted.patching,
    root_access = wanted.root_access, release_quota = wanted.release_quota,
    creator = { tenant_id = request.application.tenant_id, object_id = request.application.object_id },
    created = request.now, modified = request.now, address = public_address(number), private_address = private_address(number),
  }
end

--- Create one.
function instances.create(request, common, properties)
  local wanted = validate.instance(properties, request)
  validate.name(request.compute_name)
  if wanted.subnet then authorise(request.roles, request.application, inferred.join_subnet, wanted.subnet.id) end
  if request.world:is_taken(request.workspace.location, request.compute_name) then refusal.raise("name_taken", request.compute_name) end
  quotas.check(request, wanted.size)
  local policy = request.world.behaviour.policy
  if policy and wanted.public_ip ~= false then refusal.raise("disallowed", request.compute_name, policy) end
  local compute = instances.make(request, request.compute_name, common, wanted)
  local headers = operations.begin(request, compute, "create")
  request.world:add_compute(request.workspace, compute)
  return { status = 201, json = show.created(compute, request.workspace, request.now), headers = headers }
end

--- A PUT on one that is there: tags and description are taken over, all else stays. What the live service does is not documented; it has
--- refused a body with schedules, too, and does so here where that is asked for. Source: compute-rest.md, section 3.3.
function instances.replace(request, compute, common, properties)
  validate.instance(properties, request)
  if request.world.behaviour.put == "refuse" and json.get(properties, "schedules") then refusal.raise("no_replacement", compute.name) end
  compute.tags, compute.description, compute.modified = common.tags, common.description, request.now
  request.world:save("compute", compute)
  return { status = 200, json = show.compute(compute, request.workspace, request.now), headers = {} }
end

--- One that gave its quota back when it stopped needs it again to start.
function instances.check_start(request, compute)
  if not machine.holds_cores(compute) then quotas.check(request, sizes.find(compute.vm_size), { computes = 0 }) end
end

-- Changed -----------------------------------------------------------------------------------------

-- A change that takes no time: what `change` does to the record, answered with nothing.
local function changing(change)
  return function(request)
    local compute = request:instance()
    change(request, compute, request.body ~= "" and check.body(request.body) or {})
    compute.modified = request.now
    machine.plan(compute, request.now)
    request.world:save("compute", compute)
    return { status = 200 }
  end
end

--- Set or, with null, unset the idle time. One that is shorter than what has already been idle begins anew.
instances.set_idle = changing(function(request, compute, body)
  local idle = validate.idle(body.idleTimeBeforeShutdown)
  if idle and compute.quiet_since and request.now - compute.quiet_since >= iso8601.seconds(idle) then compute.quiet_since = request.now end
  compute.idle = idle
end)

--- Set the custom services: the whole list.
instances.set_services = changing(function(request, compute, body)
  compute.services = services.read(body) or {}
  compute.quiet_since = request.now
end)

--- Mount and unmount.
instances.set_mounts = changing(function(request, compute, body)
  local state = machine.state(compute, request.now)
  if state ~= "Running" and state ~= "JobRunning" then refusal.raise("only_from", state, "updateDataMounts") end
  mounts.apply(compute, mounts.read(body), request.application.object_id, request.now)
end)

--- Set the schedules: the whole list.
instances.set_schedules = changing(function(request, compute, body)
  compute.schedules = schedules.read(body, request.now, request.world.guid) or {}
end)

--- Switch single sign-on.
instances.set_sso = changing(function(_, compute, body)
  local given = check.flag(body.enableSSO, "enableSSO")
  compute.sso = given == nil or given
end)

-- Resized -----------------------------------------------------------------------------------------

-- A machine with GPUs becomes another with GPUs, one without another without.
local function sizes_for(compute)
  local list, old = json.array {}, sizes.find(compute.vm_size)
  for _, size in ipairs(sizes.all) do
    local is_alike = sizes.serves(size, "ComputeInstance") and size ~= old and (size.gpus > 0) == (old.gpus > 0)
    if is_alike then list[#list + 1] = size end
  end
  return list
end

--- The sizes that it may become.
function instances.sizes_for_resize(request)
  return answer.of { value = sizes_for(request:instance()) }
end

--- Become another size.
function instances.resize(request)
  local compute = request:instance()
  local name = check.required(check.body(request.body).targetVMSize, "string", "targetVMSize")
  request:refuse_busy(compute)
  local size, old = validate.size(name, "ComputeInstance", request.workspace.location), sizes.find(compute.vm_size)
  if (size.gpus > 0) ~= (old.gpus > 0) or size == old then refusal.raise("bad_resize", compute.vm_size, name) end
  if not machine.allows(compute, "resize", request.now) then refusal.raise("only_from", machine.state(compute, request.now), "resize") end
  quotas.check(request, size, { computes = 0, freed = size.family == old.family and old.vCPUs or 0 })
  local headers = operations.begin(request, compute, "resize", { vm_size = name, location = true })
  request.world:save("compute", compute)
  return { status = 202, headers = headers }
end

return instances
