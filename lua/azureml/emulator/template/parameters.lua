--- Read the parameters of a template: what it declares, what a deployment gives, and what is wrong
--- with a value.
--- Source: spec/contract/neighbours.md, section 2.
local fault = require "azureml.emulator.template.fault"
local functions = require "azureml.emulator.template.functions"
local json = require "azureml.json"
local shorten = require "azureml.emulator.shorten"
local tables = require "azureml.tool.tables"

local parameters = {}

local function is_text(value) return type(value) == "string" end
local function is_object(value) return type(value) == "table" and not json.is_array(value) end

local SPELLED = {
  string = "String", securestring = "SecureString", int = "Int", bool = "Bool", array = "Array",
  object = "Object", secureobject = "SecureObject",
}

-- type in lower case -> whether a value has it
local TYPES = {
  string = is_text, securestring = is_text, object = is_object, secureobject = is_object,
  int = function(value) return math.tointeger(value) ~= nil and type(value) == "number" end,
  bool = function(value) return type(value) == "boolean" end,
  array = function(value) return type(value) == "table" and json.is_array(value) end,
}

local MEMBERS = {
  type = true, defaultValue = true, allowedValues = true, minLength = true, maxLength = true,
  minValue = true, maxValue = true, metadata = true,
}

local function place_of(name)
  return "parameters." .. shorten(name)
end

-- Declared ----------------------------------------------------------------------------------------

local function type_of(declaration, place)
  if not is_object(declaration) then fault.raise(place, "a parameter is declared by an object") end
  for member in pairs(declaration) do
    if not MEMBERS[member] then
      fault.raise(place, "'%s' is not served here: %s are", shorten(member),
        table.concat(tables.keys(MEMBERS), ", "))
    end
  end
  local kind = declaration.type
  if is_text(kind) and TYPES[kind:lower()] then return kind:lower() end
  fault.raise(place .. ".type", "it must be one of %s",
    table.concat(tables.keys(TYPES), ", "))
end

-- Values ------------------------------------------------------------------------------------------

local function length_of(value)
  return is_text(value) and utf8.len(value) or type(value) == "table" and #value or nil
end

-- What bounds a value: the member of the declaration, what it measures, and when it is broken.
local BOUNDS = {
  { "minLength", length_of, function(size, bound) return size < bound end },
  { "maxLength", length_of, function(size, bound) return size > bound end },
  { "minValue", math.tointeger, function(size, bound) return size < bound end },
  { "maxValue", math.tointeger, function(size, bound) return size > bound end },
}

local function check_bounds(declaration, value, place)
  for _, row in ipairs(BOUNDS) do
    local bound, size = declaration[row[1]], row[2](value)
    if type(bound) == "number" and size and row[3](size, bound) then
      fault.raise(place, "the provided value for the template parameter is not valid: %s is %.14g",
        row[1], bound)
    end
  end
end

local function check_allowed(declaration, value, place)
  local allowed = declaration.allowedValues
  if type(allowed) ~= "table" then return end
  local wanted, known = json.encode(json.array { value }), {}
  for index, each in ipairs(allowed) do
    if json.encode(json.array { each }) == wanted then return end
    known[index] = is_text(each) and each or json.encode(json.array { each }):sub(2, -2)
  end
  fault.raise(place, "the provided value for the template parameter is not valid: it is not part "
    .. "of the allowed values: '%s'", shorten(table.concat(known, ", "), 200))
end

local function check_value(name, kind, declaration, value)
  local place = place_of(name)
  if not TYPES[kind](value) then
    fault.raise(place, "the provided value for the template parameter is not valid: expected a "
      .. "value of type '%s', but received %s", SPELLED[kind], functions.noun(value))
  end
  check_allowed(declaration, value, place)
  check_bounds(declaration, value, place)
end

-- Return the value that a deployment gives to a parameter; nil if it gives none.
local function given_value(given, name)
  local entry = given[name]
  if entry == nil then return nil end
  local place = "properties.parameters." .. shorten(name)
  if not is_object(entry) then fault.raise(place, "a parameter is given as { \"value\": ... }") end
  if entry.reference ~= nil then
    fault.raise(place, "'reference' (a secret of a key vault) is not served here: give a value")
  end
  if entry.value == nil then fault.raise(place, "it has no 'value'") end
  return entry.value
end

local function refuse_unknown(declared, given)
  local unknown, known = {}, {}
  for name in pairs(given) do
    if not declared[name:lower()] then unknown[#unknown + 1] = shorten(name) end
  end
  if #unknown == 0 then return end
  table.sort(unknown)
  for _, row in pairs(declared) do known[#known + 1] = row.name end
  table.sort(known)
  fault.raise("properties.parameters", "The template parameters '%s' in the parameters file are "
    .. "not valid; they are not present in the original template and can therefore not be provided "
    .. "at deployment time. The only supported parameters for this template are '%s'",
    table.concat(unknown, ", "), table.concat(known, ", "))
end

local MISSING = "The value for the template parameter '%s' is not provided"

-- Return the value of a parameter: the given one, or else the default.
local function value_of(scope, row, given)
  local value = given_value(given, row.given or row.name)
  if value == nil and row.declaration.defaultValue == nil then
    fault.raise(place_of(row.name), MISSING, shorten(row.name))
  end
  if value == nil then
    value = scope:expand(row.declaration.defaultValue, place_of(row.name) .. ".defaultValue")
  end
  check_value(row.name, row.kind, row.declaration, value)
  return value
end

local function declared_of(declarations)
  local declared = {}
  for name, declaration in pairs(declarations) do
    local kind = type_of(declaration, place_of(name))
    declared[name:lower()] = { name = name, kind = kind, declaration = declaration }
  end
  return declared
end

--- Read the parameters into a scope.
---@param scope azureml.emulator.Scope
---@param declarations table       `parameters` of the template
---@param given table              `properties.parameters` of the deployment
---@return table<string, table> shown      as a deployment shows them: type, and value unless secret
---@raise a refusal
function parameters.read(scope, declarations, given)
  local declared, shown = declared_of(declarations), {}
  refuse_unknown(declared, given)
  for name in pairs(given) do declared[name:lower()].given = name end
  for _, key in ipairs(tables.keys(declared)) do
    local row = declared[key]
    local value = value_of(scope, row, given)
    scope.parameters[key] = value
    table.insert(scope.declared, row.name)
    shown[row.name] = { type = SPELLED[row.kind], value = value }
    if row.kind:find "^secure" then shown[row.name].value = nil end
  end
  return shown
end

return parameters
