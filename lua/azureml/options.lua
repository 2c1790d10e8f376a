--- Checking what a caller gave: names and types of options, said at the caller's line.
local errors = require "azureml.error"

local options = {}

local function names_of(known)
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, ", ")
end

local function fits(value, kind)
  if kind == "any" then return true end
  if kind == "integer" then return math.type(value) == "integer" end
  if kind == "callable" then return type(value) == "function" end
  return type(value) == kind
end

--- Check a table of options.
---@param what string                      "workspace", for the message
---@param given table?                     what the caller gave; nil stands for {}
---@param known table<string, string>      name -> type ("string", "number", "integer", "boolean", "table", "any")
---@return table given
function options.check(what, given, known)
  given = given or {}
  if type(given) ~= "table" then errors.mistake("%s: a table of options expected, got %s", what, type(given)) end
  for name, value in pairs(given) do
    local kind = known[name]
    if not kind then errors.mistake("%s has no option '%s' (known: %s)", what, tostring(name), names_of(known)) end
    if not fits(value, kind) then errors.mistake("%s: option '%s' must be a %s, not %s", what, name, kind, type(value)) end
  end
  return given
end

--- A number of seconds that is not negative.
---@param what string
---@param seconds any
function options.check_seconds(what, seconds)
  if type(seconds) ~= "number" or seconds ~= seconds or seconds < 0 then
    errors.mistake("%s must be a number of seconds, 0 or more", what)
  end
end

return options
