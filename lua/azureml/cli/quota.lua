--- azureml quota: show the limits of a region's quota, and set those of a workspace.
local command = require "azureml.cli.command"

local quota = { default = "list", subcommands = {} }

local function options(parser)
  parser:option("--location", "another region than the workspace's: westeurope"):argname "REGION"
  command.workspace_options(parser)
  command.output_option(parser)
end

local COLUMNS = {
  { title = "Family", key = "name" },
  { title = "Workspace", key = function(row) return row.workspace or "(subscription)" end,
    field = "workspace" },
  { title = "Limit", key = "limit" },
}

local function record_of(row)
  return {
    name = row.name, title = row.title, limit = row.limit, workspace = row.workspace,
    resource_group = row.resource_group, id = row.id,
  }
end

-- List -------------------------------------------------------------------------------------------

local list = { summary = "list the limits of the subscription and of its workspaces" }
quota.subcommands.list = list

function list.configure(parser)
  parser:option("--family", "only families with this text in their name"):argname "TEXT"
  options(parser)
end

function list.run(args)
  local shown, text = {}, args.family and args.family:lower()
  for _, row in ipairs(command.workspace(args):quotas { location = args.location }) do
    if not text or row.name:lower():find(text, 1, true) then shown[#shown + 1] = row end
  end
  command.print_list(args, shown, COLUMNS, record_of)
end

-- Set --------------------------------------------------------------------------------------------

local set = { summary = "set limits of the workspace" }
quota.subcommands.set = set

local function limit(text)
  local family, cores = text:match "^(.+)=(%d+)$"
  if family then return { family = family, cores = math.tointeger(tonumber(cores)) } end
  return nil, ("'%s' is not a limit: write FAMILY=CORES, as standardDSv2Family=24"):format(text)
end

function set.configure(parser)
  parser:argument("limits", "the limits in cores: standardDSv2Family=24"):args "+"
    :argname "FAMILY=CORES":convert(limit)
  options(parser)
end

function set.run(args)
  local limits = {}
  for _, each in ipairs(args.limits) do
    if limits[each.family] then command.misused("'%s' has two limits", each.family) end
    limits[each.family] = each.cores
  end
  local all = command.workspace(args):set_quotas(limits, { location = args.location })
  command.print_list(args, all, COLUMNS, record_of)
end

return quota
