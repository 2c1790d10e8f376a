--- Members of a request's body by type: each check gives the value, nil for what is absent or null, or ends the request with a refusal.
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local tables = require "azureml.tables"

local check = {}

local NOUNS = { table = "an object", string = "a string", number = "a number", boolean = "a boolean" }

--- A value of a type.
---@param value any
---@param kind string         "string", "number", "boolean", "table"
---@param name string         of the member, for the refusal
---@return any
function check.typed(value, kind, name)
  if value == nil or value == json.null then return nil end
  if type(value) ~= kind or kind == "table" and json.is_array(value) then refusal.raise("wrong_type", name, NOUNS[kind]) end
  return value
end

--- The same, and it has to be there.
function check.required(value, kind, name)
  if check.typed(value, kind, name) == nil then refusal.raise("missing_property", name) end
  return value
end

function check.text(value, name) return check.typed(value, "string", name) end
function check.flag(value, name) return check.typed(value, "boolean", name) end
function check.table(value, name) return check.typed(value, "table", name) end

--- A whole number.
function check.whole(value, name)
  if check.typed(value, "number", name) == nil then return nil end
  return math.tointeger(value) or refusal.raise("wrong_type", name, "a whole number")
end

--- A JSON array, or a list of Lua's that is not empty.
function check.list(value, name)
  if value == nil or value == json.null then return nil end
  if type(value) ~= "table" or not json.is_array(value) and #value == 0 then refusal.raise("wrong_type", name, "a list") end
  return value
end

--- A word out of a set, in any case; what comes back is written as the set has it.
---@param word any
---@param set table<string, any>
---@param name string
---@return string?
function check.one_of(word, set, name)
  if check.text(word, name) == nil then return nil end
  if set[word] then return word end
  local known = tables.keys(set)
  for _, each in ipairs(known) do
    if each:lower() == word:lower() then return each end
  end
  refusal.raise("not_one_of", name, word:sub(1, 60), table.concat(known, ", "))
end

--- A copy without nulls, its whole numbers as integers: plain data that can be kept.
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

--- The body of a request, an object or a list. What is taken over from it is shown as it came: an empty list as one, an integer as one.
---@param text string?
---@return table
function check.body(text)
  local body, fault = json.decode_exact(text or "")
  if type(body) ~= "table" then refusal.raise("not_json", fault or "a JSON object was expected") end
  return body
end

return check
