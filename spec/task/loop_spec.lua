--- Timers, watched descriptors and events of the loop: lua/azureml/task/loop.lua. The questions of
--- the core are in question_spec.lua.
local azureml = require "azureml"
local core = require "azureml.core"
local process = require "spec.process"
local task = require "azureml.task"
local waiting = require "spec.waiting"

local virtual, tidy, assert_took = waiting.virtual, waiting.tidy, waiting.assert_took

describe("handlers", function()
  before_each(virtual)
  after_each(tidy)

  it("at: is called once by the code that waits, when its time has come", function()
    local calls = {}
    local begin = core.now()
    task.at(3, function() calls[#calls + 1] = core.now() end)
    azureml.sleep(2)
    assert.equal(0, #calls)
    azureml.sleep(5)
    assert.equal(1, #calls)
    assert_took(3, calls[1] - begin)
  end)

  it("at: is called while tasks wait, too", function()
    local called = 0
    azureml.parallel(function()
      task.at(1, function() called = called + 1 end)
      azureml.sleep(2)
      assert.equal(1, called)
    end)
    assert.equal(1, called)
  end)

  it("at: lives without a reference to it", function()
    local called = false
    task.at(1, function() called = true end)
    collectgarbage()
    collectgarbage()
    azureml.sleep(2)
    assert.is_true(called)
  end)

  it("cancel: it is not called any more, and may be cancelled twice", function()
    local called = false
    local timer = task.at(1, function() called = true end)
    task.cancel(timer)
    task.cancel(timer)
    azureml.sleep(2)
    assert.is_false(called)
  end)

  it("cancel: after its time has come and before it was called is early enough", function()
    local called = false
    local timer
    task.at(1, function() task.cancel(timer) end)
    timer = task.at(1, function() called = true end)
    azureml.sleep(2)
    assert.is_false(called)
  end)

  it("at: a handler may begin the next", function()
    local calls = 0
    local function again()
      calls = calls + 1
      if calls < 5 then task.at(1, again) end
    end
    task.at(1, again)
    azureml.sleep(10)
    assert.equal(5, calls)
  end)

  it("on: is called when a descriptor can be read; off ends it", function()
    local httpd = require("azureml.httpd").listen { address = "127.0.0.1", port = 0 }
    local fd, calls = httpd:fd(), 0
    task.on(fd, function()
      calls = calls + 1
      httpd:run()
      task.off(fd)
    end)
    local client = core.client { endpoint = "http://127.0.0.1:" .. httpd:port() }
    local op = client:request { method = "GET", url = "/", timeout = 0.2 }
    task.wait(op)
    assert.equal(1, calls)
    op:close()
    client:close()
    httpd:close()
  end)

  it("before_step: is called once, before the loop sends or waits", function()
    local order = {}
    local function note() order[#order + 1] = "before" end
    task.before_step(note)
    task.before_step(note)
    assert.same({}, order)
    task.at(0, function() order[#order + 1] = "step" end)
    azureml.sleep(1)
    assert.same({ "before", "before", "step" }, order)
    task.before_step(note)
    task.send()
    task.send()
    assert.equal(4, #order)
  end)

  it("on: a descriptor that cannot be watched is an error", function()
    assert.error_matches(function() task.on(9999, print) end,
      "cannot watch descriptor 9999: Bad file descriptor")
  end)
end)

describe("events", function()
  before_each(virtual)
  after_each(tidy)

  it("for what can never come is an error instead of a hang", function()
    local source = "local core = require('azureml.core') local task = require('azureml.task') "
      .. "local op = core.sleep(0) task.wait(op) task.wait_until(op, function() return false end)"
    local _, err, code = process.plain_lua { "-e", source }
    assert.equal(1, code)
    assert.matches("a wait for something that can never come", err)
  end)
end)
