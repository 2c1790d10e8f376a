--- Find what the comments say of a value at the prompt: of a function, an object or a module.
local options = require "azureml.options"
local reference = require "azureml.reference"

local records = {}

--- Return the name of an object's class.
---@param value any
---@return string?      nil: it is no object of this package
function records.class_of(value)
  local meta = debug.getmetatable(value)
  local name = type(value) == "table" and type(meta) == "table" and rawget(meta, "__name")
  return type(name) == "string" and name or nil
end

-- Return the name of a loaded module that is public.
local function module_of(value)
  for name in pairs(reference.index().members) do
    if package.loaded[name] == value then return name end
  end
end

local function key_of(container, value)
  for key, item in next, container do
    if item == value then return key end
  end
end

local function member_in(owner, container, value)
  local key = type(container) == "table" and key_of(container, value)
  return type(key) == "string" and reference.index():member(owner, key) or nil
end

-- Return the record of a function: as a member of a public module, or as a method.
local function of_function(value)
  for owner in pairs(reference.index().members) do
    local found = member_in(owner, package.loaded[owner], value)
    if found then return found end
  end
  for name, class in pairs(options.classes) do
    local found = member_in(name, class.methods, value)
    if found then return found end
  end
end

--- Return the record of a value.
---@param value any
---@return azureml.reference.Record?      of a function or a class; nil: nothing is known
---@return string? module                 instead, the name of a module
function records.of(value)
  if type(value) == "function" then return of_function(value) end
  local class = records.class_of(value)
  if class then return reference.index().classes[class] end
  if type(value) == "table" then return nil, module_of(value) end
end

--- Return the record of a member of an object or a module.
---@param value any
---@param name string
---@return azureml.reference.Record?
function records.member(value, name)
  local owner = records.class_of(value) or type(value) == "table" and module_of(value)
  return owner and reference.index():member(owner, name) or nil
end

--- List the public records with a name, sorted by their owners.
---@param name string
---@return azureml.reference.Record[]
function records.named(name)
  local list, index = {}, reference.index()
  if index.classes[name] then list[1] = index.classes[name] end
  for _, members in pairs(index.by_name) do
    if members[name] then list[#list + 1] = members[name] end
  end
  table.sort(list, function(a, b) return (a.owner or "") < (b.owner or "") end)
  return list
end

local LIBRARIES = { "string", "table", "math", "io", "os", "coroutine", "utf8", "debug", "package" }

--- Return the name of a function of Lua's standard library: "print", "string.format".
---@param value function
---@return string?      nil: it is another function
function records.name_in_lua(value)
  local name = key_of(package.loaded._G, value)
  if name and debug.getinfo(value, "S").what == "C" then return name end
  for _, library in ipairs(LIBRARIES) do
    name = key_of(package.loaded[library], value)
    if name then return library .. "." .. name end
  end
end

--- Return how scripts name an object of a class: "ws.instances".
---@param class string
---@return string?      nil: it is a table of options, or another table of values
function records.example_of(class)
  return options.classes[class] and options.classes[class].example
end

--- Return how scripts write a record: "ws.instances:start", "azureml.workspace", "vm.state".
---@param record azureml.reference.Record
---@return string
function records.title(record)
  if not record.owner then return record.name end
  local owner = records.example_of(record.owner) or record.owner
  return owner .. (record.is_method and ":" or ".") .. record.name
end

--- Tell whether a name means a record: "ws.instances:start", "azureml.Instances.start",
--- "Instances.start".
---@param record azureml.reference.Record      a member of a class or a module
---@param name string
---@return boolean
function records.is_called(record, name)
  local whole = record.owner .. "." .. record.name
  return name == records.title(record) or name == whole or "azureml." .. name == whole
end

return records
