--- Operations that take time: begun, asked after, and the headers that tell of them. Source: compute-rest.md, section 4.
local capacity = require "azureml.emulator.machine.capacity"
local core = require "azureml.core"
local inferred = require "azureml.emulator.inferred"
local machine = require "azureml.emulator.machine"
local refusal = require "azureml.emulator.refusal"

local operations = {}

local function random_text(bytes)
  return core.crypto.base64url(core.random(bytes))
end

-- The live service signs the URL of an operation's status, with a certificate, which makes it 3 KB long. The certificate is the same each
-- time, and here none; the signature is looked up, not computed.
local PIECES, PIECE, SIGNATURE, HASH = 9, 183, 256, 32      -- bytes of each: their texts are as long as the recorded ones

local certificate

local function certificate_text()
  if not certificate then
    certificate = ""
    for _ = 1, PIECES do certificate = certificate .. random_text(PIECE) end
  end
  return certificate
end

-- What is returned is path and query; {place} is for the segment that says what of it is asked for.
local function sign(request, operation)
  operation.signature = random_text(SIGNATURE)
  return ("/subscriptions/%s/providers/Microsoft.MachineLearningServices/locations/%s/{place}/%s"
    .. "?api-version=%s&service=new&t=%d&c=%s&s=%s&h=%s"):format(request.subscription.id, request.workspace.location, operation.id, request.api_version,
    math.floor(request.now * 1e7), certificate_text(), operation.signature, random_text(HASH))
end

-- At its real speed nothing is said of when to ask again, as recorded; sped up, clients are told to keep pace.
local function pace(request)
  local clock = request.world.clock
  if clock.speed == 1 then return nil end
  local seconds = clock:in_real_time(inferred.poll_after)
  return seconds and ("%d"):format(math.max(1, math.floor(seconds * 1000)))
end

--- Note an operation down.
---@param at table
---@param due number
---@param failure { code: string, message: string, status: string? }?
---@param with { location: boolean?, only_location: boolean? }?      whether it is told of by Location too, or by nothing else
---@return table headers
function operations.accept(request, due, failure, with)
  with = with or {}
  local operation = { id = request.world.guid(), due = due, failure = failure }
  local target = sign(request, operation)
  request.world:save("operation", operation)
  local behaviour = request.world.behaviour
  local function url(place) return request.origin .. target:gsub("{place}", place) end
  return {
    ["Azure-AsyncOperation"] = not with.only_location and url "computeOperationsStatus" or nil,
    Location = (with.location or with.only_location or behaviour.location) and url "computeOperationsResult" or nil,
    ["Retry-After"] = behaviour.retry_after and ("%d"):format(behaviour.retry_after) or nil,
    ["retry-after-ms"] = not behaviour.retry_after and pace(request) or nil,
  }
end

-- How an operation fails by the name of the trouble: see fault.troubles.
local failures = {}

function failures.operation(trouble)
  return { code = trouble.code or "OperationFailed", message = trouble.message or "The operation failed.", status = trouble.operation }
end

failures.operation_failed = failures.operation

function failures.operation_hung()
  return { code = inferred.timed_out, message = "The operation was given up.", status = "Hung" }
end

function failures.capacity(_, request, vm_size)
  return capacity.failure(vm_size, request.workspace.location)
end

function failures.unusable_node(_, _, _, name)
  return machine.unusable(name)
end

function failures.setup_script()
  return { code = "SetupScriptsError", message = "User specified setup script file not found." }
end

-- Trouble that was asked for, as machine.begin takes it.
local function planned_failure(request, compute, vm_size)
  local make = request.trouble and failures[request.trouble.name]
  return make and make(request.trouble, request, vm_size, compute.name)
end

--- Begin a verb on a compute; the caller makes the change known.
---@param at table
---@param compute table
---@param verb string
---@param more table?        as machine.begin takes it; location: whether Location tells of it too
---@return table headers
function operations.begin(request, compute, verb, more)
  local vm_size = more and more.vm_size or compute.vm_size
  local failure = planned_failure(request, compute, vm_size) or capacity.lack(request.world.behaviour, verb, vm_size, request.workspace.location)
  local begun = machine.begin(compute, verb, request.now, failure, more)
  return operations.accept(request, begun.due, begun.failure, more)
end

local function find(request)
  local operation = request.world:operation(request.operation_id)
  if not operation then refusal.raise("no_operation", request.operation_id) end
  if request.query.s ~= operation.signature then refusal.raise "bad_signature" end
  return operation
end

local SUCCEEDED = '{"status":"Succeeded","percentComplete":100.0}'      -- as a text: as recorded, which no encoder of ours would write

local WORDS = { Canceled = "Canceled" }      -- how a planned failure ends, where it is not "Failed"

--- The status of an operation: 200 whatever it is.
function operations.status(request)
  local operation = find(request)
  if operation.due > request.now then return { status = 200, json = { status = "InProgress" }, headers = { ["retry-after-ms"] = pace(request) } } end
  local failure = operation.failure
  if not failure then return { status = 200, body = SUCCEEDED } end
  return {
    status = 200,
    json = { status = WORDS[failure.status] or "Failed", error = { code = failure.code, message = failure.message } },
  }
end

--- What Location leads to: 202 while it runs, then 200, or the failure.
function operations.result(request)
  local operation = find(request)
  local failure = operation.failure
  if operation.due > request.now then
    local headers = operations.again(request)
    headers.Location = request.origin .. request.target
    return { status = 202, headers = headers }
  end
  if not failure then return { status = 200 } end
  return { status = 400, json = { error = { code = failure.code, message = failure.message } } }
end

--- When to ask again, as headers.
function operations.again(request)
  local behaviour = request.world.behaviour
  return { ["Retry-After"] = behaviour.retry_after and ("%d"):format(behaviour.retry_after) or nil, ["retry-after-ms"] = pace(request) }
end

return operations
