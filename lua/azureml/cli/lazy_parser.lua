--- A parser that makes only the options which the user wrote. argparse spends time on each option
--- that exists, in making it and in every parse; a command has a dozen, and the user writes two.
--- A command's `configure` adds its options to this object as to an argparse parser.
local argparse = require "argparse"

local lazy_parser = {}

-- An option, flag or argument as `configure` declares it: each method call is recorded.
local methods = {}
local Element = { __index = methods }

-- The methods of argparse's elements that commands use. All take one value.
for _, method in ipairs {
  "argname", "args", "choices", "convert", "count", "default", "defmode", "description", "hidden",
  "init", "action", "overwrite", "show_default", "target",
} do
  methods[method] = function(self, value)
    self.calls[#self.calls + 1] = method
    self[#self + 1] = value
    return self
  end
end

local function element(kind, names, description)
  return setmetatable({
    kind = kind, names = names, declared_description = description, calls = {},
  }, Element)
end

-- Return the value that a method was called with; nil when it was not called.
local function value_of(declared, method)
  for i, name in ipairs(declared.calls) do
    if name == method then return declared[i] end
  end
end

local Parser = {}

for _, kind in ipairs { "option", "flag", "argument" } do
  Parser[kind] = function(self, names, description)
    local declared = element(kind, names, description)
    self.elements[#self.elements + 1] = declared
    return declared
  end
end

--- Declare elements of which the user may use one. Every element is made then.
function Parser:mutex(...)
  self.mutexes[#self.mutexes + 1] = { ... }
end

-- What only the help shows.
for _, method in ipairs { "description", "epilog", "usage" } do
  Parser[method] = function(self) return self end
end

Parser.__index = Parser

--- Make a parser without elements.
---@param name string
---@return table
function lazy_parser.new(name)
  return setmetatable({ name = name, elements = {}, mutexes = {} }, Parser)
end

-- Return the names in the words that look like options.
local function names_in(words)
  local names = {}
  for _, word in ipairs(words) do
    if word == "--" then break end
    if word:find "^%-." then names[word:match "^(%-%-[^=]+)=" or word] = true end
  end
  return names
end

-- Tell whether each name is one of an element's. A name such as -ojson is not.
local function are_known(self, names)
  local known = {}
  for _, declared in ipairs(self.elements) do
    for alias in declared.names:gmatch "%S+" do known[alias] = true end
  end
  for name in pairs(names) do
    if not known[name] then return false end
  end
  return true
end

-- An option is needed when it was written, and when it has a value or is an error without that.
local function is_needed(declared, names)
  if declared.kind == "argument" or value_of(declared, "default") then return true end
  local count = value_of(declared, "count")
  if count and count ~= "*" then return true end
  for alias in declared.names:gmatch "%S+" do
    if names[alias] then return true end
  end
  return false
end

-- Return a converter whose message begins with the option's name, unless it names an option.
local function naming(declared, convert)
  local name = declared.names:match "%-%-[%w-]+" or declared.names:match "%S+"
  return function(text)
    local value, message = convert(text)
    if value ~= nil or not message or message:find("--", 1, true) then return value, message end
    return nil, ("%s: %s"):format(name, message)
  end
end

local function make(parser, declared)
  local made = parser[declared.kind](parser, declared.names, declared.declared_description)
  for i, method in ipairs(declared.calls) do
    local value = declared[i]
    local must_name = method == "convert" and declared.kind == "option"
    made[method](made, must_name and naming(declared, value) or value)
  end
  return made
end

-- Return the name under which argparse puts an option's value.
local function target_of(declared)
  local target = value_of(declared, "target")
  if target then return target end
  local long = declared.names:match "%-%-([%w-]+)" or declared.names:match "%-(%w)"
  return (long:gsub("-", "_"))
end

-- An option that may be repeated has a list, also when it was not written.
local function add_empty_lists(skipped, args)
  for _, declared in ipairs(skipped) do
    if value_of(declared, "count") then
      local target = target_of(declared)
      args[target] = args[target] or {}
    end
  end
end

--- Parse words.
---@param words string[]
---@return boolean ok
---@return table|string args      the values; the message when the words are wrong
function Parser:pparse(words)
  local names = names_in(words)
  local is_whole = #self.mutexes > 0 or not are_known(self, names)
  local parser, made, skipped = argparse(self.name):add_help(false), {}, {}
  for _, declared in ipairs(self.elements) do
    if is_whole or is_needed(declared, names) then
      made[declared] = make(parser, declared)
    else
      skipped[#skipped + 1] = declared
    end
  end
  for _, group in ipairs(self.mutexes) do
    for i, declared in ipairs(group) do group[i] = made[declared] end
    parser:mutex(table.unpack(group))
  end
  local ok, args = parser:pparse(words)
  if ok then add_empty_lists(skipped, args) end
  return ok, args
end

--- Return the element that has a name: an option's "-n" or "--name", or an argument's.
---@param name string
---@return table?
function Parser:find(name)
  for _, declared in ipairs(self.elements) do
    for alias in declared.names:gmatch "%S+" do
      if alias == name then return declared end
    end
  end
end

--- Return what help shows for the value of an element; nil when it shows nothing of its own.
---@param declared table      of `find`
---@return string?
function lazy_parser.label_of(declared)
  return value_of(declared, "argname")
end

--- List the names of all options.
---@return string[]
function Parser:option_names()
  local names = {}
  for _, declared in ipairs(self.elements) do
    if declared.kind ~= "argument" and not value_of(declared, "hidden") then
      for alias in declared.names:gmatch "%S+" do names[#names + 1] = alias end
    end
  end
  return names
end

return lazy_parser
