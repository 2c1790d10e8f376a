-- Many writes against a bucket of 200 that is refilled with 10 a second: all are accepted, about as fast as the bucket allows.
local azureml = require "azureml"
local core = require "azureml.core"

describe("throttling", function()
  local COUNT, BUCKET, REFILL = 400, 200, 10

  it("is waited out: all starts are accepted in 1.1 x the bucket's own time, with few refusals", function()
    core.clock "virtual"
    local instances, names, statuses = {}, {}, {}
    for i = 1, COUNT do
      names[i] = ("ci%dx"):format(i)
      instances[names[i]] = "Stopped"
    end
    local emulator <close> = require("azureml.emulator").start {
      seed = { instances = instances, quotas = { total = 1e6, family = 1e6, clusters = 1e6 } },
      log = function(_, response) statuses[response.status] = (statuses[response.status] or 0) + 1 end,
    }
    local ws <close> = azureml.workspace()
    ws.instances:get(names[1])
    local began = core.now()
    local last = began
    azureml.each(names, function(name)
      local op <close> = ws.instances:start(name)
      assert.is_false(op:done())
      last = core.now()
    end)
    assert.equal(COUNT, statuses[202])
    assert.is_true(last - began <= 1.1 * (COUNT - BUCKET) / REFILL, ("took %.1f s"):format(last - began))
    assert.is_true((statuses[429] or 0) <= COUNT / 50, ("%d refusals"):format(statuses[429] or 0))
    assert.is_truthy(emulator)
    core.clock "real"
  end)
end)
