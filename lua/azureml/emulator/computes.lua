--- What is done to computes: list, look, create, delete, start, stop, restart, and the status of that.
local answer = require "azureml.emulator.answer"
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"
local machine = require "azureml.emulator.machine"
local refusal = require "azureml.emulator.refusal"
local show = require "azureml.emulator.show"
local validate = require "azureml.emulator.validate"

local computes = {}

local function find(at)
  local compute = at.world:compute(at.workspace, at.compute_name)
  if not compute then refusal.raise("no_compute", at.workspace.name, at.compute_name, at.workspace.group.name) end
  return compute
end

-- Operations --------------------------------------------------------------------------------------------------------------

local function text_of_length(at, length)
  local text = ""
  while #text < length do text = text .. at.directory_text(192) end
  return text:sub(1, length)
end

-- The live service signs the URL of an operation's status, which makes it 3 KB long. The signature is looked up, not computed.
-- What is returned is path and query.
local function sign(at, operation)
  operation.signature = text_of_length(at, 342)
  return ("/subscriptions/%s/providers/Microsoft.MachineLearningServices/locations/%s/computeOperationsStatus/%s"
    .. "?api-version=%s&service=new&t=%d&c=%s&s=%s&h=%s"):format(at.subscription.id, at.workspace.location, operation.id, at.api_version,
    math.floor(at.now * 1e7), text_of_length(at, 2200), operation.signature, text_of_length(at, 43))
end

-- At its real speed nothing is said of when to ask again, as recorded; sped up, clients are told to keep pace.
local function pace(at)
  local clock = at.world.clock
  if clock.speed == 1 then return nil end
  local seconds = clock:in_real_time(inferred.poll_after)
  return seconds and ("%d"):format(math.max(1, math.floor(seconds * 1000)))
end

-- Trouble that was asked for, as machine.begin takes it.
local function planned_failure(at)
  local trouble = at.trouble
  if type(trouble) ~= "table" or not trouble.operation then return nil end
  return { code = trouble.code or "OperationFailed", message = trouble.message or "The operation failed.", status = trouble.operation }
end

local function begin(at, compute, verb)
  local failure = planned_failure(at)
  local begun = machine.begin(compute, verb, at.now, failure)
  compute.failure = failure and verb == "create" and { code = failure.code, message = failure.message } or nil
  local operation = { id = at.world.guid(), due = begun.due, failure = begun.failure }
  local target = sign(at, operation)
  at.world:save("operation", operation)
  return { ["Azure-AsyncOperation"] = at.origin .. target, ["retry-after-ms"] = pace(at) }
end

local SUCCEEDED = '{"status":"Succeeded","percentComplete":100.0}'      -- as a text: as recorded, which no encoder of ours would write

--- The status of an operation: 200 whatever it is.
function computes.status(at)
  local operation = at.world:operation(at.operation_id)
  if not operation then refusal.raise("no_operation", at.operation_id) end
  if at.query.s ~= operation.signature then refusal.raise "bad_signature" end
  if operation.due > at.now then return { status = 200, json = { status = "InProgress" }, headers = { ["retry-after-ms"] = pace(at) } } end
  local failure = operation.failure
  if not failure then return { status = 200, body = SUCCEEDED } end
  return { status = 200, json = { status = failure.status or "Failed", error = { code = failure.code, message = failure.message } } }
end

-- Reading -----------------------------------------------------------------------------------------------------------------

