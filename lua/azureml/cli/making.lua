--- Make the commands create and ensure. Both describe an instance by the options of definition.lua,
--- and take one name or several.
local command = require "azureml.cli.command"
local definition = require "azureml.cli.definition"
local report = require "azureml.cli.report"

local making = {}

--- Make the command of a verb.
---@param verb string      "create", "ensure"
---@return azureml.Command
function making.command(verb)
  local verb_command = {}

  function verb_command.configure(parser)
    command.names_option(parser)
    definition.options(parser)
    command.workspace_options(parser)
    command.wait_options(parser)
    command.verbose_option(parser)
    command.progress_option(parser)
    command.output_option(parser)
  end

  function verb_command.run(args)
    local settings = definition.of(args)      -- wrong usage is refused before any request
    local instances, items = command.workspace(args).instances, {}
    if #args.names == 1 then
      return command.finish(args, instances[verb](instances, args.names[1], settings))
    end
    for i, name in ipairs(args.names) do items[i] = { name = name } end
    return report.run(args, verb, items, function(item)
      return instances[verb](instances, item.name, settings)
    end)
  end

  return verb_command
end

return making
