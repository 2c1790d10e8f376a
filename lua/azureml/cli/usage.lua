--- azureml usage: show what is used of a region's quota.
local command = require "azureml.cli.command"

local usage = {}

function usage.configure(parser)
  parser:flag("--used", "only what is used, and the totals")
  parser:option("--location", "another region than the workspace's: westeurope"):argname "REGION"
  command.workspace_options(parser)
  command.output_option(parser)
end

local RED, YELLOW = 31, 33
local SCARCE = 0.8      -- the part of a limit from which on a row is coloured

local function colour_of(row)
  if not row.limit or row.used == 0 then return nil end
  if row.left == 0 then return RED end
  return row.used >= SCARCE * row.limit and YELLOW or nil
end

local COLUMNS = {
  { title = "Quota", key = "title", field = "name" },
  { title = "Used", key = "used", colour = colour_of },
  { title = "Limit", key = "limit" },
  { title = "Left", key = "left", colour = colour_of },
}

local function record_of(row)
  return { name = row.name, title = row.title, used = row.used, limit = row.limit, left = row.left }
end

function usage.run(args)
  local shown = {}
  for _, row in ipairs(command.workspace(args):usages { location = args.location }) do
    if not args.used or row.used > 0 or row.name:find "^Total" then shown[#shown + 1] = row end
  end
  command.print_list(args, shown, COLUMNS, record_of)
end

return usage
