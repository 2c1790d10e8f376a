--- Pauses between looks at an operation: csrc/pace.c.
local pace_after = require "pure".pace_after

describe("a pause between two looks", function()
  it("begins with a second and grows by half, up to ten seconds", function()
    local pauses, pause = {}, 0
    for i = 1, 8 do
      pause = pace_after(pause)
      pauses[i] = pause
    end
    assert.same({ 1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10, 10 }, pauses)
  end)
end)
