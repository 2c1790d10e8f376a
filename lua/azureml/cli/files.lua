--- Read the files that describe instances: Lua and JSON with our names of fields, YAML with az's
--- names and ours. A file describes a single instance, which has its name in `name`, or several in
--- a map by name.
local az = require "azureml.cli.az.definition"
local errors = require "azureml.error"
local fields = require "azureml.definition.fields"
local json = require "azureml.json"
local spellings = require "azureml.definition.spellings"
local suggest = require "azureml.cli.suggest"
local tables = require "azureml.tool.tables"

local files = {}

local MOST_BYTES = 8 << 20

---@class azureml.DefinitionFile
---@field path string
---@field text string
---@field empty string[]?         the outermost names without a value; nil: they are not told apart

-- Places ------------------------------------------------------------------------------------------

-- Return the number of the first line that sets a name; nil if no line looks like it.
local function line_of(text, name)
  local number, pattern = 0, "^[%s{,%[]*[\"']?" .. name:gsub("%p", "%%%0") .. "[\"']?%]?%s*[:=]"
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    if line:find(pattern) or line:find("[{,]%s*[\"']?" .. pattern:sub(2)) then return number end
  end
end

-- Raise what is wrong with a file, at a line or at the first one that sets a name.
local function refuse(file, name, message, ...)
  local line = math.type(name) == "integer" and name or name and line_of(file.text, name)
  errors.raise { code = "Usage",
    message = ("%s:%s %s"):format(file.path, line and line .. ":" or "", message:format(...)) }
end

-- Names -------------------------------------------------------------------------------------------

local function our_names()
  local names = { name = true }
  for _, row in ipairs(fields) do names[row.name] = true end
  for name in pairs(spellings.names) do names[name] = true end
  return names
end

local OURS = our_names()

--- Return what is wrong with a text as the name of a field; nil: it is one.
---@param name string
---@return string?
function files.fault_of_name(name)
  if OURS[name] then return nil end
  return suggest.unknown("an instance has no field", name, tables.keys(OURS))
end

-- Forms -------------------------------------------------------------------------------------------

local function first_line(text)
  return (tostring(text):match "^[^\n]*")
end

-- Lua runs without any global: a file of definitions has nothing to call.
local function read_lua(file)
  local chunk, fault = load(file.text, "=" .. file.path, "t", {})
  if not chunk and fault:find "binary chunk" then refuse(file, nil, "it is compiled Lua") end
  if not chunk then errors.raise { code = "Usage", message = first_line(fault) } end
  local ok, value = pcall(chunk)
  if not ok and errors.is(value) then error(value, 0) end
  if not ok then errors.raise { code = "Usage", message = first_line(value) } end
  return value
end

-- Return the number of the line in which a byte is.
local function line_of_byte(text, position)
  local _, breaks = text:sub(1, position):gsub("\n", "")
  return breaks + 1
end

local function read_json(file)
  local value, fault = json.decode_exact(file.text, true)
  if value ~= nil then return value end
  local what, position = fault:match "^([^\n]*) at byte (%d+)$"
  if not what then refuse(file, nil, "it is not JSON: %s", first_line(fault)) end
  refuse(file, line_of_byte(file.text, math.tointeger(position)), "it is not JSON: %s", what)
end

local function read_yaml(file)
  local value, empty = az.parse(file.text, file.path)
  file.empty = empty
  return value
end

local READERS = { lua = read_lua, json = read_json, yaml = read_yaml, yml = read_yaml }

-- Copy a table of our names, after a check of them.
local function our_settings(file, definition)
  local settings = {}
  for name, value in pairs(definition) do
    local fault = files.fault_of_name(tostring(name))
    if fault then refuse(file, tostring(name), "%s", fault) end
    if name ~= "name" and value ~= json.null then settings[name] = value end
  end
  return settings
end

-- Turn a table of az's names and ours into settings.
local function az_settings(file, definition, workspace, name)
  local _, settings = nil, nil
  local ok, err = pcall(function() _, settings = az.settings(definition, workspace, OURS) end)
  if ok then return settings end
  if not errors.is(err) or err.code ~= "Usage" then error(err, 0) end
  local is_placed = not name or err.key and line_of(file.text, err.key)
  refuse(file, err.key, "%s%s", is_placed and "" or name .. ": ", err.message)
end

-- Tell whether a table describes a single instance: some name of it is that of a field.
local function is_single(definition, is_yaml)
  for name in pairs(definition) do
    if OURS[name] or is_yaml and az.is_member(name) then return true end
  end
  return false
end

local function text_of(path)
  if path == "-" then return io.read(MOST_BYTES + 1) or "" end
  local file, message = io.open(path)
  if not file then errors.raise { code = "Usage", message = message } end
  local opened <close> = file
  local text
  text, message = opened:read(MOST_BYTES + 1)
  if not text and message then
    errors.raise { code = "Usage", message = path .. ": " .. message }
  end
  return text or ""
end

local function form_of(path)
  local form = path:match "%.(%a+)$"
  if READERS[form and form:lower()] then return form:lower() end
  if path == "-" then return "yaml" end
  if path == "" then errors.raise { code = "Usage", message = "the name of the file is empty" } end
  errors.raise { code = "Usage",
    message = ("%s: the name of a file of definitions ends in .lua, .json, .yaml or .yml"):format(
      path) }
end

--- Read a file of definitions.
---@param path string                     its name tells the form; "-" reads YAML or JSON from
---  standard input
---@param workspace azureml.Workspace     of subnets that are told by name
---@param name? string                    of a single instance that has none in the file
---@return table<string, table> definitions     settings as for `instances:create`, by name
---@raise an error object `Usage` with the line of what is wrong
function files.read(path, workspace, name)
  local form = form_of(path)
  local file = { path = path, text = text_of(path) }
  if #file.text > MOST_BYTES then
    refuse(file, nil, "it is larger than %d MiB", MOST_BYTES >> 20)
  end
  local content = READERS[form](file)
  if type(content) ~= "table" or not next(content) and #(file.empty or {}) == 0 then
    refuse(file, nil, "it describes no instance")
  end
  local is_yaml = READERS[form] == read_yaml
  local read = is_yaml and az_settings or our_settings
  local map = content
  if is_single(content, is_yaml) then
    local own = name or content.name
    if type(own) ~= "string" then refuse(file, nil, "which name? Give name, or -n") end
    map = { [own] = content }
  elseif file.empty and file.empty[1] then
    refuse(file, file.empty[1], "'%s' has no definition; {} takes the defaults", file.empty[1])
  end
  local definitions = {}
  for key, definition in pairs(map) do
    if type(key) ~= "string" or type(definition) ~= "table" then
      refuse(file, tostring(key), "'%s' does not describe an instance: a table by name is expected",
        tostring(key))
    end
    if is_yaml then definition.name = key end
    definitions[key] = read(file, definition, workspace, map == content and key or nil)
  end
  return definitions
end

return files
