--- What a caller wants of an instance: check it, write it as a request, and compare an instance
--- with it. A definition is a table of canonical values by the names of fields.lua.
local errors = require "azureml.error"
local fields = require "azureml.definition.fields"
local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"
local options = require "azureml.options"
local rules = require "azureml.definition.rules"
local spellings = require "azureml.definition.spellings"
local tables = require "azureml.tool.tables"

local definition = {}

---@class azureml.Difference
---@field field string
---@field wanted any          canonical
---@field actual any          canonical; nil: absent
---@field text string         "vm_size is STANDARD_D2S_V3, not STANDARD_DS3_V2"
---@field change string?      the verb that changes it; nil: it is fixed

--- The version that knows every field; a stable version ignores fields that it does not know.
definition.newest = "2026-03-15-preview"

local by_name = {}
for _, row in ipairs(fields) do by_name[row.name] = row end

-- Checking ----------------------------------------------------------------------------------------

-- The names that a caller may give. Values are checked by kind.
local function known_names()
  local known = {}
  for name in pairs(by_name) do known[name] = "any" end
  for name in pairs(spellings.names) do known[name] = "any" end
  return known
end

--- Split the options of a function into its own and those that describe an instance.
---@param owner string                      the function that was called, for mistakes
---@param settings table?
---@param own_types table<string, string>   the types of its own options
---@return table own
---@return table of_instance                for `definition.check`
---@raise a mistake at the caller's line for an unknown name
function definition.split(owner, settings, own_types)
  settings = options.check(owner, settings, tables.merge(known_names(), own_types))
  local own, of_instance = {}, {}
  for name, value in pairs(settings) do
    (own_types[name] and own or of_instance)[name] = value
  end
  return own, of_instance
end

-- Return the canonical value of a field, or nil and a fault.
local function canonical_of(row, value)
  local none = row.kind.none
  if value == false and none ~= nil then value = none end
  return row.kind.check(value)
end

--- Check what a caller wants, and make it canonical.
---@param owner string                 the function that was called, for mistakes
---@param settings table?              options: names of fields.lua, or other spellings of them
---@param subscription_id string?      of a virtual network that is told by names
---@return table wanted                canonical values; it lacks what is wrong
---@return azureml.Finding[] findings  all errors and warnings
---@raise a mistake at the caller's line for an unknown name
function definition.check(owner, settings, subscription_id)
  settings = options.check(owner, settings, known_names())
  local spelled, findings = spellings.canonical(settings, subscription_id)
  local wanted = {
    ssh_key_id = spelled.ssh_key_id, generate_ssh_key = spelled.generate_ssh_key,
  }
  for _, row in ipairs(fields) do
    local value, fault = spelled[row.name], nil
    if value ~= nil then wanted[row.name], fault = canonical_of(row, value) end
    if fault then
      findings[#findings + 1] = { field = row.name, level = "error",
        text = ("%s: %s"):format(row.name, fault) }
    end
  end
  local faulty = {}
  for _, finding in ipairs(findings) do faulty[finding.field] = true end
  return wanted, tables.append(findings, rules.findings(wanted, faulty))
end

