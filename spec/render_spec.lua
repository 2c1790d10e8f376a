local render = require "azureml.render"

describe("a duration", function()
  it("is said as people say it", function()
    local said = {
      { 0, "0 s" }, { 0.4, "0.4 s" }, { 1, "1 s" }, { 9.97, "10 s" }, { 12.3, "12 s" }, { 59.6, "1 min" }, { 60, "1 min" },
      { 296, "4 min 56 s" }, { 300, "5 min" }, { 3599.7, "1 h" }, { 3780, "1 h 3 min" }, { 90000, "1 d 1 h" }, { -12, "-12 s" },
    }
    for _, case in ipairs(said) do assert.equal(case[2], render.duration(case[1])) end
  end)
end)

describe("text on a screen", function()
  it("takes one column a letter, two for a wide one, none for a combining mark", function()
    assert.equal(5, render.columns "hello")
    assert.equal(4, render.columns "日本")
    assert.equal(1, render.columns "e\u{301}")
    assert.equal(2, render.columns "🙂")
  end)

  it("is cut at a letter, with an ellipsis within the width", function()
    assert.equal("hello", render.cut("hello", 5))
    assert.equal("hel…", render.cut("hello", 4))
    assert.equal("日…", render.cut("日本語", 4))
  end)
end)

describe("a table", function()
  local columns = {
    { title = "Name", key = "name" }, { title = "Cores", key = "cores" },
    { title = "State", key = function(row) return row.state end },
  }

  it("aligns text to the left and numbers to the right", function()
    assert.equal("Name    Cores  State\nci-ann      4  Running\nci-bob     16  -",
      render.table({ { name = "ci-ann", cores = 4, state = "Running" }, { name = "ci-bob", cores = 16 } }, columns))
  end)

  it("aligns by columns on the screen, not by bytes", function()
    local text = render.table({ { name = "日本", cores = 1, state = "x" }, { name = "éé", cores = 2, state = "y" } }, columns)
    assert.equal("Name  Cores  State\n日本      1  x\néé        2  y", text)
  end)

  it("cuts its widest column to fit the width", function()
    local rows = { { name = ("n"):rep(40), cores = 1, state = "Running" } }
    local text = render.table(rows, columns, { width = 30 })
    assert.equal("Name            Cores  State\n" .. ("n"):rep(13) .. "…      1  Running", text)
  end)

  it("cuts the lines where columns cannot be cut further", function()
    local rows = { { name = ("n"):rep(40), cores = 123456, state = "Running" } }
    for line in render.table(rows, columns, { width = 12 }):gmatch "[^\n]+" do
      assert.is_true(render.columns(line) <= 12)
    end
  end)

  it("shows nothing that moves the cursor", function()
    local text = render.table({ { name = "a\27[2Jb\nc\u{202E}d\xFFe\u{9B}f" } }, { { title = "Name", key = "name" } })
    assert.equal("Name\na\u{FFFD}[2Jb c\u{FFFD}d\u{FFFD}e\u{FFFD}f", text)
  end)

  it("is only its titles without rows", function()
    assert.equal("Name  Cores  State", render.table({}, columns))
  end)
end)

