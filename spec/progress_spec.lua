local core = require "azureml.core"
local process = require "spec.process"

describe("progress", function()
  -- Standard error is the reporter's: a child shows what it prints where there is no terminal.
  local function shown(script)
    return (select(2, process.plain_lua { "-e", "local reporter = require('azureml.progress').reporter 'start ci-ann' " .. script }))
  end

  it("prints a line per change of state where there is no terminal", function()
    local text = shown "reporter.state 'Starting' reporter.state 'Starting' reporter.finish 'Running'"
    assert.equal("start ci-ann: Starting, 0 s\nstart ci-ann: Running, 0 s\n", text)
  end)

  it("tells the time that passed on the core's clock", function()
    local text = shown [[
      local core, task = require "azureml.core", require "azureml.task"
      core.clock "virtual" task.sleep(296) reporter.finish "Running"]]
    assert.equal("start ci-ann: Running, 4 min 56 s\n", text)
  end)

  it("knows that this suite has no terminal to write on, or how wide it is", function()
    local width = core.terminal_width(2)
    assert.is_true(width == nil or width > 0)
  end)
end)
