--- The functions of JMESPath, for query.lua. Each checks the types of its arguments.
--- Source: https://jmespath.org/specification.html#built-in-functions
local count = require "azureml.tool.count"
local json = require "azureml.json"
local shape = require "azureml.cli.shape"
local tables = require "azureml.tool.tables"

local query_functions = {}

local function fail(message, ...)
  error({ query_fault = message:format(...) }, 0)
end

--- Return the type of a value in JMESPath's words.
---@param value any
---@return string
local function type_of(value)
  if value == nil or value == json.null then return "null" end
  if type(value) == "function" then return "expression" end
  if type(value) ~= "table" then return type(value) end
  return shape.is_list(value) and "array" or "object"
end

--- Tell whether a value counts as true: null, false, "", [] and {} do not.
---@param value any
---@return boolean
function query_functions.is_true(value)
  if value == nil or value == json.null or value == false or value == "" then return false end
  return type(value) ~= "table" or next(value) ~= nil
end

local function text_of(value)
  if type(value) == "string" then return value end
  return json.encode(value == nil and json.null or value)
end

-- Check that a list has numbers alone, or texts alone.
local function check_items(name, list)
  local kind = type_of(list[1])
  for _, item in ipairs(list) do
    if type_of(item) ~= kind or kind ~= "number" and kind ~= "string" then
      fail("%s() needs numbers alone, or strings alone", name)
    end
  end
end

local function keys_of(name, list, expression)
  local keys = {}
  for i, item in ipairs(list) do
    keys[i] = expression(item)
    if keys[i] == nil then fail("%s() found a null", name) end
  end
  check_items(name, keys)
  return keys
end

-- Return the item with the least key, or with the greatest.
local function extreme(list, keys, is_better)
  local best
  for i in ipairs(list) do
    if not best or is_better(keys[i], keys[best]) then best = i end
  end
  return best and list[best]
end

local function is_less(a, b) return a < b end
local function is_more(a, b) return a > b end

local function sorted_by(list, keys)
  local places, sorted = {}, json.array {}
  for i in ipairs(list) do places[i] = i end
  table.sort(places, function(a, b)
    if keys[a] ~= keys[b] then return keys[a] < keys[b] end
    return a < b
  end)
  for i, place in ipairs(places) do sorted[i] = list[place] end
  return sorted
end

local function sum(list)
  local total = 0
  for _, item in ipairs(list) do
    if type(item) ~= "number" then fail "sum() and avg() need numbers alone" end
    total = total + item
  end
  return total
end

-- name -> the function and the types of its arguments. "any" takes all, "..." repeats the last one.
local functions = {}

local function define(name, types, call)
  functions[name] = { types = types, call = call }
end

define("abs", { "number" }, math.abs)
define("ceil", { "number" }, math.ceil)
define("floor", { "number" }, math.floor)
define("sum", { "array" }, sum)
define("avg", { "array" }, function(list) return #list > 0 and sum(list) / #list or nil end)
define("type", { "any" }, type_of)
define("to_string", { "any" }, text_of)

define("to_number", { "any" }, function(value)
  return (type(value) == "string" or type(value) == "number") and tonumber(value) or nil
end)

define("to_array", { "any" }, function(value)
  return shape.is_list(value) and value or json.array { value }
end)

define("not_null", { "any", "..." }, function(...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if value ~= nil and value ~= json.null then return value end
  end
end)

define("length", { "string array object" }, function(value)
  if type(value) == "string" then return utf8.len(value) or #value end
  return shape.is_list(value) and #value or #tables.keys(value)
end)

define("contains", { "string array", "any" }, function(subject, wanted)
  if type(subject) == "string" then
    return type(wanted) == "string" and subject:find(wanted, 1, true) ~= nil
  end
  for _, item in ipairs(subject) do
    if item == wanted then return true end
  end
  return false
end)

define("starts_with", { "string", "string" }, function(text, prefix)
  return text:sub(1, #prefix) == prefix
end)

define("ends_with", { "string", "string" }, function(text, suffix)
  return suffix == "" or text:sub(-#suffix) == suffix
end)

define("join", { "string", "array" }, function(separator, list)
  for _, item in ipairs(list) do
    if type(item) ~= "string" then fail "join() needs strings alone" end
  end
  return table.concat(list, separator)
end)

define("reverse", { "string array" }, function(subject)
  if type(subject) == "string" then
    local codes, reversed = { utf8.codepoint(subject, 1, -1) }, {}
    for i = #codes, 1, -1 do reversed[#reversed + 1] = utf8.char(codes[i]) end
    return table.concat(reversed)
  end
  local list = json.array {}
  for i = #subject, 1, -1 do list[#list + 1] = subject[i] end
  return list
end)

define("keys", { "object" }, function(object) return json.array(shape.keys(object)) end)

define("values", { "object" }, function(object)
  local list = json.array {}
  for i, key in ipairs(shape.keys(object)) do list[i] = object[key] end
  return list
end)

define("merge", { "object", "..." }, function(...)
  local merged = {}
  for _, object in ipairs { ... } do merged = tables.merge(merged, object) end
  return merged
end)

define("sort", { "array" }, function(list)
  check_items("sort", list)
  return sorted_by(list, list)
end)

define("max", { "array" }, function(list)
  check_items("max", list)
  return extreme(list, list, is_more)
end)

define("min", { "array" }, function(list)
  check_items("min", list)
  return extreme(list, list, is_less)
end)

define("sort_by", { "array", "expression" }, function(list, expression)
  return sorted_by(list, keys_of("sort_by", list, expression))
end)

define("max_by", { "array", "expression" }, function(list, expression)
  return extreme(list, keys_of("max_by", list, expression), is_more)
end)

define("min_by", { "array", "expression" }, function(list, expression)
  return extreme(list, keys_of("min_by", list, expression), is_less)
end)

define("map", { "expression", "array" }, function(expression, list)
  local mapped = json.array {}
  for i, item in ipairs(list) do
    local value = expression(item)
    mapped[i] = value == nil and json.null or value
  end
  return mapped
end)

--- The functions by name.
---@type table<string, table>
query_functions.names = functions

local function check_type(name, index, wanted, value)
  if wanted == "any" then return end
  local kind = type_of(value)
  for word in wanted:gmatch "%a+" do
    if word == kind then return end
  end
  local needed = wanted:gsub(" ", " or ")
  fail("%s() needs %s as argument %d, not %s", name, needed, index, kind)
end

--- Call a function.
---@param name string
---@param arguments table      with n
---@return any
function query_functions.call(name, arguments)
  local entry = functions[name]
  local types, repeats = entry.types, entry.types[#entry.types] == "..."
  local least = repeats and #types - 1 or #types
  if arguments.n < least or not repeats and arguments.n > least then
    fail("%s() takes %s%s, not %d", name, repeats and "at least " or "",
      count.of(least, "argument"), arguments.n)
  end
  for i = 1, arguments.n do
    check_type(name, i, types[math.min(i, least)], arguments[i])
  end
  return entry.call(table.unpack(arguments, 1, arguments.n))
end

return query_functions
