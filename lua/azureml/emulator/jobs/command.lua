--- Fill in the placeholders of a job's command: ${{inputs.NAME}} and ${{outputs.NAME}}.
--- Source: spec/contract/compute-rest.md, section 13.
local command = {}

--- Return the command of a job with its placeholders filled in: an input's value, or the address of
--- its data (nothing is mounted), and a path for each output. Others stay as they are.
---@param properties table                       of the job
---@param outputs table<string, string>?         the outputs' paths by name; default: addresses
---@return string
function command.of(properties, outputs)
  local values = {}
  for name, input in pairs(properties.inputs or {}) do
    values["inputs." .. name] = input.value or input.uri
  end
  for name, output in pairs(properties.outputs or {}) do
    values["outputs." .. name] = outputs and outputs[name] or output.uri
  end
  return (properties.command:gsub("%${{%s*([%a_][%w_.]*)%s*}}", function(name)
    local value = values[name]
    return value ~= nil and tostring(value) or nil
  end))
end

return command
