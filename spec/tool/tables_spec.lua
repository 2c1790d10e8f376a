local tables = require "azureml.tool.tables"

describe("tables", function()
  it("copies a table, and the copy changes alone", function()
    local inner = {}
    local original = { 1, name = "ann", inner = inner }
    local copy = tables.copy(original)
    assert.same(original, copy)
    assert.equal(inner, copy.inner)
    copy.name = "bob"
    assert.equal("ann", original.name)
    assert.same({}, tables.copy(nil))
  end)

  it("merges two tables into a new one, in which the second counts", function()
    local base, changes = { a = 1, b = 1 }, { b = 2, c = false }
    assert.same({ a = 1, b = 2, c = false }, tables.merge(base, changes))
    assert.same({ a = 1, b = 1 }, base)
    assert.same({ b = 2, c = false }, changes)
    assert.same({ a = 1, b = 1 }, tables.merge(base, nil))
    assert.same({ b = 2, c = false }, tables.merge(nil, changes))
  end)

  it("lists keys, sorted", function()
    assert.same({ "a", "b", "c" }, tables.keys { b = 1, c = false, a = 3 })
    assert.same({ 30, 20, 10 },
      tables.keys({ [10] = 1, [30] = 1, [20] = 1 }, function(a, b) return a > b end))
    assert.same({}, tables.keys(nil))
  end)

  it("lists values, sorted", function()
    assert.same({ 1, 2, 2 }, tables.values { a = 2, b = 1, c = 2 })
    assert.same({ { 3 }, { 1 } },
      tables.values({ a = { 1 }, b = { 3 } }, function(a, b) return a[1] > b[1] end))
    assert.same({}, tables.values(nil))
  end)

  it("lists pairs as texts, sorted", function()
    local function write(key, value) return key .. "=" .. value end
    assert.same({ "a=2", "b=1" }, tables.texts({ b = 1, a = 2 }, write))
    assert.same({}, tables.texts(nil, write))
  end)

  it("appends a list to another", function()
    local list = { 1, 2 }
    assert.equal(list, tables.append(list, { 3, 4 }))
    assert.same({ 1, 2, 3, 4 }, list)
    assert.same({ 1, 2, 3, 4 }, tables.append(list, nil))
  end)

  it("joins the first items and counts the others", function()
    local list = { "ann", "bob", "eve" }
    assert.equal("ann, bob and 1 more", tables.excerpt(list, 2))
    assert.equal("ann, bob, eve", tables.excerpt(list, 3))
    assert.equal("ann\n  and 2 more", tables.excerpt(list, 1, "\n  "))
    assert.equal("1, true", tables.excerpt({ 1, true }, 2))
    assert.equal("", tables.excerpt({}, 2))
  end)
end)
