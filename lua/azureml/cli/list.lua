--- azureml list: list the instances of a workspace, or of all workspaces.
local command = require "azureml.cli.command"
local cost = require "azureml.cli.cost_columns"
local later = require "azureml.tool.later"
local computes = later "azureml.look.computes"

local list = {}

function list.configure(parser)
  command.scope_options(parser)
  command.workspace_options(parser)
  command.all_workspaces_option(parser)
  cost.option(parser)
  parser:flag("--all-types", "all types of compute: clusters and attached machines too")
  command.output_option(parser)
  command.check(parser, function(args)
    if not args.all_types then return end
    if args.all_workspaces or #args.names > 0 or next(command.filters(args)) or args.cost then
      command.misused "--all-types goes with neither names, filters, --all-workspaces nor --cost"
    end
  end)
end

local COMPUTE_COLUMNS = {
  { title = "Name", key = "name" }, { title = "Type", key = "type" },
  { title = "State", key = "state", colour = command.state_colour },
  { title = "Size", key = "vm_size" }, { title = "Nodes", key = "nodes" },
}

local COMPUTE_FIELDS = {
  name = true, id = true, type = true, state = true, vm_size = true, nodes = true,
  created_on = true,
}

local function fields_of(compute)
  local record = {}
  for name in pairs(COMPUTE_FIELDS) do record[name] = compute[name] end
  return record
end

local function print_computes(args)
  local all = command.read(computes.list(command.workspace(args)))
  command.print_list(args, all, COMPUTE_COLUMNS, fields_of, COMPUTE_FIELDS)
end

-- Tell whether the list has all names of the workspace, so that completion can use them.
local function is_whole(args)
  return not args.all_workspaces and #args.names == 0 and not next(command.filters(args))
end

-- Print the instances that the filters select, and return their names.
local function print_selected(args)
  local names = {}
  local function note(vm) names[#names + 1] = vm.name end
  local more = cost.is_wanted(args) and cost.more() or nil
  local is_printed, err = nil, nil
  if not more then is_printed, err = command.stream_instances(args, note) end
  if is_printed then return names, err end
  local vms
  vms, err = command.read_scope(args)
  for _, vm in ipairs(vms) do note(vm) end
  command.print_instances(args, vms, more)
  return names, err
end

function list.run(args)
  if args.all_types then return print_computes(args) end
  local names, err = print_selected(args)
  if is_whole(args) then command.remember_names(names) end
  if err then error(err, 0) end
end

return list
