--- Keep operations that take time: begin them, answer polls, and build the headers that point to
--- them. How machines change meanwhile is in machine/init.lua.
--- Source: spec/contract/compute-rest.md, section 4.
local capacity = require "azureml.emulator.machine.capacity"
local core = require "azureml.core"
local inferred = require "azureml.emulator.inferred"
local machine = require "azureml.emulator.machine"
local refusal = require "azureml.emulator.refusal"

local operations = {}

local function random_text(bytes)
  return core.crypto.base64url(core.random(bytes))
end

-- The live service signs the URL of an operation's status with a certificate, which makes the URL
-- 3 KB long. Here random text stands for the certificate, the same for all operations; the
-- signature is compared with the stored one instead of being computed.

-- Bytes of each part, so that their texts are as long as the recorded ones.
local PIECES, PIECE, SIGNATURE, HASH = 9, 183, 256, 32

local certificate

local function certificate_text()
  if not certificate then
    certificate = ""
    for _ = 1, PIECES do certificate = certificate .. random_text(PIECE) end
  end
  return certificate
end

local STATUS_URL = "/subscriptions/%s/providers/Microsoft.MachineLearningServices/locations/%s"
  .. "/{place}/%s?api-version=%s&service=new&t=%d&c=%s&s=%s&h=%s"

-- Return the path and query of an operation's URL, with {place} for the segment that tells status
-- from result.
local function sign(request, operation)
  operation.signature = random_text(SIGNATURE)
  local time = math.floor(request.now * 1e7)
  return STATUS_URL:format(request.subscription.id, request.workspace.location, operation.id,
    request.api_version, time, certificate_text(), operation.signature, random_text(HASH))
end

--- Return the milliseconds to wait before the next poll, or look, as a header has them; nil: no
--- header. At real speed the service leaves the header out, as recorded; on a faster clock, clients
--- are told to poll faster.
---@return string?
function operations.poll_delay(request)
  local clock = request.world.clock
  if clock.speed == 1 then return nil end
  local seconds = clock:in_real_time(inferred.poll_after)
  return seconds and ("%d"):format(math.max(1, math.floor(seconds * 1000)))
end

-- Return seconds as the text of a header; nil for nil.
local function whole(seconds)
  return seconds and ("%d"):format(seconds) or nil
end

--- Record an operation that was accepted.
---@param request table
---@param due number      when it ends, in seconds since 1970
---@param failure { code: string, message: string, status: string? }?
---@param with { location: boolean?, only_location: boolean? }?
---  location: whether the Location header also points to it; only_location: whether it is the only
---  header that does
---@return table headers, string id
function operations.accept(request, due, failure, with)
  with = with or {}
  local operation = { id = request.world.guid(), due = due, failure = failure }
  local target = sign(request, operation)
  request.world:save("operation", operation)
  local behaviour = request.world.behaviour
  local has_location = with.location or with.only_location or behaviour.location
  local function url(place) return request.origin .. target:gsub("{place}", place) end
  return {
    ["Azure-AsyncOperation"] = not with.only_location and url "computeOperationsStatus" or nil,
    Location = has_location and url "computeOperationsResult" or nil,
    ["Retry-After"] = whole(behaviour.retry_after),
    ["retry-after-ms"] = not behaviour.retry_after and operations.poll_delay(request) or nil,
  }, operation.id
end

--- End the operation of a verb that a real computer was at work on.
---@param world table
---@param compute table
---@param due number
---@param failure { code: string, message: string }?
function operations.close(world, compute, due, failure)
  local operation = compute.operation and world:operation(compute.operation)
  compute.operation = nil
  if not operation then return end
  operation.due, operation.failure = due, failure
  world:save("operation", operation)
end

-- How an operation fails, by the name of the trouble: see fault.troubles.
local failures = {}

function failures.operation(trouble)
  return {
    code = trouble.code or "OperationFailed",
    message = trouble.message or "The operation failed.",
    status = trouble.operation,
  }
end

failures.operation_failed = failures.operation

function failures.operation_hung()
  local message = "The operation was given up."
  return { code = inferred.timed_out, message = message, status = "Hung" }
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

-- Return the failure that a fault rule plans for a verb, as machine.begin takes it.
local function planned_failure(request, compute, vm_size)
  local make = request.trouble and failures[request.trouble.name]
  return make and make(request.trouble, request, vm_size, compute.name)
end

--- Begin a verb on a compute. The caller saves the compute's record afterwards.
---@param request table
---@param compute table
---@param verb string
---@param more table?      as machine.begin takes it; location: whether the Location header also
---  points to the operation
---@return table headers
function operations.begin(request, compute, verb, more)
  local world, location = request.world, request.workspace.location
  local vm_size = more and more.vm_size or compute.vm_size
  local failure = planned_failure(request, compute, vm_size)
    or capacity.lack(world.behaviour, verb, world.sizes:find(vm_size), location)
  operations.close(world, compute, request.now, inferred.superseded)
  local begun = machine.begin(compute, verb, request.now, failure, more)
  local headers, id = operations.accept(request, begun.due, begun.failure, more)
  compute.operation = compute.held and id
  return headers
end

local function find(request)
  local operation = request.world:operation(request.operation_id)
  if not operation then refusal.raise("no_operation", request.operation_id) end
  if request.query.s ~= operation.signature then refusal.raise "bad_signature" end
  return operation
end

-- As recorded; the encoder of azureml would write 100.0 in another way.
local SUCCEEDED = '{"status":"Succeeded","percentComplete":100.0}'

local WORDS = { Canceled = "Canceled" }      -- the status of a failure that is not "Failed"

--- Answer a poll for the status of an operation: always 200.
function operations.status(request)
  local operation = find(request)
  if operation.due > request.now then
    local headers = { ["retry-after-ms"] = operations.poll_delay(request) }
    return { status = 200, json = { status = "InProgress" }, headers = headers }
  end
  local failure = operation.failure
  if not failure then return { status = 200, body = SUCCEEDED } end
  local status = WORDS[failure.status] or "Failed"
  local shown = { code = failure.code, message = failure.message }
  return { status = 200, json = { status = status, error = shown } }
end

--- Answer a request to the Location of an operation: 202 while it runs, then 200 or the failure.
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

--- Return the headers that tell a client when to poll again.
function operations.again(request)
  return {
    ["Retry-After"] = whole(request.world.behaviour.retry_after),
    ["retry-after-ms"] = operations.poll_delay(request),
  }
end

return operations
