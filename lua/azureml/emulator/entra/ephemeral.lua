--- Records that end by themselves: codes, refresh tokens, assertions that were seen. Each has an `id` and the time at which it is
--- `forgotten`, in seconds since 1970.
local world = require "azureml.emulator.world"

local ephemeral = {}

--- A kind of such records.
---@param kind string
function ephemeral.kind(kind)
  world.kinds[kind] = {
    key = function(record) return record.id end,
    change = function(self, record) self:expect(kind, record, record.forgotten) end,
    happen = function(self, record) self:drop(kind, record) end,
  }
end

local MOST = 10000      -- of one kind, that anybody may have made: who asks without proof is not to fill the memory

--- Whether there are as many of a kind as there may be.
---@param of table       the world
---@param kind string
---@return boolean
function ephemeral.is_full(of, kind)
  local count = 0
  for _ in pairs(of.records[kind]) do count = count + 1 end
  return count >= MOST
end

return ephemeral