--- One page of the list. What follows is asked for by an opaque $skip.
function computes.list(at)
  local all, page = at.world:computes(at.workspace), json.array {}
  local first = tonumber((at.query["$skip"] or ""):match "^p(%d+)$" or 0)
  for i = first + 1, math.min(first + at.world.page_size, #all) do page[#page + 1] = show.compute(all[i], at.workspace, at.now) end
  local following = first + #page
  local link = following < #all
    and ("%s%s/computes?api-version=%s&$skip=p%d"):format(at.origin, show.workspace_id(at.workspace), at.api_version, following) or nil
  return answer.of { value = page, nextLink = link }
end

--- One.
function computes.get(at)
  return answer.of(show.compute(find(at), at.workspace, at.now))
end

-- Writing -----------------------------------------------------------------------------------------------------------------

-- Public ones are of the ranges that are set aside for documentation and for benchmarks: nobody's.
local function public_address(number)
  if number < 255 then return "203.0.113." .. number end
  return ("198.%d.%d.%d"):format(18 + (number >> 16 & 1), number >> 8 & 255, number & 255)
end

-- The first four of a subnet are Azure's own.
local function private_address(number)
  return ("10.%d.%d.%d"):format(number + 3 >> 16 & 255, number + 3 >> 8 & 255, number + 3 & 255)
end

-- Tags and description are taken over, all else stays: what the live service does is not documented. Source: compute-rest.md, section 3.3.
local function overwrite(at, compute, wanted)
  compute.tags, compute.description, compute.modified = wanted.tags, wanted.description, at.now
  at.world:save("compute", compute)
  return { status = 200, json = show.compute(compute, at.workspace, at.now), headers = {} }
end

local function identity_of(at, wanted)
  if not wanted.identity then return nil end
  local kind = json.get(wanted.identity, "type")
  return { type = kind, principalId = at.world.guid(), tenantId = at.application.tenant_id }
end

local function make(at, name, wanted)
  local number = at.world:next_number()
  return {
    number = number, name = name, vm_size = wanted.vm_size, ssh = wanted.ssh, tags = wanted.tags, description = wanted.description,
    user = wanted.user, subnet = wanted.subnet, idle = wanted.idle, schedules = wanted.schedules, sharing = wanted.sharing,
    public_ip = wanted.public_ip, identity = identity_of(at, wanted),
    creator = { tenant_id = at.application.tenant_id, object_id = at.application.object_id },
    created = at.now, modified = at.now, address = public_address(number), private_address = private_address(number),
  }
end

--- Create; or, where there is one of that name, hardly change it.
function computes.put(at)
  local wanted = validate.compute(validate.body(at.body), at.workspace)
  local old = at.world:compute(at.workspace, at.compute_name)
  if old then return overwrite(at, old, wanted) end
  validate.name(at.compute_name)
  if at.world:is_taken(at.workspace.location, at.compute_name) then refusal.raise("name_taken", at.compute_name) end
  validate.quota(at.world, at.subscription, at.workspace.location, wanted.size)
  local compute = make(at, at.compute_name, wanted)
  local headers = begin(at, compute, "create")
  at.world:add_compute(at.workspace, compute)
  headers["x-ms-operation-identifier"] = ("tenantId=%s,objectId=%s/%s/%s"):format(at.application.tenant_id, at.application.object_id,
    at.workspace.location, at.world.guid())
  headers["azureml-served-by-cluster"] = ("vienna-%s-01"):format(at.workspace.location)
  return { status = 201, json = show.created(compute, at.workspace, at.now), headers = headers }
end

local function refuse_busy(at, compute)
  if machine.is_busy(compute, at.now) then refusal.raise("busy", compute.name, machine.state(compute, at.now)) end
end

--- Delete. What is not there is no error.
function computes.delete(at)
  local action = (at.query.underlyingResourceAction or ""):lower()
  if action == "detach" then refusal.raise "detach" end
  if action ~= "delete" then refusal.raise "no_action" end
  local compute = at.world:compute(at.workspace, at.compute_name)
  if not compute then return { status = 204 } end
  refuse_busy(at, compute)
  local headers = begin(at, compute, "delete")
  at.world:save("compute", compute)
  return { status = 202, headers = headers }
end

-- start, stop, restart: 202 without a body.
local function verb(name)
  return function(at)
    local compute = find(at)
    refuse_busy(at, compute)
    if not machine.allows(compute, name, at.now) then refusal.raise("only_from", machine.state(compute, at.now), name) end
    local headers = begin(at, compute, name)
    at.world:save("compute", compute)
    return { status = 202, headers = headers }
  end
end

computes.start, computes.stop, computes.restart = verb "start", verb "stop", verb "restart"

--- Is a name free? As the v1 SDK asks before it creates.
function computes.check_name(at)
  local name = json.get(validate.body(at.body), "Name")
  if type(name) ~= "string" then refusal.raise("missing_property", "Name") end
  local function unavailable(reason, message)
    return { status = 200, json = { nameAvailable = false, reason = reason, message = message:format(name) } }
  end
  if not pcall(validate.name, name) then return unavailable("Invalid", "The name %s is invalid.") end
  if at.world:is_taken(at.workspace.location, name) then
    return unavailable("AlreadyExists", "The specified name %s is already in use.")
  end
  return { status = 200, json = { nameAvailable = true } }
end

--- Put one there, in a state, as if it had long been: for seeds.
---@param at table             as a request's, with workspace and application
---@param name string
---@param seed { state: string?, vm_size: string?, tags: table? }
function computes.seed(at, name, seed)
  local wanted = { vm_size = seed.vm_size or "STANDARD_DS3_V2", ssh = { access = "Disabled" }, tags = seed.tags }
  local compute = make(at, name, wanted)
  machine.settle(compute, seed.state or "Running", at.now)
  compute.last = { name = "Create", at = at.now, due = at.now, failed = false, trigger = "User" }
  return at.world:add_compute(at.workspace, compute)
end

return computes
