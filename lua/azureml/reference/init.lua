--- What the comments of this package say of its public classes, functions, options and fields. The
--- build collects it (csrc/reference.lua); the prompt's help and completion and the types for
--- editors read it.
local index = require "azureml.reference.index"
local types = require "azureml.reference.types"

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

--- Return the sentence about a parameter or a field. If its comment has only a type, take the first
--- sentence about the class of its options.
---@param all azureml.reference.Index
---@param item azureml.reference.Parameter
---@return string      empty if there is none
function reference.doc_of(all, item)
  if item.doc and item.doc ~= "" then return item.doc end
  local names = types.classes(item.type or "")
  local class = #names == 1 and all.classes[names[1]]
  local is_plain = class and (item.type == names[1] or item.type == names[1] .. "?")
  return is_plain and reference.sentence(class.doc) or ""
end

return reference
