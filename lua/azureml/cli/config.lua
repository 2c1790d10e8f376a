--- azureml config: show and set the user's defaults.
local command = require "azureml.cli.command"
local defaults = require "azureml.defaults"
local output = require "azureml.cli.output"
local suggest = require "azureml.cli.suggest"
local tables = require "azureml.tool.tables"

local config = { default = "list" }

local NAMES = tables.keys(defaults.meanings)

local function check_name(name)
  if defaults.meanings[name] then return name end
  return nil, suggest.unknown("there is no default", name, NAMES)
end

-- Convert "NAME=VALUE". An empty value removes the default.
local function assignment(text)
  local name, value = text:match "^(%w+)=(.*)$"
  if not name then return nil, ("'%s' is not NAME=VALUE, such as group=ml"):format(text) end
  local known, message = check_name(name)
  if not known then return nil, message end
  local formats = table.concat(output.formats, ", ")
  if name == "output" and value ~= "" and not (", " .. formats .. ","):find(", " .. value .. ",",
    1, true) then
    return nil, suggest.unknown("output: there is no", value, output.formats)
  end
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
  parser:argument("name", "the default: " .. table.concat(NAMES, ", ")):convert(check_name)
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
