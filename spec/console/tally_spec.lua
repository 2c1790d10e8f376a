local tally = require "azureml.console.tally"

describe("a tally", function()
  it("counts what each is at", function()
    local counted = tally.new("start", 4, 0)
    counted:start("a", 0)
    counted:start("b", 0)
    counted:change("a", "accepted")
    counted:finish("b", "failed", "why", 3)
    counted:finish("c", "skipped", "already Running", 3)
    assert.same({ sent = 0, accepted = 1, failed = 1, skipped = 1 }, counted.counts)
    assert.equal(1, counted:waiting())
    assert.same({ { name = "b", why = "why" } }, counted.failed)
  end)

  it("knows the slowest, the oldest first", function()
    local counted = tally.new("start", 5, 0)
    for i, name in ipairs { "d", "b", "a", "c" } do counted:start(name, name == "a" and 1 or i) end
    local names = {}
    for i, one in ipairs(counted:slowest(3)) do names[i] = one.name end
    assert.same({ "a", "d", "b" }, names)
  end)

  it("tells the median, and what is left by it: as long as the one begun last", function()
    local counted = tally.new("start", 4, 0)
    assert.is_nil(counted:time_left(0))
    for i, name in ipairs { "a", "b", "c", "d" } do counted:start(name, i) end
    assert.is_nil(counted:time_left(5))
    counted:finish("a", "done", nil, 11)
    counted:finish("b", "done", nil, 32)
    counted:finish("c", "done", nil, 15)
    assert.equal(12, counted:median())
    assert.equal(1, counted:time_left(15))
    assert.equal(0, counted:time_left(60))
  end)

  it("counts in how long those that wait take to be begun", function()
    local counted = tally.new("start", 8, 0)
    for i = 1, 4 do counted:start("a" .. i, i) end      -- one a second
    counted:finish("a1", "done", nil, 4)
    assert.equal(4 + 3, counted:time_left(4))
  end)
end)
