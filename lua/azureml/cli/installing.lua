--- Share code among the commands that install on an instance: pip, r, env and kernel.
local command = require "azureml.cli.command"
local json = require "azureml.json"
local jupyter = require "azureml.cli.remote"
local reaching = require "azureml.cli.reaching"
local remote = require "azureml.remote"
local running = require "azureml.cli.running"

local installing = {}

--- Add the argument NAME: these commands take more words, so it stands first.
function installing.name_argument(parser)
  local argument = parser:argument("name", "the compute instance's name"):argname "NAME"
  argument.azureml_values = "names"
end

--- Add the options that the commands share.
---@param parser table
---@param kind string?      of the output option; "none": the command prints no result
function installing.options(parser, kind)
  running.option(parser)
  reaching.options(parser)
  parser:option("--timeout", "give up after SECONDS"):argname("SECONDS"):convert(command.seconds)
  if kind ~= "none" then command.output_option(parser, kind) end
end

--- Open the instance, and start it first if the user wants that.
---@param args table
---@param way "jupyter"|nil      what the command needs; default: the way of the options
---@return azureml.Instance
function installing.instance(args, way)
  local vm = command.workspace(args).instances:get(args.name)
  if (way or remote.way(vm, args)) == "jupyter" then return jupyter.prepare(args, vm) end
  reaching.target_of(args, vm)
  return vm
end

-- Where results are for machines, what the programs print goes to standard error.
local function output_stream(args)
  local is_text = (args.output == nil or args.output == "table") and not args.query
  if is_text then return io.stdout, "standard output" end
  return io.stderr, "standard error"
end

--- Return the settings of the options, as functions of azureml.packages take them. Output is shown
--- as it comes.
---@param args table
---@param more table?
---@return table
function installing.settings(args, more)
  running.survive_closed_pipes()
  local settings = {
    over = args.over, key = args.key, timeout = args.timeout,
    on_output = running.writer(output_stream(args)),
    on_errors = running.writer(io.stderr, "standard error"),
  }
  for key, value in pairs(more or {}) do settings[key] = value end
  return settings
end

--- Print a result where it is for machines; a person has seen the output.
---@param args table
---@param fields table
---@param text string?      for a person
function installing.finish(args, fields, text)
  if (args.output == nil or args.output == "table") and not args.query then
    if text then command.say(text) end
    return
  end
  command.print_object(args, fields)
end

--- Return a list that JSON shows as a list, also if it is empty.
---@param list any[]
function installing.list(list)
  return json.array { table.unpack(list) }
end

return installing
