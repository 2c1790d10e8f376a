--- How a task is resumed, and what becomes of its errors: lua/azureml/task/runner.lua.
local azureml = require "azureml"
local core = require "azureml.core"
local errors = require "azureml.error"
local waiting = require "spec.waiting"

local virtual, tidy, timed, assert_took
  = waiting.virtual, waiting.tidy, waiting.timed, waiting.assert_took
local closing = waiting.closing

local function raise(code)
  errors.raise { code = code, message = "it was " .. code }
end

describe("a task", function()
  before_each(virtual)
  after_each(tidy)

  it("errors of <close> handlers go into the details of the first error", function()
    local _, err = azureml.try(azureml.parallel, function()
      local _ <close> = closing({}, "x", function() raise "InHandler" end)
      azureml.sleep(100)
    end, function()
      local _ <close> = closing({}, "x", function() error("a text", 0) end)
      azureml.sleep(100)
    end, function()
      local _ <close> = closing({}, "x", function() raise "InOwnHandler" end)
      azureml.sleep(1)
      raise "First"
    end)
    assert.equal("First", err.code)
    local codes = {}
    for i, detail in ipairs(err.details) do codes[i] = detail.code or detail.message end
    table.sort(codes)
    assert.same({ "InHandler", "InOwnHandler", "a text" }, codes)
    assert.matches("it was InHandler", tostring(err))
    assert.matches("a text", tostring(err))
  end)

  it("errors of <close> handlers further down go into the details, too", function()
    local _, err = azureml.try(azureml.parallel, function()
      azureml.parallel(function()
        local _ <close> = closing({}, "x", function() raise "Deep" end)
        azureml.sleep(100)
      end, function()
        local _ <close> = closing({}, "x", function() raise "Deeper" end)
        azureml.sleep(100)
      end)
    end, function()
      azureml.sleep(1)
      raise "First"
    end)
    assert.equal("First", err.code)
    assert.equal("Deep", err.details[1].code)
    assert.equal("Deeper", err.details[1].details[1].code)
  end)

  it("an error without a value is an error, too", function()
    local ok, err = pcall(azureml.parallel, function() error(nil) end)
    assert.is_false(ok)
    assert.equal("an error without a value", err)
  end)

  it("that yields by itself is told so, and where, instead of hanging", function()
    local log = {}
    local op <close> = core.sleep(1000)      -- there would be something to wait for
    local took, ok, err = timed(pcall, azureml.parallel, function()
      local _ <close> = closing(log, "closed")
      coroutine.yield "a stray value"
    end, function() azureml.sleep(5) end)
    assert_took(0, took)
    assert.is_false(ok)
    assert.matches("^spec/task/runner_spec.lua:%d+: a task yields only by waiting", err)
    assert.same({ "closed" }, log)
    assert.is_false(op:done())
  end)

  it("may resume coroutines of its own between waits", function()
    local got = azureml.parallel(function()
      local numbers = coroutine.wrap(function()
        for i = 1, 3 do
          azureml.sleep(1)
          coroutine.yield(i)
        end
      end)
      local sum = 0
      for n in numbers do
        azureml.sleep(1)
        sum = sum + n
      end
      return sum
    end)
    assert.equal(6, got)
  end)

  it("the place of an error is in the task's own code", function()
    local _, err = azureml.try(azureml.parallel, function()
      azureml.sleep(1)
      raise "Here"
    end)
    assert.matches("^spec/task/runner_spec.lua:%d+:$", err.where)
    assert.matches("spec/task/runner_spec.lua", err.traceback)
  end)
end)
