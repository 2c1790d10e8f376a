local screen = require "azureml.console.screen"

describe("a duration", function()
  it("is said as people say it", function()
    local said = {
      { 0, "0 s" }, { 0.4, "0.4 s" }, { 1, "1 s" }, { 9.97, "10 s" }, { 12.3, "12 s" },
      { 59.6, "1 min" }, { 60, "1 min" },
      { 296, "4 min 56 s" }, { 300, "5 min" }, { 3599.7, "1 h" }, { 3780, "1 h 3 min" },
      { 90000, "1 d 1 h" }, { -12, "-12 s" },
    }
    for _, case in ipairs(said) do assert.equal(case[2], screen.duration(case[1])) end
  end)
end)

describe("text on a screen", function()
  it("takes one column a letter, two for a wide one, none for a combining mark", function()
    assert.equal(5, screen.columns "hello")
    assert.equal(4, screen.columns "日本")
    assert.equal(1, screen.columns "e\u{301}")
    assert.equal(2, screen.columns "🙂")
  end)

  it("is cut at a letter, with an ellipsis within the width", function()
    assert.equal("hello", screen.cut("hello", 5))
    assert.equal("hel…", screen.cut("hello", 4))
    assert.equal("日…", screen.cut("日本語", 4))
  end)
end)

describe("a table", function()
  local columns = {
    { title = "Name", key = "name" }, { title = "Cores", key = "cores" },
    { title = "State", key = function(row) return row.state end },
  }

  it("aligns text to the left and numbers to the right", function()
    assert.equal("Name    Cores  State\nci-ann      4  Running\nci-bob     16  -",
      screen.table({ { name = "ci-ann", cores = 4, state = "Running" },
        { name = "ci-bob", cores = 16 } }, columns))
  end)

  it("aligns by columns on the screen, not by bytes", function()
    local text = screen.table({ { name = "日本", cores = 1, state = "x" },
      { name = "éé", cores = 2, state = "y" } }, columns)
    assert.equal("Name  Cores  State\n日本      1  x\néé        2  y", text)
  end)

  it("cuts its widest column to fit the width", function()
    local rows = { { name = ("n"):rep(40), cores = 1, state = "Running" } }
    local text = screen.table(rows, columns, { width = 30 })
    assert.equal("Name            Cores  State\n" .. ("n"):rep(13) .. "…      1  Running", text)
  end)

  it("cuts the lines where columns cannot be cut further", function()
    local rows = { { name = ("n"):rep(40), cores = 123456, state = "Running" } }
    for line in screen.table(rows, columns, { width = 12 }):gmatch "[^\n]+" do
      assert.is_true(screen.columns(line) <= 12)
    end
  end)

  it("shows nothing that moves the cursor", function()
    local text = screen.table({ { name = "a\27[2Jb\nc\u{202E}d\xFFe\u{9B}f" } },
      { { title = "Name", key = "name" } })
    assert.equal("Name\na\u{FFFD}[2Jb c\u{FFFD}d\u{FFFD}e\u{FFFD}f", text)
  end)

  it("never cuts its only column", function()
    local long = ("x"):rep(50)
    assert.equal("Name\n" .. long, screen.table({ { name = long } },
      { { title = "Name", key = "name" } }, { width = 10 }))
  end)

  it("has the colours of its columns where they are wanted and the line fits", function()
    local coloured = {
      { title = "State", key = "state", colour = function(row) return row.colour end },
      { title = "Name", key = "name" },
    }
    local rows = { { state = "on", name = "a", colour = 32 }, { state = "off", name = "b" } }
    assert.equal("State  Name\n\27[32mon\27[0m     a\noff    b",
      screen.table(rows, coloured, { colour = true }))
    assert.is_nil(screen.table(rows, coloured):find "\27")
    assert.is_nil(screen.table(rows, coloured, { colour = true, width = 7 }):find "\27")
  end)

  it("shows whole numbers without a point", function()
    assert.equal("N\n8", screen.table({ { n = 8.0 } }, { { title = "N", key = "n" } }))
  end)

  it("is only its titles without rows", function()
    assert.equal("Name  Cores  State", screen.table({}, columns))
  end)
end)

describe("a size", function()
  it("is written in its largest unit", function()
    for bytes, text in pairs {
      [0] = "0 B", [999] = "999 B", [1000] = "1.0 KiB", [1536] = "1.5 KiB", [10240] = "10 KiB",
      [1048576] = "1.0 MiB", [104857600] = "100 MiB", [3 << 40] = "3.0 TiB",
    } do
      assert.equal(text, screen.bytes(bytes))
    end
  end)
end)

describe("a text of several lines", function()
  it("keeps its lines, and nothing that moves a cursor", function()
    assert.equal("a\tb\r\n\u{FFFD}[31mc", screen.lines "a\tb\r\n\27[31mc")
  end)
end)
