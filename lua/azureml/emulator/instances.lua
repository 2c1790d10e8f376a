--- Serve compute instances: make one from a PUT, and change it afterwards. What instances have in
--- common with clusters is in computes.lua; how they behave over time is in machine/init.lua.
--- Source: spec/contract/compute-rest.md, sections 3.3 and 3.9 to 3.13.
local access = require "azureml.emulator.access"
local answer = require "azureml.emulator.answer"
local authorise = require "azureml.emulator.authorise"
local check = require "azureml.emulator.check"
local identities = require "azureml.emulator.identities"
local inferred = require "azureml.emulator.inferred"
local iso8601 = require "azureml.emulator.iso8601"
local json = require "azureml.json"
local machine = require "azureml.emulator.machine"
local mounts = require "azureml.emulator.machine.mounts"
local networks = require "azureml.emulator.networks"
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

-- Make a public address, in ranges that are reserved for documentation and for benchmarks.
local function public_address(number)
  if number < 255 then return "203.0.113." .. number end
  return ("198.%d.%d.%d"):format(18 + (number >> 16 & 1), number >> 8 & 255, number & 255)
end

-- Make a private address. Azure reserves the first four addresses of a subnet.
local function private_address(number)
  return ("10.%d.%d.%d"):format(number + 3 >> 16 & 255, number + 3 >> 8 & 255, number + 3 & 255)
end

--- Make the record of a new instance.
---@param request table
---@param name string
---@param common table       as validate.envelope returns it
---@param wanted table       as validate.instance returns it
---@return table
function instances.make(request, name, common, wanted)
  local world, application = request.world, request.application
  local number = world:next_number()
  return {
    number = number,
    name = name,
    tags = common.tags,
    description = common.description,
    no_local_auth = common.no_local_auth,
    identity = identities.make(common.identity, world.guid, application.tenant_id),
    vm_size = wanted.vm_size,
    ssh = wanted.ssh,
    user = wanted.user,
    subnet = wanted.subnet,
    idle = wanted.idle,
    schedules = wanted.schedules,
    sharing = wanted.sharing,
    authorization = wanted.authorization,
    public_ip = wanted.public_ip,
    scripts = wanted.scripts,
    services = wanted.services,
    autologger = wanted.autologger,
    sso = wanted.sso,
    patching = wanted.patching,
    root_access = wanted.root_access,
    release_quota = wanted.release_quota,
    creator = { tenant_id = application.tenant_id, object_id = application.object_id },
    created = request.now,
    modified = request.now,
    address = public_address(number),
    private_address = private_address(number),
  }
end

-- Refuse an instance that its name, its network, the quota or a policy forbids.
local function check_creation(request, wanted)
  local world, name = request.world, request.compute_name
  validate.name(name)
  if wanted.subnet then
    authorise(request.roles, request.application, inferred.join_subnet, wanted.subnet.id)
    networks.check(request, wanted.subnet.id)
  end
  if world:is_taken(request.workspace.location, name) then refusal.raise("name_taken", name) end
  quotas.check(request, wanted.size)
  local policy = world.behaviour.policy
  if policy and wanted.public_ip ~= false then refusal.raise("disallowed", name, policy) end
end

--- Create an instance.
function instances.create(request, common, properties)
  local wanted = validate.instance(properties, request)
  check_creation(request, wanted)
  local compute = instances.make(request, request.compute_name, common, wanted)
  request.world:link(request.workspace, compute)      -- how it begins depends on the world
  local headers = operations.begin(request, compute, "create")
  request.world:add_compute(request.workspace, compute)
  local shown = show.created(compute, request.workspace, request.now)
  return { status = 201, json = shown, headers = headers }
end

--- Replace an instance by a PUT: at most its tags and description change. The behaviour of the live
--- service is undocumented. It has been seen to ignore schedules and to refuse a body with
--- schedules; whether it takes over tags is unknown. The behaviours `put` and `tags` choose.
--- Source: spec/contract/compute-rest.md, section 3.3.
function instances.replace(request, compute, common, properties)
  validate.instance(properties, request)
  local behaviour = request.world.behaviour
  local put, tags = behaviour.put or inferred.put.schedules, behaviour.tags or inferred.put.tags
  if put == "refuse" and json.get(properties, "schedules") then
    refusal.raise("no_replacement", compute.name)
  end
  if tags == "replace" then
    compute.tags, compute.description = common.tags, common.description
    compute.modified = request.now
    request.world:save("compute", compute)
  end
  local shown = show.compute(compute, request.workspace, request.now, request.api_version)
  shown.properties.provisioningState = "Creating"      -- as in the examples of the specification
  return { status = 200, json = shown, headers = {} }
end

