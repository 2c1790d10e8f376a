local values = require "azureml.console.values"

describe("a value", function()
  it("that is a scalar is shown as Lua shows it, integers apart from floats", function()
    assert.equal("3", values.text(3))
    assert.equal("3.0", values.text(3.0))
    assert.equal("nil", values.text(nil))
    assert.equal("true", values.text(true))
  end)

  it("that is a string is bare, and quoted inside a table", function()
    assert.equal('say "é"\n', values.text 'say "é"\n')
    assert.equal([[{ "say \"é\"\n\\" }]], values.text { 'say "é"\n\\' })
  end)

  it("that is a string cannot steer the terminal", function()
    assert.equal([[\x1B[31m\u{202E}\xFF]], values.text "\27[31m\u{202E}\xFF")
    assert.equal([[{ "\x1B[31m" }]], values.text { "\27[31m" })
  end)

  it("that is a table has its sequence first and its keys sorted", function()
    assert.equal('{ 1, 2, [5] = 5, a = {}, b = { x = 1 }, ["c d"] = true, [false] = 0 }',
      values.text { 1, 2, [5] = 5, b = { x = 1 }, a = {}, ["c d"] = true, [false] = 0 })
  end)

  it("goes over several lines where one is too short", function()
    local text = values.text({ name = "ci-ann", tags = { team = "vision", keep = "on" } },
      { width = 45 })
    assert.equal('{\n  name = "ci-ann",\n  tags = { keep = "on", team = "vision" }\n}', text)
  end)

  it("fills lines with the short values of a sequence, within the width", function()
    local numbers = {}
    for i = 1, 30 do numbers[i] = i end
    local text = values.text(numbers, { width = 40 })
    local lines = 0
    for line in text:gmatch "[^\n]+" do
      lines = lines + 1
      assert.is_true(#line <= 40, line)
    end
    assert.equal(5, lines)
  end)

  it("fits in every width, as far as its parts do", function()
    local value = { a = { b = { 1, 2, 3, "four" }, c = "dee" }, e = { { f = 1 }, { f = 2 } } }
    for width = 20, 90 do
      for line in values.text(value, { width = width }):gmatch "[^\n]+" do
        assert.is_true(#line <= width, line)
      end
    end
  end)

  it("marks a cycle, and shows a table twice that is only there twice", function()
    local circle = {}
    circle.me = circle
    local twice = { 1 }
    assert.equal("{ me = <cycle> }", values.text(circle))
    assert.equal("{ { 1 }, { 1 } }", values.text { twice, twice })
  end)

  it("ends at a depth", function()
    assert.equal("{ { {...} } }", values.text({ { { { 1 } } } }, { depth = 2 }))
    assert.equal("{ { {} } }", values.text({ { {} } }, { depth = 2 }))
  end)

  it("ends at a number of entries, and says how many are left", function()
    local many = {}
    for i = 1, 250 do many[i] = i end
    assert.matches("100, %.%.%. 150 more", (values.text(many):gsub("%s+", " ")))
    local wide = {}
    for i = 1, 100 do wide[i] = many end
    assert.is_true(#values.text(wide) < 10000)
  end)

  it("shortens a long string and tells its length", function()
    local text = values.text({ ("x"):rep(5000) }, { width = 60 })
    assert.matches('^{\n  "x+…" %(5000 bytes%)\n}$', text)
  end)

  it("cuts texts so that each line fits the width", function()
    local value = { long_name = { deeper = { ("x"):rep(100), text = ("y"):rep(100) } } }
    for line in values.text(value, { width = 40 }):gmatch "[^\n]+" do
      assert.is_true(utf8.len(line) <= 40, line)
    end
  end)

  it("is a function in a few words", function()
    assert.equal("function (C)", values.text(print))
    assert.matches("^function %(.*values_spec.lua:%d+%)$", values.text(function() end))
  end)

  it("has its object's own text", function()
    local object = setmetatable({ secret = 1 },
      { __tostring = function() return "ci-ann (Running)" end })
    assert.equal("{ vm = ci-ann (Running) }", values.text { vm = object })
  end)

  it("is shown by __render, which gets the options, and by __tostring inside another", function()
    local object = setmetatable({}, {
      __render = function(_, options) return "wide: " .. options.width end,
      __tostring = function() return "short" end,
    })
    assert.equal("wide: 33", values.text(object, { width = 33 }))
    assert.equal("{ short }", values.text { object })
  end)

  it("may give a table to be shown for it", function()
    local object = setmetatable({ raw = 1 },
      { __name = "Instance", __render = function(vm) return { state = vm.raw } end })
    assert.equal("Instance { state = 1 }", values.text(object))
    assert.equal("{ Instance { state = 1 } }", values.text { object })
  end)

  it("has its class's name before its fields", function()
    assert.equal("Spec { size = 1 }", values.text(setmetatable({ size = 1 }, { __name = "Spec" })))
  end)

  it("survives an object whose text cannot be made", function()
    assert.equal("<no text: boom>",
      values.text(setmetatable({}, { __tostring = function() error("boom", 0) end })))
    assert.equal("nil", values.text(setmetatable({}, { __tostring = function() return nil end })))
    local endless = {}
    setmetatable(endless, { __render = function() return endless end })
    assert.equal("{}", values.text(endless))
  end)

  it("is read without metamethods", function()
    local guarded = setmetatable({ a = 1 }, {
      __index = function() error "read" end, __pairs = function() error "walked" end,
      __len = function() error "counted" end,
    })
    assert.equal("{ a = 1 }", values.text(guarded))
  end)

  it("shows JSON's null by its name", function()
    assert.equal("{ a = null }", values.text { a = require("cjson").null })
  end)

  it("is coloured only when asked, and as wide as without", function()
    local value = { a = "text", b = { 1, 2 } }
    local coloured = values.text(value, { colour = true })
    assert.matches("\27%[32m\"text\"\27%[0m", coloured)
    assert.equal(values.text(value), (coloured:gsub("\27%[%d+m", "")))
  end)
end)
