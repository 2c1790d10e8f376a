local pace = require "azureml.pace"

describe("a pace", function()
  -- Return a stand-in for ws.instances, with what decides about pauses.
  local function instances(fields)
    local client = { poll_interval = fields.poll_interval }
    return { asked = fields.asked, workspace = { client = function() return client end } }
  end

  it("gives pauses that grow from a second to ten", function()
    local next_pause = pace.pauses(instances {})
    local list = {}
    for i = 1, 8 do list[i] = next_pause() end
    assert.same({ 1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10, 10 }, list)
  end)

  it("starts again for each wait", function()
    local first, second = pace.pauses(instances {}), pace.pauses(instances {})
    first()
    assert.equal(1.5, first())
    assert.equal(1, second())
  end)

  it("keeps to the client's poll_interval, 0 included", function()
    for _, seconds in ipairs { 4, 0 } do
      local next_pause = pace.pauses(instances { poll_interval = seconds })
      assert.same({ seconds, seconds }, { next_pause(), next_pause() })
    end
  end)

  it("follows the service while it asks for a pause", function()
    local collection = instances { asked = 0.05, poll_interval = 4 }
    local next_pause = pace.pauses(collection)
    assert.equal(0.05, next_pause())
    collection.asked = nil
    assert.equal(4, next_pause())
  end)

  it("writes seconds to a tenth", function()
    local texts = { [1800] = "1800", [0.9989] = "1", [0.25] = "0.3", [0] = "0" }
    for seconds, text in pairs(texts) do assert.equal(text, pace.text(seconds)) end
  end)
end)
