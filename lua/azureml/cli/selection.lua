--- Select instances: names by position or by -n, filters, --where, --all.
local checks = require "azureml.cli.checks"
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local filters = later "azureml.cli.filters"
local tables = require "azureml.tool.tables"

local selection = {}

local function misused(message, ...)
  errors.raise { code = "Usage", message = message:format(...) }
end

-- Names -------------------------------------------------------------------------------------------

--- Let a command take names, by position or by -n, or none. The values of both become one list,
--- args.names, each name once.
function selection.names(parser)
  local argument = parser:argument("names", "the compute instances' names")
  argument:args "*":argname "NAME"
  local option = parser:option("-n --name", "a compute instance's name; repeat it for more")
  option:argname("NAME"):count "*"
  argument.azureml_values, option.azureml_values = "names", "names"
  checks.add(parser, function(args)
    local names, seen = {}, {}
    for _, name in ipairs(tables.append(args.names, args.name)) do
      if not seen[name] then names[#names + 1] = name end
      seen[name] = true
    end
    args.names, args.name = names, nil
  end)
end

--- Let a command take one or more names, by position or by -n: args.names is their list.
function selection.names_option(parser)
  selection.names(parser)
  checks.add(parser, function(args)
    if #args.names == 0 then misused "which instance? Give a name" end
  end)
end

--- Let a command take exactly one name, by position or by -n: args.name.
function selection.name_option(parser)
  local argument = parser:argument("name_argument", "the compute instance's name")
  argument:args "?":argname "NAME"
  local option = parser:option("-n --name", "the compute instance's name"):argname "NAME"
  argument.azureml_values, option.azureml_values = "names", "names"
  checks.add(parser, function(args)
    if args.name and args.name_argument then
      misused("give one name, not both '%s' and '%s'", args.name_argument, args.name)
    end
    args.name = args.name or args.name_argument
    args.name_argument = nil
    if not args.name then misused "which instance? Give its name" end
  end)
end

-- Names or filters --------------------------------------------------------------------------------

--- Check that the user selects by names, or by filters, or --all.
---@param args table
---@raise an error object `Usage`
function selection.check(args)
  local has_names, is_filtered = #args.names > 0, next(filters.of(args)) ~= nil
  if has_names and (is_filtered or args.all) then
    misused "give either names, or filters, or --all"
  end
  if not has_names and not is_filtered and not args.all then
    misused "which instances? Give names, --state, --tags, --like, --mine, --where or --all"
  end
end

--- Let a command take names, or filters, or --all. `selection.of` returns what the user selected.
function selection.options(parser)
  selection.names(parser)
  parser:flag("--all", "all instances of the workspace")
  filters.options(parser)
  checks.add(parser, selection.check)
end

--- Return what the user selected, in the form of `instances:stop_all`: names, or filters, or all.
---@return table
function selection.of(args)
  local selected = filters.of(args)
  selected.all = args.all
  if #args.names > 0 then selected.names = args.names end
  return selected
end

--- Get or list the instances that the user selected.
---@param instances azureml.Instances
---@param args table
---@return azureml.Instance[]
---@raise an error object `ResourceNotFound` for a name that the workspace does not have
function selection.get(instances, args)
  if #args.names == 0 then return instances:list(filters.of(args)):all() end
  local list = {}
  for i, name in ipairs(args.names) do list[i] = instances:get(name) end
  return list
end

return selection
