--- A compute instance as it was when it was last looked at: typed fields over the service's reply, and the verbs.
local errors = require "azureml.error"
local json = require "azureml.json"
local tables = require "azureml.tables"

---@class azureml.Instance
---@field name string
---@field id string                    the ARM id
---@field state string                 "Running", "Stopped" and so on; while it is being created, what the service says of the resource
---@field provisioning_state string
---@field vm_size string
---@field location string
---@field tags table<string, string>   never nil
---@field description string?
---@field owner string?                object id of whom it belongs to: assigned to, else created by
---@field created_by string?           object id
---@field assigned_to string?          object id
---@field created_on string?           ISO 8601
---@field modified_on string?
---@field applications table<string, string>     name in snake_case -> URL: jupyter, jupyter_lab
---@field ssh { enabled: boolean, user: string?, port: integer?, host: string?, command: string? }
---@field public_ip_address string?
---@field private_ip_address string?
---@field last_operation { name: string?, time: string?, status: string?, trigger: string? }
---@field idle_time_before_shutdown string?      ISO 8601
---@field schedules table                         as the service sends them
---@field errors table                            what went wrong with it, as the service sends it
---@field workspace azureml.Workspace
---@field raw table                    the decoded reply, with all that has no field here; null is cjson.null
local Instance = {}

local instance = {}
local getters = {}

local outer = json.getter

local function inner(...)
  return outer("properties", "properties", ...)
end

local function integer(number)
  return number and math.tointeger(number)
end

getters.name = outer "name"
getters.id = outer "id"
getters.location = outer "location"
getters.description = outer("properties", "description")
getters.provisioning_state = outer("properties", "provisioningState")
getters.created_on = outer("properties", "createdOn")
getters.modified_on = outer("properties", "modifiedOn")
getters.vm_size = inner "vmSize"
getters.created_by = inner("createdBy", "userId")
getters.assigned_to = inner("personalComputeInstanceSettings", "assignedUser", "objectId")
getters.public_ip_address = inner("connectivityEndpoints", "publicIpAddress")
getters.private_ip_address = inner("connectivityEndpoints", "privateIpAddress")
getters.idle_time_before_shutdown = inner "idleTimeBeforeShutdown"

-- What the other fields are made of.
local sent = {
  compute_type = outer("properties", "computeType"),
  tags = outer "tags",
  provisioning_errors = outer("properties", "provisioningErrors"),
  state = inner "state",
  schedules = inner("schedules", "computeStartStop"),
  errors = inner "errors",
  applications = inner "applications",
  ssh_settings = inner "sshSettings",
  last_operation = inner "lastOperation",
}

function getters.state(raw)
  return sent.state(raw) or getters.provisioning_state(raw)
end

function getters.owner(raw)
  return getters.assigned_to(raw) or getters.created_by(raw)
end

-- Return the table that a member holds, without nulls; an empty one where the service sent another kind.
local function table_in(member, raw)
  local value = json.without_nulls(member(raw))
  return type(value) == "table" and value or {}
end

-- Every tag is a text.
function getters.tags(raw)
  local tags = table_in(sent.tags, raw)
  for name, value in pairs(tags) do
    if type(value) ~= "string" then tags[name] = json.encode(value) end
  end
  return tags
end

function getters.schedules(raw)
  return json.array(table_in(sent.schedules, raw))
end

function getters.errors(raw)
  local all = tables.append(json.array {}, table_in(sent.provisioning_errors, raw))
  return tables.append(all, table_in(sent.errors, raw))
end

function getters.applications(raw)
  local found = {}
  for _, application in ipairs(table_in(sent.applications, raw)) do
    local name = json.get(application, "displayName")
    if name then found[name:lower():gsub("[^%w]+", "_")] = json.get(application, "endpointUri") end
  end
  return found
end

-- Reached from outside by its public address and the service's port; within a virtual network by the private one, port 22.
function getters.ssh(raw)
  local settings = sent.ssh_settings(raw)
  local public, private = getters.public_ip_address(raw), getters.private_ip_address(raw)
  local ssh = {
    enabled = json.get(settings, "sshPublicAccess") == "Enabled",
    user = json.get(settings, "adminUserName"),
    port = public and integer(json.get(settings, "sshPort")) or private and 22 or nil,
    host = public or private,
  }
  if ssh.enabled and ssh.user and ssh.host and ssh.port then
    ssh.command = ("ssh %s@%s -p %d"):format(ssh.user, ssh.host, ssh.port)
  end
  return ssh
end

function getters.last_operation(raw)
  local operation = sent.last_operation(raw)
  return {
    name = json.get(operation, "operationName"), time = json.get(operation, "operationTime"),
    status = json.get(operation, "operationStatus"), trigger = json.get(operation, "operationTrigger"),
  }
end

local metatable = { __name = "azureml.Instance" }

function metatable.__index(vm, name)
  local getter = getters[name]
  if getter then return getter(rawget(vm, "raw")) end
  return Instance[name]
end

function metatable.__tostring(vm)
  return ("%s: %s, %s"):format(vm.name, tostring(vm.state), tostring(vm.vm_size))
end

--- The fields a person wants to see, for the prompt and for commands.
---@param vm azureml.Instance
---@return table
function instance.summary(vm)
  local summary = {}
  for name, getter in pairs(getters) do summary[name] = getter(vm.raw) end
  return summary
end

metatable.__render = instance.summary
metatable.__methods, metatable.__fields = Instance, getters      -- what the prompt completes

--- The fields by name.
---@type table<string, function>
instance.fields = getters

--- Make one of a reply.
---@param workspace azureml.Workspace
---@param raw table
---@return azureml.Instance
function instance.new(workspace, raw)
  return setmetatable({ workspace = workspace, raw = raw }, metatable)
end

--- Whether a decoded compute is a compute instance.
function instance.is_one(raw)
  return sent.compute_type(raw) == "ComputeInstance"
end

--- Look again.
---@return azureml.Instance       itself
---@raise an error object when it is gone
function Instance:refresh()
  self.raw = self.workspace.instances:get(self.name).raw
  return self
end

for _, verb in ipairs { "start", "stop", "restart" } do
  Instance[verb] = function(self, given)
    if getmetatable(self) ~= metatable then errors.mistake("vm:%s() is a method: call it with a colon", verb) end
    return self.workspace.instances[verb](self.workspace.instances, self, given)
  end
end

--- Delete it, with its disk. Returns when the service has accepted that.
---@return azureml.Operation
function Instance:delete(given)
  return self.workspace.instances:delete(self, given)
end

return instance
