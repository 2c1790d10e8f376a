--- Make a template of Azure Resource Manager that creates an instance: azureml.template. What
--- differs from one deployment to the next is a parameter. What may be a secret is a secure
--- parameter: the service never shows its value. deployment.lua deploys templates.
--- Source: spec/contract/neighbours.md, section 2.
local core = require "azureml.core"
local definition = require "azureml.definition"
local errors = require "azureml.error"
local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"
local naming = require "azureml.definition.naming"
local options = require "azureml.options"
local workspace = require "azureml.workspace"

local template = {}

local SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/"
local VERSION = "1.0.0.0"
local TYPE = "Microsoft.MachineLearningServices/workspaces/computes"

-- Expressions -------------------------------------------------------------------------------------

local function reference(name)
  return ("[parameters('%s')]"):format(name)
end

-- Write a text so that a template does not take it for an expression.
local function escaped(text)
  if text:find "^%[" and text:find "%]$" then return "[" .. text end
  return text
end

-- Copy a value with its texts and names escaped.
local function literal(value)
  if type(value) == "string" then return escaped(value) end
  if type(value) ~= "table" then return value end
  local copy = json.is_array(value) and json.array {} or {}
  for name, item in pairs(value) do
    copy[type(name) == "string" and escaped(name) or name] = literal(item)
  end
  return copy
end

-- Parameters --------------------------------------------------------------------------------------

-- Return the text of an inline script and the expression that encodes it; or, for a script that is
-- no UTF-8, its base64.
local function inline_script(value, name)
  local text = core.crypto.from_base64(value)
  if text and utf8.len(text) then return text, ("[base64(parameters('%s'))]"):format(name) end
  return value, reference(name)
end

local function script_data(value, name, parent)
  if parent.scriptSource == "inline" then return inline_script(value, name) end
  return value, reference(name)
end

-- There is no secure array: the list is a member of a secure object.
local function services(value, name)
  return { services = value }, ("[parameters('%s').services]"):format(name)
end

local SCRIPTS = "properties.properties.setupScripts.scripts."
local USER = "properties.properties.personalComputeInstanceSettings.assignedUser."

---@class azureml.TemplateRow      a member of the resource that is a parameter
---@field name string
---@field path string
---@field type string
---@field doc string
---@field split fun(value: any, name: string, parent: table): any, string      returns the
---  parameter's value and the expression in its place; nil: the value itself

-- Make the rows of a script.
local function script_rows(member, doc)
  local path = SCRIPTS .. member .. "."
  return {
    name = member, path = path .. "scriptData", type = "securestring", split = script_data,
    doc = doc,
  }, {
    name = member .. "Source", path = path .. "scriptSource", type = "securestring",
    only = "^https?://", doc = "The URL of the script, with its signature.",
  }, {
    name = member .. "Arguments", path = path .. "scriptArguments", type = "securestring",
    doc = "The arguments of the script.",
  }
end

local creation, creation_url, creation_arguments = script_rows("creationScript",
  "The shell script that runs at the creation, or its path.")
local startup, startup_url, startup_arguments = script_rows("startupScript",
  "The shell script that runs at each start, or its path.")

---@type azureml.TemplateRow[]
local rows = {
  { name = "vmSize", path = "properties.properties.vmSize", type = "string",
    doc = "The size of the virtual machine." },
  { name = "tags", path = "tags", type = "object", doc = "Texts by name." },
  { name = "subnetId", path = "properties.properties.subnet.id", type = "string",
    doc = "The ARM id of the subnet that the instance joins." },
  { name = "adminPublicKey", path = "properties.properties.sshSettings.adminPublicKey",
    type = "string", doc = "The RSA public key for SSH." },
  { name = "assignedUserObjectId", path = USER .. "objectId", type = "string",
    doc = "The object id of the user for whom the instance is created." },
  { name = "assignedUserTenantId", path = USER .. "tenantId", type = "string",
    doc = "The tenant of that user." },
  { name = "schedules", path = "properties.properties.schedules", type = "object",
    doc = "When the service starts and stops the instance." },
  { name = "customServices", path = "properties.properties.customServices",
    type = "secureobject", split = services, doc = "Containers beside Jupyter, as { services }." },
  creation, creation_url, creation_arguments, startup, startup_url, startup_arguments,
}

local function parent_of(body, path)
  local parent = body
  for name in path:gmatch "([^.]+)%." do parent = parent and parent[name] end
  return parent, path:match "[^.]+$"
end

