--- A condition on an instance as a text: a Lua expression over its fields, such as `tags.keep ~= "on"`, and nothing else: no globals, no
--- libraries.
local errors = require "azureml.error"
local instance = require "azureml.instance"
local tables = require "azureml.tables"

local where = {}

local function refuse(text, why)
  errors.raise { code = "InvalidExpression", message = ("'%s' is no condition on an instance: %s"):format(text, why) }
end

-- Without the chunk's own name and line, which nobody typed.
local function reason(message)
  return (tostring(message):gsub("^[^:]*:%d+: ", ""))
end

local function names_of_fields()
  return table.concat(tables.keys(instance.fields), ", ")
end

-- In parentheses it can be nothing but an expression; the message is better without them.
local function compile(text, environment)
  local plain, message = load("return " .. text, "=where", "t", environment)
  if not plain then refuse(text, reason(message)) end
  local chunk = load("return (" .. text .. "\n)", "=where", "t", environment)
  return chunk or refuse(text, "it must be one expression")
end

--- Compile one.
---@param text string
---@return fun(vm: azureml.Instance): any       for option `where`; raises `InvalidExpression` where it names no field, or fails
---@raise an error object `InvalidExpression` for what is no expression
---@usage ws.instances:list { where = where.compile 'vm_size:find "NC" and tags.team == "vision"' }
function where.compile(text)
  local vm
  local function field(_, name)
    if instance.fields[name] then return vm[name] end
    refuse(text, ("there is no field '%s' (known: %s)"):format(name, names_of_fields()))
  end
  local chunk = compile(text, setmetatable({}, { __index = field, __newindex = function() refuse(text, "it must not assign") end }))
  return function(one)
    vm = one
    local ok, value = pcall(chunk)
    if ok then return value end
    if errors.is(value) then error(value, 0) end
    refuse(text, ("of %s: %s"):format(one.name, reason(value)))
  end
end

return where
