--- Check single values of a schedule. A check gets a value and `note`, a function that adds a
--- finding and has the arguments of string.format. It returns the canonical value, or nil after a
--- finding. The checks take any value and never raise an error.
local json = require "azureml.json"
local tables = require "azureml.tool.tables"

local values = {}

local SHOWN = 60          -- the characters of a wrong value that a message shows

--- Describe a value for a message, without control characters.
---@param value any
---@return string
function values.shown(value)
  if type(value) == "string" then
    return ("'%s'"):format((value:sub(1, SHOWN):gsub("%c", "?")))
  end
  local is_short = value == nil or type(value) == "number" or type(value) == "boolean"
  return is_short and tostring(value) or "a " .. type(value)
end

--- Copy a table without its metatable, whose methods could raise errors.
---@param value table
---@return table
function values.plain(value)
  local copy = {}
  for key, item in next, value do copy[key] = item end
  return copy
end

--- Find a word in a list of words.
---@param word any
---@param words string[]
---@return integer?
function values.position_of(word, words)
  for index, known in ipairs(words) do
    if known == word then return index end
  end
end

--- Check a word, which may be in upper or lower case.
---@param name string        of the value, for the finding
---@param value any
---@param words string[]     in lower case
---@param note fun(message: string, ...: any)
---@return string?
function values.one_of(name, value, words, note)
  local word = type(value) == "string" and value:lower()
  if values.position_of(word, words) then return word end
  note("%s is one of %s, not %s", name, table.concat(words, ", "), values.shown(value))
end

--- Check that a table is a list without gaps, and copy it.
---@param name string        of the value, for the finding
---@param value any
---@param note fun(message: string, ...: any)
---@return any[]?
function values.list_of(name, value, note)
  if type(value) ~= "table" then
    note("%s must be a list, not %s", name, values.shown(value))
    return nil
  end
  local list, count = values.plain(value), 0
  for key in next, list do
    count = count + 1
    if math.type(key) ~= "integer" then
      note("%s must be a list, but it has the key %s", name, values.shown(key))
      return nil
    end
  end
  if count == #list and (count == 0 or list[1] ~= nil) then return list end
  note("%s must be a list without gaps", name)
end

--- Return a value as an integer, if it is a whole number within limits.
---@param value any
---@param first integer
---@param last integer
---@return integer?
function values.whole(value, first, last)
  local number = type(value) == "number" and math.tointeger(value)
  return number and number >= first and number <= last and number or nil
end

--- Sort a list and drop what is there twice.
---@param list any[]         modified
---@return any[]
function values.set_of(list)
  table.sort(list)
  local set = json.array {}
  for _, value in ipairs(list) do
    if value ~= set[#set] then set[#set + 1] = value end
  end
  return set
end

--- Check a table of fields, each with its own check; note unknown fields.
---@param owner string       "a schedule", for the finding
---@param fields table
---@param checks table<string, fun(value: any, note: function): any>
---@param note fun(message: string, ...: any)
---@return table checked     the canonical values by name
function values.check_fields(owner, fields, checks, note)
  local checked, unknown = {}, {}
  for _, name in ipairs(tables.keys(checks)) do
    if fields[name] ~= nil then checked[name] = checks[name](fields[name], note) end
  end
  for name in next, fields do
    if not checks[name] then unknown[#unknown + 1] = values.shown(name) end
  end
  table.sort(unknown)
  for _, name in ipairs(unknown) do
    note("%s has no option %s (known: %s)", owner, name,
      table.concat(tables.keys(checks), ", "))
  end
  return checked
end

return values
