--- azureml update: change an instance, or several in the same way.
local command = require "azureml.cli.command"
local definition = require "azureml.cli.definition"
local ending = require "azureml.cli.ending"
local exit_codes = require "azureml.cli.exit_codes"
local report = require "azureml.cli.report"

local update = {}

function update.configure(parser)
  command.names_option(parser)
  definition.options(parser, true)
  parser:flag("--stop", "stop a running instance before its size is changed")
  ending.option(parser)
  command.workspace_options(parser)
  command.timeout_option(parser)
  command.verbose_option(parser)
  command.progress_option(parser)
  command.output_option(parser)
end

local function settings_of(args)
  local settings = definition.of(args)
  if not next(settings) then
    command.misused "nothing to change is given: add an option such as --idle-time-before-shutdown"
  end
  settings.stop, settings.timeout = args.stop, args.timeout
  return settings
end

function update.run(args)
  local settings = settings_of(args)      -- wrong usage is refused before any request
  local instances = command.workspace(args).instances
  local sizes = {}
  for _, name in ipairs(args.stop and args.names or {}) do sizes[name] = settings.vm_size end
  if not ending.may_resize(args, "update", instances, sizes) then return exit_codes.FAILED end
  if #args.names == 1 then
    return command.print_instance(args, instances:update(args.names[1], settings))
  end
  local items = {}
  for i, name in ipairs(args.names) do items[i] = { name = name } end
  return report.run(args, "update", items, function(item)
    instances:update(item.name, settings)
  end)
end

return update
