--- Decide whether a region has capacity for a size: without it no machine is created, started or
--- resized. Source: spec/contract/compute-rest.md, section 9.4.
local inferred = require "azureml.emulator.inferred"

local capacity = {}

local NEEDS_CAPACITY = { create = true, start = true, resize = true }

--- Return the failure of a verb for lack of capacity.
---@param vm_size string
---@param location string
---@return { code: string, message: string }
function capacity.failure(vm_size, location)
  return {
    code = inferred.no_capacity,
    message = ("Allocation failed. We do not have sufficient capacity for the requested VM size "
      .. "'%s' in region '%s'."):format(vm_size, location),
  }
end

--- Return the failure of a verb for lack of capacity, if the capacity is lacking.
---@param behaviour { full: true|table<string, true>? }?
---  full: the families of sizes without capacity, or true for all
---@param verb string
---@param size table?      of the machine; nil: the world no longer offers it
---@param location string
---@return { code: string, message: string }?
function capacity.lack(behaviour, verb, size, location)
  local full = NEEDS_CAPACITY[verb] and behaviour and behaviour.full
  if not full or not size or not (full == true or full[size.family]) then return nil end
  return capacity.failure(size.name, location)
end

return capacity
