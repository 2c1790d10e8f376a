--- How a verb is sent to one instance: lua/azureml/sending.lua, and csrc/retry.c beneath it.
local azureml = require "azureml"
local core = require "azureml.core"
local world = require "spec.world"

describe("a verb", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open { running = "Running", stopped = "Stopped" }
    ws:get()
  end)

  after_each(function() world.close(emulator, ws) end)

  local function refusal(f, ...)
    local value, err = azureml.try(f, ...)
    assert.is_nil(value)
    return err
  end

  local function sent(verb)
    return emulator:verb_counts()[verb] or 0
  end

  it("that has nothing to do is a success, and is not sent", function()
    local started = ws.instances:start "running"
    assert.is_true(started:done())
    assert.equal("start running: done", tostring(started))
    assert.equal("Running", started:wait().state)
    assert.equal("Stopped", ws.instances:stop("stopped"):wait().state)
    assert.same({ 0, 0 }, { sent "start", sent "stop" })
  end)

  it("of an object is sent without a look; a refusal makes it look", function()
    local vm = ws.instances:get "stopped"
    local before = emulator:request_count()
    local op = vm:start()
    assert.equal(before + 1, emulator:request_count())
    assert.equal("Running", op:wait().state)
    assert.equal("Running", vm:start():wait().state)      -- the service fails it: it runs already
    assert.equal(2, sent "start")
  end)

  it("restart is always sent to an instance that runs", function()
    assert.equal("Running", ws.instances:restart("running"):wait().state)
    assert.equal(1, sent "restart")
  end)

  it("restart of a stopped instance is refused before it is sent, naming start", function()
    local err = refusal(ws.instances.restart, ws.instances, "stopped")
    assert.equal("WrongState", err.code)
    assert.matches("cannot restart stopped: the instance is Stopped", err.message)
    assert.equal("start it", err.hint)
    assert.equal(0, sent "restart")
  end)

  it("waits for its turn while another operation is active", function()
    local other <close> = ws.instances:stop "running"
    local began = core.now()
    assert.equal("Running", ws.instances:start("running"):wait().state)
    assert.is_true(core.now() > began)
    assert.same({ 1, 1 }, { sent "stop", sent "start" })
    assert.is_truthy(other)
  end)

  it("of an object waits for its turn as well", function()
    local vm = ws.instances:get "running"
    local other <close> = vm:stop()
    assert.equal("Running", vm:start():wait().state)
    assert.is_truthy(other)
  end)

  it("with no_wait fails at once while another operation is active", function()
    local other <close> = ws.instances:stop "running"
    local vm = ws.instances:get "running"
    for _, subject in ipairs { "running", vm } do
      local began = core.now()
      local err = refusal(ws.instances.start, ws.instances, subject, { no_wait = true })
      assert.equal("Busy", err.code)
      assert.matches("cannot start running: another operation is active %(Stopping%)", err.message)
      assert.is_true(core.now() - began < 1)
    end
    assert.is_truthy(other)
  end)

  it("gives up its turn when its time is over, and says that it was not sent", function()
    local other <close> = ws.instances:stop "running"
    local err = refusal(ws.instances.start, ws.instances, "running", { timeout = 3 })
    assert.equal("Timeout", err.code)
    assert.matches("cannot start running: still Stopping after 3 s", err.message)
    assert.matches("the verb was not sent", err.hint)
    assert.equal(0, sent "start")
    assert.is_truthy(other)
  end)

  it("of an instance that is being deleted finds it missing; a delete succeeds", function()
    local other <close> = ws.instances:delete "running"
    assert.is_nil(ws.instances:delete(ws.instances:get "running"):wait())
    assert.is_truthy(other)
    local again <close> = ws.instances:delete "stopped"
    assert.equal("ResourceNotFound", refusal(ws.instances.start, ws.instances, "stopped").code)
    assert.is_truthy(again)
  end)

  it("refuses unknown options, and wait_for_capacity where it has no meaning", function()
    assert.error_matches(function() ws.instances:start("stopped", { tiemout = 1 }) end,
      "start has no option 'tiemout'")
    assert.error_matches(function() ws.instances:stop("running", { wait_for_capacity = true }) end,
      "stop has no option 'wait_for_capacity'")
  end)

  it("start tries again while the region is full", function()
    emulator:behave { full = true }
    local op = ws.instances:start("stopped", { wait_for_capacity = true })
    local vm
    azureml.parallel(function() vm = op:wait { timeout = 1000 } end, function()
      azureml.sleep(250)
      emulator:behave { full = false }
    end)
    assert.equal("Running", vm.state)
    assert.is_true(sent "start" >= 3)
  end)

  it("start names sizes of the same family when its time is over", function()
    emulator:behave { full = true }
    local op = ws.instances:start("stopped", { wait_for_capacity = true })
    local err = refusal(op.wait, op, { timeout = 180 })
    assert.equal("AllocationFailed", err.code)
    assert.matches("sizes of the same family: Standard_", err.hint)
  end)

  it("create does not touch an instance that exists", function()
    local err = refusal(ws.instances.create, ws.instances, "stopped", { tags = { a = "b" } })
    assert.equal("InstanceExists", err.code)
    assert.matches("ensure", err.hint)
    assert.equal(0, sent "create")
  end)
