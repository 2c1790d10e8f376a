--- The functions that expressions of a template can call, one row each, by their names in lower
--- case. `act(scope, ...)` gets the values of the arguments; `lazy(scope, node)` gets the node and
--- evaluates what it needs. `scope` is that of scope.lua. A function that is not here is refused by
--- its name.
--- Source: spec/contract/neighbours.md, section 2.
local core = require "azureml.core"
local count = require "azureml.tool.count"
local json = require "azureml.json"
local tables = require "azureml.tool.tables"

---@class azureml.emulator.TemplateFunction
---@field name string
---@field least integer      how many arguments it takes at least
---@field most integer?      and at most; nil: any number
---@field act fun(scope: table, ...: any): any
---@field lazy fun(scope: table, node: table): any

local functions = {}
local rows = {}

local function add(name, least, most, act)
  rows[name:lower()] = { name = name, least = least, most = most, act = act }
end

local function add_lazy(name, least, most, act)
  rows[name:lower()] = { name = name, least = least, most = most, lazy = act }
end

-- Types -------------------------------------------------------------------------------------------

local NOUNS = { string = "a text", boolean = "a boolean", number = "an integer" }

--- Return what a value is, in words.
---@param value any
---@return string
function functions.noun(value)
  if value == json.null then return "null" end
  if type(value) == "table" then return json.is_array(value) and "an array" or "an object" end
  return NOUNS[type(value)]
end

local function must(scope, name, value, kind)
  if type(value) == kind and value ~= json.null then return value end
  scope:refuse("the template function '%s' needs %s, not %s", name,
    kind == "table" and "an array or an object" or NOUNS[kind], functions.noun(value))
end

local function text_of(scope, name, value)
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if math.type(value) == "float" then return ("%.14g"):format(value) end
  if type(value) == "boolean" then return value and "True" or "False" end
  return must(scope, name, value, "string")
end

-- Return a value as text, as `string` and `format` write it: an object or an array as JSON.
local function written(scope, name, value)
  if type(value) == "table" then return json.encode(value) end
  return text_of(scope, name, value)
end

local function is_same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  return json.encode(a) == json.encode(b)
end

-- What is declared --------------------------------------------------------------------------------

add("parameters", 1, 1, function(scope, name)
  return scope:parameter(must(scope, "parameters", name, "string"))
end)

add("variables", 1, 1, function(scope, name)
  return scope:variable(must(scope, "variables", name, "string"))
end)

add("resourceGroup", 0, 0, function(scope) return scope.resource_group end)
add("subscription", 0, 0, function(scope) return scope.subscription end)

-- Ids ---------------------------------------------------------------------------------------------

