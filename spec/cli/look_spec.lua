--- The commands that look at money, sizes, quota and rights: sizes, usage, quota, cost, why, audit,
--- roles, list --cost, whoami --can. Each is a short script over a module with its own spec.
local azureml = require "azureml"
local json = require "azureml.json"
local run = require "spec.command_line"
local world = require "spec.world"

describe("the command", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open({
      ann = { state = "Running", properties = { vmSize = "Standard_DS3_v2",
        idleTimeBeforeShutdown = "PT1H" }, tags = { team = "vision" } },
      bob = "Stopped",
    }, { workspaces = { { name = "team", instances = { cleo = "Running" } } },
      quotas = { families = { standardDSv2Family = 20 } } })
  end)
  after_each(function() world.close(emulator, ws) end)

  local function decoded(...)
    local out, err, code = run(...)
    assert.equal(0, code, err)
    return assert(json.decode(out)), err
  end

  local function names(list)
    local found = {}
    for i, row in ipairs(list) do found[i] = row.name end
    table.sort(found)
    return table.concat(found, " ")
  end

  describe("sizes", function()
    it("prints prices, and the quota left where it is asked for", function()
      local out = run("sizes", "--family", "standardDSv2", "--max-vcpus", "2")
      assert.matches("^Name +vCPUs +GPUs +Memory GB +Hour\nStandard_DS1_v2 +1 +0 +3.5 +0.073 USD\n",
        out)
      out = run("sizes", "--family", "standardDSv2", "--available", "--min-vcpus", "8")
      assert.matches("Hour +Cores left +Instances left\nStandard_DS4_v2 +8 .* 8 +1\n", out)
      assert.is_nil(out:find("DS14_v2", 1, true))
    end)

    it("prints records without the service's own text", function()
      local list = decoded("sizes", "--min-gpus", "1", "--max-price", "1", "-o", "json")
      assert.is_true(#list > 0 and list[1].price <= 1 and list[1].raw == nil)
    end)

    it("remembers them for completion when it has all of them", function()
      local command, count = require "azureml.cli.command", 0
      local remember = command.remember_sizes
      command.remember_sizes = function() count = count + 1 end
      run("sizes", "--min-gpus", "1")
      run("sizes", "--location", "westus")
      local of_some = count
      run "sizes"
      command.remember_sizes = remember
      assert.same({ 0, 1 }, { of_some, count })
    end)

    it("refuses what is not a number", function()
      local _, err, code = run("sizes", "--min-gpus", "many")
      assert.equal(2, code)
      assert.matches("%-%-min%-gpus needs a number, 0 or more, not 'many'", err)
    end)
  end)

  describe("that looks at instances", function()
    it("takes their names", function()
      assert.equal("bob", names(decoded("list", "bob", "-o", "json")))
      assert.equal("ann bob", names(decoded("list", "bob", "-n", "ann", "-o", "json")))
      assert.equal("ann", names(decoded("cost", "ann", "-o", "json")))
      local out, _, code = run("audit", "bob", "-o", "name")
      assert.same({ nil, 1 }, { out:find "ann", code })
      out = run("why", "ann", "bob")
      assert.matches("^ann is Running\n.*\nbob is Stopped\n", out)
      assert.equal("ann bob", names(decoded("why", "ann", "bob", "-o", "json")))
    end)

    for _, verb in ipairs { "list", "cost", "audit", "watch", "why" } do
      it("fails for a name that is not there: " .. verb, function()
        local out, err, code = run(verb, "ann", "nobody")
        assert.same({ "", 3 }, { out, code }, err)
        assert.matches("cannot get nobody: .*ResourceNotFound", err)
      end)
    end
  end)

  it("usage prints what is used, and what is left", function()
    local out = run("usage", "--used")
    assert.matches("Quota +Used +Limit +Left", out)
    assert.matches("Standard DSv2 Family Cluster Dedicated vCPUs +12 +20 +8", out)
    local total = decoded("usage", "-o", "json", "--location", "West US")[2]
    assert.same({ "TotalDedicatedCores", 0 }, { total.name, total.used })
  end)

  it("quota lists the limits, and sets those of the workspace", function()
    local out = run("quota", "--family", "standardDSv2")
    assert.matches("standardDSv2Family +%(subscription%) +20", out)
    assert.matches("standardDSv2Family +team +20", out)
    assert.equal(0, select(3, run("quota", "set", "standardDSv2Family=16")))
    assert.matches("standardDSv2Family +emulator +16", (run("quota", "list")))
    local _, err, code = run("quota", "set", "standardDSv2Family=2")
    assert.equal(1, code)
    assert.matches("the computes of the workspace use more than that", err)
    assert.equal(2, select(3, run("quota", "set", "standardDSv2Family")))
    assert.equal(2, select(3, run("quota", "set", "a=1", "a=2")))
  end)

  describe("cost", function()
    it("prints a line for each instance, the totals and the note apart", function()
      local out, err = run "cost"
      assert.matches("^Name +Size +Hour +Runs for +So far +Month\n", out)
      assert.matches("ann +STANDARD_DS3_V2 +0.293 .* 213.89\n", out:upper():gsub("ANN", "ann"))
      assert.matches("1 of 2 billed now: 0.293 USD an hour", err)
      assert.matches("an estimate .*; disk, address and load balancer are not included\n", err)
    end)

    it("prints records, and totals over all workspaces", function()
      local list, err = decoded("cost", "-o", "json")
      assert.equal("ann bob", names(list))
      assert.matches("not included", list[1].note)
      assert.equal("", err)
      local total = decoded("cost", "--all-workspaces", "--total", "-o", "json")[1]
      assert.same({ "USD", 3, 2 }, { total.currency, total.count, total.billed })
    end)

    it("is a column of list, and asked for then alone", function()
      local before = emulator:request_count()
      run "list"
      local plain = emulator:request_count() - before
      local out = run("list", "--cost")
      assert.matches("Tags +Hour +So far +Month", out)
      assert.matches("213.89", out)
      assert.is_true(emulator:request_count() - before > 2 * plain)
      assert.equal("cost.month", (run("list", "--columns", "cost.month", "-o", "csv"))
        :match "^[^\n]*")
      assert.same({ 213.89, 0 }, { tonumber((run("list", "--like", "ann", "-o", "tsv",
        "--columns", "cost.month"))), 0 })
    end)
  end)

  describe("list", function()
    it("filters by pattern, idle stop and age", function()
      assert.equal("ann", names(decoded("list", "--like", "a*", "-o", "json")))
      assert.equal("bob", names(decoded("list", "--no-idle-stop", "-o", "json")))
      assert.equal("", names(decoded("list", "--older-than", "30d", "-o", "json")))
      assert.equal("ann bob", names(decoded("list", "--created-by-me", "-o", "json")))
      local _, err, code = run("list", "--older-than", "soon")
      assert.equal(2, code)
      assert.matches("'soon' is not a duration such as 30m, 8h or 2d", err)
    end)

    it("reaches over all workspaces, and names them", function()
      local out = run("list", "--all-workspaces")
      assert.matches("^Workspace +Name +State", out)
      assert.matches("\nteam +cleo +Running", out)
      local list = decoded("list", "--all-workspaces", "-o", "json", "--state", "Running")
      assert.equal("ann cleo", names(list))
      assert.same({ "emulator", "emulator" }, { list[1].workspace, list[1].resource_group })
    end)

    it("prints what it has although a workspace refuses, and ends with 1", function()
      emulator:fault { match = { method = "GET", path = "workspaces/team/computes$" }, times = 9,
        answer = { status = 403, json = { error = { code = "AuthorizationFailed",
          message = "no" } } } }
      local out, err, code = run("list", "--all-workspaces", "-o", "name")
      assert.same({ "ann\nbob\n", 1 }, { out, code })
      assert.matches("1 of 2 workspaces refused .*\n  %- .*team.*no", err)
    end)

    it("shows other types of compute", function()
      local out = run("list", "--all-types")
      assert.matches("Name +Type +State +Size +Nodes\n", out)
      assert.matches("ann +ComputeInstance +Running", out)
      assert.equal(2, select(3, run("list", "--all-types", "--mine")))
    end)
  end)

  it("stop reaches over all workspaces", function()
    local rows = decoded("stop", "--all-workspaces", "--state", "Running", "-o", "json",
      "--progress", "quiet")
    assert.equal("ann cleo", names(rows))
    for _, row in ipairs(rows) do assert.equal("done", row.outcome) end
    assert.equal("", (run("list", "--all-workspaces", "--state", "Running", "-o", "name")))
    local _, err, code = run("start", "team/cleo", "nobody", "--all-workspaces")
    assert.equal(1, code)
    assert.matches("nobody: there is no instance 'nobody' in these workspaces", err)
    assert.equal("cleo\n", (run("list", "--all-workspaces", "--state", "Running", "-o", "name")))
  end)

  it("why explains an instance", function()
    emulator:advance "2h"
    local out, err, code = run("why", "ann")
    assert.same({ "", 0 }, { err, code })
    assert.matches("^ann is Stopped\n  last operation: Stop because it was idle", out)
    local answer = decoded("why", "ann", "-o", "json")
    assert.same({ "ann", "Stopped", "last operation" },
      { answer.name, answer.state, answer.causes[1].about })
    assert.equal(3, select(3, run("why", "nobody")))
  end)

  it("stop over all workspaces tells one fleet's progress", function()
    local _, err, code = run("stop", "--all", "--all-workspaces")
    assert.equal(0, code)
    assert.matches("^stop: 1 of 3 after 30 s: 2 accepted, 1 skipped\n", err)
    assert.is_nil(err:find("ann", 1, true), err)
    assert.matches("\nstop: 2 done, 1 skipped, [^\n]+\n$", err)
    _, err = run("start", "bob", "cleo", "--all-workspaces", "-v")
    assert.matches("start emulator/bob: accepted, ", err)
    assert.matches("start team/cleo: done, .*\nstart: 2 done, [^\n]+\n$", err)
    _, err = run("stop", "--all", "--all-workspaces", "--progress", "json")
    assert.matches('"name":"team/cleo"', err)
    assert.equal(1, select(2, err:gsub('"summary"', "")))
  end)

  it("audit prints findings, and ends with 1 if there are any", function()
    local out, err, code = run("audit", "--rule", "idle-stop", "--all-workspaces")
    assert.equal(1, code)
    assert.matches("^Workspace +Name +Rule +Finding +Next\n", out)
    assert.matches("emulator +bob +idle%-stop +it does not stop when it is idle", out)
    assert.matches("2 findings in 3 instances", err)
    out, err, code = run("audit", "--rule", "idle-stop", "--like", "ann", "-o", "json")
    assert.same({ "[]\n", "", 0 }, { out, err, code })
    assert.equal(2, select(3, run("audit", "--rule", "rust")))
  end)

  it("roles prints definitions that the Azure CLI takes", function()
    local role = decoded("roles", "operator")
    assert.same({ true, 6 }, { role.IsCustom, #role.Actions })
    assert.same({ ("/subscriptions/%s/resourceGroups/emulator"):format(ws.subscription_id) },
      role.AssignableScopes)
    role = decoded("roles", "on-behalf-of", "--scope", "/subscriptions/7")
    assert.same({ 4, "/subscriptions/7" }, { #role.Actions, role.AssignableScopes[1] })
    assert.matches("on%-behalf%-of .*operator", (run "roles"))
    assert.equal(2, select(3, run("roles", "operator", "--scope", "here")))
  end)

  it("whoami --can tells what the roles allow", function()
    assert.matches("stop +yes", (run("whoami", "--can")))
    local reader <close> = emulator:credential "reader"
    local other <close> = azureml.workspace { credential = reader }
    assert.is_true((other:can "list"))
    assert.same({ false, { "Microsoft.MachineLearningServices/workspaces/computes/stop/action" } },
      { other:can "stop" })
  end)

  it("list refuses options that do not fit together", function()
    assert.equal(2, select(3, run("list", "--all-workspaces", "-w", "team")))
    assert.equal(2, select(3, run("list", "--emulator", "--cloud", "AzureCloud")))
    local _, err, code = run("list", "--cloud", "AzureMoon")
    assert.equal(2, code)
    assert.matches("%-%-cloud: there is no 'AzureMoon'", err)
  end)
end)
