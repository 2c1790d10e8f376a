local azureml = require "azureml"
local core = require "azureml.core"
local once = require "azureml.tool.once"
local task = require "azureml.task"

describe("a value that is fetched once", function()
  before_each(function() core.clock "virtual" end)
  after_each(function() core.clock "real" end)

  it("is fetched by the first of many tasks, for all of them", function()
    local holder, fetches, got = {}, 0, {}
    local function fetch()
      fetches = fetches + 1
      task.sleep(1)
      return "value"
    end
    azureml.each({ 1, 2, 3 }, function(i) got[i] = once.get(holder, "a", fetch) end)
    assert.same({ "value", "value", "value" }, got)
    assert.equal(1, fetches)
    assert.equal("value", once.get(holder, "a", error))
  end)

  it("is fetched again after a failure, by the next that waits", function()
    local holder, fetches = {}, 0
    local function fetch()
      fetches = fetches + 1
      task.sleep(1)
      if fetches == 1 then error("lost", 0) end
      return fetches
    end
    local outcomes = {}
    local function ask()
      local ok, value = pcall(once.get, holder, "a", fetch)
      outcomes[#outcomes + 1] = ok and value or "failed: " .. value
    end
    azureml.parallel(ask, ask)
    assert.same({ "failed: lost", 2 }, outcomes)
  end)

  it("is fetched by another task where the first was closed", function()
    local holder = {}
    local function forever() task.sleep(1000) end
    pcall(azureml.parallel, function() once.get(holder, "a", forever) end,
      function() error("over", 0) end)
    assert.equal(5, once.get(holder, "a", function() return 5 end))
  end)

  it("does not wait outside of tasks for a task that cannot go on meanwhile", function()
    local holder, got = {}, nil
    azureml.parallel(function()
      once.get(holder, "a", function()
        task.sleep(1)
        return 1
      end)
    end, function()
      ("x"):gsub("x", function() got = once.get(holder, "a", function() return 2 end) end)
    end)
    assert.equal(2, got)
  end)

  it("can be forgotten", function()
    local holder = {}
    assert.equal(1, once.get(holder, "a", function() return 1 end))
    once.forget(holder, "a")
    assert.equal(2, once.get(holder, "a", function() return 2 end))
  end)
end)
