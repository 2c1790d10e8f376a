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
  command.print_instances(args, instances:list(command.filters(args)):all())
end

return list
