--- azureml config: show and set the user's defaults.
local command = require "azureml.cli.command"
local defaults = require "azureml.defaults"
local output = require "azureml.cli.output"
local settings = require "azureml.config"
local suggest = require "azureml.cli.suggest"
local tables = require "azureml.tool.tables"

local config = { default = "list" }

local NAMES = tables.keys(defaults.meanings)

local function check_name(name)
  if defaults.meanings[name] then return name end
  return nil, suggest.unknown("there is no default", name, NAMES)
end

-- Return what is wrong with a value that is not empty; nil: the default can have it.
local function fault_of(name, value)
  local field = defaults.fields[name]
  if field then
    local fault = settings.fault(field, value)
    return fault and name .. ": " .. fault
  end
  for _, format in ipairs(output.formats) do
    if value == format then return nil end
  end
  return suggest.unknown("output: there is no", value, output.formats)
end

-- Convert "NAME=VALUE". An empty value removes the default.
local function assignment(text)
  local name, value = text:match "^(%w+)=(.*)$"
  if not name then return nil, ("'%s' is not NAME=VALUE, such as group=ml"):format(text) end
  local known, message = check_name(name)
  if not known then return nil, message end
  local fault = value ~= "" and fault_of(name, value)
  if fault then return nil, fault end
  return { name = name, value = value }
end

-- list --------------------------------------------------------------------------------------------

local list = { summary = "list the defaults" }

function list.configure(parser)
  command.output_option(parser)
end

local COLUMNS = {
  { title = "Name", key = "name" }, { title = "Value", key = "value" },
  { title = "Meaning", key = "meaning" },
}

function list.run(args)
  local found, rows = defaults.read(), {}
  for i, name in ipairs(NAMES) do
    rows[i] = { name = name, value = found[name], meaning = defaults.meanings[name] }
  end
  command.print_list(args, rows, COLUMNS)
end

-- get ---------------------------------------------------------------------------------------------

local get = { summary = "print the value of a default" }

function get.configure(parser)
  parser:argument("name", "the default: " .. table.concat(NAMES, ", "))
    :argname("NAME"):convert(check_name)
end

function get.run(args)
  local value = defaults.read()[args.name]
  if value then print(value) end
  return value and 0 or 1
end

-- set ---------------------------------------------------------------------------------------------

local set = { summary = "set defaults; an empty value removes one" }

function set.configure(parser)
  parser:argument("assignments", "NAME=VALUE: " .. table.concat(NAMES, ", "))
    :args "+":argname "NAME=VALUE":convert(assignment)
end

function set.run(args)
  local values = defaults.read()
  for _, item in ipairs(args.assignments) do
    values[item.name] = item.value ~= "" and item.value or nil
  end
  defaults.write(values)
end

config.subcommands = { list = list, get = get, set = set }

return config
