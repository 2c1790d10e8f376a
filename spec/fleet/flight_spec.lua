--- How a verb is done to many at once: lua/azureml/fleet/flight.lua and
--- lua/azureml/fleet/judge.lua.
local azureml = require "azureml"
local core = require "azureml.core"
local world = require "spec.world"

local REFUSAL = { status = 403, json = { error = { code = "Forbidden", message = "no" } } }

describe("a flight", function()
  local emulator, ws

  local function open(instances, seed)
    emulator, ws = world.open(instances, seed)
    ws:get()
  end

  after_each(function() world.close(emulator, ws) end)

  -- What became of each: "ann done, bob failed (Busy)".
  local function told(results)
    local parts = {}
    for i, result in ipairs(results) do
      local why = result.reason or result.error and result.error.code
      parts[i] = result.name .. " " .. result.outcome .. (why and (" (%s)"):format(why) or "")
    end
    return table.concat(parts, ", ")
  end

  local function run(verb, arguments)
    arguments.keep_going = true
    return ws.instances[verb .. "_all"](ws.instances, arguments)
  end

  -- Let the next GETs of an instance fail.
  local function refuse_looks(name, times)
    local match = { method = "GET", path = "/computes/" .. name .. "$" }
    emulator:fault { match = match, answer = REFUSAL, times = times }
  end

  local function sent(verb)
    return emulator:verb_counts()[verb]
  end

  local function state_of(name)
    local vm = ws.instances:find(name)
    return vm and vm.state
  end

  describe("while another operation is active", function()
    local other

    before_each(function()
      open { ann = "Running", bob = "Running", cleo = "Stopped" }
      other = ws.instances:stop "ann"
    end)

    after_each(function() other:close() end)

    it("waits for its turn, which the list has told, and sends the verb once", function()
      local results = run("start", { all = true })
      table.sort(results, function(a, b) return a.name < b.name end)
      assert.equal("ann done, bob skipped (already Running), cleo done", told(results))
      assert.equal(2, sent "start")
    end)

    it("waits after a refusal of a name", function()
      assert.equal("ann done", told(run("restart", { "bob" })):gsub("bob", "ann"))
      assert.equal("ann done, cleo done", told(run("start", { "ann", "cleo" })))
    end)

    it("skips what the other operation has done already", function()
      assert.equal("ann skipped (already Stopped)", told(run("stop", { "ann" })))
      assert.equal("Stopped", state_of "ann")
    end)

    it("finds an instance missing that was being deleted; a delete succeeds", function()
      local deleted <close> = ws.instances:delete "bob"
      assert.equal("bob failed (ResourceNotFound)", told(run("stop", { state = "Deleting" })))
      local again <close> = ws.instances:delete "cleo"
      assert.equal("cleo done", told(ws.instances:delete_all { ws.instances:get "cleo" }))
      assert.is_truthy(deleted and again)
    end)

    it("leaves its place in the limit to others", function()
      local began, ended = core.now(), nil
      emulator.log = function(request)
        if request.target:find "/cleo/start" then ended = core.now() end
      end
      local results = run("start", { all = true, limit = 1 })
      assert.equal(2, results.counts.done)
      assert.is_true(ended - began < 5, ended - began)
    end)

    it("fails at once with no_wait, by name and by filters, waiting or not", function()
      for _, arguments in ipairs { { "ann" }, { state = "Stopping" }, { "ann", wait = false } } do
        local began = core.now()
        arguments.no_wait = true
        local results = run("start", arguments)
        assert.equal("ann failed (Busy)", told(results))
        assert.equal("cannot start ann: another operation is active (Stopping)",
          results[1].error.message)
        assert.is_true(core.now() - began < 5, core.now() - began)
      end
    end)

    it("gives up at the timeout, and says that the verb was not sent", function()
      for _, arguments in ipairs { { state = "Stopping" }, { "ann" } } do
        arguments.timeout = 6
        local results = run("start", arguments)
        assert.equal("ann failed (Timeout)", told(results))
        assert.equal("cannot start ann: another operation is still active after 6 s",
          results[1].error.message)
        assert.matches("the verb was not sent", results[1].error.hint)
        assert.is_nil(results[1].error.outcome_unknown)
      end
    end)
  end)

  it("waits for a lock that no operation shows a few times, then fails with it", function()
    open { ann = "Stopped", bob = "Stopped" }
    local body = { error = { code = "Conflict", message = "another is at work" } }
    local conflict = { status = 409, json = body }
    emulator:fault { match = { verb = "start", name = "ann" }, answer = conflict, times = 2 }
    emulator:fault { match = { verb = "start", name = "bob" }, answer = conflict, times = 9 }
    local results = run("start", { "ann", "bob" })
    assert.equal("ann done, bob failed (Conflict)", told(results))
    assert.equal("Running", state_of "ann")
    local early = run("start", { "bob", no_wait = true })
    assert.equal("bob failed (Busy)", told(early))
  end)

  it("starts again where a start met a stop, once", function()
    open { ann = "Stopped" }
    local code = "StartComputeInstanceOnlyAllowedInStoppedState"
    local answer = { operation = "Failed", code = code, message = "no" }
    emulator:fault { match = { verb = "start" }, answer = answer }
    assert.equal("ann done", told(run("start", { "ann" })))
    assert.equal(2, sent "start")
    ws.instances:stop("ann"):wait()
    emulator:fault { match = { verb = "start" }, answer = answer, times = 2 }
    assert.equal(("ann failed (%s)"):format(code), told(run("start", { "ann" })))
    assert.equal(4, sent "start")
  end)

  describe("that lost an answer", function()
    before_each(function() open { ann = "Stopped", bob = "Running", cleo = "Running" } end)

    for _, trouble in ipairs { "close", "reset", "truncate" } do
      it("does not send the verb again: " .. trouble, function()
        for verb, arguments in pairs {
          start = { "ann" }, stop = { "bob" }, restart = { { names = { "cleo" } } },
          delete = { "dan" }
        } do
          emulator:seed_instance("dan", "Stopped")
          emulator:fault { match = { verb = verb }, answer = trouble }
          local results = run(verb, type(arguments[1]) == "table" and arguments[1] or arguments)
          assert.equal(1, results.counts.done, tostring(results[1].error))
          assert.equal(1, sent(verb))
        end
      end)
    end

    it("looks a few times, then says that the outcome is unknown", function()
      emulator:fault { match = { verb = "start" }, answer = { status = 500 } }
      local results = run("start", { "ann" })
      assert.equal("failed", results[1].outcome)
      assert.is_true(results[1].error.outcome_unknown)
      assert.matches("it may have been executed", results[1].error.hint)
      assert.equal(1, sent "start")
    end)

    it("says so where the instance cannot be looked at either", function()
      emulator:fault { match = { verb = "start" }, answer = "close" }
      refuse_looks("ann", 9)
      local results = run("start", { "ann" })
      assert.is_true(results[1].error.outcome_unknown)
      assert.matches("looking at the instance failed too: .*no", results[1].error.message)
    end)

    it("knows a restart that has ended by the operation before it", function()
      emulator.log = function(request)
        if request.target:find "/restart" then emulator:advance "5m" end
      end
      for _, arguments in ipairs { { ws.instances:get "cleo" }, { state = "Running" } } do
        emulator:fault { match = { verb = "restart", name = "cleo" }, answer = "close" }
        local results = run("restart", arguments)
        assert.equal(0, results.counts.failed, told(results))
      end
      assert.equal(3, sent "restart")      -- cleo twice, bob once
      emulator:fault { match = { verb = "restart" }, answer = { status = 500 } }
      local results = run("restart", { ws.instances:get "cleo" })
      assert.is_true(results[1].error.outcome_unknown)
    end)

    it("gives an operation that can be waited for, with wait = false", function()
      emulator:fault { match = { verb = "start" }, answer = "close" }
      local results = run("start", { "ann", wait = false })
      assert.equal("ann accepted", told(results))
      assert.equal("Starting", state_of "ann")
      assert.equal("Running", results[1].operation:wait().state)
    end)
  end)

  it("whose status URL has gone lets the instances decide", function()
    open { ann = "Stopped", bob = "Running", cleo = "Running" }
    local match = { path = "/computeOperationsStatus/" }
    emulator:fault { match = match, answer = { status = 404 }, times = 1000 }
    assert.equal("ann done", told(run("start", { "ann" })))
    assert.equal("bob done", told(run("stop", { "bob" })))
    assert.equal("cleo done", told(run("restart", { "cleo" })))
    assert.equal("cleo done", told(run("delete", { "cleo" })))
  end)

  it("loses sight where neither the status nor the instance can be read, with a ticket", function()
    open { ann = "Stopped" }
    local match = { path = "/computeOperationsStatus/" }
    emulator:fault { match = match, answer = { status = 404 }, times = 1000 }
    refuse_looks("ann", 1000)
    local results = run("start", { "ann" })
    assert.equal("ann failed (LostSight)", told(results))
    assert.matches("start ann: lost sight of it: ", results[1].error.message)
    local op <close> = results[1].error.operation
    assert.is_string(op:ticket())
  end)

  it("stands two looks that fail in a row, not three", function()
    open { ann = "Stopped", bob = "Stopped" }
    refuse_looks("ann", 2)
    refuse_looks("bob", 3)
    assert.equal("ann done, bob failed (Forbidden)", told(run("start", { "ann", "bob" })))
  end)

  describe("whose time is over", function()
    it("tells what was sent and not answered from what was not sent", function()
      open { ann = "Stopped", bob = "Stopped" }
      emulator:fault { match = { verb = "start" }, answer = "hang" }
      local results = run("start", { "ann", "bob", timeout = 1, limit = 1 })
      assert.equal("start ann: not accepted after 1 s", results[1].error.message)
      assert.is_true(results[1].error.outcome_unknown)
      assert.equal("start bob: not begun after 1 s", results[2].error.message)
      assert.is_nil(results[2].error.outcome_unknown)
    end)

    it("knows that a throttled verb was not sent", function()
      open { ann = "Stopped" }
      local throttled = { status = 429, headers = { ["Retry-After"] = "50" } }
      emulator:fault { match = { verb = "start" }, answer = throttled, times = 9 }
      local results = run("start", { "ann", timeout = 20 })
      assert.equal("start ann: not sent after 20 s", results[1].error.message)
      assert.is_nil(results[1].error.outcome_unknown)
    end)
  end)

  describe("that is interrupted", function()
    -- The error at the end of so many seconds. It ends a fleet as Ctrl-C does.
    local function interrupt(seconds, verb, arguments)
      local ok, err = pcall(azureml.within, seconds, run, verb, arguments)
      assert.is_false(ok)
      assert.equal("Timeout", err.code, tostring(err))
      return err
    end

    it("tells what is known so far, and what goes on", function()
      open { ann = "Running", bob = "Stopped", cleo = "Stopped" }
      emulator:fault { match = { verb = "start", name = "cleo" }, answer = REFUSAL }
      local err = interrupt(20, "start", { "ann", "bob", "cleo", "my_ci" })
      local results = err.fleets[1]
      assert.equal("ann skipped (already Running), cleo failed (Forbidden), "
        .. "my_ci failed (ResourceNotFound)", told(results))
      assert.equal("start: 1 skipped, 2 failed, 1 without a result", tostring(results))
      local op = err.operations[1]
      assert.same({ 1, "start", "bob" }, { #err.operations, op.verb, op.name })
      assert.is_nil(err.unanswered)
      err.operations[1]:close()
    end)

    it("names the verbs whose answers are outstanding", function()
      open { ann = "Stopped", bob = "Stopped" }
      emulator:fault { match = { verb = "start", name = "ann" }, answer = "hang" }
      local throttled = { status = 429, headers = { ["Retry-After"] = "50" } }
      emulator:fault { match = { verb = "start", name = "bob" }, answer = throttled, times = 9 }
      local err = interrupt(1, "start", { "ann", "bob" })
      assert.same({ "start ann" }, err.unanswered)
      assert.equal("start: 2 without a result", tostring(err.fleets[1]))
    end)

    it("sends nothing more", function()
      open { ann = "Stopped" }
      local throttled = { status = 429, headers = { ["Retry-After"] = "20" } }
      emulator:fault { match = { verb = "start" }, answer = throttled }
      collectgarbage()
      collectgarbage "stop"      -- the collector would close what was left open
      local _ <close> = setmetatable({}, { __close = function() collectgarbage "restart" end })
      interrupt(5, "start", { "ann" })
      azureml.sleep(60)
      assert.equal("Stopped", state_of "ann")
    end)
  end)
end)
