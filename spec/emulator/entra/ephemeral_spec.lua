local core = require "azureml.core"
local ephemeral = require "azureml.emulator.entra.ephemeral"
local world = require "azureml.emulator.world"

describe("a record that ends by itself", function()
  it("is there until its time, and not after", function()
    ephemeral.kind "spark"
    local now = { 0 }
    local one = world.new {
      guid = core.guid,
      clock = { now = function() return now[1] end, speed = 1 },
    }
    one:save("spark", { id = "a", forgotten = 10 })
    one:save("spark", { id = "b", forgotten = 20 })
    now[1] = 15
    one:settle()
    assert.same({ nil, "b" }, { one:record("spark", "a"), one:record("spark", "b").id })
    one:save("spark", { id = "b", forgotten = 40 })      -- it lives longer when it is used
    now[1] = 30
    one:settle()
    assert.equal("b", one:record("spark", "b").id)
    assert.is_false(ephemeral.is_full(one, "spark"))
  end)
end)
