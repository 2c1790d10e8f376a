local pace = require "azureml.pace"

describe("a pace", function()
  it("gives pauses that grow from a second to ten", function()
    local next_pause = pace.pauses()
    local list = {}
    for i = 1, 8 do list[i] = next_pause() end
    assert.same({ 1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10, 10 }, list)
  end)

  it("starts again for each wait", function()
    local first, second = pace.pauses(), pace.pauses()
    first()
    assert.equal(1.5, first())
    assert.equal(1, second())
  end)
end)