--- Raise the errors among findings, all in one.
---@param findings azureml.Finding[]
---@raise an error object `InvalidArgument`
function definition.refuse(findings)
  local texts = {}
  for _, finding in ipairs(findings) do
    if finding.level == "error" then texts[#texts + 1] = finding.text end
  end
  if #texts > 0 then
    errors.raise { code = "InvalidArgument", message = table.concat(texts, "; ") }
  end
end

--- Check what a caller wants, and raise what is wrong with it.
---@param owner string
---@param settings table?
---@param subscription_id string?
---@return table wanted
---@raise an error object `InvalidArgument` that names each wrong field
function definition.checked(owner, settings, subscription_id)
  local wanted, findings = definition.check(owner, settings, subscription_id)
  definition.refuse(findings)
  return wanted
end

-- Writing -----------------------------------------------------------------------------------------

-- Put a value into nested tables, which are made where they are missing.
local function put(body, path, value)
  local parent = body
  for name in path:gmatch "([^.]+)%." do
    parent[name] = parent[name] or {}
    parent = parent[name]
  end
  parent[path:match "[^.]+$"] = value
end

-- Tell whether a value says no more than the service's default does.
local function is_default(row, value)
  if row.default ~= nil then return row.kind.same(value, row.default) end
  return type(value) == "table" and next(value) == nil
end

--- Return the definition that creates an instance like another one.
---@param vm azureml.Instance       read with the version `definition.newest`
---@return table wanted             canonical; without what the service takes by default
function definition.of(vm)
  local wanted = {}
  for _, row in ipairs(fields) do
    local value = row.path and vm[row.name]
    if row.path and value ~= nil then
      local canonical = row.kind.check(value)
      if canonical ~= nil and not is_default(row, canonical) then wanted[row.name] = canonical end
    end
  end
  if vm.state == "Stopped" then wanted.state = "Stopped" end
  return wanted
end

--- Return the value of a field that a request has: the wanted one, or else the preset.
---@param wanted table         canonical
---@param name string
---@return any
function definition.value(wanted, name)
  local value = wanted[name]
  if value == nil then value = by_name[name].preset end
  return value
end

--- Write the body of the PUT that creates an instance. The caller adds the location, which is the
--- workspace's.
---@param wanted table         canonical
---@return table
function definition.body(wanted)
  local body = { properties = { computeType = "ComputeInstance", properties = {} } }
  for _, row in ipairs(fields) do
    local value = definition.value(wanted, row.name)
    if value ~= nil and row.path and not row.is_later then
      put(body, row.path, row.kind.write(value))
    end
  end
  local inner = body.properties.properties
  for name, value in pairs(wanted.extra or {}) do inner[name] = value end
  return body
end

--- Write one field as its verb sends it.
---@param name string
---@param value any        canonical
---@return any
function definition.write(name, value)
  return by_name[name].kind.write(value)
end

-- Return the date of an api-version: versions compare by it.
local function date_of(version)
  return version:sub(1, 10)
end

--- Return the api-version that knows all fields of a definition; nil: the workspace's own does.
---@param wanted table          canonical
---@param version string        the workspace's
---@return string?
function definition.api_version(wanted, version)
  local needed
  for name in pairs(wanted) do
    local since = by_name[name] and by_name[name].since
    if since and not since.stable then return definition.newest end
    if since and date_of(since.stable) > date_of(needed or version) then needed = since.stable end
  end
  return needed
end

-- Comparing ---------------------------------------------------------------------------------------

local LONGEST = 300      -- bytes of a value in a sentence

--- Return a value of a field without its secrets, for output.
---@param name string
---@param value any        canonical
---@return any
function definition.masked(name, value)
  local kind = by_name[name] and by_name[name].kind
  return kind and type(value) == "table" and kind.masked and kind.masked(value) or value
end

-- Show a value in a sentence, without its secrets.
local function shown(kind, value)
  if value == nil then return "absent" end
  if type(value) ~= "table" then return kinds.excerpt(tostring(value), LONGEST) end
  return kinds.excerpt(json.encode(kind.masked and kind.masked(value) or value), LONGEST)
end

local function sentence_of(row, wanted, actual)
  local found, asked = shown(row.kind, actual), shown(row.kind, wanted)
  if found ~= asked then return ("%s is %s, not %s"):format(row.name, found, asked) end
  return ("%s differs in values that are not shown here"):format(row.name)
end

local function difference_of(row, wanted, actual)
  return {
    field = row.name, wanted = wanted, actual = actual, change = row.change,
    text = sentence_of(row, wanted, actual),
  }
end

-- Compare the members that have no field. The service may keep each of them to itself.
local function compare_extra(wanted, vm, differences, hidden)
  for _, name in ipairs(tables.keys(wanted)) do
    local actual = vm:member(name)
    if actual == nil then
      hidden[#hidden + 1] = "extra." .. name
    elseif not kinds.members.same(wanted[name], actual) then
      table.insert(differences, { field = "extra", wanted = wanted[name], actual = actual,
        text = ("extra.%s is not what was given"):format(name) })      -- it may be a secret
    end
  end
end

--- List how an instance differs from a definition. Only fields that the definition has count.
---@param wanted table              canonical
---@param vm azureml.Instance
---@return azureml.Difference[] differences
---@return string[] hidden          the fields that the service did not return
function definition.differences(wanted, vm)
  local differences, hidden = {}, {}
  for _, row in ipairs(fields) do
    local value = wanted[row.name]
    if value ~= nil and row.path then
      local actual = vm[row.name]
      if actual == nil and row.is_hidden then
        hidden[#hidden + 1] = row.name
      else
        local compared = actual
        if compared == nil then compared = row.default end
        if not row.kind.same(value, compared) then
          table.insert(differences, difference_of(row, value, actual))
        end
      end
    end
  end
  compare_extra(wanted.extra, vm, differences, hidden)
  return differences, hidden
end

--- Join the texts of differences.
---@param differences azureml.Difference[]
---@return string
function definition.describe(differences)
  local texts = {}
  for i, difference in ipairs(differences) do texts[i] = difference.text end
  return table.concat(texts, "; ")
end

return definition
