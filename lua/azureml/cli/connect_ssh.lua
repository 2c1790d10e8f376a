--- azureml compute connect-ssh: refuse what `az ml compute connect-ssh` does, and name the command
--- that works: SSH where it is on, else a terminal by its Jupyter.
local command = require "azureml.cli.command"
local flags = require "azureml.cli.az.flags"

local connect_ssh = { summary = "az's tunnel for SSH; not here" }

function connect_ssh.configure(parser)
  flags.name(parser)
  parser:option("-f --private-key-file-path", "the private key's file"):argname "FILE"
  flags.globals(parser)
end

function connect_ssh.run(args)
  local vm = command.workspace(args).instances:get(args.name)
  local way = ("use 'azureml ssh %s'"):format(vm.name)
  if not vm.ssh.enabled then
    way = ("SSH is off on '%s', so use 'azureml terminal %s'"):format(vm.name, vm.name)
  end
  command.misused("connect-ssh goes through az's tunnel, whose protocol is not public: %s", way)
end

return connect_ssh
