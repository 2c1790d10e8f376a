--- azureml cost: estimate what instances cost, each and together.
local azureml = require "azureml"
local columns = require "azureml.cli.cost_columns"
local command = require "azureml.cli.command"
local later = require "azureml.tool.later"
local screen = later "azureml.console.screen"

local cost = {}

function cost.configure(parser)
  command.filter_options(parser)
  command.workspace_options(parser)
  command.all_workspaces_option(parser)
  parser:flag("--total", "print the totals alone, one for each currency")
  command.output_option(parser)
end

local function amount_of(field)
  return function(row) return columns.amount(row[field]) end
end

local COLUMNS = {
  { title = "Name", key = "name" },
  { title = "Size", key = "vm_size" },
  { title = "Hour", key = amount_of "price", field = "price" },
  { title = "Runs for", field = "hours",
    key = function(row) return row.hours and screen.duration(row.hours * 3600) end },
  { title = "So far", key = amount_of "amount", field = "amount" },
  { title = "Month", key = amount_of "month", field = "month" },
}

local TOTAL_COLUMNS = {
  { title = "Currency", key = "currency" },
  { title = "Instances", key = "count" },
  { title = "Billed now", key = "billed" },
  { title = "Hour", key = amount_of "price", field = "price" },
  { title = "So far", key = amount_of "amount", field = "amount" },
  { title = "Month", key = amount_of "month", field = "month" },
}

local function say_total(total)
  local text = ("%d of %d billed now: %s %s an hour, %s so far, %s in a month with the schedules")
    :format(total.billed, total.count, columns.amount(total.price), total.currency or "",
      columns.amount(total.amount), columns.amount(total.month))
  command.say(text)
  if total.unknown_start > 0 then
    command.say(("  so far: without %d whose last operation does not tell since when they run")
      :format(total.unknown_start))
  end
  if total.unknown_month > 0 then
    command.say(("  month: without %d whose price or schedules are not known"):format(
      total.unknown_month))
  end
end

local function say_totals(args, totals)
  if args.output ~= "table" and args.output ~= "markdown" then return end
  for _, total in ipairs(totals) do say_total(total) end
end

local function columns_of(args)
  if not args.all_workspaces then return COLUMNS end
  return { { title = "Workspace", key = "workspace" }, table.unpack(COLUMNS) }
end

function cost.run(args)
  local vms, err = command.read(command.instances(args):list(command.filters(args)))
  local all = azureml.cost(vms)
  if args.total then
    command.print_list(args, all.totals, TOTAL_COLUMNS)
  else
    command.print_list(args, all.costs, columns_of(args))
    say_totals(args, all.totals)
  end
  columns.say_note(args)
  if err then error(err, 0) end
end

return cost
