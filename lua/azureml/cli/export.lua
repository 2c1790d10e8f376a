--- azureml export: print what creates the same instances, for plan, apply and create -f.
local command = require "azureml.cli.command"
local core = require "azureml.core"
local exporting = require "azureml.cli.az.exporting"
local formats = require "azureml.cli.formats"
local json = require "azureml.json"
local lua_text = require "azureml.cli.lua_text"
local schema = require "azureml.cli.schema"
local tables = require "azureml.tool.tables"
local template = require "azureml.template"
local yaml = require "azureml.cli.yaml"

local export = {}

-- Tell which fields `az ml compute create -f` does not read.
local function say_ours(name, ours)
  if #ours == 0 then return end
  command.say(("azureml: az's YAML cannot say %s of '%s': only azureml reads it"):format(
    table.concat(ours, ", "), name))
end

local writers = {}

function writers.lua(definitions)
  return "return " .. lua_text.encode(definitions)
end

function writers.json(definitions)
  return json.encode(definitions)
end

-- A single instance is a file that `az ml compute create -f` reads.
function writers.yaml(definitions)
  local written, count = {}, 0
  for name, definition in pairs(definitions) do
    local ours
    written[name], ours = exporting.az(definition)
    say_ours(name, ours)
    count = count + 1
  end
  local name = next(written)
  if count == 1 then return yaml.encode(tables.merge(written[name], { name = name })) end
  return yaml.encode(written)
end

-- Write the parameters of a template into a file that only the user can read: some are secret.
local function write_parameters(path, parameters)
  local directory, name = path:match "^(.*/)([^/]+)$"
  local text = formats.indented(template.parameters_file(parameters), "") .. "\n"
  local is_written, reason = core.write_private(directory or "./", name or path, text)
  if not is_written then command.misused("--parameters: %s: %s", path, reason) end
end

-- A single instance has its name and its fields in parameters; several share a template.
function writers.arm(definitions, args, ws)
  local name, definition = next(definitions)
  if not name then command.misused "-o arm: a template needs an instance, and none is selected" end
  local made, parameters
  if next(definitions, name) then
    made, parameters = template.many(definitions, { workspace = ws })
  else
    made, parameters = template.new(definition, { name = name, workspace = ws })
  end
  if args.parameters then write_parameters(args.parameters, parameters) end
  return formats.indented(made, "")
end

function export.configure(parser)
  command.optional_names_option(parser)
  command.filter_options(parser)
  parser:flag("--all", "all instances of the workspace")
  parser:flag("--schema", "print the JSON Schema of the definitions instead, for editors")
  command.workspace_options(parser)
  command.choice(parser, "-o --output", "the format: lua, json, yaml (az's names) or arm (a "
    .. "template of Azure Resource Manager) (default: lua)", tables.keys(writers)):default "lua"
  parser:option("--parameters", "with -o arm: write the parameters of the template to FILE; some "
    .. "are secret"):argname "FILE"
  command.check(parser, function(args)
    if args.parameters and args.output ~= "arm" then
      command.misused "--parameters belongs to -o arm"
    end
  end)
end

-- Return the instances that the user selected.
local function selected(args, instances)
  local filters = command.filters(args)
  local is_filtered = next(filters) ~= nil or args.all
  if #args.names > 0 and is_filtered then
    command.misused "give either names, or filters, or --all"
  end
  if #args.names == 0 and not is_filtered then
    command.misused "which instances? Give names, --state, --tags, --mine, --where or --all"
  end
  if is_filtered then return instances:list(filters):all() end
  local list = {}
  for i, name in ipairs(args.names) do list[i] = instances:get(name) end
  return list
end

function export.run(args)
  if args.schema then
    print(json.encode(schema.of_file()))
    return
  end
  local ws = command.workspace(args)
  local list = selected(args, ws.instances)
  local definitions = {}
  require("azureml").each(list, function(vm) definitions[vm.name] = vm:export() end)
  print(writers[args.output](definitions, args, ws))
end

return export
