--- Meter how long each compute ran, by size, and what that costs.
--- Source: spec/contract/compute-rest.md, sections 3.16 and 7.6.
local inferred = require "azureml.emulator.inferred"
local sizes = require "azureml.emulator.sizes"
local tables = require "azureml.tool.tables"

local billing = {}

local HOUR = 3600

-- Sum the seconds of billed states between two times. For a cluster each node counts.
local function seconds_of(compute, from, to)
  local sum = 0
  for i, step in ipairs(compute.timeline) do
    local following = compute.timeline[i + 1]
    local first = math.max(step.at, from)
    local last = math.min(following and following.at or to, to)
    if last > first and inferred.billed[step.state] then sum = sum + (last - first) end
  end
  return sum * (compute.nodes or 1)
end

--- Add the time that a compute has run to its meter. Call this before its timeline, its size or its
--- number of nodes changes.
---@param compute table
---@param time number      seconds since 1970
function billing.count(compute, time)
  local seconds = seconds_of(compute, compute.metered or compute.timeline[1].at, time)
  compute.metered = time
  if seconds == 0 then return end
  compute.seconds = compute.seconds or {}
  compute.seconds[compute.vm_size] = (compute.seconds[compute.vm_size] or 0) + seconds
end

-- Return USD an hour. An instance has the price of Linux on a dedicated machine. Of several prices,
-- the lowest is the right one: the service lists some prices of Windows under Linux, too.
local function price_of(compute, vm_size)
  local size, system = sizes.of(compute):find(vm_size), compute.system or "Linux"
  local tier = compute.priority == "LowPriority" and "LowPriority" or "Standard"
  local prices, lowest = size and size.estimatedVMPrices, nil
  for _, price in ipairs(prices and prices.values or {}) do
    local is_right = price.osType == system and price.vmTier == tier
    if is_right then lowest = math.min(lowest or math.huge, price.retailPrice) end
  end
  return lowest or 0
end

--- Return the bill of a compute: its seconds in all and by size, and their cost.
---@param compute table
---@param now number
---@return { seconds: number, sizes: table<string, number>, cost: number }      cost in USD
function billing.of(compute, now)
  local bill = { seconds = 0, sizes = tables.copy(compute.seconds), cost = 0 }
  if compute.timeline then
    local open = seconds_of(compute, compute.metered or compute.timeline[1].at, now)
    if open > 0 then
      bill.sizes[compute.vm_size] = (bill.sizes[compute.vm_size] or 0) + open
    end
  end
  for size, seconds in pairs(bill.sizes) do
    bill.seconds = bill.seconds + seconds
    bill.cost = bill.cost + seconds / HOUR * price_of(compute, size)
  end
  return bill
end

return billing
