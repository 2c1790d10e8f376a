--- azureml list: list the instances of a workspace, or of all workspaces.
local command = require "azureml.cli.command"
local cost = require "azureml.cli.cost_columns"
local later = require "azureml.tool.later"
local computes = later "azureml.look.computes"

local list = {}

function list.configure(parser)
  command.filter_options(parser)
  command.workspace_options(parser)
  command.all_workspaces_option(parser)
  cost.option(parser)
  parser:flag("--all-types", "all types of compute: clusters and attached machines too")
  command.output_option(parser)
  command.check(parser, function(args)
    if not args.all_types then return end
    if args.all_workspaces or next(command.filters(args)) or args.cost then
      command.misused "--all-types goes with neither filters nor --all-workspaces nor --cost"
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

function list.run(args)
  if args.all_types then return print_computes(args) end
  local vms, err = command.read(command.instances(args):list(command.filters(args)))
  if not args.all_workspaces then command.remember_names(vms) end
  command.print_instances(args, vms, cost.is_wanted(args) and cost.more() or nil)
  if err then error(err, 0) end
end

return list
