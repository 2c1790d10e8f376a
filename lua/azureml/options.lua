--- Check a caller's options: their names and types. Errors point at the caller's line.
local later = require "azureml.tool.later"
local errors = later "azureml.error"
local suggest = later "azureml.cli.suggest"
local tables = require "azureml.tool.tables"

local options = {}

--- The classes of this package's objects, by name: their methods, and how scripts name an object.
---@type table<string, { methods: table, example: string }>
options.classes = {}

local NOUNS = {
  string = "a string", number = "a number", integer = "an integer", boolean = "a boolean",
  table = "a table", callable = "a function",
  client = "a client made by azureml.client", credential = "a credential of azureml.credential",
}

-- The objects of this package that may be options, by their metatables.
local OBJECTS = { client = "azureml.Client", credential = "azureml.Credential" }

local function is_object(value, name)
  local meta = type(value) == "table" and getmetatable(value)
  return type(meta) == "table" and meta.__name == name
end

local function fits(value, kind)
  if kind == "any" then return true end
  if OBJECTS[kind] then return is_object(value, OBJECTS[kind]) end
  if kind == "integer" then return math.type(value) == "integer" end
  if kind == "callable" then return type(value) == "function" end
  return type(value) == kind
end

--- Return what is wrong with a table of options; nil if it is correct.
---@param owner string                     "workspace", for the message
---@param values any                       what the caller passed
---@param known table<string, string>  name -> type ("string", "number", "integer", "boolean",
---  "table", "callable", "client", "credential", "any")
---@return string?
function options.fault_of(owner, values, known)
  if type(values) ~= "table" then
    return ("%s: a table of options expected, got %s"):format(owner, type(values))
  end
  for name, value in pairs(values) do
    local kind = known[name]
    if not kind then
      local words = tables.keys(known)
      return ("%s has no option '%s' (known: %s)%s"):format(owner, tostring(name),
        table.concat(words, ", "), suggest.text(tostring(name), words))
    end
    if not fits(value, kind) then
      return ("%s: option '%s' must be %s, not %s"):format(owner, name, NOUNS[kind], type(value))
    end
  end
end

--- Check a table of options.
---@param owner string
---@param values table?                    nil means {}
---@param known table<string, string>
---@return table values
---@raise a mistake at the caller's line that names the option
function options.check(owner, values, known)
  values = values or {}
  local fault = options.fault_of(owner, values, known)
  if fault then errors.mistake("%s", fault) end
  return values
end

--- Let every method of a class check that it is called with a colon.
---@param class table         its methods are replaced by methods that check; other values stay
---@param metatable table     of the objects of this class
---@param example string      how scripts name such an object: "ws.instances"
function options.check_colon(class, metatable, example)
  options.classes[metatable.__name] = { methods = class, example = example }
  for name, method in pairs(class) do
    local function checked(self, ...)
      if getmetatable(self) ~= metatable then
        errors.mistake("call it with a colon: %s:%s(...)", example, name)
      end
      return method(self, ...)
    end
    if type(method) == "function" then class[name] = checked end
  end
end

--- Raise an error for a value that breaks a rule of the service, before a request is sent.
---@param message string
---@param ... any             the values for its placeholders
---@raise an error object `InvalidArgument`
function options.refuse(message, ...)
  errors.raise { code = "InvalidArgument", message = message:format(...) }
end

--- Check that a table is a list: its keys are 1, 2, 3 and so on. A table of fields in place of a
--- list would pass for an empty list.
---@param name string         the name of the value, for the message
---@param list table
---@return table list
---@raise an error object `InvalidArgument`
function options.check_list(name, list)
  local count = 0
  for key in pairs(list) do
    count = count + 1
    if math.type(key) ~= "integer" then
      options.refuse("%s must be a list such as { { ... }, { ... } }, but it has the key '%s'",
        name, tostring(key):sub(1, 60))
    end
  end
  if count ~= #list then options.refuse("%s must be a list without gaps", name) end
  return list
end

--- Check that a value is a number of seconds, 0 or more.
---@param name string           the name of the value, for the message
---@param seconds any
---@raise a mistake at the caller's line
function options.check_seconds(name, seconds)
  if type(seconds) ~= "number" or seconds ~= seconds or seconds < 0 then
    errors.mistake("%s must be a number of seconds, 0 or more", name)
  end
end

return options
