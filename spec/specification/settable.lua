--- List the members of a compute instance that the official specification lets a caller set, from
--- spec/fixtures/specification.json, and the members of a JSON value in the same notation:
--- "properties.properties.customServices[].endpoints[].target", "tags{}".
local json = require "azureml.json"
local world = require "spec.world"

local settable = {}

local fixture = world.json_file "spec/fixtures/specification.json"
local definitions = fixture.definitions

local COMPUTE = "/subscriptions/{}/resourceGroups/{}/providers/"
  .. "Microsoft.MachineLearningServices/workspaces/{}/computes/{}"

--- The api-versions of the fixture.
settable.versions = { "2021-01-01", "2021-03-01-preview", "2025-12-01", "2026-03-15-preview" }

local members_of

-- Add the members of a schema and of all that it inherits from.
local function add_members(members, schema)
  for _, base in ipairs(schema.allOf or {}) do
    for name, member in pairs(members_of(base)) do members[name] = member end
  end
  for name, member in pairs(schema.properties or {}) do members[name] = member end
  return members
end

function members_of(schema)
  return add_members({}, schema["$ref"] and definitions[schema["$ref"]] or schema)
end

local walk

local function walk_members(schema, path, found)
  for name, member in pairs(members_of(schema)) do
    walk(member, path == "" and name or path .. "." .. name, found)
  end
end

-- Add the leaves of a schema that are not read-only. A map whose items have nothing to set is a
-- leaf.
function walk(schema, path, found)
  local target = schema["$ref"] and definitions[schema["$ref"]] or schema
  if schema.readOnly or target.readOnly then return end
  if next(members_of(schema)) then return walk_members(schema, path, found) end
  if target.items then return walk(target.items, path .. "[]", found) end
  local values = target.additionalProperties
  if type(values) ~= "table" then
    found[path] = { type = target.type, enum = target.enum }
    return
  end
  local inner = {}
  walk(values, path .. "{}", inner)
  if not next(inner) then inner[path .. "{}"] = { type = "object" } end
  for name, leaf in pairs(inner) do found[name] = leaf end
end

-- Return the newest definition of a compute instance in a version: equal ones are kept once.
local function instance_in(version)
  local newest
  for _, other in ipairs(settable.versions) do
    if other <= version and definitions[other .. ":ComputeInstance"] then
      newest = other .. ":ComputeInstance"
    end
  end
  return newest
end

--- Return the members that a PUT of an instance can set in an api-version.
---@param version string
---@return table<string, { type: string, enum: string[]? }>
function settable.members(version)
  local found = {}
  local resource = fixture.versions[version][COMPUTE].put["200"]
  for name, schema in pairs(members_of { ["$ref"] = resource }) do
    if name ~= "properties" then walk(schema, name, found) end
  end
  walk_members({ ["$ref"] = instance_in(version) }, "properties", found)
  return found
end

--- Return the members of a definition that a caller can set: "ComputeInstanceDataMount".
---@param name string       in 2025-12-01
---@return table<string, { type: string, enum: string[]? }>
function settable.members_of(name)
  local found = {}
  walk_members({ ["$ref"] = "2025-12-01:" .. name }, "", found)
  return found
end

-- The maps of an instance, whose names the caller chooses.
local MAPS = {
  ["tags"] = true, ["identity.userAssignedIdentities"] = true,
  ["properties.properties.customServices[].environmentVariables"] = true,
}

local function flatten(value, path, found)
  if type(value) ~= "table" then
    found[path] = found[path] or {}
    table.insert(found[path], value)
  elseif json.is_array(value) then
    for _, item in ipairs(value) do flatten(item, path .. "[]", found) end
  else
    if MAPS[path] and not next(value) or not next(value) and path:find "{}$" then
      found[path] = { value }
    end
    for name, item in pairs(value) do
      local inner = MAPS[path] and path .. "{}" or path == "" and name or path .. "." .. name
      flatten(item, inner, found)
    end
  end
  return found
end

--- Return the leaves of a JSON value, each with a list of its values.
---@param text string
---@return table<string, any[]>
function settable.leaves(text)
  return flatten(assert(json.decode_exact(text)), "", {})
end

local TYPES = {
  string = function(value) return type(value) == "string" end,
  boolean = function(value) return type(value) == "boolean" end,
  integer = function(value) return math.type(value) == "integer" end,
  object = function(value) return type(value) == "table" end,
}

--- Tell whether a value has the type and is among the words of a member.
---@param member { type: string, enum: string[]? }
---@param value any
---@return boolean
function settable.allows(member, value)
  if not TYPES[member.type](value) then return false end
  if not member.enum then return true end
  for _, word in ipairs(member.enum) do
    if word == value then return true end
  end
  return false
end

return settable
