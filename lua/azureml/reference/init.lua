--- What the comments of this package say of its public classes, functions, options and fields. The
--- build collects it (csrc/reference.lua); the prompt's help and completion and the types for
--- editors read it.
local index = require "azureml.reference.index"

local reference = {}

local loaded

--- Return the index of all public records.
---@return azureml.reference.Index     empty where the build left it out
function reference.index()
  if loaded then return loaded end
  local is_there, records = pcall(require, "azureml.reference.data")
  loaded = index.new(is_there and records or {})
  if is_there then loaded:add(require("azureml.reference.options").class()) end
  return loaded
end

--- Return the first sentence of a text.
---@param text string
---@return string
function reference.sentence(text)
  local line = text:gsub("%s+", " ")
  return line:match "^(.-%.)%s" or line
end

return reference
