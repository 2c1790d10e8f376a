--- azureml delete: for good, so it asks.
local command = require "azureml.command"
local core = require "azureml.core"

local delete = {}

local STANDARD_INPUT = 0

function delete.configure(parser)
  command.verb_options(parser)
  parser:flag("-y --yes", "do not ask")
end

local function is_sure(args)
  if args.yes then return true end
  if not core.terminal_width(STANDARD_INPUT) then command.misused("delete asks first, and nobody is there to answer: say --yes") end
  io.stderr:write("Delete the compute instance '", args.name, "' and its disk? [y/N] ")
  local answer = io.read() or ""
  return answer:lower():find "^y" ~= nil
end

function delete.run(args)
  if not is_sure(args) then return 1 end
  command.finish(args, command.workspace(args).instances:delete(args.name))
end

return delete
