--- Expand a template: check its form, read its parameters, and evaluate its resources. Computes of
--- Azure Machine Learning are all that it can hold; everything else is refused by its name.
--- scope.lua evaluates expressions, parameters.lua has the parameters, order.lua the dependencies.
--- Source: spec/contract/neighbours.md, section 2.
local fault = require "azureml.emulator.template.fault"
local functions = require "azureml.emulator.template.functions"
local json = require "azureml.json"
local order = require "azureml.emulator.template.order"
local parameters = require "azureml.emulator.template.parameters"
local refusal = require "azureml.emulator.refusal"
local scopes = require "azureml.emulator.template.scope"
local shorten = require "azureml.emulator.shorten"
local tables = require "azureml.tool.tables"
local versions = require "azureml.emulator.versions"

local template = {}

local COMPUTES = "Microsoft.MachineLearningServices/workspaces/computes"
local MOST_RESOURCES = 800      -- a limit of the service

---@class azureml.emulator.Deployed      a resource of an expanded template
---@field id string
---@field type string
---@field name string              "workspace/compute"
---@field workspace_name string
---@field compute_name string
---@field api_version string
---@field body table               of the PUT
---@field needs integer[]          the indexes of the resources that come before it
---@field place string             in the template

-- Members -----------------------------------------------------------------------------------------

-- Members of a template and of a resource: true for those that are read, false for those that have
-- no effect on computes.
local OF_TEMPLATE = {
  ["$schema"] = true, contentVersion = true, parameters = true, variables = true, resources = true,
  outputs = true, metadata = false,
}
local OF_RESOURCE = {
  type = true, name = true, apiVersion = true, location = true, tags = true, identity = true,
  sku = true, properties = true, dependsOn = true, condition = true, comments = false,
  metadata = false,
}
local OF_OUTPUT = { type = true, value = true, metadata = false }

local function check_members(value, known, place, what)
  if type(value) ~= "table" or json.is_array(value) then
    fault.raise(place, "%s is an object, not %s", what, functions.noun(value))
  end
  for name, item in pairs(value) do
    local is_nothing = type(item) == "table" and next(item) == nil
    if known[name] == nil and not is_nothing then
      fault.raise(place, "'%s' is not served here: %s has %s", shorten(name), what,
        table.concat(tables.keys(known), ", "))
    end
  end
end

local function object_of(value, name)
  if value == nil or value == json.null then return {} end
  if type(value) == "table" and not json.is_array(value) then return value end
  fault.raise(name, "an object is expected, not %s", functions.noun(value))
end

local function text_of(value, place, what)
  if type(value) == "string" and value ~= "" then return value end
  fault.raise(place, "%s is expected, not %s", what,
    value == nil and "nothing" or value == "" and "an empty text" or functions.noun(value))
end

local function check_form(source)
  check_members(source, OF_TEMPLATE, "template", "a template")
  local schema = text_of(source["$schema"], "$schema", "the URL of a deployment template's schema")
  if not schema:find("deploymentTemplate%.json#?$") then
    fault.raise("$schema", "'%s' is not the schema of a template for a resource group",
      shorten(schema, 100))
  end
  text_of(source.contentVersion, "contentVersion", "a version such as '1.0.0.0'")
  if type(source.resources) ~= "table" or not json.is_array(source.resources) then
    fault.raise("resources", "an array is expected, not %s",
      source.resources == nil and "nothing" or functions.noun(source.resources))
  end
  if #source.resources > MOST_RESOURCES then
    fault.raise("resources", "a template has at most %d resources", MOST_RESOURCES)
  end
end

-- Resources ---------------------------------------------------------------------------------------

local function check_type(source, place)
  check_members(source, OF_RESOURCE, place, "a resource")
  local kind = text_of(source.type, place .. ".type", "the type of a resource")
  if kind:lower() ~= COMPUTES:lower() then
    fault.raise(place .. ".type", "resources of the type '%s' are not served here: %s are",
      shorten(kind, 100), COMPUTES)
  end
end

local function version_of(scope, source, place)
  local value = scope:expand(source.apiVersion, place .. ".apiVersion")
  local version = text_of(value, place .. ".apiVersion", "the api-version of the resource")
  if versions.is_known(version) then return version end
  fault.raise(place .. ".apiVersion", "No registered resource provider found for API version '%s' "
    .. "for type 'workspaces/computes'", shorten(version))
end