-- Return the values of all parameters of a body, with the expressions that take their places.
local function split(body)
  local values, places = {}, {}
  for _, row in ipairs(rows) do
    local parent, member = parent_of(body, row.path)
    local value = parent and parent[member]
    if value ~= nil and (not row.only or value:find(row.only)) then
      local shown, expression = value, reference(row.name)
      if row.split then shown, expression = row.split(value, row.name, parent) end
      values[#values + 1] = { row = row, value = shown }
      places[#places + 1] = { parent = parent, member = member, expression = expression }
    end
  end
  return values, places
end

-- The template ------------------------------------------------------------------------------------

-- What a template cannot say, by field: why, and what to do instead.
local UNSAID = {
  data_mounts = "the service mounts data after the creation: mount them with update",
  ssh_key_id = "give the key itself: admin_user_ssh_public_key",
  generate_ssh_key = "give the key itself: admin_user_ssh_public_key",
}

local function refuse_unsaid(wanted)
  local texts = {}
  for name, text in pairs(UNSAID) do
    local value = wanted[name]
    local is_empty = type(value) == "table" and next(value) == nil
    if value ~= nil and not is_empty then
      texts[#texts + 1] = ("a template cannot have %s: %s"):format(name, text)
    end
  end
  if wanted.state == "Stopped" then
    texts[#texts + 1] = "a template cannot have state = 'Stopped': stop the instance afterwards"
  end
  table.sort(texts)
  if #texts > 0 then options.refuse("template: %s", table.concat(texts, "; ")) end
end

local function declare(kind, doc)
  return { type = kind, metadata = { description = doc } }
end

local function resource_of(body, version)
  body.type, body.apiVersion = TYPE, version
  body.name = "[concat(parameters('workspaceName'), '/', parameters('computeName'))]"
  body.location = reference "location"
  return body
end

local OWN = {
  { "workspaceName", "The workspace of the instance." },
  { "computeName", "The name of the instance." },
  { "location", "The region of the workspace." },
}

-- Return the declarations of the parameters, and their values as a deployment takes them.
local function parameters_of(values, own)
  local declared, given = {}, {}
  for _, row in ipairs(OWN) do
    declared[row[1]] = declare("string", row[2])
    if own[row[1]] then given[row[1]] = { value = own[row[1]] } end
  end
  for _, entry in ipairs(values) do
    local row = entry.row
    declared[row.name] = declare(row.type, row.doc)
    given[row.name] = { value = entry.value }
  end
  return declared, given
end

local KNOWN = {
  name = "string", workspace = "any", location = "string", api_version = "string",
}

local function is_workspace(value)
  local meta = getmetatable(value)
  return type(value) == "table" and type(meta) == "table" and meta.__name == "azureml.Workspace"
end

-- Return the names that the parameters of every template have.
local function own_of(settings)
  local place = settings.workspace
  if settings.name then naming.check(settings.name) end
  if place ~= nil and type(place) ~= "string" and not is_workspace(place) then
    errors.mistake("template: option 'workspace' must be a workspace or its name, not %s",
      kinds.shown(place))
  end
  local is_object = is_workspace(place)
  return {
    workspaceName = is_object and place.name or place, computeName = settings.name,
    location = settings.location or is_object and place:location() or nil,
  }
end

--- Make a template that creates an instance, and its parameters. `ws:deploy` deploys it, and so do
--- the Azure CLI, the portal and pipelines. Scripts, their arguments and custom services become
--- secure parameters. The parameters workspaceName, computeName and location are always declared;
--- without their options they have no value here, and `ws:deploy` fills in its own workspace.
---@param wanted table        what ws.instances:create takes, or vm:export() returns
---@param settings? table     name string? (of the instance); workspace azureml.Workspace|string?
---  (or its name; a workspace gives the location too); location string?; api_version string?
---@return table template     azureml.json.encode makes a file of it
---@return table parameters   name -> { value = }
---@raise an error object `InvalidArgument`: for a wrong field, and for what a template cannot say
---  (data_mounts, state = "Stopped")
---@usage local template, parameters = azureml.template(vm:export(), { name = "ci-bob" })
---  ws:deploy { template = template, parameters = parameters }:wait()
function template.new(wanted, settings)
  settings = options.check("template", settings, KNOWN)
  local place = settings.workspace
  local canonical = definition.checked("template", wanted,
    is_workspace(place) and place.subscription_id or nil)
  refuse_unsaid(canonical)
  local base = settings.api_version or workspace.API_VERSION
  local version = definition.api_version(canonical, base) or base
  local body = definition.body(canonical)
  local values, places = split(body)
  for _, entry in ipairs(places) do entry.parent[entry.member] = nil end
  body = literal(body)
  for index, entry in ipairs(values) do
    local parent, member = parent_of(body, entry.row.path)
    parent[member] = places[index].expression
  end
  local declared, given = parameters_of(values, own_of(settings))
  return {
    ["$schema"] = SCHEMA .. "deploymentTemplate.json#", contentVersion = VERSION,
    parameters = declared, resources = json.array { resource_of(body, version) },
  }, given
end

--- Return the parameters file of parameters: what `az deployment group create --parameters @FILE`
--- reads.
---@param parameters table     name -> { value = }
---@return table
function template.parameters_file(parameters)
  return {
    ["$schema"] = SCHEMA .. "deploymentParameters.json#", contentVersion = VERSION,
    parameters = parameters,
  }
end

return template
