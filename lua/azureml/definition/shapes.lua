--- Build kinds out of kinds: records with named members, lists, and maps. The kinds of kinds.lua
--- say what a kind is.
local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"
local tables = require "azureml.tool.tables"

local shapes = {}

---@class azureml.RecordRow
---@field name string            as callers write it
---@field member string          as the service names it
---@field kind azureml.Kind
---@field required boolean?
---@field default any            the canonical value where the caller gives none, or the service

local MOST_FAULTS = 5      -- of the items of a list that a fault tells

-- Records -----------------------------------------------------------------------------------------

local function names_of(rows)
  local names = {}
  for i, row in ipairs(rows) do names[i] = row.name end
  return names
end

local function fault_of_names(value, rows)
  local known = {}
  for _, row in ipairs(rows) do known[row.name] = true end
  for name in pairs(value) do
    if not known[name] then
      return ("has no field '%s' (known: %s)"):format(kinds.excerpt(tostring(name)),
        table.concat(names_of(rows), ", "))
    end
  end
end

-- Return the canonical value of a member, or nil and a fault. An absent member has neither.
local function check_member(row, value)
  if value == nil then
    if row.required then return nil, ("needs the field '%s'"):format(row.name) end
    return row.default
  end
  local canonical, fault = row.kind.check(value)
  return canonical, fault and ("%s: %s"):format(row.name, fault)
end

local function check_record(rows, value)
  if type(value) ~= "table" then return nil, "must be a table, not " .. kinds.shown(value) end
  local fault = fault_of_names(value, rows)
  if fault then return nil, fault end
  local canonical = {}
  for _, row in ipairs(rows) do
    canonical[row.name], fault = check_member(row, value[row.name])
    if fault then return nil, fault end
  end
  return canonical
end

local function write_record(rows, canonical)
  local written = {}
  for _, row in ipairs(rows) do
    local value = canonical[row.name]
    if value ~= nil then written[row.member] = row.kind.write(value) end
  end
  return written
end

local function read_record(rows, member)
  if type(member) ~= "table" then return nil end
  local canonical = {}
  for _, row in ipairs(rows) do
    local value = json.get(member, row.member)
    if value ~= nil then canonical[row.name] = row.kind.read(value) end
  end
  return canonical
end

local function is_same_record(rows, wanted, actual)
  if type(actual) ~= "table" then return false end
  for _, row in ipairs(rows) do
    local value, other = wanted[row.name], actual[row.name]
    if other == nil then other = row.default end
    if value ~= nil and not row.kind.same(value, other) then return false end
  end
  return true
end

--- Make the kind of a table with named members. Members that the service adds do not count in a
--- comparison.
---@param rows azureml.RecordRow[]
---@param rule? fun(canonical: table): string?      returns a fault of several members together
---@return azureml.Kind
function shapes.record(rows, rule)
  return {
    check = function(value)
      local canonical, fault = check_record(rows, value)
      fault = fault or (rule and rule(canonical))
      if fault then return nil, fault end
      return canonical
    end,
    write = function(canonical) return write_record(rows, canonical) end,
    read = function(member) return read_record(rows, member) end,
    same = function(wanted, actual) return is_same_record(rows, wanted, actual) end,
  }
end

-- Lists -------------------------------------------------------------------------------------------

local function fault_of_list(value)
  if type(value) ~= "table" then return "must be a list, not " .. kinds.shown(value) end
  local count = 0
  for key in pairs(value) do
    if math.type(key) ~= "integer" then
      return ("must be a list such as { { ... }, { ... } }, but it has the key '%s'"):format(
        kinds.excerpt(tostring(key)))
    end
    count = count + 1
  end
  if count ~= #value then return "must be a list without gaps" end
end

-- Return the values of a list, or nil and the faults of all its items.
local function check_items(kind, noun, value)
  local canonical, faults = json.array {}, {}
  for index = 1, #value do      -- ipairs would follow an __index without end
    local checked, fault = kind.check(value[index])
    canonical[index] = checked
    if fault then faults[#faults + 1] = ("%s %d: %s"):format(noun, index, fault) end
  end
  if #faults > 0 then return nil, tables.excerpt(faults, MOST_FAULTS, "; ") end
  return canonical
end

-- Find the item of a list that is the same as a wanted item, among those not found yet.
local function find_same(kind, wanted, list, found)
  for index, actual in ipairs(list) do
    if not found[index] and kind.same(wanted, actual) then return index end
  end
end

--- Make the kind of a list. The order of the items does not count in a comparison.
---@param kind azureml.Kind       of its items
---@param noun string             what an item is, for faults: "endpoint"
---@param rule? fun(canonical: table): string?      returns a fault of several items together
---@return azureml.Kind
function shapes.list(kind, noun, rule)
  local list = { none = json.array {} }

  function list.check(value)
    local fault = fault_of_list(value)
    if fault then return nil, fault end
    local canonical
    canonical, fault = check_items(kind, noun, value)
    fault = fault or (rule and rule(canonical))
    if fault then return nil, fault end
    return canonical
  end

  function list.write(canonical)
    local written = json.array {}
    for index, item in ipairs(canonical) do written[index] = kind.write(item) end
    return written
  end

  function list.read(member)
    local canonical = json.array {}
    if type(member) ~= "table" then return canonical end
    for _, item in ipairs(member) do canonical[#canonical + 1] = kind.read(item) end
    return canonical
  end

  function list.same(wanted, actual)
    actual = actual or {}
    if #wanted ~= #actual then return false end
    local found = {}
    for _, item in ipairs(wanted) do
      local index = find_same(kind, item, actual, found)
      if not index then return false end
      found[index] = true
    end
    return true
  end

  return list
end

-- Maps --------------------------------------------------------------------------------------------

local function names_in(value)
  return tables.keys(value, function(a, b) return tostring(a) < tostring(b) end)
end

--- Make the kind of a table whose names the caller chooses.
---@param kind azureml.Kind       of its values
---@param name_kind azureml.Kind  of its names
---@return azureml.Kind
function shapes.map(kind, name_kind)
  local map = {}

  function map.check(value)
    if type(value) ~= "table" then
      return nil, "must be texts by name, not " .. kinds.shown(value)
    end
    local canonical = {}
    for _, name in ipairs(names_in(value)) do
      if type(name) ~= "string" then return nil, "must be texts by name" end
      local _, fault = name_kind.check(name)
      if fault then return nil, ("the name '%s' %s"):format(kinds.excerpt(name), fault) end
      canonical[name], fault = kind.check(value[name])
      if fault then return nil, ("%s: %s"):format(kinds.excerpt(name), fault) end
    end
    return canonical
  end

  function map.write(canonical)
    local written = {}
    for name, value in pairs(canonical) do written[name] = kind.write(value) end
    return written
  end

  function map.read(member)
    local canonical = {}
    if type(member) ~= "table" then return canonical end
    for name, value in pairs(member) do
      if type(name) == "string" then canonical[name] = kind.read(value) end
    end
    return canonical
  end

  -- A name that only the instance has is a difference: a change removes it.
  function map.same(wanted, actual)
    actual = actual or {}
    for name, value in pairs(wanted) do
      if actual[name] == nil or not kind.same(value, actual[name]) then return false end
    end
    for name in pairs(actual) do
      if wanted[name] == nil then return false end
    end
    return true
  end

  return map
end

return shapes
