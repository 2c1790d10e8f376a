local azureml = require "azureml"
local json = require "azureml.json"
local world = require "spec.world"

describe("a plan", function()
  local emulator, ws

  before_each(function() emulator, ws = world.open { ann = "Running", bob = "Stopped" } end)
  after_each(function() world.close(emulator, ws) end)

  local function refusal(f, ...)
    local value, err = azureml.try(f, ...)
    assert.is_nil(value)
    return err
  end

  local function actions(plan)
    local texts = {}
    for i, item in ipairs(plan) do texts[i] = item.name .. " " .. item.action end
    return texts
  end

  local WANTED = {
    ann = { idle_time_before_shutdown = "1h", state = "Stopped" },
    bob = { state = "absent" },
    ["ci-new"] = { tags = { team = "vision" } },
    ["ci-none"] = { state = "absent" },
  }

  it("says what would be done to each instance, and does nothing", function()
    local plan = ws.instances:plan(WANTED)
    assert.same({ "ann change", "bob delete", "ci-new create", "ci-none nothing" }, actions(plan))
    assert.same({ { field = "idle_time_before_shutdown", to = "PT60M" },
      { field = "state", from = "Running", to = "Stopped" } }, plan[1].changes)
    assert.is_true(plan:differs())
    assert.same({ "bob" }, plan:destroyed())
    assert.equal([[
ann: change
  idle_time_before_shutdown: nothing -> PT60M
  state: Running -> Stopped
bob: delete
ci-new: create
ci-none: nothing]], tostring(plan))
    assert.equal("Running", ws.instances:get("ann").state)
    assert.equal("change", json.decode(json.encode(plan))[1].action)
  end)

  it("is applied side by side, and then nothing differs", function()
    local results = ws.instances:apply(WANTED, { confirm = true })
    local outcomes = {}
    for i, result in ipairs(results) do outcomes[i] = result.name .. " " .. result.outcome end
    assert.same({ "ann done", "bob done", "ci-new done", "ci-none skipped" }, outcomes)
    assert.equal("Stopped", ws.instances:get("ann").state)
    assert.is_nil(ws.instances:find "bob")
    assert.is_false(ws.instances:plan(WANTED):differs())
  end)

  it("leaves alone what is not named, and the state where none is wanted", function()
    ws.instances:apply { bob = { idle_time_before_shutdown = "1h" } }
    assert.equal("Stopped", ws.instances:get("bob").state)
    assert.equal("Running", ws.instances:get("ann").state)
  end)

  it("recreates for what is fixed, and says why", function()
    local wanted = { ann = { ssh_public_access = true, tags = { a = "b" } } }
    local plan = ws.instances:plan(wanted)
    assert.equal("recreate", plan[1].action)
    assert.same({ "ssh_public_access is false, not true" }, plan[1].reasons)
    assert.is_nil(plan[1].blocked)
    assert.equal("NotConfirmed", refusal(ws.instances.apply, ws.instances, wanted).code)
    ws.instances:apply(plan, { confirm = true })
    assert.is_true(ws.instances:get("ann").ssh_public_access)
    assert.same({ b = nil, a = "b" }, ws.instances:get("ann").tags)
  end)

  it("resizes where the service allows it, else recreates", function()
    local wanted = { ann = { vm_size = "STANDARD_DS11_V2" } }
    assert.matches("stop = true", ws.instances:plan(wanted)[1].blocked)
    local err = refusal(ws.instances.apply, ws.instances, wanted)
    assert.equal("DoesNotFit", err.code)
    assert.equal("done", ws.instances:apply(wanted, { stop = true })[1].outcome)
    assert.equal("STANDARD_DS11_V2", ws.instances:get("ann").vm_size)
  end)

  it("replaces tags only if it is allowed to", function()
    local wanted = { ann = { tags = { a = "b" } } }
    assert.equal("DoesNotFit", refusal(ws.instances.apply, ws.instances, wanted).code)
    ws.instances:apply(wanted, { change_tags = true })
    assert.same({ a = "b" }, ws.instances:get("ann").tags)
  end)

  it("tells each failure, and tries the others", function()
    emulator:fault { match = { name = "ann", verb = "stop" }, answer = { status = 403,
      json = { error = { code = "AuthorizationFailed", message = "no" } } } }
    local wanted = { ann = { state = "Stopped" }, bob = { state = "Running" } }
    local err = refusal(ws.instances.apply, ws.instances, wanted)
    assert.equal("SomeFailed", err.code)
    assert.equal("ann", err.details[1].name)
    assert.equal("done", err.results[2].outcome)
    assert.equal("Running", ws.instances:get("bob").state)
  end)

  it("refuses a definition that cannot be, before it asks the service", function()
    local before = emulator:request_count()
    local err = refusal(ws.instances.plan, ws.instances, { ann = { vm_size = "big" } })
    assert.matches("^ann: vm_size: ", err.message)
    assert.equal(before, emulator:request_count())
    assert.matches("has no option 'sise'",
      select(2, pcall(ws.instances.plan, ws.instances, { ann = { sise = 1 } })))
  end)

  it("sees that an instance goes away or failed, and waits for one that is on its way", function()
    local wanted = { ann = { vm_size = "STANDARD_DS3_V2" }, ["ci-new"] = { tags = { a = "b" } } }
    ws.instances:delete "ann"
    ws.instances:create("ci-new", { tags = { a = "b" } })
    local plan = ws.instances:plan(wanted)
    assert.same({ "ann create", "ci-new nothing" }, actions(plan))
    assert.matches("ci%-new: nothing\n  still Creating", tostring(plan))
    ws.instances:apply(plan)
    assert.same({ "Running", "Running" },
      { ws.instances:get("ann").state, ws.instances:get("ci-new").state })
    ws.instances:create("ci-bad", { setup_scripts = {
      creation_script = { url = "https://contoso.com/none.sh" } } })
    local err = refusal(ws.instances.apply, ws.instances, { ["ci-bad"] = {} })
    assert.matches("'ci%-bad' has what is wanted, but it is UserSetupFailed",
      err.details[1].message)
    plan = ws.instances:plan { ["ci-bad"] = {} }
    assert.same({ "the instance is UserSetupFailed" }, plan[1].reasons)
    assert.equal("recreate", plan[1].action)
  end)

  it("takes two spellings of a name for one instance", function()
    local err = refusal(ws.instances.plan, ws.instances, { Ann = {}, ann = {} })
    assert.equal("'Ann' and 'ann' name the same instance: capitals do not count", err.message)
  end)
end)
