--- Tell lists from objects among the values that commands print, and keep the order of an object's
--- members where the user chose it.
local json = require "azureml.json"
local tables = require "azureml.tool.tables"

local shape = {}

--- Tell whether a value is a list.
---@param value any
---@return boolean
function shape.is_list(value)
  return type(value) == "table" and (#value > 0 or json.is_array(value))
end

--- Tell whether a value is an object.
---@param value any
---@return boolean
function shape.is_object(value)
  return type(value) == "table" and not shape.is_list(value)
end

--- Make an object whose members have an order.
---@param keys string[]
---@param values table<string, any>
---@return table
function shape.ordered(keys, values)
  return setmetatable(values, { __keys = keys })
end

--- List the names of an object's members: in the order of `ordered`, else sorted.
---@param object table
---@return string[]
function shape.keys(object)
  local meta = getmetatable(object)
  return type(meta) == "table" and meta.__keys or tables.keys(object)
end

--- Return a member by its path, such as "tags.team"; nil if it is absent or null.
---@param value any
---@param path string
---@return any
function shape.get(value, path)
  if type(value) ~= "table" then return nil end
  local found = value[path]
  if found == nil and path:find(".", 1, true) then
    found = value
    for name in path:gmatch "[^.]+" do
      if type(found) ~= "table" then return nil end
      found = found[name]
    end
  end
  if found == json.null then return nil end
  return found
end

--- Return a value on one line, for a cell of a table: nil for null, JSON for lists and objects.
---@param value any
---@return string|number|nil
function shape.cell(value)
  if value == nil or value == json.null then return nil end
  if type(value) == "table" then return json.encode(value) end
  if math.type(value) == "float" then return math.tointeger(value) or value end
  return type(value) == "boolean" and tostring(value) or value
end

return shape
