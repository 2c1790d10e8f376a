--- Make the class azureml.InstanceOptions out of the table of fields: what a script may say of an
--- instance, with a type and a sentence for each option.
local fields = require "azureml.definition.fields"
local spellings = require "azureml.definition.spellings"
local tables = require "azureml.tool.tables"

local options = {}

--- Return the record of the class.
---@return azureml.reference.Record
function options.class()
  local list = {}
  for _, row in ipairs(fields) do
    list[#list + 1] = { name = row.name, is_optional = true, type = row.type, doc = row.doc }
  end
  for _, name in ipairs(tables.keys(spellings.docs)) do
    list[#list + 1] =
      { name = name, is_optional = true, type = "string", doc = spellings.docs[name] }
  end
  return {
    kind = "class", name = "azureml.InstanceOptions", fields = list, parents = {},
    doc = "What describes an instance.",
  }
end

return options
