local kinds = require "azureml.definition.kinds"
local shapes = require "azureml.definition.shapes"

describe("a shape", function()
  local record = shapes.record {
    { name = "name", member = "theName", kind = kinds.line, required = true },
    { name = "is_on", member = "isOn", kind = kinds.boolean, default = false },
  }
  local list = shapes.list(record, "item")
  local map = shapes.map(kinds.text, kinds.line)

  it("that is a record names the wrong member", function()
    assert.same({ name = "a", is_on = false }, record.check { name = "a" })
    assert.equal("needs the field 'name'", select(2, record.check {}))
    assert.equal("name: must not be empty", select(2, record.check { name = "" }))
    assert.equal("has no field 'x' (known: name, is_on)",
      select(2, record.check { name = "a", x = 1 }))
  end)

  it("that is a record takes an absent member for its default", function()
    local wanted = record.check { name = "a" }
    assert.is_true(record.same(wanted, record.read { theName = "a", more = 1 }))
    assert.is_false(record.same(wanted, record.read { theName = "a", isOn = true }))
    assert.is_false(record.same(wanted, nil))
  end)

  it("that is a list names the first wrong items, and counts the rest", function()
    local many = {}
    for i = 1, 1000 do many[i] = {} end
    local _, fault = list.check(many)
    assert.matches("^item 1: needs the field 'name'; .*item 5: .*; and 995 more$", fault)
    assert.matches("without gaps", select(2, list.check { [1] = { name = "a" }, [3] = {} }))
    assert.matches("has the key 'name'", select(2, list.check { name = "a" }))
    assert.same({}, list.check(setmetatable({}, { __index = function() return {} end })))
  end)

  it("that is a list is the same in any order, item by item", function()
    local a, b = { name = "a", is_on = false }, { name = "b", is_on = false }
    assert.is_true(list.same({ a, b }, { b, a }))
    assert.is_false(list.same({ a, a }, { a, b }))
    assert.is_false(list.same({ a }, nil))
  end)

  it("that is a map differs where either has a name more", function()
    assert.is_true(map.same({ a = "1" }, { a = "1" }))
    assert.is_false(map.same({ a = "1" }, {}))
    assert.is_false(map.same({}, { a = "1" }))
    assert.equal("the name '' must not be empty", select(2, map.check { [""] = "a" }))
    assert.equal("must be texts by name", select(2, map.check { "a" }))
    assert.same({ a = "b" }, map.read { a = "b", c = 5, [1] = "x" })
  end)
end)
