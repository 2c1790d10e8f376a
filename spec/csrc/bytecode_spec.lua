local bytecode = dofile "csrc/bytecode.lua"

local SOURCE = [[
local integer, float, short = 9007199254740993, 0.1, "a text"
local long = "a text of more than forty bytes, which Lua keeps as it is"
local yes, no, nothing = true, false, nil
local function counter(...)
  local all = { ... }
  return function() return #all, integer, float, short, long, yes, no, nothing end
end
local counted = counter(1, 2, 3)
return function(fails)
  local unknown
  if fails then unknown() end
  return counted()
end
]]

describe("bytecode", function()
  local code = string.dump(assert(load(SOURCE, "@spec.lua")))
  local small = bytecode.without_names(code)

  it("runs without the names as with them", function()
    local function results(text) return { load(text, "spec", "b")()() } end
    assert.same(results(code), results(small))
    assert.equal(9007199254740993, results(small)[2])
  end)

  it("has no names of local variables and upvalues", function()
    for _, name in ipairs { "fails", "unknown", "counter", "nothing", "_ENV" } do
      assert.is_truthy(code:find(name, 1, true), name)
      assert.is_nil(small:find(name, 1, true), name)
    end
  end)

  it("keeps the source and the lines", function()
    local _, message = pcall(load(small, "spec", "b")(), true)
    assert.equal("spec.lua:11: attempt to call a nil value", message)
  end)

  it("takes code that was stripped before", function()
    local stripped = string.dump(load(SOURCE), true)
    assert.equal(stripped, bytecode.without_names(stripped))
  end)

  it("refuses what it cannot read", function()
    assert.has_error(function() bytecode.without_names(code .. "x") end,
      "the code of Lua has another format")
    assert.has_error(function() bytecode.without_names("\27Lua\x53" .. code:sub(6)) end,
      "this is not the code of Lua 5.4")
  end)
end)
