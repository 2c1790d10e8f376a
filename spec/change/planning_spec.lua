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

  it("compares a user by the ids that the directory tells", function()
    emulator:add { users = { { name = "ann", mail = "ann@contoso.com" } } }
    local wanted = { ["ci-new"] = { assigned_user = "ann@contoso.com" } }
    assert.equal("done", ws.instances:apply(wanted)[1].outcome)
    assert.same({ "ci-new nothing" }, actions(ws.instances:plan(wanted)))
  end)

  it("tells what cannot be verified, and what a new key needs", function()
    local plan = ws.instances:plan { ann = { extra = { newSetting = 1 } },
      bob = { generate_ssh_key = "/nowhere/key" } }
    assert.same({ "ann nothing", "bob recreate" }, actions(plan))
    assert.equal([[
ann: nothing
  extra.newSetting cannot be verified: the service does not return it
bob: recreate
  because generate_ssh_key makes a key for a new instance only]], tostring(plan))
    assert.same({ "extra.newSetting" }, json.decode(json.encode(plan))[1].unverified)
  end)

  it("recreates what failed, and tells that an unusable one must be restarted", function()
    emulator:seed_instance("ci-bad", "CreateFailed")
    emulator:seed_instance("ci-setup", "UserSetupFailed")
    emulator:seed_instance("ci-unusable", "Unusable")
    local wanted = { state = "Running" }
    local plan = ws.instances:plan { ["ci-bad"] = {}, ["ci-setup"] = wanted,
      ["ci-unusable"] = wanted }
    assert.same({ "ci-bad recreate", "ci-setup recreate", "ci-unusable change" }, actions(plan))
    assert.same({ "state is CreateFailed" }, plan[1].reasons)
    assert.equal("restart it", plan[3].blocked)
    assert.equal("restart it",
      refusal(ws.instances.apply, ws.instances, { ["ci-unusable"] = wanted }).hint)
  end)

  it("shows no secret of a value", function()
    local plan = ws.instances:plan { ann = { custom_services = { { name = "rstudio", image = "x",
      environment_variables = { RSP_LICENSE = "SECRET" } } } } }
    assert.matches("custom_services: %[%] %-> .*rstudio", tostring(plan))
    assert.is_nil(tostring(plan):find "SECRET")
    assert.is_nil(json.encode(plan):find "SECRET")
    ws.instances:apply(plan)
    local service = ws.instances:get("ann").custom_services[1]
    assert.equal("SECRET", service.environment_variables.RSP_LICENSE)
  end)

  it("names all that the caller must allow", function()
    local plan = ws.instances:plan { ann = { vm_size = "STANDARD_DS11_V2", tags = { a = "b" },
      description = "x" } }
    assert.equal("stop = true (--stop) lets the instance be stopped for it; change_tags = true "
      .. "(--change-tags) lets the whole definition be replaced for it", plan[1].blocked)
    local ok, err = pcall(ws.instances.apply, ws.instances, plan, { stop = true })
    assert.is_false(ok)
    assert.matches("change_tags and stop are options of plan", err)
  end)

  it("counts an instance that is being deleted as missing", function()
    local deletion <close> = ws.instances:delete "ann"
    assert.same({ "ann create" }, actions(ws.instances:plan { ann = {} }))
    assert.equal("done", ws.instances:apply({ ann = {} })[1].outcome)
    assert.equal("Running", ws.instances:get("ann").state)
    assert.is_truthy(deletion)
  end)

  it("tells all definitions that cannot be, and the name of a wrong one", function()
    local err = refusal(ws.instances.plan, ws.instances, { ann = { vm_size = "big" },
      bob = { tags = { 1 } } })
    assert.matches("^ann: vm_size: .*; bob: tags: ", err.message)
    err = refusal(ws.instances.plan, ws.instances, { ["9x"] = {} })
    assert.equal("InvalidArgument", err.code)
    assert.matches("9x. cannot be an instance.s name", err.message)
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
  end)

  it("takes two spellings of a name for one instance", function()
    local err = refusal(ws.instances.plan, ws.instances, { Ann = {}, ann = {} })
    assert.equal("'Ann' and 'ann' name the same instance: capitals do not count", err.message)
  end)

  describe("looks ahead", function()
    local requests

    before_each(function()
      requests = {}
      emulator.log = function(request) requests[#requests + 1] = request end
    end)

    local function changes()
      local count = 0
      for _, request in ipairs(requests) do
        if request.method == "PUT" or request.method == "DELETE" then count = count + 1 end
      end
      return count
    end

    it("and tells what would be refused, before anything is changed", function()
      emulator.world.quotas.families = { standardDSv2Family = 5 }
      local wanted = { ["ci-new"] = { vm_size = "STANDARD_NOPE" },
        ["ci-big"] = { vm_size = "STANDARD_DS3_V2" }, bob = { state = "Running" } }
      local plan = ws.instances:plan(wanted)
      assert.same({ "bob change", "ci-big create", "ci-new create" }, actions(plan))
      assert.matches("ci%-big: create\n  would be refused: the quota standardDSv2Family has",
        tostring(plan))
      assert.matches("ci%-new: create\n  would be refused: vm_size 'STANDARD_NOPE' is not offered",
        tostring(plan))
      assert.equal("QuotaExceeded", json.decode(json.encode(plan))[2].findings[1].code)
      local err = refusal(ws.instances.apply, ws.instances, wanted)
      assert.matches("^cannot create 'ci%-big': the quota .*; cannot create 'ci%-new': vm_size ",
        err.message)
      assert.equal("Stopped", ws.instances:get("bob").state)
      assert.equal(0, changes())
      wanted["ci-new"] = nil
      assert.equal("QuotaExceeded", refusal(ws.instances.apply, ws.instances, wanted).code)
    end)

    it("to a recreation, with the size that the instance has", function()
      emulator.world.quotas.families = { standardDSv2Family = 5 }
      local plan = ws.instances:plan { ann = { ssh_public_access = true } }
      assert.same({ "ann recreate" }, actions(plan))
      assert.same({}, plan[1].findings)      -- the old one's cores become free
      plan = ws.instances:plan { ann = { ssh_public_access = true, vm_size = "STANDARD_NOPE" } }
      assert.matches("would be refused: vm_size 'STANDARD_NOPE'", tostring(plan))
      assert.equal("InvalidArgument",
        refusal(ws.instances.apply, ws.instances, plan, { confirm = true }).code)
      assert.equal(0, changes())
    end)

    it("and lets a deletion of the plan make room", function()
      emulator.world.quotas.families = { standardDSv2Family = 5 }
      local plan = ws.instances:plan { ["ci-new"] = {}, bob = { state = "absent" },
        ann = { state = "absent" } }
      assert.matches("ci%-new: create\n  warning: the quota standardDSv2Family has", tostring(plan))
    end)

    -- Plan many creations in a subnet that is missing. Return the plan, and how many requests were
    -- sent beside a look at each instance.
    local function plan_many(count)
      local subnet = ("/subscriptions/%s/resourceGroups/hub/providers/Microsoft.Network/"
        .. "virtualNetworks/v/subnets/none"):format(ws.subscription_id)
      local wanted = {}
      for index = 1, count do
        wanted[("ci-n%02d"):format(index)] = { vm_size = "STANDARD_DS3_V2", subnet = subnet }
      end
      local plan = ws.instances:plan(wanted)
      return plan, #requests - count
    end

    it("at many with a few requests beside a look at each", function()
      emulator.world.quotas.families = { standardDSv2Family = 1 }
      emulator:add { virtual_networks = { { name = "v", subnets = { "s" } } } }
      local plan, others = plan_many(50)
      assert.equal(2, #plan[50].findings)      -- the quota, and the subnet
      assert.is_true(others <= 8, tostring(others))
    end)

    it("at many with a few requests where the service refuses to tell", function()
      for _, path in ipairs { "/usages", "/vmSizes", "/permissions" } do
        emulator:fault { match = { path = path }, answer = { status = 403,
          json = { error = { code = "AuthorizationFailed", message = "no" } } } }
      end
      local plan, others = plan_many(50)
      assert.matches("note: the quota was not checked: ", tostring(plan))
      assert.is_true(others <= 8, tostring(others))
    end)
  end)
end)
