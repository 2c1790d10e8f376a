--- azureml recreate: delete an instance and create it again, with changes.
local command = require "azureml.cli.command"
local definition = require "azureml.cli.definition"
local ending = require "azureml.cli.ending"
local exit_codes = require "azureml.cli.exit_codes"
local question = require "azureml.cli.question"

local recreate = {}

function recreate.configure(parser)
  command.name_option(parser)
  definition.options(parser)
  question.option(parser)
  command.workspace_options(parser)
  command.timeout_option(parser)
  command.progress_option(parser)
  command.output_option(parser, "object")
end

local QUESTION = "Delete the compute instance '%s' and create it again? All that is on its disk is "
  .. "lost; the file share of the workspace stays."

function recreate.run(args)
  local settings = definition.of(args)
  local instances = command.workspace(args).instances
  if not args.yes then
    local function find() return (ending.find("recreate", instances, args.name)) end
    ending.check_terminal("recreate", find)
    ending.say("recreate", find())
    if not question.is_confirmed(QUESTION:format(args.name)) then return exit_codes.FAILED end
  end
  return command.finish(args, instances:recreate(args.name, settings))
end

return recreate
