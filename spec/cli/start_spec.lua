local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml start", function()
  local emulator, ws

  before_each(function() emulator, ws = world.open { ann = "Stopped", bob = "Stopped" } end)
  after_each(function() world.close(emulator, ws) end)

  it("tells how to wait for capacity, and waits for it", function()
    emulator:fault { trouble = "capacity", match = { verb = "start" } }
    local _, err, code = run("start", "ann")
    assert.equal(1, code)
    assert.matches("%-%-wait%-for%-capacity", err)
    for _, names in ipairs { { "ann" }, { "ann", "bob" } } do
      for _, name in ipairs(names) do ws.instances:stop(name):wait() end
      emulator:fault { trouble = "capacity", match = { verb = "start" } }
      _, err, code = run("start", "--wait-for-capacity", table.unpack(names))
      assert.equal(0, code, err)
      assert.equal("Running", ws.instances:get("ann").state)
    end
  end)
end)