describe("a value", function()
  it("that is a scalar is shown as Lua shows it, integers apart from floats", function()
    assert.equal("3", render.value(3))
    assert.equal("3.0", render.value(3.0))
    assert.equal("nil", render.value(nil))
    assert.equal("true", render.value(true))
  end)

  it("that is a string is bare, and quoted inside a table", function()
    assert.equal('say "é"\n', render.value 'say "é"\n')
    assert.equal([[{ "say \"é\"\n\\" }]], render.value { 'say "é"\n\\' })
  end)

  it("that is a string cannot steer the terminal", function()
    assert.equal([[\x1B[31m\u{202E}\xFF]], render.value "\27[31m\u{202E}\xFF")
    assert.equal([[{ "\x1B[31m" }]], render.value { "\27[31m" })
  end)

  it("that is a table has its sequence first and its keys sorted", function()
    assert.equal('{ 1, 2, [5] = 5, a = {}, b = { x = 1 }, ["c d"] = true, [false] = 0 }',
      render.value { 1, 2, [5] = 5, b = { x = 1 }, a = {}, ["c d"] = true, [false] = 0 })
  end)

  it("goes over several lines where one is too short", function()
    local text = render.value({ name = "ci-ann", tags = { team = "vision", keep = "on" } }, { width = 45 })
    assert.equal('{\n  name = "ci-ann",\n  tags = { keep = "on", team = "vision" }\n}', text)
  end)

  it("fills lines with the short values of a sequence, within the width", function()
    local numbers = {}
    for i = 1, 30 do numbers[i] = i end
    local text = render.value(numbers, { width = 40 })
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
      for line in render.value(value, { width = width }):gmatch "[^\n]+" do assert.is_true(#line <= width, line) end
    end
  end)

  it("marks a cycle, and shows a table twice that is only there twice", function()
    local circle = {}
    circle.me = circle
    local twice = { 1 }
    assert.equal("{ me = <cycle> }", render.value(circle))
    assert.equal("{ { 1 }, { 1 } }", render.value { twice, twice })
  end)

  it("ends at a depth", function()
    assert.equal("{ { {...} } }", render.value({ { { { 1 } } } }, { depth = 2 }))
    assert.equal("{ { {} } }", render.value({ { {} } }, { depth = 2 }))
  end)

  it("ends at a number of entries, and says how many are left", function()
    local many = {}
    for i = 1, 250 do many[i] = i end
    assert.matches("100, %.%.%. 150 more", (render.value(many):gsub("%s+", " ")))
    local wide = {}
    for i = 1, 100 do wide[i] = many end
    assert.is_true(#render.value(wide) < 10000)
  end)

  it("shortens a long string and tells its length", function()
    local text = render.value({ ("x"):rep(5000) }, { width = 60 })
    assert.matches('^{\n  "x+…" %(5000 bytes%)\n}$', text)
  end)

  it("is a function in a few words", function()
    assert.equal("function (C)", render.value(print))
    assert.matches("^function %(.*render_spec.lua:%d+%)$", render.value(function() end))
  end)

  it("has its object's own text", function()
    local object = setmetatable({ secret = 1 }, { __tostring = function() return "ci-ann (Running)" end })
    assert.equal("{ vm = ci-ann (Running) }", render.value { vm = object })
  end)

  it("is shown whole by __render, which is told the options, and in a line inside another", function()
    local object = setmetatable({}, {
      __render = function(_, options) return "wide: " .. options.width end, __tostring = function() return "short" end,
    })
    assert.equal("wide: 33", render.value(object, { width = 33 }))
    assert.equal("{ short }", render.value { object })
  end)

  it("may give a table to be shown for it", function()
    local object = setmetatable({ raw = 1 }, { __name = "Instance", __render = function(vm) return { state = vm.raw } end })
    assert.equal("Instance { state = 1 }", render.value(object))
    assert.equal("{ Instance { state = 1 } }", render.value { object })
  end)

  it("has its class's name before its fields", function()
    assert.equal("Spec { size = 1 }", render.value(setmetatable({ size = 1 }, { __name = "Spec" })))
  end)

  it("survives an object whose text cannot be made", function()
    assert.equal("<no text: boom>", render.value(setmetatable({}, { __tostring = function() error("boom", 0) end })))
    assert.equal("nil", render.value(setmetatable({}, { __tostring = function() return nil end })))
    local endless = {}
    setmetatable(endless, { __render = function() return endless end })
    assert.equal("{}", render.value(endless))
  end)

  it("is read without metamethods", function()
    local guarded = setmetatable({ a = 1 }, {
      __index = function() error "read" end, __pairs = function() error "walked" end, __len = function() error "counted" end,
    })
    assert.equal("{ a = 1 }", render.value(guarded))
  end)

  it("shows JSON's null by its name", function()
    assert.equal("{ a = null }", render.value { a = require("cjson").null })
  end)

  it("is coloured only when asked, and as wide as without", function()
    local value = { a = "text", b = { 1, 2 } }
    local coloured = render.value(value, { colour = true })
    assert.matches("\27%[32m\"text\"\27%[0m", coloured)
    assert.equal(render.value(value), (coloured:gsub("\27%[%d+m", "")))
  end)
end)
