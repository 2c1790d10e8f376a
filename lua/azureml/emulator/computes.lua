--- What is done to computes of any kind: list, look, create, delete, start, stop, restart, and whether a name is free.
local answer = require "azureml.emulator.answer"
local check = require "azureml.emulator.check"
local clusters = require "azureml.emulator.clusters"
local instances = require "azureml.emulator.instances"
local machine = require "azureml.emulator.machine"
local operations = require "azureml.emulator.operations"
local page = require "azureml.emulator.page"
local refusal = require "azureml.emulator.refusal"
local show = require "azureml.emulator.show"
local tables = require "azureml.tables"
local validate = require "azureml.emulator.validate"
local versions = require "azureml.emulator.versions"

local computes = {}

local kinds = { ComputeInstance = instances, AmlCompute = clusters }

--- One page of the list: all kinds, mixed.
function computes.list(at)
  return page.of(at, at.world:computes(at.workspace), function(compute) return show.compute(compute, at.workspace, at.now) end)
end

--- One.
function computes.get(at)
  return answer.of(show.compute(at:compute(), at.workspace, at.now))
end

-- The server's own bookkeeping on what it has taken on.
local function served(at, given)
  given.headers["x-ms-operation-identifier"] = ("tenantId=%s,objectId=%s/%s/%s"):format(at.application.tenant_id,
    at.application.object_id, at.workspace.location, at.world.guid())
  given.headers["azureml-served-by-cluster"] = ("vienna-%s-01"):format(at.workspace.location)
  return given
end

--- Create; or, where there is one of that name, hardly change it.
function computes.put(at)
  local kind, common, properties = validate.envelope(check.body(at.body), at.workspace)
  local old = at.world:compute(at.workspace, at.compute_name)
  if not old then
    if at.trouble and at.trouble.name == "conflict" then refusal.raise("busy", at.compute_name, "Creating") end
    return served(at, kinds[kind].create(at, common, properties))
  end
  local old_kind = old.kind or "ComputeInstance"
  if old_kind ~= kind then refusal.raise("kind_differs", old.name, old_kind, kind) end
  at:refuse_busy(old)
  return served(at, kinds[kind].replace(at, old, common, properties))
end

--- PATCH, which clusters take.
function computes.patch(at)
  return served(at, clusters.patch(at))
end

--- Delete. What is not there is no error.
function computes.delete(at)
  local action = (at.query.underlyingResourceAction or ""):lower()
  if action == "detach" then refusal.raise "detach" end
  if action ~= "delete" then refusal.raise "no_action" end
  local compute = at.world:compute(at.workspace, at.compute_name)
  if not compute then return { status = versions.nothing_there(at.api_version) } end
  if at.world.behaviour.locked then refusal.raise("locked", at.path, show.workspace_id(at.workspace):match "^.*/resourceGroups/[^/]+") end
  at:refuse_busy(compute)
  local headers = operations.begin(at, compute, "delete", { location = true })
  at.world:save("compute", compute)
  return { status = 202, headers = headers }
end

-- start, stop, restart: 202 without a body.
local function verb(name)
  return function(at)
    local compute = at:instance()
    at:refuse_busy(compute)
    if not machine.allows(compute, name, at.now) then refusal.raise("only_from", machine.state(compute, at.now), name) end
    local is_full = compute.disk_full and name == "stop" or at.trouble and at.trouble.name == "disk_full"
    if is_full then refusal.raise "disk_full" end
    if name == "start" then instances.check_start(at, compute) end
    local headers = operations.begin(at, compute, name)
    at.world:save("compute", compute)
    return { status = 202, headers = headers }
  end
end

computes.start, computes.stop, computes.restart = verb "start", verb "stop", verb "restart"

--- Keys: no kind that is served here has any.
function computes.list_keys(at)
  refusal.raise("no_keys", at:compute().kind or "ComputeInstance")
end

--- Is a name free? As the v1 SDK asks before it creates.
function computes.check_name(at)
  local name = check.required(check.body(at.body).Name, "string", "Name")
  local function unavailable(reason, message)
    return { status = 200, json = { nameAvailable = false, reason = reason, message = message:format(name) } }
  end
  if not pcall(validate.name, name) then return unavailable("Invalid", "The name %s is invalid.") end
  if at.world:is_taken(at.workspace.location, name) then
    return unavailable("AlreadyExists", "The specified name %s is already in use.")
  end
  return { status = 200, json = { nameAvailable = true } }
end

-- Seeds -------------------------------------------------------------------------------------------------------------------

local NEWEST = versions.list[#versions.list]      -- which knows every member

--- Put one there, in a state, as if it had long been: for seeds.
---@param at table             as a request's, with world, now, workspace and application
---@param name string
---@param seed { state: string?, vm_size: string?, tags: table?, description: string?, kind: string?, properties: table? }
---  kind "AmlCompute" for a cluster; properties: as a PUT's innermost
---@raise a refusal, where a PUT would be refused
function computes.seed(at, name, seed)
  local properties = tables.merge({ vmSize = seed.vm_size or "STANDARD_DS3_V2" }, seed.properties)
  local kind = seed.kind or "ComputeInstance"
  local asked = { workspace = at.workspace, world = at.world, now = at.now, application = at.application, api_version = NEWEST }
  local wanted = kind == "AmlCompute" and validate.cluster(properties, asked) or validate.instance(properties, asked)
  local compute = kinds[kind].make(asked, name, { tags = seed.tags, description = seed.description }, wanted)
  compute.last = { name = "Create", at = at.now, due = at.now, failed = false, trigger = "User" }
  machine.settle(compute, seed.state or kind == "AmlCompute" and "Steady" or "Running", at.now)
  return at.world:add_compute(at.workspace, compute)
end

return computes
