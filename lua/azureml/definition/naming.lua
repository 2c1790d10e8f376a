--- Check the name of an instance. Source: spec/contract/compute-rest.md, section 8.1.
local kinds = require "azureml.definition.kinds"
local options = require "azureml.options"

local naming = {}

local RESERVED = { amlcompute = true, ["local"] = true, containerinstance = true }

local rules = {
  { "has 3 to 24 characters", function(text) return #text >= 3 and #text <= 24 end },
  { "holds only letters, digits and '-'", function(text) return not text:find "[^%w-]" end },
  { "begins with a letter", function(text) return text:find "^%a" end },
  { "does not end in '-' or in '-' and digits only",
    function(text) return not text:find "%-%d*$" end },
  { "is not a reserved word", function(text) return not RESERVED[text:lower()] end },
}

--- Return what is wrong with a text as an instance's name.
---@param text string
---@return string?       nil: the name is valid
function naming.fault(text)
  for _, rule in ipairs(rules) do
    local description, holds = rule[1], rule[2]
    if not holds(text) then
      return ("'%s' cannot be an instance's name: a name %s"):format(kinds.excerpt(text),
        description)
    end
  end
end

--- Check that a text can be an instance's name.
---@param text string
---@raise an error object `InvalidArgument` that names the rule
function naming.check(text)
  local fault = naming.fault(text)
  if fault then options.refuse("%s", fault) end
end

return naming
