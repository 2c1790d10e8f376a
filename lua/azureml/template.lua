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
local tables = require "azureml.tool.tables"
local warning = require "azureml.tool.warning"
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

-- Marks a text as an expression in a body that is not escaped yet.
local Expression = {}

-- Copy a value with its texts and names escaped, all but expressions.
local function literal(value)
  if type(value) == "string" then return escaped(value) end
  if type(value) ~= "table" then return value end
  if getmetatable(value) == Expression then return value.text end
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

-- Take the parameters out of a body: put an expression in the place of each value. Return the rows
-- with their values and the names of the parameters, which begin with a prefix.
local function take_parameters(body, prefix, is_wanted)
  local entries, places = {}, {}
  for _, row in ipairs(rows) do
    local parent, member = parent_of(body, row.path)
    local value = parent and parent[member]
    if value ~= nil and is_wanted(row) and (not row.only or value:find(row.only)) then
      local name = prefix .. row.name
      local shown, expression = value, reference(name)
      if row.split then shown, expression = row.split(value, name, parent) end
      entries[#entries + 1] = { row = row, name = name, value = shown }
      places[#places + 1] = { parent = parent, member = member, text = expression }
    end
  end
  for _, place in ipairs(places) do
    place.parent[place.member] = setmetatable({ text = place.text }, Expression)
  end
  return entries
end

-- The template ------------------------------------------------------------------------------------

-- What a template cannot have, because it is looked up or made at the creation.
local REFUSED = { "ssh_key_id", "generate_ssh_key" }

-- What a template leaves to a later call: when, and what the warning says.
local LATER = {
  { function(wanted) return wanted.data_mounts and #wanted.data_mounts > 0 end,
    "a template cannot mount data: mount it when the instance runs, with update" },
  { function(wanted) return wanted.state == "Stopped" end,
    "a template cannot have state = 'Stopped': the instance runs at the end; stop it then" },
}

local function check_said(wanted, name)
  for _, field in ipairs(REFUSED) do
    if wanted[field] then
      options.refuse("template: it cannot have %s: give the key itself, admin_user_ssh_public_key",
        field)
    end
  end
  local place = name and ("template of '%s': "):format(name) or "template: "
  for _, row in ipairs(LATER) do
    if row[1](wanted) then warning.give(place .. row[2]) end
  end
end

local function declare(kind, doc)
  return { type = kind, metadata = { description = doc } }
end

local OWN = {
  workspaceName = "The workspace of the instance.",
  computeName = "The name of the instance.",
  location = "The region of the workspace.",
}

-- A template that is being made: its resources, what it declares and the values.
local function begin(own)
  local made = { resources = json.array {}, declared = {}, given = {} }
  for name, value in pairs(own) do
    made.declared[name] = declare("string", OWN[name])
    if value then made.given[name] = { value = value } end
  end
  return made
end

local function finish(made)
  return {
    ["$schema"] = SCHEMA .. "deploymentTemplate.json#", contentVersion = VERSION,
    parameters = made.declared, resources = made.resources,
  }, made.given
end

-- Add the resource of a definition.
local function add(made, canonical, resource_name, prefix, is_wanted, base)
  local body = definition.body(canonical)
  for _, entry in ipairs(take_parameters(body, prefix, is_wanted)) do
    made.declared[entry.name] = declare(entry.row.type, entry.row.doc)
    made.given[entry.name] = { value = entry.value }
  end
  body = literal(body)
  body.type, body.apiVersion = TYPE, definition.api_version(canonical, base) or base
  body.name, body.location = resource_name, reference "location"
  made.resources[#made.resources + 1] = body
end

--- What a template says beside the instance.
---@class azureml.TemplateOptions
---@field name? string  of the instance
---@field workspace? azureml.Workspace|string  or its name; a workspace gives the location too
---@field location? string  the region
---@field api_version? string  of the resource

local KNOWN = {
  name = "string", workspace = "any", location = "string", api_version = "string",
}

local function is_workspace(value)
  local meta = getmetatable(value)
  return type(value) == "table" and type(meta) == "table" and meta.__name == "azureml.Workspace"
end

-- Check the options. Return the workspace where it is an object; the values of the parameters that
-- every template has, false where the options do not tell them; and the api-version to begin with.
local function read_settings(settings, known)
  settings = options.check("template", settings, known)
  local place = settings.workspace
  local is_object = is_workspace(place)
  if place ~= nil and type(place) ~= "string" and not is_object then
    errors.mistake("template: option 'workspace' must be a workspace or its name, not %s",
      kinds.shown(place))
  end
  if settings.name then naming.check(settings.name) end
  return is_object and place or nil, {
    workspaceName = is_object and place.name or place or false,
    location = settings.location or is_object and place:location() or false,
  }, settings.api_version or workspace.API_VERSION
end

local function canonical_of(wanted, place, name)
  local canonical = definition.checked("template", wanted, place and place.subscription_id)
  check_said(canonical, name)
  return canonical
end

local function is_any() return true end

--- Make a template that creates an instance, and its parameters. `ws:deploy` deploys it, and so do
--- the Azure CLI, the portal and pipelines. Scripts, their arguments and custom services become
--- secure parameters. The parameters workspaceName, computeName and location are always declared;
--- without their options they have no value here, and `ws:deploy` fills in its own workspace. What
--- a template cannot say, data_mounts and state = "Stopped", is a warning.
---@param wanted azureml.InstanceOptions   as ws.instances:create takes, or vm:export() returns
---@param settings? azureml.TemplateOptions
---@return table template     azureml.json.encode makes a file of it
---@return table parameters   name -> { value = }
---@raise an error object `InvalidArgument`: for a wrong field, and for ssh_key_id and
---  generate_ssh_key
---@usage local template, parameters = azureml.template(vm:export(), { name = "ci-bob" })
---  ws:deploy { template = template, parameters = parameters }:wait()
function template.new(wanted, settings)
  local place, own, base = read_settings(settings, KNOWN)
  own.computeName = settings and settings.name or false
  local made = begin(own)
  add(made, canonical_of(wanted, place, settings and settings.name),
    "[concat(parameters('workspaceName'), '/', parameters('computeName'))]", "", is_any, base)
  return finish(made)
end

local function is_secure(row) return row.type:find "^secure" ~= nil end

local KNOWN_OF_MANY = { workspace = "any", location = "string", api_version = "string" }

--- Make one template that creates several instances, and its parameters: workspaceName, location,
--- and what may be a secret of each instance. All else stands in the template.
---@param definitions table<string, table>      by the names of the instances
---@param settings? table     workspace, location, api_version: as for `new`
---@return table template
---@return table parameters
---@raise an error object `InvalidArgument`
function template.many(definitions, settings)
  local place, own, base = read_settings(settings, KNOWN_OF_MANY)
  local made = begin(own)
  for _, name in ipairs(tables.keys(definitions)) do
    naming.check(name)
    add(made, canonical_of(definitions[name], place, name),
      ("[concat(parameters('workspaceName'), '/%s')]"):format(name), name:gsub("-", "_") .. "_",
      is_secure, base)
  end
  return finish(made)
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
