--- JSON for the package: lua-cjson decodes, in an instance of our own; the core encodes, and merges with jansson, so that integers,
--- empty arrays, nulls and members that nobody here knows survive.
local cjson = require "cjson"
local core = require "azureml.core"

local own = cjson.new()
own.decode_invalid_numbers(false)

local json = {
  null = cjson.null,
  encode = core.encode,
  merge = core.merge,
  array = core.array,
  is_array = core.is_array,
}

-- Skip a byte order mark: Resource Manager's replies may begin with one.
local function after_mark(text)
  return type(text) == "string" and text:byte() == 0xEF and text:gsub("^\xEF\xBB\xBF", "") or text
end

--- The value of a JSON text, or nil and what is wrong with it.
---@param text string
---@return any value, string? fault
function json.decode(text)
  local ok, value = pcall(own.decode, after_mark(text))
  if ok then return value end
  return nil, tostring(value)
end

--- The value of a JSON text as it was written: integers are integers, and every array is one, the empty ones too.
---@param text string
---@return any value, string? fault
json.decode_exact = core.decode

local function follow(value, path)
  for i = 1, path.n do
    if type(value) ~= "table" then return nil end
    value = value[path[i]]
  end
  if value == json.null then return nil end
  return value
end

--- A member, however deep; nil where anything on the way is absent or null.
---@param value any        a decoded value
---@param ... string       names from the outside in
---@return any
function json.get(value, ...)
  return follow(value, table.pack(...))
end

--- Copy a value without what is null in it: members of objects, and items of lists.
---@param value any        a decoded value
---@return any copy        nil: it is null
function json.without_nulls(value)
  if value == json.null then return nil end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do
    if math.type(key) ~= "integer" then copy[key] = json.without_nulls(item) end
  end
  for _, item in ipairs(value) do copy[#copy + 1] = json.without_nulls(item) end
  return copy
end

--- What gets such a member: for those that are asked for again and again.
---@param ... string       names from the outside in
---@return fun(value: any): any
function json.getter(...)
  local path = table.pack(...)
  return function(value) return follow(value, path) end
end

return json
