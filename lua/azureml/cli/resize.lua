--- azureml resize: give an instance another size.
local command = require "azureml.cli.command"

local resize = {}

function resize.configure(parser)
  command.verb_options(parser)
  parser:option("-s --size", "the new size"):argname("SIZE"):count(1)
  parser:flag("--stop", "stop it first if it runs; it stays stopped")
end

function resize.run(args)
  local instances = command.workspace(args).instances
  return command.finish(args, instances:resize(args.name, args.size, { stop = args.stop }))
end

return resize
