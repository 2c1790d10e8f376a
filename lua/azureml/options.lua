--- Checking what a caller gave: names and types of options, said at the caller's line.
local errors = require "azureml.error"
local tables = require "azureml.tables"

local options = {}

local NOUNS = {
  string = "a string", number = "a number", integer = "an integer", boolean = "a boolean", table = "a table", callable = "a function",
}

local function fits(value, kind)
  if kind == "any" then return true end
  if kind == "integer" then return math.type(value) == "integer" end
  if kind == "callable" then return type(value) == "function" end
  return type(value) == kind
end

--- What is wrong with a table of options; nil if nothing is.
---@param what string                      "workspace", for the message
---@param given any                        what the caller gave
---@param known table<string, string>      name -> type ("string", "number", "integer", "boolean", "table", "callable", "any")
---@return string?
function options.fault_of(what, given, known)
  if type(given) ~= "table" then return ("%s: a table of options expected, got %s"):format(what, type(given)) end
  for name, value in pairs(given) do
    local kind = known[name]
    if not kind then return ("%s has no option '%s' (known: %s)"):format(what, tostring(name), table.concat(tables.keys(known), ", ")) end
    if not fits(value, kind) then return ("%s: option '%s' must be %s, not %s"):format(what, name, NOUNS[kind], type(value)) end
  end
end

--- Check a table of options.
---@param what string
---@param given table?                     nil stands for {}
---@param known table<string, string>
---@return table given
function options.check(what, given, known)
  given = given or {}
  local fault = options.fault_of(what, given, known)
  if fault then errors.mistake("%s", fault) end
  return given
end

--- Refuse what breaks a rule of the service, before anything is sent.
---@param message string
---@param ... any         what it is filled with
function options.refuse(message, ...)
  errors.raise { code = "InvalidArgument", message = message:format(...) }
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
