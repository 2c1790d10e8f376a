--- azureml logs: print the output of an instance's setup scripts.
local command = require "azureml.cli.command"
local instance_logs = require "azureml.look.logs"
local log_output = require "azureml.cli.log_output"
local selection = require "azureml.cli.selection"

local logs = {}

function logs.configure(parser)
  local name = parser:argument("name", "the compute instance's name"):argname "NAME"
  name:convert(selection.name)
  name.azureml_values = "names"
  log_output.options(parser, "the newest of each script")
  command.workspace_options(parser)
  parser:epilog("While the instance starts, --follow waits until it runs. 'azureml job logs' "
    .. "prints what a job has written.")
end

-- Return a function that tells each state of an instance that is waited for once.
local function state_teller(name)
  local told
  return function(state)
    if state ~= told then
      command.say(("%s is %s: its logs can be read when it runs"):format(name, state))
    end
    told = state
  end
end

function logs.run(args)
  local vm = command.workspace(args).instances:get(args.name)
  local all = vm:logs { wait = args.follow or nil, timeout = args.follow and args.timeout or nil,
    on_state = state_teller(vm.name) }
  if args.list then return log_output.list(args, all) end
  log_output.print(args, log_output.choose(args, all, instance_logs.newest(all)))
end

return logs
