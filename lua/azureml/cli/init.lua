--- List the commands and run them. Each command is a file in cli/, a short script over the public
--- API.
local argparse = require "argparse"
local errors = require "azureml.error"
local help = require "azureml.console.help"
local tables = require "azureml.tables"

local cli = {}

---@class azureml.Command
---@field configure fun(parser: table)      add the command's options
---@field run fun(args: table): integer?    run it; return its exit code, default 0

--- The commands by name. The summaries stand here, so that help loads no command.
cli.commands = {
  create   = { summary = "create a compute instance and wait until it runs" },
  show     = { summary = "show a compute instance" },
  list     = { summary = "list the compute instances of a workspace" },
  start    = { summary = "start stopped compute instances, by name or by filter" },
  stop     = { summary = "stop compute instances; they keep their disks and their quota" },
  restart  = { summary = "restart compute instances" },
  delete   = { summary = "delete compute instances and their disks" },
  schedule = { summary = "show when an instance is started and stopped, and change it" },
  watch    = { summary = "print each change of state in a workspace, until interrupted" },
  pending  = {
    summary = "list operations left running by processes that have exited, or wait for them",
  },
  emulator = { summary = "serve an emulator of the service on loopback" },
  login    = { summary = "sign in and save the login for later runs on this machine" },
  logout   = { summary = "remove the saved tokens from this machine" },
  whoami   = { summary = "show the credential in use and its user, application and tenant" },
  run      = { summary = "run a workflow by name" },
}

local OK, FAILED, MISUSED = 0, 1, 2
local STANDARD_OUTPUT, STANDARD_ERROR = 1, 2

--- List the commands' names.
---@return string[]      sorted
function cli.names()
  return tables.keys(cli.commands)
end

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

--- Make the parser of a command.
---@param name string         of the command
---@param width integer?      of its help in columns; default 80
---@return table parser, azureml.Command command
function cli.parser(name, width)
  local command = require("azureml.cli." .. name)
  local parser = argparse("azureml " .. name, cli.commands[name].summary):add_help(false)
  parser:flag("-h --help", "show this help")
  command.configure(parser)
  lay_out(parser, width or 80)
  return parser, command
end

local function complain(message)
  io.stderr:write("azureml: ", message, "\n")
end

local function wants_help(argv)
  for i = 2, #argv do
    if argv[i] == "--" then return false end
    if argv[i] == "-h" or argv[i] == "--help" then return true end
  end
  return false
end

-- Run a command and report its error. The error's place in a Lua file is left out: the user typed a
-- command, not a script.
local function run(command, args)
  local code, err = errors.try(function() return command.run(args) or OK end)
  if code then return code end
  err.where = nil
  complain(err.code == "Usage" and err.message or tostring(err))
  return err.code == "Usage" and MISUSED or FAILED
end

--- Run a command.
---@param argv string[]       the command's name, then its arguments
---@return integer code       0: success; 1: failure; 2: wrong usage
function cli.main(argv)
  if wants_help(argv) then
    print((cli.parser(argv[1], help.width(STANDARD_OUTPUT)):get_help()))
    return OK
  end
  local parser, command = cli.parser(argv[1], help.width(STANDARD_ERROR))
  local ok, args = parser:pparse { table.unpack(argv, 2) }
  if ok then return run(command, args) end
  complain(args)
  io.stderr:write(parser:get_usage(), "\n")
  return MISUSED
end

return cli
