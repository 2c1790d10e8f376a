--- Hold a request to Resource Manager while it is handled: what it says, what has become known of
--- it, and the compute that it names. manager.lua fills it in; the handlers read it.
local core = require "azureml.core"
local machine = require "azureml.emulator.machine"
local origin_of = require "azureml.emulator.origin"
local refusal = require "azureml.emulator.refusal"

---@class azureml.emulator.Request
---@field world table
---@field origin string                 where the client reaches the emulator
---@field now number                     seconds since 1970
---@field method string
---@field body string
---@field target string                 path and query, as they were sent
---@field path string                   of the target, as Resource Manager has it
---@field prefix string                 what stands before the path: "" or "/rp/workspaces"
---@field segments string[]             of the path
---@field query table<string, string>
---@field trouble table?                what a fault rule wants of it
---@field verb string?                  "create", "start" and so on
---@field subscription table?           this and the next four: what the path names
---@field group table?
---@field workspace table?
---@field compute_name string?
---@field api_version string?
---@field application table?            the principal that sends it
---@field budget table?                 the headers that tell what is left of it
local Request = {}
local metatable = { __name = "azureml.emulator.Request", __index = Request }

local request = {}

--- Make a request of what came by HTTP. Clients that end an endpoint with a slash send paths with
--- double slashes, which Azure takes as single slashes.
---@param emulator table
---@param received table
---@param segments string[]             of the path behind the prefix
---@param query table<string, string>
---@param prefix string?                the beginning of the path that is not Resource Manager's
---@return azureml.emulator.Request
function request.new(emulator, received, segments, query, prefix)
  prefix = prefix or ""
  local path = received.target:match "^[^?]*":gsub("//+", "/"):sub(#prefix + 1)
  return setmetatable({
    world = emulator.world,
    directory = emulator.directory,
    roles = emulator.roles,
    origin = origin_of(emulator, received),
    now = emulator.clock:now(),
    method = received.method,
    body = received.body,
    segments = segments,
    query = query,
    target = received.target,
    path = path,
    prefix = prefix,
    directory_text = function(bytes) return core.crypto.base64url(core.random(bytes)) end,
  }, metatable)
end

--- Make a request that the emulator sends to itself.
---@param fields table
---@return azureml.emulator.Request
function request.of(fields)
  return setmetatable(fields, metatable)
end

--- Find the compute that the path names.
---@return table
---@raise a refusal if it does not exist
function Request:compute()
  local compute = self.world:compute(self.workspace, self.compute_name)
  if not compute then
    local workspace = self.workspace
    refusal.raise("no_compute", workspace.name, self.compute_name, workspace.group.name)
  end
  machine.catch_up(compute, self.now)
  return compute
end

--- Find the compute instance that the path names.
---@return table
---@raise a refusal if it does not exist or is a cluster
function Request:instance()
  local compute = self:compute()
  if compute.kind then refusal.raise("not_an_instance", compute.name, compute.kind) end
  return compute
end

--- Refuse the request while a verb is at work on a compute, or if a fault rule plans a conflict.
---@param compute table
function Request:refuse_busy(compute)
  local is_planned = self.trouble and self.trouble.name == "conflict"
  if is_planned or machine.is_busy(compute, self.now) then
    refusal.raise("busy", compute.name, machine.state(compute, self.now))
  end
end

return request
