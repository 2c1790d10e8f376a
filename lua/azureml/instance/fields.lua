--- The fields of an instance: how each is read from the service's reply. azureml.instance reads the
--- usual ones by itself, so that most scripts never load this file and the table of fields.
local later = require "azureml.tool.later"
local fields = require "azureml.definition.fields"
local instance = require "azureml.instance"
local json = require "azureml.json"
local tables = require "azureml.tool.tables"
local upcoming = later "azureml.look.upcoming"

local getters = {}

local instance_fields = {
  --- The functions that read the fields, by name.
  ---@type table<string, fun(document: azureml.Document): any>
  getters = getters,
}

local function outer(path)
  return instance.reader:member(path)
end

local function inner(path)
  return outer("properties.properties." .. path)
end

local function integer(number)
  return number and math.tointeger(number)
end

-- Tell whether the member of a list is empty: absent, [], or an object around an empty list.
local function is_empty(value)
  if type(value) ~= "table" then return value == nil end
  local name, content = next(value)
  if name == nil then return true end
  local is_around = type(name) == "string" and next(value, name) == nil
  return is_around and type(content) == "table" and next(content) == nil
end

-- Return a function that reads a field of definition/fields.lua by its kind. An absent member and
-- an empty list need no kind, so that the large kinds are rarely loaded.
local function reader_of(row)
  local kind, member = row.kind, outer(row.path)
  local is_list, is_never_nil = row.is_list, row.name == "tags"
  return function(document)
    local value = member(document)
    if is_list and is_empty(value) then return json.array {} end
    if value == nil and not is_never_nil then return nil end
    return kind.read(value)
  end
end

for _, row in ipairs(fields) do
  if row.path then getters[row.name] = reader_of(row) end
end

getters.name = outer "name"
getters.id = outer "id"
getters.location = outer "location"
getters.provisioning_state = outer "properties.provisioningState"
getters.created_on = outer "properties.createdOn"
getters.modified_on = outer "properties.modifiedOn"
getters.created_by = inner "createdBy.userId"
getters.assigned_to = inner "personalComputeInstanceSettings.assignedUser.objectId"
getters.created_by_name = inner "createdBy.userName"
getters.image_version = inner "osImageMetadata.currentImageVersion"
getters.latest_image_version = inner "osImageMetadata.latestImageVersion"
getters.is_latest_image = inner "osImageMetadata.isLatestOsImageVersion"
getters.public_ip_address = inner "connectivityEndpoints.publicIpAddress"
getters.private_ip_address = inner "connectivityEndpoints.privateIpAddress"

-- The members of the reply that the other fields are made from.
local sent = {
  principal = outer "identity.principalId",
  assigned_identities = outer "identity.userAssignedIdentities",
  provisioning_errors = outer "properties.provisioningErrors",
  state = inner "state",
  errors = inner "errors",
  applications = inner "applications",
  ssh_settings = inner "sshSettings",
  last_operation = inner "lastOperation",
}

function getters.state(document)
  return sent.state(document) or getters.provisioning_state(document)
end

function getters.owner(document)
  return getters.assigned_to(document) or getters.created_by(document)
end

-- Return the table that a member holds, without nulls; an empty table if the service sent something
-- else.
local function table_in(member, document)
  local value = json.without_nulls(member(document))
  return type(value) == "table" and value or {}
end

-- List each error once: the service repeats a provisioning error among the instance's errors.
function getters.errors(document)
  local all, seen = json.array {}, {}
  for _, list in ipairs {
    table_in(sent.provisioning_errors, document), table_in(sent.errors, document),
  } do
    for _, item in ipairs(list) do
      local key = json.encode(item)
      if not seen[key] then all[#all + 1] = item end
      seen[key] = true
    end
  end
  return all
end

function getters.applications(document)
  local found = {}
  for _, application in ipairs(table_in(sent.applications, document)) do
    local name = json.get(application, "displayName")
    if name then found[name:lower():gsub("[^%w]+", "_")] = json.get(application, "endpointUri") end
  end
  return found
end

-- Return how to reach the instance by SSH: the public address and the port that the service names;
-- within a virtual network the private address and port 22.
function getters.ssh(document)
  local settings = sent.ssh_settings(document)
  local public, private = getters.public_ip_address(document), getters.private_ip_address(document)
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

-- Return the object ids of its managed identities, the system-assigned one first.
function getters.principals(document)
  local list = json.array { sent.principal(document) }
  local assigned = json.without_nulls(sent.assigned_identities(document))
  for _, id in ipairs(tables.keys(assigned)) do
    list[#list + 1] = json.get(assigned, id, "principalId")
  end
  return list
end

function getters.last_operation(document)
  local operation = sent.last_operation(document)
  return {
    name = json.get(operation, "operationName"), time = json.get(operation, "operationTime"),
    status = json.get(operation, "operationStatus"),
    trigger = json.get(operation, "operationTrigger"),
  }
end

-- The next times of its schedules are those of a field: they change with the clock alone.
local ACTIONS = { next_start = "start", next_stop = "stop" }

local function next_time(schedules, action)
  return #schedules > 0 and upcoming.time(schedules, action) or nil
end

for name, action in pairs(ACTIONS) do
  getters[name] = function(document) return next_time(getters.schedules(document), action) end
end

for name in pairs(getters) do instance.field_names[name] = true end

--- Read all fields.
---@param document azureml.Document
---@return table      by name
function instance_fields.summary(document)
  local summary = {}
  for name, getter in pairs(getters) do
    if not ACTIONS[name] then summary[name] = getter(document) end
  end
  for name, action in pairs(ACTIONS) do summary[name] = next_time(summary.schedules, action) end
  return summary
end

-- The members of a script's definition that the service may keep to itself.
local function hides_script(scripts)
  for _, name in ipairs { "creation_script", "startup_script" } do
    local script = scripts and scripts[name]
    if script and not (script.path or script.text or script.url) then return true end
  end
  return false
end

local services = inner "customServices"

-- Tell whether a custom service has an environment variable, such as a licence, without its value.
local function hides_variable(document)
  for _, service in ipairs(table_in(services, document)) do
    local variables = json.get(service, "environmentVariables")
    for _, variable in pairs(type(variables) == "table" and variables or {}) do
      if json.get(variable, "value") == nil then return true end
    end
  end
  return false
end

--- List the fields that an instance has, and whose values the service does not return: keys,
--- licences, inline scripts.
---@param vm azureml.Instance
---@return string[]
function instance_fields.unreadable(vm)
  local list = {}
  if vm.ssh_public_access and not vm.admin_user_ssh_public_key then
    list[#list + 1] = "admin_user_ssh_public_key"
  end
  if hides_script(vm.setup_scripts) then list[#list + 1] = "setup_scripts" end
  if hides_variable(vm.document) then list[#list + 1] = "custom_services" end
  return list
end

return instance_fields
