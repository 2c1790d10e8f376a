--- When a fleet's states are read, and what replaces its polls: lua/azureml/fleet/lookout.lua.
local azureml = require "azureml"
local core = require "azureml.core"
local world = require "spec.world"

describe("a lookout", function()
  local emulator, ws, names, counts

  -- A workspace with count stopped instances, of which the first are named, and a bucket of reads.
  local function open(count, named, reads)
    local instances = {}
    names, counts = {}, { polls = 0, lists = 0, gets = 0, list_times = {} }
    for i = 1, count do
      local name = ("ci%dx"):format(i)
      instances[name] = "Stopped"
      if i <= named then names[i] = name end
    end
    emulator, ws = world.open(instances, { quotas = { total = 1e6, family = 1e6, clusters = 1e6 } })
    emulator.throttle:set { reads = reads, writes = { 10000, 1000 }, deletes = { 10000, 1000 } }
    ws:get()
    emulator.log = function(request)
      local target = request.target
      if target:find("OperationsStatus", 1, true) then
        counts.polls, counts.polled_at = counts.polls + 1, core.now()
      end
      local is_get = target:find "/computes/%w+%?" and request.method == "GET"
      if is_get then
        counts.gets, counts.first_get_at = counts.gets + 1, counts.first_get_at or core.now()
      end
      if target:find("/computes?", 1, true) then
        counts.lists = counts.lists + 1
        table.insert(counts.list_times, core.now())
      end
    end
  end

  after_each(function() world.close(emulator, ws) end)

  local function start(more)
    local arguments = { names = names }
    for name, value in pairs(more or {}) do arguments[name] = value end
    return ws.instances:start_all(arguments)
  end

  it("reads no list while the polls do not exceed the reads that are left", function()
    open(300, 100, { 12000, 12000 / 3600 })
    assert.equal(100, start { settle = false }.counts.done)
    assert.equal(0, counts.lists)
    assert.is_true(counts.polls >= 100)
  end)

  it("settles each by a GET while that takes fewer requests than a list", function()
    open(300, 30, { 12000, 12000 / 3600 })
    emulator:set_page_size(5)      -- 60 pages
    assert.equal(30, start().counts.done)
    assert.is_true(counts.lists <= 5, counts.lists)      -- and learns that the list is long
    assert.is_true(counts.gets >= 30 and counts.gets < 100, counts.gets)
  end)

  it("looks as soon as the last operation has ended", function()
    open(300, 5, { 12000, 12000 / 3600 })
    ws:close()
    ws = azureml.workspace { poll_interval = 5 }      -- polls without jitter: all end together
    assert.equal(5, start().counts.done)
    local waited = counts.first_get_at - counts.polled_at
    assert.is_true(waited >= 0 and waited < 0.03, ("looked after %.3f s"):format(waited))
  end)

  it("settles all by a list where that takes fewer requests", function()
    open(100, 100, { 12000, 12000 / 3600 })
    ws:close()
    ws = azureml.workspace { poll_interval = 5 }      -- polls without jitter: all end together
    assert.equal(100, start().counts.done)
    assert.is_true(counts.gets < 50, counts.gets)
    assert.is_true(counts.lists >= 1 and counts.lists < 20, counts.lists)
  end)

  it("reads the list instead of polls where few reads are left, and leaves a reserve", function()
    open(300, 300, { 250, 25 })
    local least, over = math.huge, false
    azureml.parallel(function()
      assert.equal(300, start().counts.done)
      over = true
    end, function()
      while not over do
        azureml.sleep(1)
        local left = ws:client():budget("/subscriptions/" .. ws.subscription_id, "GET")
        if counts.lists > 0 then least = math.min(least, left) end
      end
    end)
    assert.is_true(counts.lists > 3, counts.lists)
    -- At each operation's own pace 5,700 would go out.
    assert.is_true(counts.polls < 1800, counts.polls)
    assert.is_true(least >= 80, ("%d reads were left"):format(least))
  end)

  it("polls each operation now and then, should the list be wrong", function()
    open(60, 60, { 130, 1 })
    local stale = {}
    for vm in ws.instances:list() do
      stale[#stale + 1] = { id = vm.id, name = vm.name,
        type = "Microsoft.MachineLearningServices/workspaces/computes",
        properties = { computeType = "ComputeInstance", properties = { state = "Starting" } } }
    end
    emulator:fault { match = { method = "GET", path = "/computes$" }, times = 1e6,
      answer = { status = 200, json = { value = stale } } }
    local results = start { settle = false, timeout = 3600 }
    assert.equal(60, results.counts.done)
    assert.is_true(counts.lists > 5, counts.lists)
    assert.is_true(results.seconds < 1200, results.seconds)
  end)

  it("polls each again where the list fails", function()
    open(60, 60, { 130, 1 })
    local refusal = { status = 403, json = { error = { code = "Forbidden", message = "no" } } }
    local match = { method = "GET", path = "/computes$" }
    emulator:fault { match = match, times = 1e6, answer = refusal }
    assert.equal(60, start({ settle = false }).counts.done)
    assert.equal(1, counts.lists)
  end)

  it("looks slower while less is left than some lists take", function()
    open(200, 200, { 250, 5 })
    emulator:set_page_size(4)      -- 50 pages
    local results = ws.instances:start_all { all = true, settle = false }
    assert.equal(200, results.counts.done)
    local lists = counts.lists / 50
    assert.is_true(lists < 13, ("%g lists in %g s"):format(lists, results.seconds))
  end)
end)
