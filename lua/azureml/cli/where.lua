--- Compile the condition of --where: a Lua expression over an instance's fields, such as
--- `tags.keep ~= "on"`. The expression sees the fields alone, no globals and no libraries.
local errors = require "azureml.error"
local fields = require "azureml.instance.fields"
local tables = require "azureml.tool.tables"

local where = {}

local function refuse(text, why)
  local message = ("'%s' is not a valid condition: %s"):format(text, why)
  errors.raise { code = "InvalidExpression", message = message }
end

-- Remove the chunk's name and line from a message: they say nothing about an expression.
local function reason(message)
  return (tostring(message):gsub("^[^:]*:%d+: ", ""))
end

local function names_of_fields()
  return table.concat(tables.keys(fields.getters), ", ")
end

-- Compile a text that must be one expression. The parentheses refuse all else; the first try,
-- without them, gives the better message.
local function compile(text, environment)
  local plain, message = load("return " .. text, "=where", "t", environment)
  if not plain then refuse(text, reason(message)) end
  local chunk = load("return (" .. text .. "\n)", "=where", "t", environment)
  return chunk or refuse(text, "it must be one expression")
end

--- Compile a condition.
---@param text string      a Lua expression over the fields of an instance
---@return fun(vm: azureml.Instance): any       the option `where`; raises `InvalidExpression` for
---        an unknown field, and when the expression fails
---@raise an error object `InvalidExpression` when the text is not an expression
---@usage ws.instances:list { where = where.compile 'vm_size:find "NC" and tags.team == "vision"' }
function where.compile(text)
  local vm
  local function field(_, name)
    if fields.getters[name] then return vm[name] end
    refuse(text, ("there is no field '%s' (known: %s)"):format(name, names_of_fields()))
  end
  local function refuse_assignment() refuse(text, "it must not assign") end
  local meta = { __index = field, __newindex = refuse_assignment }
  local chunk = compile(text, setmetatable({}, meta))
  return function(instance_to_test)
    vm = instance_to_test
    local ok, value = pcall(chunk)
    if ok then return value end
    if errors.is(value) then error(value, 0) end
    refuse(text, ("for %s: %s"):format(vm.name, reason(value)))
  end
end

return where
