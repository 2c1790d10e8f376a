--- Refuse a template, with the place in it.
--- Source: spec/contract/neighbours.md, section 2.
local refusal = require "azureml.emulator.refusal"

local fault = {}

--- Raise what is wrong with a template.
---@param place string      "resources[0].properties.properties.vmSize"
---@param message string    a format
---@param ... any           the values for its placeholders
---@raise the refusal `InvalidTemplate`
function fault.raise(place, message, ...)
  refusal.raise("invalid_template", ("%s: %s"):format(place, message:format(...)))
end

return fault
