--- Check a template and its parameters before they are sent: the form, the types of the resources,
--- and each parameter. What only expressions tell is left to the service's validation.
--- Source: spec/contract/neighbours.md, section 2.
local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"
local options = require "azureml.options"

local template_check = {}

local COMPUTES = "Microsoft.MachineLearningServices/workspaces/computes"
local LONGEST = 200      -- bytes of names that a message shows

local function is_object(value)
  return type(value) == "table" and not json.is_array(value) and value[1] == nil
end

-- Tell whether a value is a list; `{}` of a script is one.
local function is_list(value)
  return type(value) == "table"
    and (json.is_array(value) or value[1] ~= nil or next(value) == nil)
end

local function is_expression(text)
  return text:find "^%[" and text:find "%]$" and not text:find "^%[%["
end

-- The form ----------------------------------------------------------------------------------------

-- What another schema says of a file.
local OTHERS = {
  { "deploymentParameters%.json", "it is a file of parameters, not a template" },
  { "subscriptionDeploymentTemplate%.json", "it is a template for a subscription, not for a "
    .. "resource group" },
  { "managementGroupDeploymentTemplate%.json", "it is a template for a management group, not for a "
    .. "resource group" },
  { "tenantDeploymentTemplate%.json", "it is a template for a tenant, not for a resource group" },
}

local function fault_of_schema(schema)
  if type(schema) ~= "string" then
    return "it is no template: '$schema' is missing, which ends in deploymentTemplate.json#"
  end
  for _, row in ipairs(OTHERS) do
    if schema:find(row[1]) then return row[2] end
  end
  if not schema:find "/deploymentTemplate%.json#?$" then
    return ("it is no template: its $schema is '%s', which must end in deploymentTemplate.json#")
      :format(kinds.excerpt(schema, LONGEST))
  end
end

local function fault_of_name(name, workspace, place)
  if type(name) ~= "string" then return place .. ".name: the name of the resource is missing" end
  if is_expression(name) then return nil end
  local parent, compute = name:match "^([^/]+)/([^/]+)$"
  if not compute then
    return ("%s.name: '%s' must be WORKSPACE/INSTANCE"):format(place, kinds.excerpt(name))
  end
  if parent:lower() ~= workspace.name:lower() then
    return ("%s.name: it is in the workspace '%s', not in '%s'"):format(place,
      kinds.excerpt(parent), workspace.name)
  end
end

local function fault_of_resource(resource, workspace, place)
  if not is_object(resource) then return place .. ": a resource is an object" end
  local kind = resource.type
  if type(kind) ~= "string" then return place .. ".type: the type of the resource is missing" end
  if kind:lower() ~= COMPUTES:lower() then
    return ("%s.type: it is a %s: deploy takes %s alone"):format(place,
      kinds.excerpt(kind, LONGEST), COMPUTES)
  end
  return fault_of_name(resource.name, workspace, place)
end

-- Return the resources with their places. In a newer form of templates they have names.
local function places_of(resources)
  local list = {}
  for key, resource in pairs(resources) do
    local is_index = math.type(key) == "integer"
    list[#list + 1] = {
      place = is_index and ("resources[%d]"):format(key - 1)
        or "resources." .. kinds.excerpt(tostring(key)),
      resource = resource, order = is_index and ("%09d"):format(key) or tostring(key),
    }
  end
  table.sort(list, function(a, b) return a.order < b.order end)
  return list
end

local function fault_of_form(template, workspace)
  if not is_object(template) then return "it is no template: a JSON object is expected" end
  local fault = fault_of_schema(template["$schema"])
  if fault then return fault end
  if type(template.resources) ~= "table" or next(template.resources) == nil then
    return "it is no template: 'resources' is missing or empty"
  end
  for _, row in ipairs(places_of(template.resources)) do
    fault = fault_of_resource(row.resource, workspace, row.place)
    if fault then return fault end
  end
end

--- Check the form of a template.
---@param template table
---@param workspace azureml.Workspace      in which it must create instances
---@param source string                    what the message calls it: its path
---@raise an error object `InvalidArgument`, with the place
function template_check.form(template, workspace, source)
  local fault = fault_of_form(template, workspace)
  if fault then options.refuse("%s: %s", source, fault) end
end

-- Parameters --------------------------------------------------------------------------------------