-- Return the name of a resource, of the workspace and of the compute.
local function names_of(scope, source, place)
  local name = text_of(scope:expand(source.name, place .. ".name"), place .. ".name",
    "the name 'WORKSPACE/COMPUTE'")
  local workspace_name, compute_name = name:match "^([^/]+)/([^/]+)$"
  if workspace_name then return name, workspace_name, compute_name end
  fault.raise(place .. ".name", "The template resource '%s' for type '%s' has incorrect segment "
    .. "lengths: its name must be 'WORKSPACE/COMPUTE'", shorten(name), COMPUTES)
end

-- Tell whether a resource is to be deployed.
local function is_wanted(scope, source, place)
  if source.condition == nil then return true end
  local value = scope:expand(source.condition, place .. ".condition")
  if type(value) == "boolean" then return value end
  fault.raise(place .. ".condition", "true or false is expected, not %s", functions.noun(value))
end

local BODY = { "location", "tags", "identity", "sku", "properties" }

local function resource_of(scope, source, place)
  check_type(source, place)
  local name, workspace_name, compute_name = names_of(scope, source, place)
  local resource = {
    type = COMPUTES, name = name, workspace_name = workspace_name, compute_name = compute_name,
    api_version = version_of(scope, source, place), place = place, body = {},
    id = ("%s/providers/Microsoft.MachineLearningServices/workspaces/%s/computes/%s"):format(
      scope.resource_group.id, workspace_name, compute_name),
    depends_on = scope:expand(source.dependsOn or json.array {}, place .. ".dependsOn"),
  }
  for _, member in ipairs(BODY) do
    if source[member] ~= nil then
      resource.body[member] = scope:expand(source[member], place .. "." .. member)
    end
  end
  return resource
end

local function refuse_doubles(resources)
  local seen = {}
  for _, resource in ipairs(resources) do
    local id = resource.id:lower()
    if seen[id] then
      fault.raise(resource.place, "The resource '%s' is defined multiple times in a template",
        resource.id)
    end
    seen[id] = true
  end
end

-- Remove resources that a condition excludes. What others need of them is there already.
local function without_excluded(resources)
  local places, kept = {}, json.array {}
  for index, resource in ipairs(resources) do
    if resource.is_wanted then
      kept[#kept + 1] = resource
      places[index] = #kept
    end
  end
  for _, resource in ipairs(kept) do
    local needs = json.array {}
    for _, need in ipairs(resource.needs) do needs[#needs + 1] = places[need] end
    resource.needs, resource.depends_on, resource.is_wanted = needs, nil, nil
  end
  return kept
end

local function resources_of(scope, sources)
  local all = {}
  for index, source in ipairs(sources) do
    local place = scopes.below("resources", index)
    all[index] = resource_of(scope, source, place)
    all[index].is_wanted = is_wanted(scope, source, place)
  end
  refuse_doubles(all)
  order.link(all)
  return without_excluded(all)
end

-- Outputs -----------------------------------------------------------------------------------------

local function outputs_of(scope, sources)
  local outputs = {}
  for name, source in pairs(sources) do
    local place = scopes.below("outputs", name)
    check_members(source, OF_OUTPUT, place, "an output")
    local kind = text_of(source.type, place .. ".type", "the type of an output")
    outputs[name] = { type = kind, value = scope:expand(source.value, place .. ".value") }
    if kind:lower():find "^secure" then outputs[name].value = nil end
  end
  return outputs
end

-- All ---------------------------------------------------------------------------------------------

--- Expand a template.
---@param source table         the template
---@param given table          the parameters of the deployment: name -> { value = }
---@param context { resource_group: table, subscription: table }      as the service shows them
---@return { resources: azureml.emulator.Deployed[], parameters: table, outputs: table }
---@raise the refusal `InvalidTemplate`, with the place
function template.expand(source, given, context)
  check_form(source)
  local scope = scopes.new(context)
  local shown = parameters.read(scope, object_of(source.parameters, "parameters"), given)
  scope.variables = object_of(source.variables, "variables")
  return {
    parameters = shown,
    resources = resources_of(scope, source.resources),
    outputs = outputs_of(scope, object_of(source.outputs, "outputs")),
  }
end

--- Read a deployment's template and parameters.
---@param properties table     of the body of the request
---@param context table        as for `expand`
---@return table               as `expand` returns it
---@raise a refusal
function template.of(properties, context)
  if properties.templateLink ~= nil then
    fault.raise("properties.templateLink", "it is not served here: give 'template'")
  end
  if properties.parametersLink ~= nil then
    fault.raise("properties.parametersLink", "it is not served here: give 'parameters'")
  end
  if type(properties.template) ~= "table" or json.is_array(properties.template) then
    refusal.raise("missing_property", "properties.template")
  end
  return template.expand(properties.template, object_of(properties.parameters,
    "properties.parameters"), context)
end

return template
