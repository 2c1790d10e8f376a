--- JSON for the package: the core reads and writes it, so that integers, empty arrays, nulls and members that nobody here knows survive.
local core = require "azureml.core"

local json = {
  null = core.null,
  encode = core.encode,
  merge = core.merge,
  array = core.array,
  is_array = core.is_array,
}

--- The value of a JSON text, or nil and what is wrong with it. Integers are integers; null is json.null; an empty array is {}.
---@param text string
---@return any value, string? fault
json.decode = core.read

--- The value of a JSON text in which every array is marked as one (json.is_array), so that the empty ones are written as such again.
---@param text string
---@return any value, string? fault
json.decode_exact = core.decode

--- A member, however deep; nil where anything on the way is absent or null.
---@param value any        a decoded value
---@param ... string       names from the outside in
---@return any
function json.get(value, ...)
  for i = 1, select("#", ...) do
    if type(value) ~= "table" then return nil end
    value = value[select(i, ...)]
  end
  if value == json.null then return nil end
  return value
end

return json
