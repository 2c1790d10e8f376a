--- Write values as Lua source.
local json = require "azureml.json"
local tables = require "azureml.tool.tables"

local lua_text = {}

local function key_text(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" and not lua_text.reserved[key] then
    return key
  end
  return ("[%s]"):format(lua_text.encode(key))
end

--- The words that cannot be names.
lua_text.reserved = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat "
  .. "return then true until while"):gmatch "%a+" do
  lua_text.reserved[word] = true
end

-- "\n" in place of a line end behind a backslash, so that each value keeps to its line.
local function quote(text)
  return (("%q"):format(text):gsub("\\\n", "\\n"))
end

local WIDTH = 90

local function lines_of(value, indent)
  local inner, lines = indent .. "  ", {}
  for _, item in ipairs(value) do lines[#lines + 1] = lua_text.encode(item, inner) end
  for _, key in ipairs(tables.keys(value, function(a, b) return tostring(a) < tostring(b) end)) do
    if math.type(key) ~= "integer" then
      lines[#lines + 1] = ("%s = %s"):format(key_text(key), lua_text.encode(value[key], inner))
    end
  end
  return lines, inner
end

--- Return a value as Lua source.
---@param value any
---@param indent string?      of its line
---@return string
function lua_text.encode(value, indent)
  indent = indent or ""
  if value == json.null then return "nil" end
  if type(value) == "string" then return quote(value) end
  if type(value) ~= "table" then return tostring(value) end
  local lines, inner = lines_of(value, indent)
  if #lines == 0 then return "{}" end
  local short = ("{ %s }"):format(table.concat(lines, ", "))
  if #indent + #short <= WIDTH and not short:find "\n" then return short end
  return ("{\n%s%s,\n%s}"):format(inner, table.concat(lines, ",\n" .. inner), indent)
end

return lua_text
