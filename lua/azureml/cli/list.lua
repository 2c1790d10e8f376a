--- azureml list: the instances of a workspace, all or some.
local command = require "azureml.command"

local list = {}

function list.configure(parser)
  command.workspace_options(parser)
  command.output_option(parser)
  parser:option("--state", "only those in this state"):argname "STATE"
  parser:option("--tags", "only those with these tags"):argname("NAME=VALUE"):args("*"):convert(command.tag)
  parser:flag("--mine", "only mine: assigned to me, or created by me and assigned to nobody")
end

function list.run(args)
  local wanted = { state = args.state, tags = command.tags(args.tags), mine = args.mine }
  command.print_instances(args, command.workspace(args).instances:list(wanted):all())
end

return list