--- Check the quota before a start: an instance that released its quota when it stopped needs it
--- again.
function instances.check_start(request, compute)
  if machine.holds_cores(compute) then return end
  quotas.check(request, request.world.sizes:find(compute.vm_size), { computes = 0 })
end

-- Changed -----------------------------------------------------------------------------------------

-- Refuse a change while a verb is at work, and in a state that allows none.
local function check_change(request, compute)
  request:refuse_busy(compute)
  local state = machine.state(compute, request.now)
  if inferred.no_change_in[state] then refusal.raise("only_from", state, request.verb) end
end

-- Make the handler of a change that takes no time: `change` edits the record, and the answer is
-- empty.
local function changing(change)
  return function(request)
    local compute = request:instance()
    check_change(request, compute)
    local text = request.body or ""
    change(request, compute, text ~= "" and check.body(text) or {})
    compute.modified = request.now
    machine.plan(compute, request.now)
    request.world:save("compute", compute)
    return { status = 200 }
  end
end

--- Set the idle time before shutdown; null unsets it. If the instance has already been idle for
--- longer, its idle time starts from zero.
instances.set_idle = changing(function(request, compute, body)
  if body.idleTimeBeforeShutdown == nil then
    refusal.raise("missing_property", "idleTimeBeforeShutdown")
  end
  local idle = validate.idle(body.idleTimeBeforeShutdown)
  local quiet_since = compute.quiet_since
  if idle and quiet_since and request.now - quiet_since >= iso8601.seconds(idle) then
    compute.quiet_since = request.now
  end
  compute.idle = idle
end)

--- Replace the list of custom services.
instances.set_services = changing(function(request, compute, body)
  compute.services = services.read(body) or {}
  compute.quiet_since = request.now
end)

local MOUNT_FAILED = "Failed to access the data source."

--- Mount and unmount data.
instances.set_mounts = changing(function(request, compute, body)
  local state = machine.state(compute, request.now)
  if state ~= "Running" and state ~= "JobRunning" then
    refusal.raise("only_from", state, "updateDataMounts")
  end
  local failure = request.trouble and request.trouble.name == "mount_failed" and MOUNT_FAILED
  mounts.apply(compute, mounts.read(body), request.application.object_id, request.now,
    failure or nil)
end)

--- Replace the list of schedules.
instances.set_schedules = changing(function(request, compute, body)
  compute.schedules = schedules.read(body, request.now, request.world.guid)
    or refusal.raise("missing_property", "computeStartStop")
end)

--- Switch single sign-on on or off, for the user of the instance alone. Both spellings of the
--- member are in use; without it the switch goes on.
--- Source: spec/contract/compute-rest.md, section 2, row 15.
instances.set_sso = changing(function(request, compute, body)
  if request.application.object_id:lower() ~= access.owner(compute):lower() then
    refusal.raise("not_assignee", compute.name)
  end
  local wanted = body.enableSSO
  if wanted == nil then wanted = body.EnableSSO end
  local enabled = check.flag(wanted, "enableSSO")
  compute.sso = enabled == nil or enabled
end)

-- Resized -----------------------------------------------------------------------------------------

-- List the sizes for a resize: a machine with GPUs gets another size with GPUs, and a machine
-- without GPUs another size without.
local function sizes_for(compute)
  local list, offered = json.array {}, sizes.of(compute)
  local old = offered:find(compute.vm_size)
  for _, size in ipairs(offered.all) do
    local is_alike = sizes.serves(size, "ComputeInstance") and size ~= old
      and (size.gpus > 0) == (old.gpus > 0)
    if is_alike then list[#list + 1] = size end
  end
  return list
end

--- List the sizes to which an instance can be resized.
function instances.sizes_for_resize(request)
  return answer.of { value = sizes_for(request:instance()) }
end

local function check_state_for_resize(request, compute)
  request:refuse_busy(compute)
  local state = machine.state(compute, request.now)
  local needs_stop = request.world.behaviour.resize == "stopped"
  if needs_stop and state ~= "Stopped" or not machine.allows(compute, "resize", request.now) then
    refusal.raise("only_from", state, "resize")
  end
end

--- Resize an instance.
function instances.resize(request)
  local compute = request:instance()
  local name = check.required(check.body(request.body).targetVMSize, "string", "targetVMSize")
  local size = validate.size(name, "ComputeInstance", request)
  local old = sizes.of(compute):find(compute.vm_size)
  if (size.gpus > 0) ~= (old.gpus > 0) or size == old then
    refusal.raise("bad_resize", compute.vm_size, name)
  end
  check_state_for_resize(request, compute)
  local freed = size.family == old.family and old.vCPUs or 0
  quotas.check(request, size, { computes = 0, freed = freed })
  local more = { vm_size = name, location = true }
  local headers = operations.begin(request, compute, "resize", more)
  request.world:save("compute", compute)
  return { status = 202, headers = headers }
end

return instances
