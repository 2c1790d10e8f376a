--- Make the argparse parser of a command with all its options, for help and the manual page, and
--- lay out the help.
local argparse = require "argparse"
local help = require "azureml.console.help"
local tables = require "azureml.tool.tables"

local full_parser = {}

local USUAL_WIDTH = 80

-- Return an option's label on one line: "-n, --name NAME". argparse would use a line for each
-- alias. A long name without a short name is indented, so that it stands under the other long
-- names.
local function label_of(option)
  local names = table.concat(option._public_aliases, ", ")
  local values = table.concat(option:_get_argument_list(), " ")
  local label = names:find "^%-%-" and "    " .. names or names
  return values == "" and label or label .. " " .. values
end

local function lay_out(parser, width)
  local labels = {}
  for i, option in ipairs(parser._options) do
    local label = label_of(option)
    labels[i] = label
    function option:_get_label_lines() return { label } end
  end
  for _, argument in ipairs(parser._arguments) do labels[#labels + 1] = argument._name end
  parser:help_usage_margin(help.indent):help_description_margin(help.margin(labels))
  parser:help_max_width(width):usage_max_width(width)
end

--- Make a parser.
---@param call azureml.Call
---@param width integer?      of its help in columns; default 80
---@return table
function full_parser.new(call, width)
  local parser = argparse("azureml " .. call.name, call.summary):add_help(false)
  require("azureml.cli").configure(parser, call)
  lay_out(parser, width or USUAL_WIDTH)
  return parser
end

local function group_help(call, width)
  local rows = {}
  for i, name in ipairs(tables.keys(call.command.subcommands)) do
    rows[i] = { name, call.command.subcommands[name].summary }
  end
  local default = call.command.default
  return table.concat({
    ("Usage: azureml %s COMMAND [options]"):format(call.name),
    call.summary .. (default and (". Without a COMMAND it is '%s'."):format(default) or "."),
    ("Commands (for more, run 'azureml %s COMMAND --help'):\n%s"):format(call.name,
      help.list(rows, width)),
  }, "\n\n")
end

--- Return a command's help.
---@param call azureml.Call
---@param width integer        in columns
---@return string
function full_parser.help(call, width)
  if call.command.subcommands then return group_help(call, width) end
  return (full_parser.new(call, width):get_help():gsub("%s+$", ""))
end

return full_parser
