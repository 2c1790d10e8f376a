--- Write the types of the public names for lua-language-server: files of declarations without code.
--- `make` puts them into a folder `library`, which the user names in the editor's settings.
local index = require "azureml.reference.index"
local reference = require "azureml.reference"
local tables = require "azureml.tool.tables"

local library = {}

local function comment(lines, text)
  if not text or text == "" then return end
  for line in (text .. "\n"):gmatch "(.-)\n" do
    lines[#lines + 1] = ("--- " .. line):gsub("%s+$", "")
  end
end

local function one_line(text)
  return ((text or ""):gsub("%s+", " "))
end

-- Write a name with a type and a sentence: a parameter or a field.
local function typed(tag, item)
  local mark = item.is_optional and "?" or ""
  local text = ("---@%s %s%s %s"):format(tag, item.name, mark, item.type or "any")
  local doc = one_line(item.doc)
  return doc ~= "" and text .. "  " .. doc or text
end

local function result(item)
  local name = item.name ~= "" and " " .. item.name or ""
  local doc = one_line(item.doc)
  doc = doc ~= "" and " # " .. doc or ""
  return ("---@return %s%s%s"):format(item.type or "any", name, doc)
end

-- Functions ---------------------------------------------------------------------------------------

local function names_of(record)
  local names = {}
  for i, item in ipairs(record.params or {}) do names[i] = item.name end
  return table.concat(names, ", ")
end

local function add_function(lines, owner, record)
  comment(lines, record.doc)
  if record.raises then comment(lines, "\nRaises " .. one_line(record.raises)) end
  if record.usage then comment(lines, "\n```lua\n" .. record.usage .. "\n```") end
  for _, item in ipairs(record.params or {}) do lines[#lines + 1] = typed("param", item) end
  for _, item in ipairs(record.returns or {}) do lines[#lines + 1] = result(item) end
  lines[#lines + 1] = ("function %s%s%s(%s) end\n"):format(owner, record.is_method and ":" or ".",
    record.name, names_of(record))
end

-- List the functions that scripts call. A callback in a table of options is a field.
local function functions_of(all, owner)
  local list = {}
  for _, record in ipairs(all.members[owner] or {}) do
    local is_callback = record.is_field and not record.is_method
    local is_called = record.kind == "function" and not is_callback and not record.is_package
    if is_called then list[#list + 1] = record end
  end
  return list
end

-- Classes -----------------------------------------------------------------------------------------

-- Return a local name for the table of a class: "Instance", "ssh_Forwarding".
local function local_name(class)
  return (class:gsub("^azureml%.", ""):gsub("%.", "_"))
end

local function is_function(field)
  return field.type and field.type:find "^fun%(self"
end

local function add_class(lines, all, class)
  comment(lines, class.doc)
  local parents = class.parents and class.parents[1] and ": " .. table.concat(class.parents, ", ")
  lines[#lines + 1] = ("---@class %s%s"):format(class.name, parents or "")
  for _, field in ipairs(class.fields or {}) do
    if not is_function(field) then lines[#lines + 1] = typed("field", field) end
  end
  for _, call in ipairs(class.calls or {}) do
    lines[#lines + 1] = ("---@operator call: %s"):format(call)
    lines[#lines + 1] = ("---@overload fun(): %s"):format(call)
  end
  local functions = functions_of(all, class.name)
  if #functions > 0 then lines[#lines + 1] = ("local %s = {}"):format(local_name(class.name)) end
  lines[#lines + 1] = ""
  for _, record in ipairs(functions) do add_function(lines, local_name(class.name), record) end
end

local function add_alias(lines, alias)
  comment(lines, alias.doc)
  lines[#lines + 1] = ("---@alias %s %s\n"):format(alias.name, alias.type)
end

local function add_classes(lines, all)
  for _, name in ipairs(tables.keys(all.classes)) do
    local class = all.classes[name]
    if class.kind == "alias" then add_alias(lines, class) else add_class(lines, all, class) end
  end
end

-- Modules -----------------------------------------------------------------------------------------

local add_module

local function add_value(lines, all, owner, record)
  comment(lines, record.doc)
  local module = record.alias and not record.alias.name and record.alias.module
  if module then
    local name = local_name(module)
    return add_module(lines, all, module, ("%s.%s"):format(owner, name), owner)
  end
  lines[#lines + 1] = ("---@type %s"):format(record.type or "any")
  lines[#lines + 1] = ("%s.%s = nil\n"):format(owner, record.name)
end

-- Declare a module. `variable` is the expression that holds it.
function add_module(lines, all, module, variable, owner)
  lines[#lines + 1] = "---@class " .. module
  lines[#lines + 1] = ("%s%s = {}\n"):format(owner and "" or "local ", variable)
  for _, record in ipairs(all.members[module] or {}) do
    if record.kind == "function" then add_function(lines, variable, record)
    else add_value(lines, all, variable, record) end
  end
end

local function file_of(all, module, with_classes)
  local name = module:match "[^.]+$"
  local lines = { "---@meta " .. module, "" }
  if with_classes then add_classes(lines, all) end
  add_module(lines, all, module, name)
  lines[#lines + 1] = "return " .. name
  return table.concat(lines, "\n") .. "\n"
end

--- Return the files of the library.
---@return table<string, string>      path -> text; a file for each module that scripts load
function library.files()
  local all, files = reference.index(), {}
  for _, module in ipairs(index.ROOTS) do
    files[module:gsub("%.", "/") .. ".lua"] = file_of(all, module, module == "azureml")
  end
  return files
end

--- Write the files into a directory that has a folder for each module.
---@param directory string
---@raise the system's error for a file that cannot be written
function library.write(directory)
  for path, text in pairs(library.files()) do
    local file <close> = assert(io.open(directory .. "/" .. path, "w"))
    assert(file:write(text))
  end
end

return library
