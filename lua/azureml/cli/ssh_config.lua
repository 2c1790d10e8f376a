--- azureml ssh-config: print blocks for OpenSSH's configuration, or write them.
local command = require "azureml.cli.command"
local config = require "azureml.ssh.config"
local count = require "azureml.tool.count"

local ssh_config = {}

function ssh_config.configure(parser)
  command.workspace_options(parser)
  parser:flag("--write", "write the blocks to ~/.ssh/azureml.config, and let ~/.ssh/config include "
    .. "it; blocks of instances that are gone are removed")
end

function ssh_config.run(args)
  local ws = command.workspace(args)
  local blocks, skipped = config.blocks(ws.instances:list():all())
  for _, item in ipairs(skipped) do
    command.say(("azureml: %s is left out: %s"):format(item.name, item.why))
  end
  if not args.write then
    io.write(table.concat(blocks, "\n"))
    return
  end
  local path = config.write(("%s/%s/%s"):format(ws.subscription_id, ws.resource_group, ws.name),
    blocks)
  command.say(("%s of workspace %s %s in %s"):format(count.of(#blocks, "instance"), ws.name,
    #blocks == 1 and "is" or "are", path))
end

return ssh_config
