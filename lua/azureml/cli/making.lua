--- Make the commands create and ensure. Both describe an instance by the options of definition.lua,
--- and take one name or several.
local check = require "azureml.cli.check"
local command = require "azureml.cli.command"
local definition = require "azureml.cli.definition"
local report = require "azureml.cli.report"
local sizes = require "azureml.sizes"

local making = {}

-- What only one of the commands has.
local own = {
  create = {
    configure = function(parser)
      parser:flag("--dry-run", "create nothing; report what would be refused, as 'check' does")
    end,
  },
  ensure = {
    configure = function(parser)
      parser:flag("--change-tags", "replace the whole definition for different tags or another "
        .. "description, which have no verb of their own")
      parser:flag("--stop", "stop a running instance before its size is changed")
    end,
    settings = function(args) return { change_tags = args.change_tags, stop = args.stop } end,
  },
}

local function settings_of(verb, args)
  local settings = definition.of(args)
  local read = own[verb].settings
  for name, value in pairs(read and read(args) or {}) do settings[name] = value end
  return settings
end

-- Print what the checks before a creation warn of.
local function say_warnings(op)
  for _, text in ipairs(op.warnings) do command.say("azureml: warning: " .. text) end
end

--- Make the command of a verb.
---@param verb string      "create", "ensure"
---@return azureml.Command
function making.command(verb)
  local verb_command = {}

  function verb_command.configure(parser)
    command.names_option(parser)
    definition.options(parser)
    own[verb].configure(parser)
    command.workspace_options(parser)
    command.wait_options(parser)
    command.verbose_option(parser)
    command.progress_option(parser)
    command.output_option(parser)
  end

  function verb_command.run(args)
    if args.dry_run then return check.run(args) end
    local settings = settings_of(verb, args)      -- wrong usage is refused before any request
    local ws, items = command.workspace(args), {}
    local function begin(item) return ws.instances[verb](ws.instances, item.name, settings) end
    for i, name in ipairs(args.names) do items[i] = { name = name } end
    if #items > 1 then return report.run(args, verb, items, begin) end
    local op = begin(items[1])
    command.remember_sizes(sizes.known(ws))
    say_warnings(op)
    return command.finish(args, op)
  end

  return verb_command
end

return making
