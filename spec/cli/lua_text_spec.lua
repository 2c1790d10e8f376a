local json = require "azureml.json"
local lua_text = require "azureml.cli.lua_text"

describe("a value as Lua source", function()
  local function again(value)
    return assert(load("return " .. lua_text.encode(value), "text", "t", {}))()
  end

  it("is read again as it was", function()
    for _, value in ipairs {
      5, 1.5, true, "text", "two\nlines \0 \"quoted\" \\", { 1, 2, { a = "b" } }, {},
      { ["end"] = 1, ["a-b"] = 2, a_b = { { x = "y" } } }, math.mininteger,
    } do
      assert.same(value, again(value))
    end
    assert.is_nil(again(json.null))
  end)

  it("is short where it fits into a line, and sorted", function()
    assert.equal('{ a = 1, b = { "x", "y" } }', lua_text.encode { b = { "x", "y" }, a = 1 })
    assert.equal(2, select(2, lua_text.encode({ a = ("x"):rep(60), b = ("y"):rep(60) })
      :gsub("\n  ", "")))
  end)
end)
