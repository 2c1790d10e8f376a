--- Define kinds of records that the world deletes at a set time: codes, refresh tokens, used
--- assertions. Each record has an `id`, and the time at which it is `forgotten`, in seconds since
--- 1970. emulator/world.lua keeps the records.
local world = require "azureml.emulator.world"

local ephemeral = {}

--- Define a kind of ephemeral records.
---@param kind string
function ephemeral.kind(kind)
  world.kinds[kind] = {
    key = function(record) return record.id end,
    change = function(self, record) self:expect(kind, record, record.forgotten) end,
    happen = function(self, record) self:drop(kind, record) end,
  }
end

-- Records of each kind: a client without proof could otherwise fill the memory.
local MOST = 10000

--- Return whether the world holds the maximum of 10000 records of a kind.
---@param of table       the world
---@param kind string
---@return boolean
function ephemeral.is_full(of, kind)
  local count = 0
  for _ in pairs(of.records[kind]) do count = count + 1 end
  return count >= MOST
end

return ephemeral
