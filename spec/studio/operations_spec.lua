local azureml = require "azureml"
local core = require "azureml.core"
local errors = require "azureml.error"
local operations = require "azureml.studio.operations"
local task = require "azureml.task"
local waiting = require "spec.waiting"

describe("the studio's operations", function()
  before_each(waiting.virtual)
  after_each(waiting.tidy)

  local events

  local function with(f)
    events = {}
    task.crew(function(start)
      f(operations.new(start, function(kind, data)
        events[#events + 1] = kind .. " " .. tostring(data.state or data.id)
      end))
    end)
  end

  it("publish each step", function()
    with(function(all)
      local item = all:begin("start", "ci-a", function(item, publish)
        azureml.sleep(5)
        item.state = "accepted"
        publish()
        azureml.sleep(5)
      end)
      assert.is_true(all:is_busy())
      azureml.sleep(11)
      assert.is_false(all:is_busy())
      assert.equal("done", item.state)
      assert.is_true(item.ended >= item.began)
    end)
    assert.same({ "operation sending", "operation accepted", "operation done" }, events)
  end)

  it("keep a failure until it is dismissed, and only then", function()
    with(function(all)
      local item = all:begin("stop", "ci-a", function()
        errors.raise { code = "Busy", message = "later", request_id = "r", hint = "wait" }
      end)
      assert.is_false(all:dismiss(item.id))
      azureml.sleep(1)
      assert.equal("Busy", all:list()[1].error.code)
      assert.equal("wait", all:list()[1].error.hint)
      assert.is_true(all:dismiss(item.id))
      assert.is_false(all:dismiss(item.id))
      assert.same({}, all:list())
    end)
  end)

  it("go on with the same verb on the same instance instead of sending it twice", function()
    with(function(all)
      local count = 0
      local function work()
        count = count + 1
        azureml.sleep(5)
      end
      local first = all:begin("start", "ci-a", work)
      assert.equal(first, all:begin("start", "ci-a", work))
      assert.are_not.equal(first, all:begin("stop", "ci-a", work))
      assert.are_not.equal(first, all:begin("start", "ci-b", work))
      azureml.sleep(6)
      assert.are_not.equal(first, all:begin("start", "ci-a", work))
      azureml.sleep(6)
      assert.equal(4, count)
    end)
  end)

  it("forget the oldest that have ended", function()
    with(function(all)
      for index = 1, 250 do all:begin("start", "ci-" .. index, function() end) end
      azureml.sleep(1)
      local list = all:list()
      assert.equal(200, #list)
      assert.equal("ci-51", list[1].name)
    end)
  end)

  it("live through a fault of this program", function()
    with(function(all)
      local item = all:begin("start", "ci-a", function() error("a fault", 0) end)
      azureml.sleep(1)
      assert.equal("InternalError", item.error.code)
    end)
    assert.is_true(core.now() > 0)
  end)
end)
