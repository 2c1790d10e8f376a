local core = require "azureml.core"
local json = require "azureml.json"
local process = require "spec.process"
local progress = require "azureml.console.progress"
local tally = require "azureml.console.tally"

-- Standard error is the reporter's: a child shows what it prints where there is no terminal.
local function shown(script)
  return (select(2,
    process.plain_lua { "-e", "local progress = require 'azureml.console.progress' " .. script }))
end

describe("progress of one", function()
  local function told(style, script)
    return shown(("local reporter = progress.reporter('start', 'ci-ann', '%s') "):format(style)
      .. script)
  end

  it("prints a line per change of state where there is no terminal", function()
    local text = told("auto",
      "reporter.state 'Starting' reporter.state 'Starting' reporter.finish 'Running'")
    assert.equal("start ci-ann: Starting, 0 s\nstart ci-ann: Running, 0 s\n", text)
  end)

  it("tells the time that passed on the core's clock", function()
    local text = told("lines", [[
      local core, task = require "azureml.core", require "azureml.task"
      core.clock "virtual" task.sleep(296) reporter.finish "Running"]])
    assert.equal("start ci-ann: Running, 4 min 56 s\n", text)
  end)

  it("prints a line every 30 s where there is no terminal", function()
    local text = told("auto", [[
      local core, task = require "azureml.core", require "azureml.task"
      core.clock "virtual" reporter.state "Starting" task.sleep(70) reporter.finish "Running"]])
    assert.equal("start ci-ann: Starting, 0 s\nstart ci-ann: Starting, 30 s\n"
      .. "start ci-ann: Starting, 1 min\nstart ci-ann: Running, 1 min 10 s\n", text)
  end)

  it("prints a JSON object per change for programs", function()
    local text = told("json",
      "reporter.state 'Starting' reporter.state 'Starting' reporter.finish 'Running'")
    local first, second = text:match "^([^\n]+)\n([^\n]+)\n$"
    assert.same({ "start", "ci-ann", "Starting" },
      { json.decode(first).verb, json.decode(first).name, json.decode(first).state })
    assert.equal("Running", json.decode(second).state)
    assert.is_number(json.decode(second).seconds)
  end)

  it("tells what happens in a state, and when that changes", function()
    local script = "reporter.state('UserSettingUp', 'the creation script runs') "
      .. "reporter.state('UserSettingUp', 'the creation script runs') "
      .. "reporter.state('UserSettingUp', 'the startup script runs') reporter.finish 'Running'"
    assert.equal("start ci-ann: UserSettingUp (the creation script runs), 0 s\n"
      .. "start ci-ann: UserSettingUp (the startup script runs), 0 s\n"
      .. "start ci-ann: Running, 0 s\n", told("lines", script))
    local first = told("json", script):match "^[^\n]+"
    assert.same({ "UserSettingUp", "the creation script runs" },
      { json.decode(first).state, json.decode(first).step })
  end)

  it("repeats every 30 s what happens in a state", function()
    local text = told("auto", [[
      local core, task = require "azureml.core", require "azureml.task"
      core.clock "virtual" reporter.state("UserSettingUp", "a script runs") task.sleep(40)]])
    assert.equal("start ci-ann: UserSettingUp (a script runs), 0 s\n"
      .. "start ci-ann: UserSettingUp (a script runs), 30 s\n", text)
  end)

  it("says nothing where it is to be quiet", function()
    assert.equal("", told("quiet", "assert(reporter == nil)"))
  end)

  it("lets nothing that a service sent move the cursor", function()
    assert.is_nil(told("lines", "reporter.state '\\27[2J'"):find("\27", 1, true))
  end)

  it("knows that this suite has no terminal to write on, or how wide it is", function()
    local width, height = core.terminal_width(2)
    assert.is_true(width == nil or width > 0 and height > 0)
  end)
end)

describe("progress of many", function()
  local FLEET = [[
    local reporter <close> = progress.of_many("stop", 3, "%s")
    reporter.ended("cleo", "skipped", "already Stopped")
    reporter.began "ann" reporter.change("ann", "accepted")
    reporter.began "bob" reporter.change("ann", "settling")
    reporter.ended("bob", "failed", "it broke") reporter.ended("ann", "done")
    reporter.finish "stop: 1 done, 1 skipped, 1 failed"]]

  it("prints what it came to where there is no terminal", function()
    assert.equal("stop: 1 done, 1 skipped, 1 failed, 0 s\n", shown(FLEET:format "auto"))
  end)

  it("prints its counts every 30 s where there is no terminal", function()
    local text = shown [[
      local core, task = require "azureml.core", require "azureml.task"
      core.clock "virtual"
      local reporter <close> = progress.of_many("stop", 3, "auto")
      reporter.began "ann" task.sleep(45) reporter.ended("ann", "done") task.sleep(20)
      reporter.finish "stop: 1 done"]]
    assert.equal("stop: 0 of 3 after 30 s: 2 waiting, 1 sent\n"
      .. "stop: 1 of 3 after 1 min, about 45 s left: 2 waiting, 1 done\n"
      .. "stop: 1 done, 1 min 5 s\n", text)
  end)

  it("prints a line per change with the style lines, and what it came to", function()
    assert.equal(table.concat({
      "stop cleo: skipped, 0 s: already Stopped", "stop ann: accepted, 0 s",
      "stop bob: failed, 0 s: it broke", "stop ann: done, 0 s",
      "stop: 1 done, 1 skipped, 1 failed, 0 s", "" }, "\n"), shown(FLEET:format "lines"))
  end)

  it("prints a JSON object per change, and one for the whole", function()
    local lines = {}
    for line in shown(FLEET:format "json"):gmatch "[^\n]+" do
      lines[#lines + 1] = assert(json.decode(line))
    end
    assert.equal(5, #lines)
    assert.same({ "cleo", "skipped", "already Stopped" },
      { lines[1].name, lines[1].state, lines[1].reason })
    assert.same({ done = 1, accepted = 0, skipped = 1, failed = 1 }, lines[5].summary)
  end)

  it("says nothing where it is to be quiet", function()
    assert.equal("", shown "assert(progress.of_many('stop', 3, 'quiet') == nil)")
  end)

  local function fleet(begun, done)
    local counted = tally.new("stop", 10, 100)
    for i = 1, begun do counted:start("ci" .. i, 100 + i) end
    for i = 1, done do counted:finish("ci" .. i, "done", nil, 100 + i + 30) end
    return counted
  end

  local function texts(counted, now, width)
    local list = {}
    for i, line in ipairs(progress.lines_of(counted, now, width)) do list[i] = line.text end
    return list
  end

  it("shows a bar, counts by state, the slowest and the failed ones", function()
    local counted = fleet(8, 4)
    counted:change("ci7", "accepted")
    counted:finish("ci8", "failed", "it broke", 140)
    assert.same({
      "stop: 5 of 10 [###########----------] 40 s, about 32 s left",
      "  2 waiting, 2 sent, 1 accepted, 4 done, 1 failed",
      "  slow: ci5, sent, 35 s", "  slow: ci6, sent, 34 s", "  slow: ci7, accepted, 33 s",
      "  failed: ci8: it broke",
    }, texts(counted, 140, 60))
  end)

  it("does without the bar where it has no room", function()
    assert.matches("^stop: 4 of 10 %- 40 s", texts(fleet(8, 4), 140, 30)[1])
  end)
end)
