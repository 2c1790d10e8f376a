local azureml = require "azureml"
local json = require "azureml.json"
local process = require "spec.process"
local world = require "spec.world"

describe("to recreate an instance", function()
  local emulator, ws

  before_each(function() emulator, ws = world.open { ann = "Running" } end)
  after_each(function() world.close(emulator, ws) end)

  local function refusal(f, ...)
    local value, err = azureml.try(f, ...)
    assert.is_nil(value)
    return err
  end

  it("is to delete it and to create it with changes, in one operation", function()
    local vm = ws.instances:create("ci-new", {
      tags = { a = "b" }, schedules = { "stop daily 19:00" }, enable_root_access = false,
    }):wait()
    local op = vm:recreate { vm_size = "STANDARD_DS11_V2" }
    local seen = {}
    for event in op:events() do seen[#seen + 1] = event end
    assert.same({ "Deleting", "Creating", "Succeeded" }, seen)
    local again = op:wait()
    assert.same({ "STANDARD_DS11_V2", { a = "b" }, "0 19 * * *" },
      { again.vm_size, again.tags, again.schedules[1].cron })
    assert.is_not.equal(vm.created_on, again.created_on)
    assert.is_false(again:export().enable_root_access)
  end)

  it("exports what creates the same instance", function()
    local given = {
      vm_size = "STANDARD_DS11_V2", tags = { a = "b" }, idle_time_before_shutdown = "1h",
      ssh_public_access = false, identity = "SystemAssigned",
      custom_services = { { name = "a", image = "b" } }, description = "x",
      setup_scripts = { creation_script = { path = "Users/ann/setup.sh" } },
    }
    local first = ws.instances:create("ci-one", given):wait():export()
    local second = ws.instances:create("ci-two", first):wait():export()
    assert.same(first, second)
    assert.is_nil(first.ssh_public_access)      -- the service's default
    assert.equal("STANDARD_DS11_V2", first.vm_size)
  end)

  it("refuses another user's instance, unless a user is given", function()
    emulator:add { users = { { name = "eve@contoso.com" } },
      role_assignments = { { principal = "eve@contoso.com", role = "Contributor" } } }
    local eve <close> = azureml.workspace { subscription_id = ws.subscription_id,
      resource_group = ws.resource_group, name = ws.name,
      credential = emulator:credential "eve@contoso.com" }
    local err = refusal(eve.instances.recreate, eve.instances, "ann")
    assert.equal("NotRecreatable", err.code)
    assert.matches("was created by another user", err.message)
    assert.is_truthy(ws.instances:find "ann")
  end)

  it("refuses to lose a key that cannot be read back", function()
    ws.instances:create("ci-new", { ssh_public_access = true }):wait()
    local err = refusal(ws.instances.recreate, ws.instances, "ci-new")
    assert.matches("does not return admin_user_ssh_public_key of 'ci%-new'", err.message)
    assert.is_truthy(ws.instances:find "ci-new")
    local key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ=="
    ws.instances:recreate("ci-new", { admin_user_ssh_public_key = key }):wait()
  end)

  it("looks at the quota as if the old instance were gone, before the delete", function()
    emulator.world.quotas.families = { standardDSv2Family = 4 }
    assert.equal("Running", ws.instances:recreate("ann"):wait().state)
    local err = refusal(ws.instances.recreate, ws.instances, "ann", { vm_size = "STANDARD_DS4_V2" })
    assert.equal("QuotaExceeded", err.code)
    assert.is_truthy(ws.instances:find "ann")
  end)

  it("waits for the name, which stays taken for a while", function()
    emulator:fault { match = { method = "PUT" }, times = 2, answer = { status = 409, json = {
      error = { code = "AlreadyExists", message = "the name is in use" } } } }
    assert.equal("Running", ws.instances:recreate("ann"):wait().state)
  end)

  it("tells that the old one is gone if the creation is refused, and tries again", function()
    emulator:fault { match = { method = "PUT" }, answer = { status = 403, json = {
      error = { code = "RequestDisallowedByPolicy", message = "no" } } } }
    local op = ws.instances:recreate "ann"
    local err = refusal(op.wait, op)
    assert.equal("RequestDisallowedByPolicy", err.code)
    assert.matches("the old instance is deleted, and the definition of the new one is saved",
      err.message)
    assert.equal("Running", op:wait().state)
  end)

  it("does not delete an instance that was created anew meanwhile", function()
    local op = ws.instances:recreate("ann", { tags = { by = "first" } })
    local second
    azureml.parallel(
      function() op:wait() return true end,
      function()
        second = refusal(ws.instances.recreate, ws.instances, "ann", { tags = { by = "second" } })
        return true
      end)
    assert.equal("NotRecreatable", second.code)
    assert.equal("first", ws.instances:get("ann").tags.by)
  end)

  it("goes on when another process has deleted the instance meanwhile", function()
    local instances = ws.instances
    local send = instances.send
    rawset(instances, "send", function(self, ...)
      send(self, "delete", "ann"):wait()
      return send(self, ...)
    end)
    local op = instances:recreate("ann", { tags = { by = "first" } })
    rawset(instances, "send", nil)
    assert.equal("first", op:wait().tags.by)
  end)

  it("changes nothing of an instance that another process creates after the delete", function()
    local op = ws.instances:recreate("ann", { tags = { by = "first" } })
    op.operation:wait()
    ws.instances:create("ann", { tags = { by = "second" } }):wait()
    local err = refusal(op.wait, op)
    assert.equal("NotAsAsked", err.code)
    assert.equal("second", ws.instances:get("ann").tags.by)
  end)
end)

describe("a recreation whose process was killed", function()
  local emulator, state

  before_each(function()
    emulator, state = process.served_emulator { speed = 3000 }, process.directory()
  end)
  after_each(function()
    emulator:close()
    process.remove(state)
  end)

  local function run(...)
    return process.executable({ ... }, { AZUREML_EMULATOR = emulator.url, XDG_STATE_HOME = state })
  end

  local BEGIN = [[
    local azureml = require "azureml"
    local ws = azureml.workspace()
    ws.instances:create("ci-ann", { tags = { a = "b" },
      data_mounts = { { name = "raw", source = "azureml://a/b", path = "/mnt/raw" } } }):wait()
    local op = ws.instances:recreate("ci-ann", { vm_size = "STANDARD_DS11_V2" })
    local events = op:events()
  ]]

  for moment, code in pairs {
    ["after the delete was accepted"] = "",
    ["after the creation was accepted"] = "events() events()",
  } do
    it("is rolled forward " .. moment, function()
      run("-e", BEGIN .. code .. [[ os.execute "kill -9 $PPID" ]])
      local out = run("operations", "--all", "-o", "json")
      assert.equal("recreate", json.decode(out)[1].verb)
      local saved = process.run { "find", state .. "/azureml/recreations", "-name", "*.json",
        "-perm", "600" }
      assert.matches("%.json\n$", saved)
      local _, err, status = run("operations", "wait")
      assert.equal(0, status, err)
      local vm = json.decode((run("show", "ci-ann", "-o", "json")))
      assert.same({ "STANDARD_DS11_V2", "Running", { a = "b" } },
        { vm.vm_size, vm.state, vm.tags })
      assert.equal("Mounted", vm.data_mounts[1].state)
      assert.equal("", (process.run { "find", state .. "/azureml/recreations", "-type", "f" }))
    end)
  end

  it("ends when the new instance has failed, and can be forgotten before", function()
    local failing = BEGIN:gsub("vm_size = [^}]*", [[setup_scripts = { creation_script = {
      path = "https://contoso.com/none.sh" } } ]])
    local function saved()
      return (process.run { "find", state .. "/azureml/recreations", "-type", "f" })
    end
    run("-e", failing .. [[ os.execute "kill -9 $PPID" ]])
    local _, err, status = run("operations", "wait")
    assert.equal(1, status)
    assert.matches("SetupScriptsError", err)
    assert.same({ "", "[]\n" }, { saved(), (run("operations", "--all", "-o", "json")) })
    run("delete", "ci-ann", "--yes")
    run("-e", BEGIN .. [[ os.execute "kill -9 $PPID" ]])
    assert.matches("%.json\n$", saved())
    _, err = run("operations", "forget", "ci-ann")
    assert.matches("the recreation of 'ci%-ann' does not go on", err)
    assert.equal("", saved())
  end)
end)
