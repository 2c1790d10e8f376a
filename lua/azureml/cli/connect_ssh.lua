--- azureml connect-ssh: refuse what `az ml compute connect-ssh` does, and name the ways that work.
local command = require "azureml.cli.command"
local errors = require "azureml.error"

local connect_ssh = {}

function connect_ssh.configure(parser)
  command.name_option(parser)
  command.workspace_options(parser)
end

function connect_ssh.run(args)
  local vm = command.workspace(args).instances:get(args.name)
  local way = vm.ssh.enabled and "azureml ssh" or "azureml terminal"
  errors.raise {
    code = "NoTunnel",
    message = "connect-ssh goes through a tunnel of the Azure CLI whose protocol is not public",
    hint = ("use '%s %s'%s"):format(way, vm.name,
      vm.ssh.enabled and "" or ": SSH is off on this instance"),
  }
end

return connect_ssh
