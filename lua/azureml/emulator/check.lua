--- Check members of a request's body by type. Each check returns the value, or nil for an absent or
--- null member, or ends the request with a refusal. Which members a request needs is decided by its
--- handler and in validate.lua.
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local shorten = require "azureml.emulator.shorten"
local tables = require "azureml.tool.tables"

local check = {}

local NOUNS = {
  table = "an object", string = "a string", number = "a number", boolean = "a boolean",
}

--- Check that a member has a type.
---@param value any
---@param kind string      "string", "number", "boolean", "table"
---@param name string      of the member, for the refusal
---@return any
---@raise a refusal
function check.typed(value, kind, name)
  if value == nil or value == json.null then return nil end
  if type(value) ~= kind or kind == "table" and json.is_array(value) then
    refusal.raise("wrong_type", name, NOUNS[kind])
  end
  return value
end

--- Check that a member is present and has a type.
---@param value any
---@param kind string
---@param name string
---@return any
---@raise a refusal
function check.required(value, kind, name)
  if check.typed(value, kind, name) == nil then refusal.raise("missing_property", name) end
  return value
end

--- Check that a member is a string.
function check.text(value, name) return check.typed(value, "string", name) end

--- Check that a member is a boolean.
function check.flag(value, name) return check.typed(value, "boolean", name) end

--- Check that a member is an object.
function check.table(value, name) return check.typed(value, "table", name) end

--- Check that a member is a whole number.
---@return integer?
function check.whole(value, name)
  if check.typed(value, "number", name) == nil then return nil end
  return math.tointeger(value) or refusal.raise("wrong_type", name, "a whole number")
end

--- Check that a member is a JSON array, or a Lua list with at least one item.
---@return table?
function check.list(value, name)
  if value == nil or value == json.null then return nil end
  if type(value) ~= "table" or not json.is_array(value) and #value == 0 then
    refusal.raise("wrong_type", name, "a list")
  end
  return value
end

--- Check that a member is a word of a set, in any case. Return it as the set spells it.
---@param word any
---@param set table<string, any>
---@param name string
---@return string?
---@raise a refusal
function check.one_of(word, set, name)
  if check.text(word, name) == nil then return nil end
  if set[word] then return word end
  local known = tables.keys(set)
  for _, each in ipairs(known) do
    if each:lower() == word:lower() then return each end
  end
  refusal.raise("not_one_of", name, shorten(word), table.concat(known, ", "))
end

local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

--- Check that an id of the assigned user is a GUID.
---@param value string
---@param name string
---@raise a refusal
function check.guid(value, name)
  if not value:find(GUID) then refusal.raise("not_guid", name, shorten(value)) end
end

--- Copy a value without nulls and with whole numbers as integers: plain data for a record.
---@param value any
---@return any
function check.plain(value)
  if value == json.null then return nil end
  if type(value) == "number" then return math.tointeger(value) or value end
  if type(value) ~= "table" then return value end
  local copy = json.is_array(value) and json.array {} or {}
  for name, each in pairs(value) do copy[name] = check.plain(each) end
  return copy
end

--- Decode the body of a request, an object or a list. Empty lists and integers keep their form, so
--- that a later answer shows them as they were sent.
---@param text string?
---@return table
---@raise a refusal
function check.body(text)
  local body, fault = json.decode_exact(text or "")
  if type(body) ~= "table" then refusal.raise("not_json", fault or "a JSON object was expected") end
  return body
end

return check
