--- azureml resize: give an instance another size.
local command = require "azureml.cli.command"
local ending = require "azureml.cli.ending"
local exit_codes = require "azureml.cli.exit_codes"

local resize = {}

function resize.configure(parser)
  command.verb_options(parser)
  parser:option("-s --size", "the new size"):argname("SIZE"):count(1)
  parser:flag("--stop", "stop it first if it runs; it stays stopped")
  ending.option(parser)
end

function resize.run(args)
  local instances = command.workspace(args).instances
  local sizes = args.stop and { [args.name] = args.size } or {}
  if not ending.may_resize(args, "resize", instances, sizes) then return exit_codes.FAILED end
  return command.finish(args, instances:resize(args.name, args.size, { stop = args.stop }))
end

return resize
