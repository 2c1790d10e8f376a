--- Predict from the service's token buckets alone how long it takes to stop instances.
--- simulation.lua compares this with what the client does.
--- Source: spec/contract/lro.md, section 14.
local inferred = require "azureml.emulator.inferred"

local model = {}

-- The longest pause between two looks: 10 s, and six times as long where few reads are left; with
-- a tenth more by chance. Source: lua/azureml/pace.lua, lua/azureml/fleet/lookout.lua.
local LONGEST_LOOK = 66

--- Predict how long a principal needs for its instances of a subscription.
---@param instances integer
---@param limits table?      as the emulator takes them; the service's
---@return { sending: number, least: number, most: number, reads: number }
---  sending: seconds until the last stop is accepted; least, most: seconds until the last instance
---  is known to be stopped; reads: the most requests besides the stops
function model.predict(instances, limits)
  local writes = limits and limits.writes or inferred.buckets.writes
  local reads = limits and limits.reads or inferred.buckets.reads
  local sending = math.max(0, instances - writes[1]) / writes[2]
  local least = sending + inferred.durations.stopping
  local most = least + LONGEST_LOOK
  return { sending = sending, least = least, most = most, reads = reads[1] + reads[2] * most }
end

return model
