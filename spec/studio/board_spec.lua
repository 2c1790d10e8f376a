local azureml = require "azureml"
local board = require "azureml.studio.board"
local json = require "azureml.json"
local task = require "azureml.task"
local world = require "spec.world"

describe("the studio's board", function()
  local emulator, ws, published

  before_each(function()
    emulator, ws = world.open { ["ci-a"] = "Stopped", ["ci-b"] = "Running" }
    published = {}
  end)
  after_each(function() world.close(emulator, ws) end)

  -- Run a function beside a board.
  local function with(f)
    local one = board.new(ws, function(kind, data)
      published[#published + 1] = { kind = kind,
        data = type(data) == "string" and json.decode(data) or data }
    end)
    task.crew(function(start)
      start(function() one:run() end)
      f(one)
      one:close()
    end)
  end

  it("lists nothing while no page is open", function()
    with(function(one)
      azureml.sleep(3600)
      assert.equal(0, one.passes)
      one:set_viewers(1)
      azureml.sleep(1)
      assert.equal(1, one.passes)
      one:set_viewers(0)
      azureml.sleep(3600)
      assert.equal(1, one.passes)
    end)
  end)

  it("lists every 10 s at rest and every 2 s while something moves, whatever the number of pages",
    function()
      with(function(one)
        one:set_viewers(1)
        one:set_viewers(9)
        azureml.sleep(1)
        local before = one.passes
        azureml.sleep(101)
        assert.equal(10, one.passes - before)
        ws.instances:start "ci-a"
        one:hurry()
        azureml.sleep(1)
        before = one.passes
        azureml.sleep(20)
        assert.is_true(one.passes - before >= 9)
      end)
    end)

  it("publishes the rows that have changed, and those that are gone", function()
    with(function(one)
      one:wait_for_fresh()
      one:set_viewers(1)
      assert.equal(2, #published[1].data.changed)
      local count = #published
      azureml.sleep(50)
      assert.equal(count, #published)
      ws.instances:delete("ci-b"):wait()
      one:hurry()
      azureml.sleep(1)
      local last = published[#published]
      assert.equal("rows", last.kind)
      assert.same({ "ci-b" }, last.data.gone)
      assert.is_nil(one:instance "ci-b")
      assert.equal("Deleting", one:history("ci-b")[1].was)
      assert.equal("[", one:rows():sub(1, 1))
    end)
  end)

  it("keeps its rows while the list fails, and tells it once", function()
    with(function(one)
      one:wait_for_fresh()
      emulator:fault { match = { path = "/computes$" }, times = 100, answer = { status = 403,
        json = { error = { code = "AuthorizationFailed", message = "no" } } } }
      one:set_viewers(1)
      azureml.sleep(60)
      local told = 0
      for _, event in ipairs(published) do
        if event.kind == "trouble" then told = told + 1 end
      end
      assert.equal(1, told)
      assert.equal("AuthorizationFailed", one.trouble.code)
      assert.is_not_nil(one:instance "ci-a")
      emulator.faults:clear()
      azureml.sleep(15)
      assert.is_nil(one.trouble)
      assert.equal(json.null, published[#published].data.trouble)
    end)
  end)

  it("lists again for a page that comes back after a while", function()
    with(function(one)
      one:wait_for_fresh()
      local before = one.passes
      one:wait_for_fresh()
      assert.equal(before, one.passes)
      azureml.sleep(60)
      one:wait_for_fresh()
      assert.equal(before + 1, one.passes)
    end)
  end)
end)
