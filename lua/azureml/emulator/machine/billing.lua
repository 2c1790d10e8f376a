--- The meter: how long each compute ran, by size, and what that costs.
--- Source: spec/contract/compute-rest.md, sections 3.16 and 7.6.
local inferred = require "azureml.emulator.inferred"
local sizes = require "azureml.emulator.sizes"
local tables = require "azureml.tables"

local billing = {}

local HOUR = 3600

-- Seconds of a time line's billed states between two times; a cluster's count for each of its nodes.
local function seconds_of(one, from, to)
  local sum = 0
  for i, step in ipairs(one.timeline) do
    local following = one.timeline[i + 1]
    local first, last = math.max(step.at, from), math.min(following and following.at or to, to)
    if last > first and inferred.billed[step.state] then sum = sum + (last - first) end
  end
  return sum * (one.nodes or 1)
end

--- Count what has run until a time: before its time line, its size or its nodes change.
---@param one table
---@param at number
function billing.count(one, at)
  local seconds = seconds_of(one, one.metered or one.timeline[1].at, at)
  one.metered = at
  if seconds == 0 then return end
  one.seconds = one.seconds or {}
  one.seconds[one.vm_size] = (one.seconds[one.vm_size] or 0) + seconds
end

-- The price that applies to an instance is the one of Linux on a dedicated machine.
local function price_of(one, vm_size)
  local size, system, tier = sizes.find(vm_size), one.system or "Linux", one.priority == "LowPriority" and "LowPriority" or "Standard"
  for _, price in ipairs(size and size.estimatedVMPrices.values or {}) do
    if price.osType == system and price.vmTier == tier then return price.retailPrice end
  end
  return 0
end

--- What a compute has run: by size in seconds, in all, and its price.
---@param one table
---@param now number
---@return { seconds: number, sizes: table<string, number>, cost: number }      cost in USD
function billing.of(one, now)
  local bill = { seconds = 0, sizes = tables.copy(one.seconds), cost = 0 }
  if one.timeline then
    local open = seconds_of(one, one.metered or one.timeline[1].at, now)
    if open > 0 then bill.sizes[one.vm_size] = (bill.sizes[one.vm_size] or 0) + open end
  end
  for size, seconds in pairs(bill.sizes) do
    bill.seconds = bill.seconds + seconds
    bill.cost = bill.cost + seconds / HOUR * price_of(one, size)
  end
  return bill
end

return billing
