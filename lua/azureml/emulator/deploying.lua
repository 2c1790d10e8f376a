--- Carry out deployments: put each resource of an expanded template when what it depends on is
--- done, follow its operation, and tell the state of the whole. A deployment is a record of the
--- world; deployments.lua answers the requests about it.
--- Source: spec/contract/neighbours.md, section 2.
local authorise = require "azureml.emulator.authorise"
local computes = require "azureml.emulator.computes"
local json = require "azureml.json"
local planned = require "azureml.emulator.planned"
local refusal = require "azureml.emulator.refusal"
local requests = require "azureml.emulator.request"
local show = require "azureml.emulator.show"
local tables = require "azureml.tool.tables"
local trouble = require "azureml.emulator.trouble"
local world = require "azureml.emulator.world"

local deploying = {}

local KEPT = 800      -- deployments of a group: the oldest are removed
local FAR = 2 ^ 53    -- the end of an operation that a real computer decides

local WRITE = "workspaces/computes/write"

-- world -> its emulator, which has the roles and the fault rules
local emulators = setmetatable({}, { __mode = "k" })

--- Let the deployments of an emulator's world be carried out.
---@param emulator table
function deploying.follow(emulator)
  emulators[emulator.world] = emulator
end

--- Return the key of a deployment's record.
---@param group table
---@param name string
---@return string
function deploying.key(group, name)
  return ("%s/%s/%s"):format(group.subscription.id, group.name, name):lower()
end

-- One resource ------------------------------------------------------------------------------------

-- Return a view of the world at the moment of an event: what is due later does not happen in it.
local function moment_of(self)
  local function settle() end
  return setmetatable({ settle = settle }, { __index = self, __newindex = self })
end

local PRINCIPAL = { "kind", "name", "client_id", "object_id", "tenant_id" }

--- Return what a record keeps of the principal that sent a request.
---@param application table
---@return table
function deploying.principal(application)
  local copy = {}
  for _, name in ipairs(PRINCIPAL) do copy[name] = application[name] end
  return copy
end

-- Return the request that Resource Manager sends for a resource.
local function request_of(self, record, resource, now)
  local emulator = emulators[self]
  local subscription = self:subscription(record.subscription_id)
  local group = self:group(subscription, record.group_name)
  return requests.of {
    world = moment_of(self), roles = emulator.roles, directory = emulator.directory, origin = "",
    now = now, method = "PUT", path = resource.id, target = resource.id, prefix = "", query = {},
    body = json.encode(resource.body), api_version = resource.api_version, verb = "create",
    row = { PUT = { WRITE } }, subscription = subscription, group = group,
    compute_name = resource.compute_name, application = record.principal,
    workspace = self:workspace(group, resource.workspace_name),
  }
end

--- Refuse a resource that the service does not pass to its provider: its workspace does not exist,
--- or the principal may not write it.
---@param request table
---@param resource azureml.emulator.Deployed
---@raise a refusal
function deploying.check(request, resource)
  local workspace = request.world:workspace(request.group, resource.workspace_name)
  if not workspace then refusal.raise("no_parent", resource.workspace_name) end
  authorise(request.roles, request.application, WRITE, resource.id)
end

-- Take the trouble that a fault rule plans for the creation.
local function take_trouble(self, request)
  local emulator = emulators[self]
  emulator.verbs.create = (emulator.verbs.create or 0) + 1
  return emulator.faults:take {
    method = "PUT", path = request.path, verb = "create", name = request.compute_name,
  }
end

local function put(self, record, resource, now)
  local request = request_of(self, record, resource, now)
  deploying.check(request, resource)
  request.trouble = take_trouble(self, request)
  local instead = trouble.instead(request.trouble)
  if instead and (instead.status or 0) >= 400 then return instead end
  planned.refuse(request)
  return computes.put(request)
end

local function failure_of(raised)
  return {
    status = raised.status, code = raised.code, message = raised.message,
    details = raised.details and json.array(raised.details),
  }
end

-- Return the failure that a reply tells; nil if it tells none.
local function failure_in(reply)
  if reply.status < 400 then return nil end
  local told = json.get(reply.json, "error") or {}
  return {
    status = reply.status, code = told.code or "InternalServerError",
    message = told.message or "The provider refused the resource.",
  }
end

local function finish(resource, time, failure)
  resource.state = failure and "Failed" or "Succeeded"
  resource.ended, resource.failure = time, failure
end

-- Put a resource. Forget its body, which may have secrets.
local function start(self, record, resource, now)
  local ok, reply = pcall(put, self, record, resource, now)
  if not ok and not refusal.is(reply) then error(reply, 0) end
  resource.body, resource.state, resource.began = nil, "Running", now
  local failure = not ok and failure_of(reply) or failure_in(reply)
  local url = ok and reply.headers and reply.headers["Azure-AsyncOperation"]
  resource.operation = url and url:match "/computeOperationsStatus/([^/?]+)"
  if failure or not resource.operation then finish(resource, now, failure or nil) end
end

