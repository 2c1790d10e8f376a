--- Limits on the time of a function and its tasks: lua/azureml/task/limits.lua. azureml.within
--- is built on it and has a spec of its own.
local azureml = require "azureml"
local core = require "azureml.core"
local errors = require "azureml.error"
local limits = require "azureml.task.limits"
local waiting = require "spec.waiting"

local virtual, tidy, timed, assert_took
  = waiting.virtual, waiting.tidy, waiting.timed, waiting.assert_took

local function name(text)
  return function(err) err.message = text end
end

local function sleep_long()
  azureml.sleep(100)
end

describe("a limit", function()
  before_each(virtual)
  after_each(tidy)

  it("raises Timeout after its time, with the message that its caller gives", function()
    local took, _, err = timed(azureml.try, limits.run, 4, name "too slow", sleep_long)
    assert_took(4, took)
    assert.same({ "Timeout", "too slow" }, { err.code, err.message })
    assert.is_nil(err.limit)      -- outside of the limit it is an ordinary error
  end)

  it("passes arguments to the function, and returns all its results", function()
    assert.same({ 3, nil, "x", n = 3 }, table.pack(limits.run(4, name "", function(a, b)
      return a + b, nil, "x"
    end, 1, 2)))
  end)

  it("does not describe an error that is not its own", function()
    local _, err = azureml.try(limits.run, 4, name "too slow", function()
      errors.raise { code = "Timeout", message = "mine" }
    end)
    assert.equal("mine", err.message)
  end)

  it("applies to the tasks that are started within it, and to their tasks", function()
    local took, _, err = timed(azureml.try, limits.run, 4, name "too slow", function()
      azureml.parallel(function() azureml.parallel(sleep_long, sleep_long) end)
    end)
    assert_took(4, took)
    assert.equal("too slow", err.message)
  end)

  it("that one task sets does not apply to another", function()
    local took, _, other = timed(azureml.parallel, function()
      azureml.try(limits.run, 4, name "too slow", sleep_long)
    end, function()
      azureml.sleep(9)
      return "slept"
    end)
    assert_took(9, took)
    assert.equal("slept", other)
  end)

  it("is not the nearest once its timeout was raised: a handler may still wait", function()
    local took = timed(azureml.try, limits.run, 4, name "too slow", function()
      local _ <close> = waiting.closing({}, "waited", function() azureml.sleep(5) end)
      sleep_long()
    end)
    assert_took(9, took)
  end)

  it("is the nearest when its deadline is earliest, whatever the order", function()
    local began, deadlines = core.now(), {}
    limits.run(10, name "", function()
      limits.run(3, name "", function() deadlines[1] = limits.nearest().deadline - began end)
      limits.run(30, name "", function() deadlines[2] = limits.nearest().deadline - began end)
    end)
    assert_took(3, deadlines[1])
    assert_took(10, deadlines[2])
    assert.is_nil(limits.nearest())
  end)

  it("does not apply while the coroutine that set it is suspended", function()
    local generator = coroutine.wrap(function()
      limits.run(4, name "", function() coroutine.yield() end)
    end)
    generator()
    assert.is_nil(limits.nearest())
    generator()
  end)
end)
