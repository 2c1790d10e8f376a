--- azureml plan: show what azureml apply would do.
local command = require "azureml.cli.command"
local exit_codes = require "azureml.cli.exit_codes"
local files = require "azureml.cli.files"
local planning = require "azureml.change.planning"

local plan = {}

--- Add the options that plan and apply share.
function plan.options(parser)
  parser:argument("file", "the file of definitions: .lua, .json, .yaml or .yml"):argname "FILE"
  parser:flag("--change-tags", "replace the whole definition for different tags or another "
    .. "description, which have no verb of their own")
  parser:flag("--stop", "stop a running instance before its size is changed")
  command.workspace_options(parser)
end

function plan.configure(parser)
  plan.options(parser)
  command.output_option(parser)
end

local COLOURS = { create = 32, change = 33, recreate = 31, delete = 31, nothing = 90 }

local COLUMNS = {
  { title = "Name", key = "name" },
  { title = "Action", key = "action", colour = function(item) return COLOURS[item.action] end },
  { title = "What", field = "changes",
    key = function(item) return table.concat(planning.lines(item), "; ") end },
}

--- Print a plan.
---@param args table
---@param made azureml.Plan
function plan.print(args, made)
  command.print_list(args, made, COLUMNS, planning.fields)
end

--- Read the file of the options and compare it with what is there.
---@param args table
---@return azureml.Plan made, azureml.Instances instances, table<string, table> definitions
function plan.make(args)
  local ws = command.workspace(args)
  local definitions = files.read(args.file, ws)
  local made = ws.instances:plan(definitions, { change_tags = args.change_tags, stop = args.stop })
  return made, ws.instances, definitions
end

function plan.run(args)
  local made = plan.make(args)
  plan.print(args, made)
  return made:differs() and exit_codes.DIFFERS or exit_codes.OK
end

return plan