-- Look at the operation of a resource that is being put.
local function follow(self, resource, now)
  local operation = self.records.operation[resource.operation]
  if operation and operation.due > now then return end
  local failure = operation and operation.failure
  finish(resource, operation and operation.due or now, failure and {
    code = failure.code, message = failure.message, status = 409,
  })
end

-- The whole ---------------------------------------------------------------------------------------

local DONE = { Succeeded = true, Failed = true, Skipped = true }

-- Return when a resource can be put: when the last of those that it needs has succeeded. Return
-- nil if one of them is not done; false if one has failed.
local function ready_at(record, resource)
  local time = record.began
  for _, need in ipairs(resource.needs) do
    local other = record.resources[need]
    if other.state == "Failed" or other.state == "Skipped" then return false end
    if other.state ~= "Succeeded" then return nil end
    time = math.max(time, other.ended)
  end
  return time
end

-- Move one resource on; return whether it changed.
local function move(self, record, resource, now)
  local before = resource.state
  if before == "Running" then follow(self, resource, now) end
  if before == "Waiting" then
    local time = ready_at(record, resource)
    if time == false or time and record.cancelled then resource.state = "Skipped" end
    if time and not record.cancelled then start(self, record, resource, time) end
  end
  return resource.state ~= before
end

-- Return the state of a deployment, and when it ended.
local function outcome_of(record)
  if record.cancelled then return "Canceled", record.cancelled end
  local state, ended = "Succeeded", record.began
  for _, resource in ipairs(record.resources) do
    if not DONE[resource.state] then return "Running" end
    if resource.state == "Failed" then state = "Failed" end
    ended = math.max(ended, resource.ended or 0)
  end
  return state, ended
end

local function next_due(self, record)
  local due
  for _, resource in ipairs(record.resources) do
    local operation = resource.state == "Running" and self.records.operation[resource.operation]
    if operation and operation.due < FAR then due = math.min(due or FAR, operation.due) end
  end
  return due
end

--- Bring a deployment up to a time.
---@param self table           the world
---@param record table
---@param now number
function deploying.advance(self, record, now)
  local has_changed, has_moved = false, true
  while has_moved do
    has_moved = false
    for _, resource in ipairs(record.resources) do
      has_moved = move(self, record, resource, now) or has_moved
    end
    has_changed = has_changed or has_moved
  end
  local state, ended = outcome_of(record)
  if record.state ~= state or has_changed then
    record.state, record.ended = state, ended
    self:save("deployment", record)
  end
  self:expect("deployment", record, next_due(self, record))
end

world.kinds.deployment = {
  key = function(record)
    return ("%s/%s/%s"):format(record.subscription_id, record.group_name, record.name):lower()
  end,
  enter = function(self, record)      -- a record of an earlier process goes on at once
    if record.state and not record.ended then self:expect("deployment", record, self:now()) end
  end,
  happen = deploying.advance,
}

--- List the deployments of a group, the newest first.
---@param self table       the world
---@param group table
---@return table[]
function deploying.list(self, group)
  local list = {}
  for _, record in pairs(self.records.deployment) do
    if record.subscription_id == group.subscription.id and record.group_name == group.name then
      list[#list + 1] = record
    end
  end
  table.sort(list, function(a, b) return a.number > b.number end)
  return list
end

local function remove_oldest(self, group)
  local list = deploying.list(self, group)
  if #list >= KEPT then self:drop("deployment", list[#list]) end
end

--- Begin a deployment, in place of an earlier one of its name.
---@param request table
---@param name string
---@param expanded table      as template.expand returns it
---@param mode string
---@return table record
function deploying.begin(request, name, expanded, mode)
  local self, group = request.world, request.group
  for _, resource in ipairs(expanded.resources) do
    resource.state, resource.place, resource.operation_id = "Waiting", nil, self.guid()
  end
  remove_oldest(self, group)
  local record = {
    number = self:next_number(), id = self.guid(), correlation_id = self.guid(),
    subscription_id = group.subscription.id, group_name = group.name, name = name, mode = mode,
    began = request.now, parameters = expanded.parameters, outputs = expanded.outputs,
    resources = expanded.resources, principal = deploying.principal(request.application),
  }
  self:save("deployment", record)
  deploying.advance(self, record, request.now)
  return record
end

--- Cancel a deployment: it puts no more resources. Those that are being put go on.
---@param self table       the world
---@param record table
---@param now number
function deploying.cancel(self, record, now)
  record.cancelled = now
  deploying.advance(self, record, now)
end

--- Compare a resource with what exists: what a deployment would do with it.
---@param request table
---@param resource azureml.emulator.Deployed
---@return table? before      as GET shows it; nil: it does not exist
function deploying.existing(request, resource)
  local workspace = request.world:workspace(request.group, resource.workspace_name)
  local compute = workspace and request.world:compute(workspace, resource.compute_name)
  return compute and show.compute(compute, workspace, request.now, resource.api_version)
end

--- Return the members of a resource's body, with its names.
---@param resource azureml.emulator.Deployed
---@return table
function deploying.wanted(resource)
  return tables.merge({
    id = resource.id, name = resource.compute_name, type = resource.type,
    apiVersion = resource.api_version,
  }, resource.body)
end

return deploying
