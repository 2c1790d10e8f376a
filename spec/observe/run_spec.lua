local errors = require "azureml.error"
local run_module = require "azureml.observe.run"

local TEAM = { subscription_id = "s", resource_group = "g", name = "team" }
local LAB = { subscription_id = "s", resource_group = "g", name = "lab" }

local function fail(code)
  return errors.new { code = code, message = code .. "!", request_id = "r-1" }
end

local function operation(verb, name)
  return { verb = verb, name = name, workspace = TEAM, id = "id-" .. name }
end

-- Return the verbs of a run as texts "verb name outcome".
local function verbs(run)
  local list = {}
  for i, entry in ipairs(run.verbs) do
    list[i] = ("%s %s %s"):format(entry.verb, entry.name, entry.outcome)
  end
  return list
end

local function names_of(list)
  local names = {}
  for i, entry in ipairs(list) do names[i] = entry.name end
  return names
end

describe("the verbs of a run", function()
  local run
  before_each(function() run = run_module.new() end)

  it("are accepted, then done", function()
    local op = operation("stop", "a")
    run:sent(TEAM, "stop", "a")
    run:began_operation(op)
    assert.same({ "stop a accepted" }, verbs(run))
    assert.same({ "a" }, names_of(run:running()))
    run:waited(op, true)
    assert.same({ "stop a done" }, verbs(run))
    assert.same({}, run:running())
    assert.equal("number", type(run.verbs[1].seconds))
    assert.equal("id-a", run.verbs[1].request_id)
  end)

  it("may fail for now and be done later: a wait follows a timeout", function()
    local op = operation("start", "a")
    run:began_operation(op)
    run:waited(op, false, fail "Timeout")
    assert.same({ "start a failed" }, verbs(run))
    assert.equal(1, #run:running())
    run:waited(op, true)
    assert.same({ "start a done" }, verbs(run))
    assert.is_nil(run.verbs[1].error)
  end)

  it("go on after an interrupt", function()
    local op = operation("start", "a")
    run:began_operation(op)
    run:waited(op, false, errors.interrupted())
    run:refused(TEAM, "stop", "b", errors.interrupted())
    assert.same({ "start a accepted" }, verbs(run))
    assert.equal(1, #run:running())
  end)

  it("have nothing to do, or are refused", function()
    run:needed_nothing(operation("stop", "a"))
    run:sent(TEAM, "stop", "b")
    run:refused(TEAM, "stop", "b", fail "Conflict")
    run:changed(TEAM, "c")
    run:changed(TEAM, "d", fail "NotChanged")
    run:close()
    assert.same({ "stop a skipped", "stop b failed", "update c done", "update d failed" },
      verbs(run))
    assert.equal("r-1", run.verbs[2].request_id)
  end)

  it("are forgotten when they were no failure after all", function()
    local err = fail "InstanceExists"
    run:refused(TEAM, "create", "a", err)
    run:refused(TEAM, "create", "b", fail "Conflict")
    run:forgave(err)
    assert.same({ "create b failed" }, verbs(run))
  end)

  it("are unknown where the answer has not come", function()
    run:sent(TEAM, "delete", "a")
    run:sent(TEAM, "delete", "a")
    run:close()
    assert.same({ "delete a unknown" }, verbs(run))
    assert.same({ "a" }, names_of(run:running()))
  end)

  it("are not there if an interrupt came before they were sent", function()
    local interrupt = errors.interrupted()
    errors.add_unanswered(interrupt, "stop a")
    for _, name in ipairs { "a", "b" } do
      run:sent(TEAM, "stop", name)
      run:refused(TEAM, "stop", name, interrupt)
    end
    run:sent(TEAM, "stop", "c")
    run:unsent(TEAM, "stop", "c")
    run:close()
    assert.same({ "stop a unknown" }, verbs(run))
  end)

  it("of a fleet count once, told alone or in the whole", function()
    local done, skipped = { name = "a", outcome = "done" }, { name = "b", outcome = "skipped" }
    run:sent(TEAM, "stop", "a")
    run:result(TEAM, "stop", done)
    run:fleet({ verb = "stop", done, skipped }, TEAM)
    run:fleet({ verb = "stop", done, skipped })
    assert.same({ "stop a done", "stop b skipped" }, verbs(run))
  end)

  it("of a fleet keep their operation", function()
    local op = operation("stop", "a")
    run:sent(TEAM, "stop", "a")
    run:began_operation(op)
    run:result(TEAM, "stop", { name = "a", outcome = "accepted", operation = op })
    assert.same({ "stop a accepted" }, verbs(run))
    local late = operation("stop", "b")
    local err = fail "Timeout"
    err.operation = late
    run:began_operation(late)
    run:result(TEAM, "stop", { name = "b", outcome = "failed", error = err })
    run:close()
    assert.same({ "stop a accepted", "stop b failed" }, verbs(run))
    assert.same({ "a", "b" }, names_of(run:running()))
  end)
end)

describe("the errors of a run", function()
  local function codes(run)
    local list = {}
    for i, err in ipairs(run:failures()) do list[i] = err.code end
    return list
  end

  it("are each once, with what ended it, without what only sums up", function()
    local run, err = run_module.new(), fail "Conflict"
    run:refused(TEAM, "stop", "a", err)
    run:failed(err)
    assert.same({ "Conflict" }, codes(run))
    run:failed(fail "SomeFailed")
    assert.same({ "Conflict" }, codes(run))
    run:failed "a text"
    assert.same({ "Conflict" }, codes(run))
    run:failed(fail "Conflict")
    assert.same({ "Conflict", "Conflict" }, codes(run))
  end)

  it("keep no operation alive", function()
    local run, weak = run_module.new(), setmetatable({}, { __mode = "k" })
    do
      local op, err = operation("stop", "a"), fail "Timeout"
      err.operation, weak[op] = op, true
      run:began_operation(op)
      run:waited(op, false, err)
      run:failed(err)
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
    assert.same({ "stop a failed" }, verbs(run))
  end)
end)

describe("the instances of a run", function()
  local run
  before_each(function() run = run_module.new() end)

  local function see(workspace, name, state)
    run:saw { workspace = workspace, name = name, state = state, vm_size = "S" }
  end

  local function states()
    local list = {}
    for i, seen in ipairs(run:instances()) do
      list[i] = seen.workspace.name .. " " .. seen.state
    end
    return list
  end

  it("are as they were seen last", function()
    see(TEAM, "a", "Running")
    see(LAB, "a", "Running")
    see(TEAM, "A", "Stopped")
    assert.same({ "lab Running", "team Stopped" }, states())
  end)

  it("are gone when they are missing or deleted", function()
    see(TEAM, "a", "Running")
    see(TEAM, "b", "Running")
    run:missed(TEAM, "A")
    local op = operation("delete", "b")
    run:began_operation(op)
    run:waited(op, true)
    assert.same({}, states())
  end)

  it("are gone when a whole list does not show them", function()
    see(TEAM, "a", "Running")
    see(LAB, "a", "Running")
    run.seen["s/g/team/a"].at = 10
    run.seen["s/g/lab/a"].at = 10
    see(TEAM, "b", "Stopped")
    run:listed(TEAM, 11)
    assert.same({ "lab Running", "team Stopped" }, states())
  end)

  it("need a name", function()
    run:saw { workspace = TEAM }
    assert.same({}, states())
  end)

  it("cost nothing where no price of their workspace is known", function()
    see(TEAM, "a", "Running")
    run:priced(LAB, { { name = "S", price = 1, currency = "EUR" } })
    assert.same({}, run:costs())
    run:priced(TEAM, { { name = "s", price = 1, currency = "EUR" } })
    assert.same({
      { workspace = "team", resource_group = "g", currency = "EUR", amount = 1, billed = 1,
        unpriced = 0 },
    }, run:costs())
  end)
end)
