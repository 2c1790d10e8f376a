--- Estimate what instances cost: by the hour, since they were started, and in a month with their
--- schedules. The service tells prices, not bills: every figure is an estimate.
--- Sources: spec/contract/compute-rest.md, sections 3.16, 7.6 and 7.7.
local core = require "azureml.core"
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local firing = later "azureml.definition.schedule.firing"
local moment = require "azureml.tool.moment"
local options = require "azureml.options"
local sequence = require "azureml.tool.sequence"
local sizes = require "azureml.look.sizes"

local cost = {}

local MONTH = 730      -- hours: a twelfth of a year
local HOUR = 3600
local MOST = 1000      -- firings of a schedule in a month

--- What the figures leave out, for every place that shows them.
cost.note = "an estimate from the price of an hour; disk, address and load balancer are not "
  .. "included"

--- What an instance costs, as an estimate.
---@class azureml.Cost
---@field name string  of the instance
---@field vm_size string  the size of its virtual machine
---@field price number?          an hour while it runs; nil: the service tells no price
---@field currency string?       "USD"
---@field is_billed boolean      whether its hours are billed now
---@field running_since string?  ISO 8601; nil: not billed, or the last operation does not tell
---@field hours number?          since then
---@field amount number?         since then
---@field month_hours number?    in the coming 730 hours, if only its schedules start and stop it;
---  nil: `month_fault` tells why
---@field month number?          what they cost
---@field month_fault string?  why the month is not known
---@field note string            says that this is an estimate, and what is left out

-- States without a machine. A failed one has its machine until it is deleted.
local UNBILLED = {
  Stopped = true, Deleting = true, Creating = true, CreateFailed = true, Failed = true,
  Canceled = true,
}

--- Tell whether the hours of an instance in a state are billed.
---@param state string
---@return boolean
function cost.is_billed(state)
  return not UNBILLED[state]
end

-- The operations after which an instance runs for the first time or again.
local BEGINS = { Create = true, Start = true }

local function running_since(vm)
  local operation = vm.last_operation
  if not BEGINS[operation.name] or operation.status ~= "Succeeded" then return nil end
  return moment.read(operation.time)
end

-- The month -------------------------------------------------------------------------------------

local function lower(value)
  return type(value) == "string" and value:lower() or nil
end

-- Append the firings of a schedule within a month. Return a sentence if they are not known.
local function add_firings(events, item, now)
  local list, fault = firing.list(item, now, MOST)
  if not list then return fault end
  local last = now + MONTH * HOUR
  if list[MOST] and list[MOST].time < last then return "a schedule fires too often" end
  for _, each in ipairs(list) do
    if each.time >= last then break end
    events[#events + 1] = { time = each.time, runs = lower(item.action) == "start" }
  end
end

-- Return the starts and stops of the schedules in the coming month, in order.
local function events_of(vm, now)
  local events = {}
  for _, item in ipairs(vm.schedules) do
    local is_enabled = lower(item.status) ~= "disabled"
    local fault = is_enabled and add_firings(events, item, now)
    if fault then return nil, fault end
  end
  table.sort(events, function(a, b)
    if a.time ~= b.time then return a.time < b.time end
    return a.runs and not b.runs
  end)
  return events
end

-- Return the hours of the coming month in which an instance runs.
local function hours_in_month(vm, runs, now)
  local events, fault = events_of(vm, now)
  if not events then return nil, fault end
  local seconds, since = 0, now
  events[#events + 1] = { time = now + MONTH * HOUR }
  for _, event in ipairs(events) do
    if runs then seconds = seconds + event.time - since end
    since, runs = event.time, event.runs
  end
  return seconds / HOUR
end

-- Estimates ---------------------------------------------------------------------------------------

local function times(price, hours)
  return price and hours and price * hours
end

--- What an estimate assumes.
---@class azureml.CostOptions
---@field now? number  seconds since 1970; default: the clock of this machine

--- What many instances cost.
---@class azureml.CostEstimate
---@field costs azureml.Cost[]  of each instance
---@field totals azureml.CostTotal[]  one for each currency
---@field note string  what the figures leave out

local OPTIONS = { now = "number" }

--- Estimate what an instance costs.
---@param vm azureml.Instance
---@param settings? azureml.CostOptions
---@return azureml.Cost
---@raise an error object if the service refuses the prices
function cost.of(vm, settings)
  settings = options.check("cost", settings, OPTIONS)
  local now = math.floor(settings.now or core.time())
  local size = sizes.find(vm.workspace, vm.vm_size) or {}
  local is_billed = cost.is_billed(vm.state)
  local since = is_billed and running_since(vm) or nil
  local hours = since and math.max(0, now - since) / HOUR
  local month_hours, fault = hours_in_month(vm, is_billed and vm.state ~= "Stopping", now)
  return {
    name = vm.name, vm_size = vm.vm_size, price = size.price, currency = size.currency,
    is_billed = is_billed, running_since = since and moment.write(since), hours = hours,
    amount = is_billed and times(size.price, hours) or not is_billed and 0 or nil,
    month_hours = month_hours, month = times(size.price, month_hours), month_fault = fault,
    note = cost.note,
  }
end

---@class azureml.CostTotal      of the instances whose prices have the same currency
---@field currency string?       nil: no price is known
---@field count integer          of instances
---@field billed integer         of instances whose hours are billed now
---@field price number           an hour, of those that are billed
---@field amount number          since they were started; `unknown_start` are not in it
---@field month number           `unknown_month` are not in it
---@field unknown_start integer  billed instances whose last operation does not tell since when
---@field unknown_month integer  instances whose month is not known

local function new_total(currency)
  return {
    currency = currency, count = 0, billed = 0, price = 0, amount = 0, month = 0,
    unknown_start = 0, unknown_month = 0,
  }
end

local function add(total, estimate)
  total.count = total.count + 1
  total.month = total.month + (estimate.month or 0)
  if not estimate.month then total.unknown_month = total.unknown_month + 1 end
  if not estimate.is_billed then return end
  total.billed = total.billed + 1
  total.price = total.price + (estimate.price or 0)
  total.amount = total.amount + (estimate.amount or 0)
  if not estimate.amount then total.unknown_start = total.unknown_start + 1 end
end

--- Estimate what many instances cost, each and together.
---@param list fun(): azureml.Instance?|azureml.Instance[]   such as ws.instances:list()
---@param settings? azureml.CostOptions
---@return azureml.CostEstimate
---@raise an error object if the service refuses the list or the prices
---@usage local all = azureml.cost(ws.instances:list())
---  print(all.totals[1].month, all.note)
function cost.of_many(list, settings)
  if not sequence.is_readable(list) then
    errors.mistake("cost: a list of instances expected, got %s", type(list))
  end
  local costs, totals, by_currency = {}, {}, {}
  for _, vm in ipairs(sequence.read("cost", list)) do
    local estimate = cost.of(vm, settings)
    estimate.workspace = vm.workspace.name
    costs[#costs + 1] = estimate
    local key = estimate.currency or ""
    if not by_currency[key] then
      by_currency[key] = new_total(estimate.currency)
      totals[#totals + 1] = by_currency[key]
    end
    add(by_currency[key], estimate)
  end
  return { costs = costs, totals = totals, note = cost.note }
end

return cost
