--- The columns about money, of the commands list and cost. Prices are asked for only when a column
--- or a field needs them.
local command = require "azureml.cli.command"
local later = require "azureml.tool.later"
local cost = later "azureml.look.cost"
local instance = require "azureml.instance"

local cost_columns = {}

--- Add the flag --cost.
function cost_columns.option(parser)
  parser:flag("--cost", "add what each instance costs: an estimate, without disk, address and load "
    .. "balancer")
end

--- Tell whether the user asks for costs: by --cost, or by a column such as cost.month.
---@param args table
---@return boolean
function cost_columns.is_wanted(args)
  if args.cost then return true end
  for _, name in ipairs(args.columns or {}) do
    if name:find "^cost%f[.\0]" then return true end
  end
  for _, key in ipairs(args.sort or {}) do
    if key.field:find "^cost%f[.\0]" then return true end
  end
  return false
end

--- Write an amount for people: "0.293", "213.89".
---@param amount number?
---@return string?
function cost_columns.amount(amount)
  if not amount then return nil end
  local text = ("%.3f"):format(amount)
  return amount >= 10 and ("%.2f"):format(amount) or (text:gsub("(%.%d%d)0$", "%1"))
end

local function column(title, field, of)
  return {
    title = title, field = "cost." .. field,
    key = function(vm) return cost_columns.amount(of(vm)[field]) end,
  }
end

--- Return the columns, and the records with a member `cost`, for command.print_instances.
---@return { columns: table[], summarise: fun(vm: azureml.Instance): table, fields: table }
function cost_columns.more()
  local known = {}
  local function of(vm)
    known[vm] = known[vm] or cost.of(vm)
    return known[vm]
  end
  return {
    columns = {
      column("Hour", "price", of), column("So far", "amount", of), column("Month", "month", of),
    },
    fields = { cost = true },
    summarise = function(vm)
      local record = instance.summary(vm)
      record.cost = of(vm)
      return record
    end,
  }
end

--- Say what the figures leave out, on standard error, where a person reads them.
---@param args table
function cost_columns.say_note(args)
  if args.output == "table" or args.output == "markdown" then command.say(cost.note) end
end

return cost_columns
