local due = require "azureml.emulator.due"

-- Everything that is due by then, in the order in which it is taken.
local function taken(one, now)
  local list = {}
  for thing, at in function() return one:take(now) end do list[#list + 1] = { thing.name, at } end
  return list
end

describe("what is due", function()
  it("is taken in the order of its times, and once", function()
    local one, things = due.new(), {}
    for i, at in ipairs { 5, 3, 9, 1, 7, 3.5, 2 } do
      things[i] = { name = tostring(at) }
      one:set(things[i], at, "a kind")
    end
    assert.same({ { "1", 1 }, { "2", 2 }, { "3", 3 } }, taken(one, 3))
    assert.same({}, taken(one, 3))
    assert.same({ { "3.5", 3.5 }, { "5", 5 }, { "7", 7 }, { "9", 9 } }, taken(one, 100))
  end)

  it("may be due at another time, or no more", function()
    local one, ann, bob = due.new(), { name = "ann" }, { name = "bob" }
    one:set(ann, 1)
    one:set(bob, 2)
    one:set(ann, 3)
    one:set(bob, nil)
    assert.same({ 3, nil }, { one:at(ann), one:at(bob) })
    assert.same({ { "ann", 3 } }, taken(one, 10))
    one:set(ann, 3)
    assert.same({ { "ann", 3 } }, taken(one, 10))
  end)

  it("brings what it is along", function()
    local one, ann = due.new(), {}
    one:set(ann, 1, "compute")
    assert.same({ ann, 1, "compute" }, { one:take(1) })
  end)

  it("comes out sorted, whatever was put in", function()
    local one, all = due.new(), {}
    for i = 1, 500 do
      all[i] = { name = "x" }
      one:set(all[i], i * 7919 % 1009)
    end
    for i = 1, 500, 3 do one:set(all[i], i * 104729 % 1013) end
    for i = 1, 500, 5 do one:set(all[i], nil) end
    local list = taken(one, 2000)
    assert.equal(400, #list)
    for i = 2, #list do assert.is_true(list[i - 1][2] <= list[i][2]) end
  end)

  it("tells a time before which nothing is due", function()
    local one = due.new()
    assert.is_nil(one:next())
    one:set({}, 7, "compute")
    one:set({}, 5, "compute")
    assert.equal(5, one:next())
  end)
end)
