--- Read the items of what a script passes as a list: a sequence, an object that acts as one by its
--- metatable, or an iterator.
local errors = require "azureml.error"
local tables = require "azureml.tool.tables"

local SHOWN = 3      -- keys that a mistake names

local sequence = {}

-- Objects that are a list even when they have no items: their other fields tell nothing.
local LISTS = { ["azureml.FleetResults"] = true }

-- Return the metatable of a value, {} if there is none, and whether a script hides it.
local function metatable_of(list)
  local meta = getmetatable(list)
  if type(meta) == "table" then return meta, false end
  return {}, meta ~= nil
end

local function is_iterator(list)
  return type(list) == "function" or metatable_of(list).__call ~= nil
end

--- Tell whether a value can be a list: a table, an iterator or an object with items.
---@param list any
---@return boolean
function sequence.is_readable(list)
  if type(list) == "table" or is_iterator(list) then return true end
  local meta = metatable_of(list)
  return type(list) == "userdata" and (meta.__len or meta.__index or meta.__pairs) ~= nil
end

local function read_iterator(list)
  local items = {}
  for item in list do items[#items + 1] = item end
  return items
end

local function read_length(list, length)
  local items = {}
  for i = 1, length do items[#items + 1] = list[i] end
  return items
end

local function read_until_nil(list)
  local items = {}
  local item = list[1]
  while item ~= nil do
    items[#items + 1] = item
    item = list[#items + 1]
  end
  return items
end

-- Read the items of a __pairs metamethod that have numbers, by number.
local function read_pairs(list)
  local by_number = {}
  for key, item in pairs(list) do
    if math.type(key) == "integer" then by_number[key] = item end
  end
  local items = {}
  for i, number in ipairs(tables.keys(by_number)) do items[i] = by_number[number] end
  return items
end

-- Read the items of an object: by its length; else by index up to the first nil; else by pairs. An
-- object whose metatable names its fields, such as an instance, is a record.
local function read_object(list)
  local meta, is_hidden = metatable_of(list)
  local is_table = type(list) == "table"
  local items = {}
  if meta.__fields then return items end
  if meta.__len or is_table and rawlen(list) > 0 then items = read_length(list, #list)
  elseif meta.__index or is_table then items = read_until_nil(list) end
  if #items == 0 and (meta.__pairs or is_hidden) then items = read_pairs(list) end
  return items
end

-- Tell whether a value without items can be an empty list: it has a length, or no fields.
local function may_be_empty(list)
  local meta = metatable_of(list)
  if meta.__len or LISTS[meta.__name] then return true end
  if meta.__pairs then
    local iterate, state, control = pairs(list)
    return iterate(state, control) == nil
  end
  if type(list) ~= "table" then return false end
  local key = next(list)
  return key == nil or list.n == 0 and next(list, key) == nil      -- n: of table.pack()
end

local function describe(list)
  local name = metatable_of(list).__name
  if type(name) == "string" then return "an object of type " .. name end
  if type(list) ~= "table" then return "a " .. type(list) .. " without items" end
  local keys = {}
  for key in next, list do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  return "a table without items; its keys are " .. tables.excerpt(keys, SHOWN)
end

--- Read the whole of a list.
---@param owner string          "each", for the message
---@param list any              a value that is_readable
---@return any[] items          the list itself where it is a plain table
---@raise a mistake at the caller's line if a table has fields, but no items
function sequence.read(owner, list)
  if is_iterator(list) then return read_iterator(list) end
  local items = getmetatable(list) == nil and list or read_object(list)
  if #items == 0 and not may_be_empty(list) then
    errors.mistake("%s: a list expected, got %s", owner, describe(list))
  end
  return items
end

return sequence
