-- What a person sees of a fleet: the executable in a terminal that tmux plays, against the emulator
-- in its own process.
local process = require "spec.process"
local terminal = require "spec.screen"

-- Twelve that start, and one that fails; on virtual time until the first of them is asked after,
-- then as slow as the spec likes.
local SCRIPT = [[
local azureml, core, task = require "azureml", require "azureml.core", require "azureml.task"
local instances = { bad = "Stopped" }
for i = 1, 12 do instances[("ci%02dx"):format(i)] = "Stopped" end
local emulator <close> = require("azureml.emulator").start { manual = true,
  seed = { instances = instances } }
local refusal = { status = 400, json = { error = { code = "Odd", message = "it is odd" } } }
emulator:fault { match = { verb = "start", path = "/bad/" }, answer = refusal }
local ws <close> = azureml.workspace { poll_interval = 0.2 }
azureml.parallel(function()
  print(ws.instances:start_all { all = true, show_output = true, keep_going = true })
end, function()
  while not io.open(arg[1]) do azureml.sleep(0.1) end
  emulator:advance "1h"
end)
]]

describe("progress in a terminal", function()
  local screen, script, go

  local it_shows = terminal.each(function(opened)
    screen = opened
    script, go = process.write(screen.home .. "/script.lua", SCRIPT), screen.home .. "/go"
  end)

  local function start(environment, shows)
    return screen:start(script .. " " .. go, environment, shows)
  end

  it_shows("is live: a bar, counts, the slowest and the failed ones, then the results", function()
    local shown = start("", "12 accepted, 1 failed")
    assert.matches("start: 1 of 13 %[#+%-+%] ", shown)
    assert.matches("\n  slow: ci%d%dx, accepted, ", shown)
    assert.matches("\n  failed: bad: cannot start bad: it is odd\n", shown)
    assert.matches("\27%[3[23]m", screen:text(true))
    process.write(go, "")
    shown = screen:expect "left with 0"
    assert.matches("^start: 12 done, 1 failed, [^\n]+\nstart: 12 done, 1 failed\nleft with 0\n",
      shown)
  end)

  it_shows("fits a terminal that becomes narrower, and one that was wide", function()
    start("", "12 accepted, 1 failed")
    screen:resize(26)
    screen:expect "start: 1 of 13 - "      -- no room for a bar
    local count = select(2, screen:text():gsub("start: 1 of 13", ""))
    assert.equal(1, count)
    screen:resize(100)
    screen:expect "start: 1 of 13 [##"
    process.write(go, "")
    screen:expect "left with 0"
    assert.equal(1, select(2, screen:text():gsub("12 done, 1 failed,", "")))
  end)

  it_shows("has no colours with NO_COLOR", function()
    start("NO_COLOR=1", "12 accepted, 1 failed")
    assert.is_nil(screen:text(true):find("\27", 1, true))
  end)

  it_shows("is plain lines where the terminal cannot move its cursor", function()
    process.write(script, (SCRIPT:gsub("print%(ws.-\n",
      "ws.instances:start('ci01x'):wait { show_output = true } print 'it runs'\n")))
    start("TERM=dumb", "start ci01x: Starting, ")
    process.write(go, "")
    assert.matches("start ci01x: Starting, %d+ s[^\n]*\nstart ci01x: Running, [^\n]+\nit runs\n",
      screen:expect "left with 0")
  end)

  it_shows("is left in peace at Ctrl-C, which tells what goes on", function()
    start("", "12 accepted, 1 failed")
    screen:type "C-c"
    local shown = screen:expect "left with 130"
    assert.matches("interrupted\nstart: 1 failed, 12 without a result\nfailed:\n"
      .. "  bad: cannot start bad: it is odd\n"
      .. "these go on at the service:\n  start ci01x: ", shown)
    assert.matches("\n  start ci12x: [^\n]+\nleft with 130", shown)
  end)
end)
