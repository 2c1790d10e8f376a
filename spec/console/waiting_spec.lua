local azureml = require "azureml"
local core = require "azureml.core"
local emulator_module = require "azureml.emulator"
local waiting = require "azureml.console.waiting"

describe("waiting for a key", function()
  it("returns at once when nothing is under way", function()
    local before = core.now()
    assert.is_nil(waiting.for_input())
    assert.is_true(core.now() - before < 60)
    assert.same({}, waiting.pending())
  end)

  it("lists what goes on at the service", function()
    local emulator <close> = emulator_module.start { manual = true,
      seed = { instances = { ["ci-ann"] = "Stopped" } } }
    local ws <close> = azureml.workspace()
    local op <close> = ws.instances:start "ci-ann"
    assert.same({ op }, waiting.pending())
    emulator:advance "1h"
    op:wait()
    assert.same({}, waiting.pending())
  end)
end)