-- Return the path of a type and its names: "Microsoft.Network/virtualNetworks/v/subnets/s".
local function path_of(scope, name, kind, names)
  local segments = {}
  for segment in kind:gmatch "[^/]+" do segments[#segments + 1] = segment end
  if #segments ~= #names + 1 then
    scope:refuse("the template function '%s' needs %s for the type '%s', not %d", name,
      count.of(math.max(#segments - 1, 1), "name"), kind, #names)
  end
  local path = segments[1]
  for index, each in ipairs(names) do
    path = ("%s/%s/%s"):format(path, segments[index + 1], each)
  end
  return path
end

-- Split arguments into what stands before the type, the type and the names behind it.
local function split(scope, name, arguments)
  for index, value in ipairs(arguments) do
    must(scope, name, value, "string")
    if value:find "/" then
      return { table.unpack(arguments, 1, index - 1) }, value,
        { table.unpack(arguments, index + 1) }
    end
  end
  scope:refuse("the template function '%s' needs a type such as 'Microsoft.Network/"
    .. "virtualNetworks'", name)
end

local GROUP_ID = "/subscriptions/%s/resourceGroups/%s/providers/%s"

add("resourceId", 2, nil, function(scope, ...)
  local before, kind, names = split(scope, "resourceId", { ... })
  local subscription_id = #before == 2 and before[1] or scope.subscription.subscriptionId
  if #before > 2 then
    scope:refuse "the template function 'resourceId' takes a subscription and a group before a type"
  end
  return GROUP_ID:format(subscription_id, before[#before] or scope.resource_group.name,
    path_of(scope, "resourceId", kind, names))
end)

add("subscriptionResourceId", 2, nil, function(scope, ...)
  local before, kind, names = split(scope, "subscriptionResourceId", { ... })
  return ("/subscriptions/%s/providers/%s"):format(before[1] or scope.subscription.subscriptionId,
    path_of(scope, "subscriptionResourceId", kind, names))
end)

-- Conditions --------------------------------------------------------------------------------------

add_lazy("if", 3, 3, function(scope, node)
  local condition = must(scope, "if", scope:value(node[1]), "boolean")
  return scope:value(condition and node[2] or node[3])
end)

add_lazy("and", 2, nil, function(scope, node)
  for _, argument in ipairs(node) do
    if not must(scope, "and", scope:value(argument), "boolean") then return false end
  end
  return true
end)

add_lazy("or", 2, nil, function(scope, node)
  for _, argument in ipairs(node) do
    if must(scope, "or", scope:value(argument), "boolean") then return true end
  end
  return false
end)

add_lazy("coalesce", 1, nil, function(scope, node)
  for _, argument in ipairs(node) do
    local value = scope:value(argument)
    if value ~= json.null then return value end
  end
  return json.null
end)

add("not", 1, 1, function(scope, value) return not must(scope, "not", value, "boolean") end)
add("equals", 2, 2, function(_, a, b) return is_same(a, b) end)
add("true", 0, 0, function() return true end)
add("false", 0, 0, function() return false end)
add("null", 0, 0, function() return json.null end)

add("empty", 1, 1, function(scope, value)
  if value == json.null or value == "" then return true end
  if type(value) == "table" then return next(value) == nil end
  return must(scope, "empty", value, "string") == ""
end)

add("contains", 2, 2, function(scope, whole, part)
  if type(whole) == "string" then
    return whole:find(text_of(scope, "contains", part), 1, true) ~= nil
  end
  must(scope, "contains", whole, "table")
  if not json.is_array(whole) then
    return whole[must(scope, "contains", part, "string")] ~= nil
  end
  for _, item in ipairs(whole) do
    if is_same(item, part) then return true end
  end
  return false
end)

add("length", 1, 1, function(scope, value)
  if type(value) == "string" then return utf8.len(value) end
  must(scope, "length", value, "table")
  return json.is_array(value) and #value or #tables.keys(value)
end)

-- Texts -------------------------------------------------------------------------------------------

local function joined(scope, lists)
  local all = json.array {}
  for _, list in ipairs(lists) do
    if type(list) ~= "table" or not json.is_array(list) then
      scope:refuse("the template function 'concat' joins arrays with arrays alone, not with %s",
        functions.noun(list))
    end
    for _, item in ipairs(list) do all[#all + 1] = item end
  end
  return all
end

add("concat", 1, nil, function(scope, ...)
  local pieces = { ... }
  if type(pieces[1]) == "table" then return joined(scope, pieces) end
  for index, piece in ipairs(pieces) do pieces[index] = text_of(scope, "concat", piece) end
  return table.concat(pieces)
end)

-- Return the text that stands for what is between braces in a format.
local function filled(scope, inner, values)
  local index = math.tointeger(tonumber(inner))
  if not index or not inner:find "^%d+$" then
    scope:refuse("the template function 'format' takes '{0}' alone, not '{%s}'", inner)
  end
  if values[index + 1] == nil then
    scope:refuse("the template function 'format' has no value for '{%d}'", index)
  end
  return written(scope, "format", values[index + 1])
end

add("format", 2, nil, function(scope, form, ...)
  local values = { ... }
  must(scope, "format", form, "string")
  local plain = form:gsub("{{", "\1"):gsub("}}", "\2")
  plain = plain:gsub("{([^{}]*)}", function(inner) return filled(scope, inner, values) end)
  return (plain:gsub("\1", "{"):gsub("\2", "}"))
end)

add("string", 1, 1, function(scope, value) return written(scope, "string", value) end)
add("toLower", 1, 1, function(scope, text)
  return must(scope, "toLower", text, "string"):lower()
end)
add("toUpper", 1, 1, function(scope, text)
  return must(scope, "toUpper", text, "string"):upper()
end)
add("base64", 1, 1, function(scope, text)
  return core.crypto.base64(must(scope, "base64", text, "string"))
end)

add("int", 1, 1, function(scope, value)
  local number = math.tointeger(tonumber(value))
  return number or scope:refuse("the template function 'int' cannot read %s",
    functions.noun(value))
end)

add("json", 1, 1, function(scope, text)
  local value, why = json.decode_exact(must(scope, "json", text, "string"))
  if value == nil then scope:refuse("the template function 'json' cannot read it: %s", why) end
  return value
end)

-- Tables ------------------------------------------------------------------------------------------

add("createArray", 0, nil, function(_, ...) return json.array { ... } end)

add("createObject", 0, nil, function(scope, ...)
  local pieces, object = table.pack(...), {}
  if pieces.n % 2 == 1 then
    scope:refuse "the template function 'createObject' takes names and values in pairs"
  end
  for index = 1, pieces.n, 2 do
    object[must(scope, "createObject", pieces[index], "string")] = pieces[index + 1]
  end
  return object
end)

-- About them --------------------------------------------------------------------------------------

--- List the names of all functions.
---@return string
function functions.names()
  local names = {}
  for _, row in pairs(rows) do names[#names + 1] = row.name end
  table.sort(names)
  return table.concat(names, ", ")
end

--- Return how many arguments a function takes, in words.
---@param row azureml.emulator.TemplateFunction
---@return string
function functions.count_of(row)
  if row.least == row.most then
    return row.least == 1 and "1 argument" or ("%d arguments"):format(row.least)
  end
  if not row.most then return ("%d or more arguments"):format(row.least) end
  return ("%d to %d arguments"):format(row.least, row.most)
end

return setmetatable(functions, { __index = rows })
