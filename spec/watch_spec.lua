local azureml = require "azureml"
local core = require "azureml.core"
local world = require "spec.world"

describe("watching a workspace", function()
  local emulator, ws, requests

  local function open(instances, seed)
    requests = 0
    emulator, ws = world.open(instances, seed)
    ws:get()      -- the token is there
    emulator.log = function(request)
      requests = requests + (request.target:find("/computes?", 1, true) and 1 or 0)
    end
  end

  after_each(function() world.close(emulator, ws) end)

  local function all(changes)
    local texts = {}
    for change in changes do texts[#texts + 1] = tostring(change) end
    return texts
  end

  it("tells each change of state once, with the instance", function()
    open { ann = "Stopped", bob = "Running" }
    local changes = ws:watch { interval = 5, timeout = 400 }
    azureml.parallel(function()
      local first = changes()
      assert.same({ "ann", "Stopped", "Starting" }, { first.name, first.was, first.state })
      assert.equal("ann", first.vm.name)
      assert.same({ "ann: Running, was Starting" }, all(changes))
    end, function()
      azureml.sleep(7)
      ws.instances:start("ann"):close()
    end)
  end)

  it("asks once per interval for the whole workspace, and first at once", function()
    open { ann = "Running", bob = "Running", cleo = "Running" }
    local began = core.now()
    assert.same({}, all(ws:watch { interval = 10, timeout = 95 }))
    assert.equal(10, requests)
    assert.is_true(core.now() - began >= 95)
  end)

  it("tells those that come and go", function()
    open { ann = "Running" }
    local told
    azureml.parallel(function()
      told = all(ws:watch { interval = 10, timeout = 200 })
    end, function()
      azureml.sleep(15)
      emulator:seed_instance("bob", "Stopped")
      ws.instances:delete("ann"):close()
    end)
    assert.same({ "ann: Deleting, was Running", "bob: Stopped, new", "ann: gone, was Deleting" },
      table.move(told, 1, 3, 1, {}))
    assert.equal(3, #told)
  end)

  it("begins with those that are there, if asked to", function()
    open { ann = "Running" }
    assert.same({ "ann: Running, new" },
      all(ws:watch { initial = true, interval = 10, timeout = 5 }))
  end)

  local function submit_job(name, command)
    ws.jobs:submit {
      name = "train", command = command, compute = name,
      environment = "AzureML-minimal@latest",
    }
  end

  it("tells that a job runs, and that it has ended; lists show the same", function()
    open { ann = "Running", bob = "Running" }
    local told, meanwhile, filtered
    azureml.parallel(function()
      told = all(ws:watch { interval = 10, timeout = 400 })
    end, function()
      filtered = all(ws:watch { interval = 10, timeout = 400, state = "Running" })
    end, function()
      azureml.sleep(15)
      submit_job("ann", "sleep 60")
      azureml.sleep(15)
      meanwhile = {}
      for _, state in ipairs { "JobRunning", "Running" } do
        for vm in ws.instances:list { state = state } do
          meanwhile[#meanwhile + 1] = vm.name .. " " .. vm.state
        end
      end
    end)
    assert.same({ "ann: JobRunning, was Running", "ann: Running, was JobRunning" }, told)
    assert.same({ "ann: gone, was Running", "ann: Running, new" }, filtered)
    assert.same({ "ann JobRunning", "bob Running" }, meanwhile)
    assert.equal(2, #ws.instances:list({ state = "Running" }):all())
  end)

  it("looks at those that pass the filters: who ceases to is gone", function()
    open { ann = "Running", bob = "Running" }
    local told
    azureml.parallel(function()
      told = all(ws:watch {
        state = "Running", where = function(vm) return vm.name == "ann" end, interval = 10,
        timeout = 300,
      })
    end, function()
      azureml.sleep(15)
      azureml.parallel(function() ws.instances:stop("ann"):wait() end,
        function() ws.instances:stop("bob"):wait() end)
      ws.instances:start("ann"):wait()
    end)
    assert.same({ "ann: gone, was Running", "ann: Running, new" }, told)
  end)

  it("reports an instance that was deleted and created again between two polls", function()
    open { ann = "Running" }
    local changes = ws:watch { interval = 1000, timeout = 2500 }
    local told
    azureml.parallel(function() told = all(changes) end, function()
      azureml.sleep(10)
      ws.instances:delete("ann"):wait()
      ws.instances:create("ann", {}):wait()
    end)
    assert.same({ "ann: gone, was Running", "ann: Running, new" }, told)
  end)

  it("a list that fails is raised, and the next call goes on without losing anything", function()
    open { ann = "Running" }
    local changes = ws:watch { interval = 10 }
    azureml.parallel(function()
      local _, err = azureml.try(changes)
      assert.equal(403, err.status)
      emulator:seed_instance("cleo", "Stopped")
      assert.equal("bob: Stopped, new", tostring(changes()))
      assert.equal("cleo: Stopped, new", tostring(changes()))
    end, function()
      azureml.sleep(5)
      emulator:seed_instance("bob", "Stopped")
      emulator:fault { match = { method = "GET", path = "computes$" }, answer = { status = 403 } }
    end)
  end)

  it("calls a function with each change, and returns how many there were", function()
    open { ann = "Stopped", bob = "Running" }
    local told, count = {}, nil
    azureml.parallel(function()
      count = ws:watch { interval = 5, timeout = 400, on_change = function(change)
        told[#told + 1] = tostring(change)
      end }
    end, function()
      azureml.sleep(7)
      ws.instances:start("ann"):close()
    end)
    assert.same({ "ann: Starting, was Stopped", "ann: Running, was Starting" }, told)
    assert.equal(2, count)
    assert.equal(0, ws:watch { timeout = 0, on_change = print })
  end)

  it("gives an error of a list to a function, and goes on", function()
    open { ann = "Running" }
    local failures, told = {}, nil
    azureml.parallel(function()
      told = all(ws:watch { interval = 10, timeout = 40,
        on_error = function(err) failures[#failures + 1] = err.status end })
    end, function()
      azureml.sleep(5)
      emulator:fault { match = { method = "GET", path = "computes$" }, answer = { status = 403 } }
      azureml.sleep(20)
      emulator:seed_instance("bob", "Stopped")
    end)
    assert.same({ 403 }, failures)
    assert.same({ "bob: Stopped, new" }, told)
  end)

  it("reads a long list page by page, without keeping its instances", function()
    local instances = {}
    for i = 1, 300 do instances["ci-" .. i] = "Running" end
    open(instances)
    emulator:set_page_size(50)
    local most, decoded = 0, setmetatable({}, { __mode = "k" })
    local changes = ws:watch { interval = 10, timeout = 5, initial = true,
      where = function(vm)
        decoded[vm] = true
        return true
      end }
    for _ in changes do
      if math.random(20) == 1 then
        collectgarbage()
        local count = 0
        for _ in pairs(decoded) do count = count + 1 end
        most = math.max(most, count)
      end
    end
    assert.is_true(most < 10, most .. " instances were kept")
  end)

  it("keeps what it knows of a workspace that refuses its list", function()
    open({ ann = "Running" }, { workspaces = {
      { name = "team", instances = { bob = "Running" } },
    } })
    local everything <close> = azureml.instances()
    local failures, told = {}, {}
    azureml.parallel(function()
      everything:watch { interval = 10, timeout = 45,
        on_change = function(change)
          told[#told + 1] = change.workspace .. "/" .. tostring(change)
        end,
        on_error = function(err) failures[#failures + 1] = err.refused_workspaces[1] end }
    end, function()
      azureml.sleep(5)
      emulator:fault { match = { method = "GET", path = "workspaces/team/computes$" }, times = 2,
        answer = { status = 403 } }
      azureml.sleep(20)
      ws.instances:stop("ann"):close()
    end)
    assert.same({ "team", "team" }, failures)
    assert.same({ "emulator/ann: Stopping, was Running" }, told)
  end)

  it("a mistake in its options is the caller's", function()
    open { ann = "Running" }
    for _, row in ipairs {
      { { intervall = 3 }, "watch has no option 'intervall' %(known: created_by_me, idle_stop, "
        .. "initial, interval, " },
      { { interval = 0 }, "watch: interval must be more than 0 seconds" },
      { { timeout = -1 }, "watch: timeout must be a number of seconds" },
    } do
      local ok, err = pcall(function() ws:watch(row[1]) end)
      assert.is_false(ok)
      assert.matches("^spec/watch_spec.lua:%d+: " .. row[2], err)
    end
  end)
end)
