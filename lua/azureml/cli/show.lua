--- azureml show: print one instance.
local command = require "azureml.cli.command"

local show = {}

function show.configure(parser)
  command.name_option(parser)
  command.workspace_options(parser)
  command.output_option(parser)
end

function show.run(args)
  command.print_instance(args, command.workspace(args).instances:get(args.name))
end

return show
