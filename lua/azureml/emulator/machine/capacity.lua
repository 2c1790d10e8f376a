--- Room in a region: where there is none, no machine begins. Source: spec/contract/compute-rest.md,
--- section 9.4.
local inferred = require "azureml.emulator.inferred"
local sizes = require "azureml.emulator.sizes"

local capacity = {}

local NEEDS_ROOM = { create = true, start = true, resize = true }

--- What a verb fails with where there is none.
---@param vm_size string
---@param location string
---@return { code: string, message: string }
function capacity.failure(vm_size, location)
  return {
    code = inferred.no_capacity,
    message = ("Allocation failed. We do not have sufficient capacity for the requested VM size '%s' in region '%s'."):format(vm_size,
      location),
  }
end

--- What a verb fails with for lack of room; nil where there is room.
---@param behaviour { full: true|table<string, true>? }?      of which families there is none left, or of none
---@param verb string
---@param vm_size string
---@param location string
---@return { code: string, message: string }?
function capacity.lack(behaviour, verb, vm_size, location)
  local full = NEEDS_ROOM[verb] and behaviour and behaviour.full
  local size = full and sizes.find(vm_size)
  if not size or not (full == true or full[size.family]) then return nil end
  return capacity.failure(size.name, location)
end

return capacity
