--- azureml show: print one instance, or several.
local command = require "azureml.cli.command"
local selection = require "azureml.cli.selection"

local show = {}

function show.configure(parser)
  command.names_option(parser)
  command.workspace_options(parser)
  command.output_option(parser)
end

function show.run(args)
  local instances = command.workspace(args).instances
  if #args.names == 1 then return command.print_instance(args, instances:get(args.names[1])) end
  command.print_instances(args, selection.get_names(instances, args.names))
end

return show
