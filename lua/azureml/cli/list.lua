--- azureml list: the instances of a workspace, all or some.
local command = require "azureml.cli.command"

local list = {}

function list.configure(parser)
  command.workspace_options(parser)
  command.output_option(parser)
  command.filter_options(parser)
end

function list.run(args)
  command.print_instances(args, command.workspace(args).instances:list(command.filters(args)):all())
end

return list