end)

describe("a verb whose answer is lost", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open { running = "Running", stopped = "Stopped" }
    ws:location()
  end)

  after_each(function() world.close(emulator, ws) end)

  local verbs = {
    create = function() return ws.instances:create("fresh", {}) end,
    delete = function() return ws.instances:delete "running" end,
    start = function() return ws.instances:start "stopped" end,
    stop = function() return ws.instances:stop "running" end,
    restart = function() return ws.instances:restart "running" end,
  }

  for _, trouble in ipairs { "close", "reset", "truncate" } do
    for verb, send in pairs(verbs) do
      it(("is not sent twice: %s, %s"):format(verb, trouble), function()
        emulator:fault { match = { verb = verb }, answer = trouble }
        local vm = send():wait()
        assert.equal(verb == "delete" and "gone" or verb == "stop" and "Stopped" or "Running",
          vm and vm.state or "gone")
        assert.equal(1, emulator:verb_counts()[verb])
      end)
    end
  end

  for verb, send in pairs(verbs) do
    it("and that did not run is an error that says so: " .. verb, function()
      emulator:fault { match = { verb = verb }, answer = { status = 500 }, times = 9 }
      local _, err = azureml.try(send)
      assert.equal(500, err.status)
      assert.is_true(err.outcome_unknown)
      assert.matches("it may have been executed", err.hint)
      assert.equal(1, emulator:verb_counts()[verb])
    end)
  end

  it("is repeated where the service says that nothing ran", function()
    emulator:fault { match = { verb = "start" }, answer = { status = 503 }, times = 2 }
    emulator:fault { match = { verb = "stop" },
      answer = { status = 429, headers = { ["Retry-After"] = "2" } } }
    assert.equal("Running", verbs.start():wait().state)
    assert.equal("Stopped", verbs.stop():wait().state)
  end)

  it("says so when the instance cannot be looked at either", function()
    emulator:fault { match = { verb = "stop" }, answer = "close" }
    local vm = ws.instances:get "running"
    emulator:fault { match = { method = "GET", path = "/computes/running$" },
      answer = { status = 403 }, times = 9 }
    local _, err = azureml.try(vm.stop, vm)
    assert.is_true(err.outcome_unknown)
    assert.matches("looking at the instance failed too", err.message)
  end)
end)

describe("a status URL that is gone", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open { running = "Running", stopped = "Stopped" }
    ws:location()
    emulator:fault { match = { path = "/computeOperationsStatus/" }, answer = { status = 404 },
      times = 1000 }
  end)

  after_each(function() world.close(emulator, ws) end)

  it("leaves it to the instance: stop, start and delete", function()
    assert.equal("Stopped", ws.instances:stop("running"):wait().state)
    assert.equal("Running", ws.instances:start("stopped"):wait().state)
    assert.is_nil(ws.instances:delete("stopped"):wait())
  end)

  it("is polled at most ten seconds apart until then", function()
    local polls, last, longest = 0, nil, 0
    local log = {}
    local op = ws.instances:stop "running"
    local began = core.now()
    azureml.parallel(function() op:wait() end, function()
      for _ = 1, 70 do
        azureml.sleep(1)
        local count = emulator:request_count()
        if count ~= log.count then
          if last then longest = math.max(longest, core.now() - last) end
          last, log.count, polls = core.now(), count, polls + 1
        end
        if op:done() then break end
      end
    end)
    assert.is_true(longest <= 14, ("%.1f s"):format(longest))
    assert.is_true(polls > 5, tostring(polls))
    assert.is_true(core.now() - began < 120, ("%.1f s"):format(core.now() - began))
  end)
end)
