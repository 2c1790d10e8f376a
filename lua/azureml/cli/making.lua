--- Make the commands create and ensure. Both describe an instance by the options of definition.lua,
--- and take one name or several.
local check = require "azureml.cli.check"
local command = require "azureml.cli.command"
local definition = require "azureml.cli.definition"
local ending = require "azureml.tool.later" "azureml.cli.ending"
local exit_codes = require "azureml.cli.exit_codes"
local files = require "azureml.cli.files"
local json = require "azureml.json"
local report = require "azureml.cli.report"
local sizes = require "azureml.look.sizes"
local tables = require "azureml.tool.tables"

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
      ending.option(parser)
    end,
    settings = function(args)
      return { change_tags = args.change_tags, stop = args.stop, timeout = args.timeout }
    end,
  },
}

local function settings_of(verb, args)
  local settings = definition.of(args)
  local read = own[verb].settings
  for name, value in pairs(read and read(args) or {}) do settings[name] = value end
  return settings
end

-- Return the value of a text of --set: JSON, or else the text itself.
local function value_of(text)
  local value = json.decode_exact(text)
  if value == nil or value == json.null then return text end
  return value
end

-- Apply --set to settings: "tags.team=vision" sets a member of a field.
local function set(settings, text)
  local path, value = text:match "^([%w_.]+)=(.*)$"
  if not path then command.misused("--set: '%s' is not FIELD=VALUE", text) end
  local fault = files.fault_of_name(path:match "^[^.]+" or path)
  if fault then command.misused("--set: %s", fault) end
  local target = settings
  for name in path:gmatch "([^.]+)%." do
    if type(target[name]) ~= "table" then target[name] = {} end
    target = target[name]
  end
  target[path:match "[^.]+$"] = path:find "^tags%." and value or value_of(value)
end

-- Return the definitions that the user wants, by name: of the file, or of the names; with what the
-- options say in place of what the file says.
local function items_of(args, ws, settings)
  local definitions, items = {}, {}
  if args.file then
    if #args.names > 1 then command.misused "give one name with --file, or none" end
    definitions = files.read(args.file, ws, args.names[1])
  elseif #args.names == 0 then
    command.misused "which instance? Give a name, or --file"
  end
  for _, name in ipairs(args.file and {} or args.names) do definitions[name] = {} end
  for _, name in ipairs(tables.keys(definitions)) do
    local merged = tables.merge(definitions[name], settings)
    for _, text in ipairs(args.set) do set(merged, text) end
    items[#items + 1] = { name = name, settings = merged }
  end
  return items
end

-- Print what the checks before a creation warn of.
local function say_warnings(op)
  for _, text in ipairs(op.warnings) do
    if not (op.given and op.given[text]) then command.say("azureml: warning: " .. text) end
  end
end

-- Tell whether a command may stop instances for their sizes, which would end what runs on them.
local function may_stop(args, verb, instances, items)
  if not args.stop then return true end
  local wanted = {}
  for _, item in ipairs(items) do wanted[item.name] = item.settings.vm_size end
  return ending.may_resize(args, verb, instances, wanted)
end

--- Make the command of a verb.
---@param verb string      "create", "ensure"
---@return azureml.Command
function making.command(verb)
  local verb_command = {}

  function verb_command.configure(parser)
    command.optional_names_option(parser)
    parser:option("-f --file", "take the definitions of FILE: .lua, .json, .yaml or .yml")
      :argname "FILE"
    parser:option("--set",
      "set a field of the definition, as JSON or text: vm_size=STANDARD_D2S_V3")
      :argname("FIELD=VALUE"):count "*"
    definition.options(parser)
    own[verb].configure(parser)
    command.workspace_options(parser)
    command.wait_options(parser)
    command.verbose_option(parser)
    command.progress_option(parser)
    command.output_option(parser)
  end

  function verb_command.run(args)
    local settings = settings_of(verb, args)      -- wrong usage is refused before any request
    local ws = command.workspace(args)
    local items = items_of(args, ws, settings)
    if args.dry_run then return check.report(args, ws.instances, items) end
    if not may_stop(args, verb, ws.instances, items) then return exit_codes.FAILED end
    local function begin(item) return ws.instances[verb](ws.instances, item.name, item.settings) end
    if #items > 1 then return report.run(args, verb, items, begin) end
    local op = begin(items[1])
    command.remember_sizes(sizes.known(ws))
    say_warnings(op)
    return command.finish(args, op)
  end

  return verb_command
end

return making
