-- Many writes against a bucket of 200 that is refilled with 10 a second: all are accepted, about as
-- fast as the bucket allows; and who else reads is not starved.
local azureml = require "azureml"
local core = require "azureml.core"
local process = require "spec.process"
local resource = require "azureml.resource"
local verbs = require "azureml.verbs"

describe("throttling", function()
  local BUCKET, REFILL = 200, 10
  local emulator, ws, names, statuses, last

  local function open(count, port)
    core.clock "virtual"
    local instances = {}
    names, statuses, last = {}, {}, 0
    for i = 1, count do
      names[i] = ("ci%dx"):format(i)
      instances[names[i]] = "Stopped"
    end
    emulator = require("azureml.emulator").start {
      port = port,
      seed = { instances = instances, quotas = { total = 1e6, family = 1e6, clusters = 1e6 } },
      log = function(_, response)
        statuses[response.status] = (statuses[response.status] or 0) + 1
        if response.status == 202 then last = core.now() end
      end,
    }
    ws = azureml.workspace()
    ws.instances:get(names[1])
  end

  after_each(function()
    ws:close()
    emulator:close()
    core.clock "real"
  end)

  local function assert_polite(count, began, refusals)
    assert.equal(count, statuses[202])
    assert.is_true(last - began <= 1.1 * (count - BUCKET) / REFILL,
      ("took %.1f s"):format(last - began))
    assert.is_true((statuses[429] or 0) <= refusals, ("%d refusals"):format(statuses[429] or 0))
  end

  local function start_each()
    local began = core.now()
    azureml.each(names, function(name)
      local op <close> = ws.instances:start(name)
      assert.is_false(op:done())
    end)
    return began
  end

  it("of many tasks: all starts are accepted in 1.1 x the bucket's time, few refused", function()
    open(400)
    assert_polite(400, start_each(), 8)
  end)

  -- What is known of a bucket belongs to the endpoint: the second world, whose bucket is full, is
  -- asked as if it were the first, whose bucket has refilled meanwhile.
  it("of two emulators, one after the other on one port, is polite to both", function()
    local port = process.free_port()
    for round = 1, 2 do
      open(400, port)
      assert_polite(400, start_each(), 0)
      if round == 2 then break end
      ws:close()
      emulator:close()
      azureml.sleep(60)
    end
  end)

  it("of many tasks is as polite when the replies come in any order", function()
    open(400)
    for i = 1, 600 do
      emulator:fault { match = { verb = "start" }, trouble = "slow", seconds = i * 7 % 20 / 100 }
    end
    assert_polite(400, start_each(), 8)
  end)

  it("of a fleet of a thousand is waited out, and others who read find something left", function()
    open(1000)
    local others = azureml.workspace { client = ws:client() }
    local token, over, waited, foreign = emulator:issue_token(), false, 0, {}
    local look = {
      method = "GET",
      target = resource.path(ws, verbs.get, { name = names[1] }) .. "?api-version=2024-04-01",
      headers = { authorization = "Bearer " .. token, host = "127.0.0.1" },
    }
    local began = core.now()
    azureml.parallel(function()
      local results = ws.instances:start_all { names = names }
      over = true
      assert.equal(1000, results.counts.done)
    end, function()      -- another script of ours
      while not over do
        local asked = core.now()
        others.instances:get(names[1])
        waited = math.max(waited, core.now() - asked)
        azureml.sleep(2)
      end
    end, function()      -- another program that signs in as the same application
      while not over do
        local status = emulator:handle(look).status
        foreign[status] = (foreign[status] or 0) + 1
        azureml.sleep(2)
      end
    end)
    assert_polite(1000, began, 10)
    assert.is_true(foreign[200] > 100)
    assert.is_nil(foreign[429])
    assert.is_true(waited < 2, ("a read waited %.1f s"):format(waited))
  end)
end)
