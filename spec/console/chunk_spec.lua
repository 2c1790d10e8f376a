local chunk = require "azureml.console.chunk"

describe("a chunk of the prompt", function()
  local scope

  before_each(function() scope = chunk.scope(setmetatable({}, { __index = _G })) end)

  local function run(text)
    local f, argument = chunk.compile(text, scope)
    return f(argument)
  end

  it("leaves its local variables to later chunks", function()
    run "local a, b <const> = 1, 2"
    run "local function double(x) return 2 * x end"
    assert.equal(5, run "return a + double(b)")
    run "a = 7"
    assert.equal(7, run "return a")
    assert.is_nil(rawget(_G, "a"))
  end)

  it("shares a variable with the functions that use it", function()
    run "local n = 0 function count() n = n + 1 end"
    run "count() count()"
    assert.equal(2, run "return n")
  end)

  it("keeps a recursive local function, and variables before a return", function()
    run "local function f(x) return x == 0 and 1 or x * f(x - 1) end"
    assert.equal(120, run "return f(5)")
    assert.equal(3, run "local three = 3 return three")
    assert.equal(3, run "return three")
  end)

  it("leaves nothing of inner blocks, strings and comments", function()
    run "do local q = 1 end for i = 1, 2 do local r = i end repeat local v = 1 until v"
    run "if true then local w = 1 end local s = 'local x = 1' -- local y = 2"
    run "local t = [==[ local z = 1 ]==] local f = function() local g = 1 return g end"
    assert.is_nil(run "return q or r or v or w or x or y or z or g")
    assert.equal("local x = 1", run "return s")
  end)

  it("says that a constant cannot be changed", function()
    run "local c <const> = 1"
    local _, message = pcall(run, "c = 2")
    assert.equal("stdin:1: attempt to assign to const variable 'c'", message)
  end)

  it("closes what has <close> when the prompt ends, the last first", function()
    local closed = {}
    scope.env.open = function(name)
      return setmetatable({}, { __close = function() closed[#closed + 1] = name end })
    end
    run "local a <close> = open 'a'"
    run "local b <close>, c <const> = open 'b', 3"
    assert.same({}, closed)
    chunk.close(scope, function(f, ...) f(...) end)
    assert.same({ "b", "a" }, closed)
  end)

  it("refuses to close what cannot be closed", function()
    local ok, message = pcall(run, "local a <close> = 5")
    assert.is_false(ok)
    assert.matches("variable 'a' got a non%-closable value", message)
  end)

  it("runs as it is where code behind it would be wrong", function()
    run "goto over; local a = 1; ::over::"
    assert.is_nil(run "return a")
  end)
end)
