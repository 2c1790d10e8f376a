--- azureml list: list the instances of a workspace.
local command = require "azureml.cli.command"

local list = {}

function list.configure(parser)
  command.filter_options(parser)
  command.workspace_options(parser)
  command.output_option(parser)
end

function list.run(args)
  local instances = command.workspace(args).instances
  local found = instances:list(command.filters(args)):all()
  command.remember_names(found)
  command.print_instances(args, found)
end

return list
