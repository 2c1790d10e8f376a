local azureml = require "azureml"
local operation = require "azureml.operation"
local world = require "spec.world"

describe("an operation", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open { stopped = "Stopped", running = "Running" }
  end)

  after_each(function()
    world.close(emulator, ws)
  end)

  it("returns when the service has accepted it, and ends when the instance has settled", function()
    local op = ws.instances:start "stopped"
    assert.is_false(op:done())
    assert.equal("Starting", ws.instances:get("stopped").state)
    local vm = op:wait()
    assert.equal("Running", vm.state)
    assert.is_true(op:done())
    assert.equal("start stopped: done", tostring(op))
  end)

  it("may be waited for again, with the same outcome and no further request", function()
    local op = ws.instances:stop "running"
    local vm = op:wait()
    assert.equal(vm, op:wait())
  end)

  it("may be waited for by several tasks", function()
    local op = ws.instances:stop "running"
    local a, b = azureml.parallel(function() return op:wait().state end,
      function() return op:wait().state end)
    assert.same({ "Stopped", "Stopped" }, { a, b })
  end)

  it("says where it is", function()
    local op <close> = ws.instances:start "stopped"
    assert.matches("^start stopped: ", tostring(op))
    assert.equal("Accepted", op:status())
  end)

  it("gives each word for where it is once", function()
    local seen = {}
    for status in ws.instances:start("stopped"):events() do seen[#seen + 1] = status end
    assert.same({ "Accepted", "InProgress", "Succeeded" }, seen)
  end)

  it("outlives a wait that times out, and gives a ticket", function()
    local op = ws.instances:start "stopped"
    local _, err = azureml.try(op.wait, op, { timeout = 5 })
    assert.equal("Timeout", err.code)
    assert.matches("not done after 5 s; it goes on at the service", tostring(err))
    assert.equal(op, err.operation)
    assert.equal("Running", op:wait().state)
  end)

  it("is resumed from its ticket, which holds no credential", function()
    local op = ws.instances:start "stopped"
    local ticket = op:ticket()
    op:close()
    assert.is_nil(ticket:find(emulator:settings().client_secret, 1, true))
    assert.is_nil(ticket:lower():find("bearer", 1, true))
    assert.equal("Running", azureml.resume(ticket):wait().state)
  end)

  it("refuses a ticket of what leads to no state, such as a list or a get", function()
    for _, verb in ipairs { "list", "get", "update_idle_time", "wait" } do
      local ticket = { verb = verb, name = "stopped" }
      local _, err = azureml.try(ws.instances.resume, ws.instances, ticket)
      assert.equal("InvalidTicket", err.code)
      assert.equal(("the ticket is damaged: there is no verb '%s'"):format(verb), err.message)
    end
  end)

  it("refuses a ticket that is none, or that leads to another origin", function()
    for _, bad in ipairs {
      "", "{}", "not json", '{"azureml_ticket":2}', '{"azureml_ticket":1,"verb":"start"}',
    } do
      local _, err = azureml.try(azureml.resume, bad)
      assert.equal("InvalidTicket", err.code)
    end
    local op <close> = ws.instances:start "stopped"
    local foreign = op:ticket():gsub("http://127%.0%.0%.1:%d+", "https://evil.example")
    local _, err = azureml.try(azureml.resume, foreign)
    assert.equal("ForeignUrl", err.code)
  end)

  it("lists those that go on at the service", function()
    assert.same({}, operation.pending())
    local first <close> = ws.instances:stop "running"
    local count = operation.count()
    local second <close> = ws.instances:start "stopped"
    assert.same({ first, second }, operation.pending())
    assert.same({ second }, operation.pending(count))
    first:wait()
    assert.same({ second }, operation.pending())
  end)

  it("is let go by close, and then cannot be waited for", function()
    local op = ws.instances:start "stopped"
    op:close()
    assert.has_error(function() op:wait() end)
    assert.same({}, operation.pending())
  end)

  it("once it was closed, says so of whatever is asked of it", function()
    local op = ws.instances:start "stopped"
    op:close()
    for _, method in ipairs { "wait", "status", "done" } do
      local ok, err = pcall(function() op[method](op) end)
      assert.is_false(ok)
      assert.matches("^spec/operation_spec.lua:%d+: start stopped was closed", err)
    end
    assert.error_matches(function() op:events()() end, "start stopped was closed")
    assert.is_nil(op:ticket())
    assert.equal("closed operation", tostring(op))
  end)

  it("closed by one task, is a mistake for another that waits", function()
    local op = ws.instances:start "stopped"
    local ok, err = pcall(azureml.parallel, function() op:wait() end, function()
      azureml.sleep(1)
      op:close()
    end)
    assert.is_false(ok)
    assert.matches("start stopped was closed: it cannot be waited for", err)
  end)

  it("names unknown options of wait, and refuses a negative timeout", function()
    local op <close> = ws.instances:start "stopped"
    local _, err = pcall(op.wait, op, { tiemout = 3 })
    assert.matches("wait has no option 'tiemout' %(known: progress, show_output, timeout%)", err)
    _, err = pcall(op.wait, op, { timeout = -1 })
    assert.matches("wait: timeout must be a number of seconds", err)
  end)

  it("returns nothing after a delete", function()
    assert.is_nil(ws.instances:delete("running"):wait())
    assert.is_nil(ws.instances:find "running")
  end)

  it("raises what the service says of a failed operation", function()
    emulator:behave { full = true }
    local _, err = azureml.try(function() return ws.instances:start("stopped"):wait() end)
    assert.equal("AllocationFailed", err.code)
    assert.matches("^.*operation_spec.lua:%d+: cannot start stopped: ", tostring(err))
    assert.matches("hint: the region is short of this size", tostring(err))
  end)
end)