--- Return parameters in the form of the service: { value = } or { reference = } by name. A caller
--- gives them so, or as plain values, or as the content of a parameters file.
---@param parameters table
---@param source string      what a message calls them
---@return table<string, table>
---@raise an error object `InvalidArgument` for a file of another kind
function template_check.entries(parameters, source)
  local inner = parameters
  if type(parameters["$schema"]) == "string" then
    if not parameters["$schema"]:find "deploymentParameters%.json" then
      options.refuse("%s: it is no file of parameters: its $schema must end in "
        .. "deploymentParameters.json#", source)
    end
    inner = parameters.parameters
    if not is_object(inner) then options.refuse("%s: 'parameters' is missing", source) end
  end
  local entries = {}
  for name, value in pairs(inner) do
    local is_single = type(value) == "table" and next(value) ~= nil
      and next(value, (next(value))) == nil
    local is_entry = is_single and (value.value ~= nil or value.reference ~= nil)
    entries[name] = is_entry and value or { value = value }
  end
  return entries
end

local TYPES = {
  string = { "a text", function(value) return type(value) == "string" end },
  int = { "an integer", function(value)
    return type(value) == "number" and math.tointeger(value) ~= nil
  end },
  bool = { "true or false", function(value) return type(value) == "boolean" end },
  object = { "an object", function(value)
    return is_object(value) or type(value) == "table" and next(value) == nil
  end },
  array = { "a list", is_list },
}
TYPES.securestring, TYPES.secureobject = TYPES.string, TYPES.object

local function shown_names(names)
  table.sort(names)
  return kinds.excerpt(table.concat(names, ", "), LONGEST)
end

-- Return the declarations by their names in lower case.
local function declared_of(template)
  local declared = {}
  if not is_object(template.parameters or {}) then return declared end
  for name, declaration in pairs(template.parameters or {}) do
    declared[name:lower()] = { name = name, declaration = declaration }
  end
  return declared
end

local function refuse_unknown(entries, declared, source)
  local unknown, known = {}, {}
  for name in pairs(entries) do
    if not declared[tostring(name):lower()] then unknown[#unknown + 1] = tostring(name) end
  end
  if #unknown == 0 then return end
  for _, row in pairs(declared) do known[#known + 1] = row.name end
  options.refuse("%s: the template has no parameter '%s' (known: %s)", source,
    shown_names(unknown), shown_names(known))
end

-- Check the type of a value. Return the entry; a float without a fraction becomes an integer, since
-- decoded JSON has floats alone.
local function checked(row, entry, source)
  local kind = type(row.declaration) == "table" and row.declaration.type
  local known = type(kind) == "string" and TYPES[kind:lower()]
  if not known or entry.value == nil then return entry end
  if known[2](entry.value) then
    return known == TYPES.int and { value = math.tointeger(entry.value) } or entry
  end
  local is_secret = kind:lower():find "^secure"
  options.refuse("%s: the parameter '%s' must be %s, not %s", source, row.name, known[1],
    is_secret and "a " .. type(entry.value) or kinds.shown(entry.value))
end

local function is_needed(row)
  local declaration = row.declaration
  return type(declaration) == "table" and declaration.defaultValue == nil
    and declaration.nullable ~= true
end

--- Return the parameters of a deployment as the service takes them. Parameters without a value and
--- a default get one of `defaults`.
---@param template table
---@param parameters table
---@param source string                    what a message calls the parameters
---@param defaults table<string, fun(): any>      by name
---@return table<string, table>
---@raise an error object `InvalidArgument`: an unknown or a missing parameter, a wrong type
function template_check.parameters(template, parameters, source, defaults)
  local entries, declared = template_check.entries(parameters, source), declared_of(template)
  refuse_unknown(entries, declared, source)
  local given, missing = {}, {}
  for name, entry in pairs(entries) do
    given[name:lower()] = entry
    entries[name] = checked(declared[name:lower()], entry, source)
  end
  for key, row in pairs(declared) do
    if not given[key] and is_needed(row) then
      if defaults[row.name] then
        entries[row.name] = { value = defaults[row.name]() }
      else
        missing[#missing + 1] = row.name
      end
    end
  end
  if #missing == 0 then return entries end
  local form = #missing == 1 and "%s: the parameter '%s' has no value and no default"
    or "%s: the parameters '%s' have no value and no default"
  options.refuse(form, source, shown_names(missing))
end

return template_check
