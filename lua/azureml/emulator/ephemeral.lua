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

return ephemeral
