--- Lines that are redrawn in place: lua/azureml/console/panel.lua, in a terminal that tmux plays.
local process = require "spec.process"
local terminal = require "spec.screen"

-- Do the next step each time the user presses Enter. The terminal does not echo that key, so that
-- only the steps move the cursor.
local FRAME = [[
os.execute "stty -echo"
local core = require "azureml.core"
local panel = require("azureml.console.panel").new()
-- A terminal tells its programs of a new width a moment later.
local function await_width(width)
  repeat until core.terminal_width(2) == width
end
local function line(name, columns, colour)
  return { text = name .. ("-"):rep(columns - #name), colour = colour }
end
for i = 1, 9 do print("above " .. i) end
for _, step in ipairs { %s } do
  step(panel, line, await_width)
  io.read()
end
]]

local function step(body)
  return ("function(panel, line, await_width) %s end"):format(body)
end

-- In 25 columns these lines take 3, 1, 2 and 2 rows; the third fills its rows.
local LINES = [[
  panel:draw { line("one", 60), line("two", 10), line("three", 50), line("four", 40) }]]
local DRAW = step(LINES)
local AT_25, AT_100 = step("await_width(25)" .. LINES), step("await_width(100)" .. LINES)
local WIDE = {
  "one" .. ("-"):rep(57), "two" .. ("-"):rep(7), "three" .. ("-"):rep(45),
  "four" .. ("-"):rep(36),
}
local NARROW = {
  "one" .. ("-"):rep(20) .. "\u{2026}", "two" .. ("-"):rep(7),
  "three" .. ("-"):rep(18) .. "\u{2026}", "four" .. ("-"):rep(19) .. "\u{2026}",
}

describe("a panel", function()
  local screen

  local it_shows = terminal.each(function(opened) screen = opened end)

  local function start(environment, shows, ...)
    local script = process.write(screen.home .. "/script.lua",
      FRAME:format(table.concat({ ... }, ", ")))
    return screen:start(script, environment, shows)
  end

  local function go_on(shows)
    screen:type "Enter"
    screen:expect(shows)
  end

  -- Return the lines below those that were there before the panel. A terminal that becomes
  -- narrower moves its first lines out of sight.
  local function lines()
    local list = {}
    local all = screen:tmux("capture-pane", "-p", "-S", "-")
    for line in all:gmatch "([^\n]*)\n" do list[#list + 1] = line end
    while list[#list] == "" do list[#list] = nil end
    for i = 1, 9 do assert.equal("above " .. i, table.remove(list, 1)) end
    return list
  end

  it_shows("draws its lines in place of the last ones", function()
    start("", "four", DRAW, step [[panel:draw { line("five", 9), line("six", 7) }]],
      step [[panel:leave() print "below"]])
    assert.same(WIDE, lines())
    go_on "six"
    assert.same({ "five-----", "six----" }, lines())
    go_on "below"
    assert.same({ "five-----", "six----", "below" }, lines())
  end)

  it_shows("stands below a line that is written meanwhile", function()
    start("", "four", DRAW,
      step [[require("azureml.console.panel").say "said" panel:draw { line("five", 9) }]])
    go_on "five"
    assert.same({ "said", "five-----" }, lines())
  end)

  it_shows("draws in place of lines that a narrower terminal has wrapped", function()
    start("", "four", DRAW, AT_25)
    screen:resize(25)
    go_on "\u{2026}"
    assert.same(NARROW, lines())
  end)

  it_shows("draws in place of lines in a terminal that became wider", function()
    start("", "four", DRAW, AT_25, AT_100, step [[panel:leave() print "below"]])
    screen:resize(25)
    go_on "\u{2026}"
    screen:resize(100)
    go_on "one-------------------------"
    assert.same(WIDE, lines())
    go_on "below"
  end)

  it_shows("clears lines that a narrower terminal has wrapped", function()
    start("", "four", DRAW, step [[await_width(25) panel:clear() print "after"]])
    screen:resize(25)
    go_on "after"
    assert.same({ "after" }, lines())
  end)

  it_shows("leaves what is above alone when it is empty", function()
    start("", "below", step [[panel:clear() panel:leave() print "below"]])
    assert.same({ "below" }, lines())
  end)

  it_shows("leaves out lines that are beyond the terminal's height", function()
    start("", "39", step [[
      local all = {}
      for i = 1, 60 do all[i] = line(("%02d"):format(i), 2) end
      panel:draw(all)]])
    local shown = lines()
    assert.same({ "01", "39" }, { shown[1], shown[#shown] })
  end)

  local COLOURED = step [[panel:draw { line("red", 5, 31), line("plain", 7) }]]

  it_shows("colours a line, and only that line", function()
    start("", "plain", COLOURED)
    assert.matches("\27%[31mred%-%-\n?\27%[[%d;]*m\n?plain%-%-\n", screen:text(true))
  end)

  it_shows("has no colours with NO_COLOR", function()
    start("NO_COLOR=1", "plain", COLOURED)
    assert.is_nil(screen:text(true):find("\27", 1, true))
  end)

  it_shows("lets no text move the cursor", function()
    start("", "end", step [[panel:draw { { text = "a\27[2J\nb end" } }]])
    assert.same({ "a\u{FFFD}[2J b end" }, lines())
  end)

  local IS_POSSIBLE = step [[print(require("azureml.console.panel").is_possible())]]

  it_shows("is possible in a terminal that can move its cursor", function()
    start("", "true", IS_POSSIBLE)
    screen:stop()
    start("TERM=dumb", "false", IS_POSSIBLE)
  end)

  it("is not possible, and draws nothing, without a terminal", function()
    local out, errors, code = process.executable { "-e", [[
      local panel = require "azureml.console.panel"
      print(panel.is_possible())
      local drawn = panel.new()
      drawn:draw { { text = "x" } } drawn:clear() drawn:leave()]] }
    assert.same({ "false\n", "", 0 }, { out, errors, code })
  end)
end)
