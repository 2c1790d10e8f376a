local azureml = require "azureml"
local json = require "azureml.json"
local world = require "spec.world"

describe("the instances of a workspace", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open { ann = "Running", bob = "Stopped" }
  end)

  after_each(function()
    world.close(emulator, ws)
  end)

  local function refusal(f, ...)
    local value, err = azureml.try(f, ...)
    assert.is_nil(value)
    return err
  end

  it("get: one that is there", function()
    local vm = ws.instances:get "ann"
    assert.equal("Running", vm.state)
    assert.equal(ws, vm.workspace)
  end)

  it("get: raises for one that is not there; find gives nil", function()
    assert.equal("ResourceNotFound", refusal(ws.instances.get, ws.instances, "nobody").code)
    assert.is_nil(ws.instances:find "nobody")
  end)

  it("find: raises when the workspace is not there", function()
    local elsewhere <close> = azureml.workspace {
      subscription_id = ws.subscription_id, resource_group = ws.resource_group, name = "nowhere",
      client = ws:client(),
    }
    emulator:forget_workspace "nowhere"
    local err = refusal(elsewhere.instances.find, elsewhere.instances, "ann")
    assert.equal(404, err.status)
    assert.equal("ParentResourceNotFound", err.code)
  end)

  it("create: the name is checked before anything is sent, with the rule", function()
    local before = emulator:request_count()
    local err = refusal(ws.instances.create, ws.instances, "my_ci")
    assert.equal("InvalidArgument", err.code)
    assert.matches("a name holds only letters, digits and '%-'", err.message)
    assert.equal(before, emulator:request_count())
  end)

  it("an existing instance is reached by whatever name it has", function()
    emulator:seed_instance("my_ci-", "Stopped")
    assert.equal("Stopped", ws.instances:get("my_ci-").state)
    assert.equal("Running", ws.instances:start("my_ci-"):wait().state)
    assert.is_nil(ws.instances:delete("my_ci-"):wait())
    assert.equal("ResourceNotFound", refusal(ws.instances.stop, ws.instances, "my_ci-").code)
  end)

  it("a name must be a text, and not an empty one", function()
    for _, verb in ipairs { "get", "find", "create", "start", "stop", "restart", "delete" } do
      assert.has_error(function() ws.instances[verb](ws.instances, nil) end)
      assert.error_matches(function() ws.instances[verb](ws.instances, "") end, "the name is empty")
    end
  end)

  it("list: refuses an unknown size; gives nothing for a size that no instance has", function()
    assert.same({}, ws.instances:list({ vm_size = "STANDARD_NC6" }):all())
    local err = refusal(function() return ws.instances:list({ vm_size = "STANDARD_N06" }):all() end)
    assert.equal("InvalidArgument", err.code)
    assert.matches("'STANDARD_N06' is not offered", err.message)
    err = refusal(ws.instances.stop_all, ws.instances, { vm_size = "STANDARD_N06" })
    assert.matches("'STANDARD_N06' is not offered", err.message)
  end)

  it("create: waits until it runs, with the size that was asked for", function()
    local vm = ws.instances:create("ci-new",
      { vm_size = "STANDARD_D3_V2", tags = { team = "vision" } }):wait()
    assert.equal("Running", vm.state)
    assert.equal("STANDARD_D3_V2", vm.vm_size)
    assert.same({ team = "vision" }, vm.tags)
  end)

  it("create: an unknown size is refused before it is sent, with those alike", function()
    local err = refusal(ws.instances.create, ws.instances, "ci-new",
      { vm_size = "STANDARD_DS3_V9" })
    assert.matches("'STANDARD_DS3_V9' is not offered to compute instances in %a+; alike: .*DS3_v2",
      err.message)
    assert.is_nil(ws.instances:find "ci-new")
  end)

  it("ensure: creates what is not there", function()
    assert.equal("Running", ws.instances:ensure("ci-new", {}):wait().state)
  end)

  it("ensure: takes what is there and fits, and starts it if it is stopped", function()
    assert.equal("Running", ws.instances:ensure("ann", {}):wait().state)
    assert.equal("Running", ws.instances:ensure("bob", {}):wait().state)
  end)

  it("ensure: compares a switch that only preview versions return", function()
    ws.instances:create("ci-new", { enable_root_access = true }):wait()
    local given = { enable_root_access = false }
    local err = refusal(ws.instances.ensure, ws.instances, "ci-new", given)
    assert.equal("DoesNotFit", err.code)
    assert.matches("enable_root_access is true, not false", err.message)
  end)

  it("ensure: waits for another operation, and ends at Running", function()
    local other <close> = ws.instances:stop "ann"
    assert.equal("Running", ws.instances:ensure("ann", {}):wait().state)
    assert.is_truthy(other)
  end)

  it("ensure: changes the idle time, and only when it differs", function()
    local function ensure(idle)
      local vm = ws.instances:ensure("ann", { idle_time_before_shutdown = idle }):wait()
      return vm.idle_time_before_shutdown
    end
    assert.equal("PT60M", ensure "1h")
    local before = emulator:request_count()
    assert.equal("PT60M", ensure "60m")
    assert.equal(1, emulator:request_count() - before)      -- a look is enough
  end)

  it("ensure: names tags and description that differ", function()
    for _, given in ipairs { { tags = { team = "vision" } }, { description = "x" } } do
      local err = refusal(ws.instances.ensure, ws.instances, "ann", given)
      assert.equal("DoesNotFit", err.code)
      assert.matches("'ann' exists, but " .. next(given) .. " is ", err.message)
      assert.matches("change_tags = true", err.hint)
    end
  end)

  it("ensure: takes what was created with the same options", function()
    local given = {
      vm_size = "Standard_DS3_v2", tags = { a = "b" }, description = "d",
      idle_time_before_shutdown = "90m", ssh_public_access = false,
      schedules = { { action = "stop", cron = "0 18 * * 1-5", time_zone = "Europe/Amsterdam" } },
    }
    ws.instances:create("ci-new", given):wait()
    assert.equal("Running", ws.instances:ensure("ci-new", given):wait().state)
  end)

  it("create: a switch that only preview versions know is sent to one, and read back", function()
    local vm = ws.instances:create("ci-new", { enable_root_access = false }):wait()
    assert.is_false(vm.raw.properties.properties.enableRootAccess)
    vm = ws.instances:create("ci-old", {}):wait()
    assert.is_nil(vm.raw.properties.properties.enableRootAccess)
  end)

  it("create: is an error where the instance is not what was asked for", function()
    local op = ws.instances:create("ci-new",
      { description = "x", idle_time_before_shutdown = "1h" })
    local own = op.workspace.instances.find
    op.workspace.instances.find = function(...)      -- the service has lost a field
      local vm = own(...)
      vm.raw.properties.properties.idleTimeBeforeShutdown = json.null
      return vm
    end
    local err = refusal(op.wait, op)
    op.workspace.instances.find = nil
    assert.equal("NotAsAsked", err.code)
    assert.matches("'ci%-new' was created, but idle_time_before_shutdown is absent, not PT60M",
      err.message)
    assert.equal("ci-new", err.instance.name)
    assert.matches("exists and is billed", err.hint)
  end)

  it("create: names what differs from the instance that is there", function()
    local err = refusal(ws.instances.create, ws.instances, "ann", { tags = { a = "b" } })
    assert.equal("InstanceExists", err.code)
    assert.matches('tags is {}, not {"a":"b"}', err.message)
    assert.equal("ann", err.instance.name)
  end)

  it("ensure: refuses what differs in what cannot be changed", function()
    local size = ws.instances:get("ann").vm_size:lower()
    assert.equal("Running",
      ws.instances:ensure("ann", { vm_size = size:gsub("^%a", string.upper) }):wait().state)
    local err = refusal(ws.instances.ensure, ws.instances, "ann", { vm_size = "STANDARD_NC6" })
    assert.equal("DoesNotFit", err.code)
    assert.matches("'ann' cannot be resized to STANDARD_NC6; the service allows %d+ other sizes, "
      .. "such as Standard_", err.message)
  end)

  it("start, stop and restart", function()
    assert.equal("Running", ws.instances:start("bob"):wait().state)
    assert.equal("Stopped", ws.instances:stop("ann"):wait().state)
    assert.equal("Running", ws.instances:restart("bob"):wait().state)
  end)

  it("an instance has the verbs, too", function()
    local vm = ws.instances:get "bob"
    assert.equal("Running", vm:start():wait().state)
    assert.equal("Stopped", vm.state)
    assert.equal("Running", vm:refresh().state)
    assert.equal("Stopped", vm:stop():wait().state)
    vm:delete():wait()
    assert.equal("ResourceNotFound", refusal(vm.refresh, vm).code)
  end)

  it("an instance that is refreshed shows no field of before", function()
    local vm = ws.instances:get "bob"
    assert.same({ "Stopped", "Stopped" }, { vm.state, vm.raw.properties.properties.state })
    local before = vm.location
    vm.raw.location = "changed"
    ws.instances:start("bob"):wait()
    assert.equal("Stopped", vm.raw.properties.properties.state)
    vm:refresh()
    assert.same({ before, "Running", "Start" },
      { vm.location, vm.state, vm.last_operation.name })
    assert.equal("Running", vm.raw.properties.properties.state)
  end)

  it("delete: a name that is not there is an error", function()
    assert.equal("ResourceNotFound", refusal(ws.instances.delete, ws.instances, "nobody").code)
  end)

  it("list: all, or those that pass every filter", function()
    local function names(wanted)
      local list = {}
      for vm in ws.instances:list(wanted) do list[#list + 1] = vm.name end
      table.sort(list)
      return table.concat(list, " ")
    end
    assert.equal("ann bob", names())
    assert.equal("ann", names { state = "running" })
    assert.equal("", names { state = "Running", tags = { team = "vision" } })
    assert.equal("ann bob", names { mine = true })
    local _, err = pcall(names, { sate = "Running" })
    assert.matches("list has no option 'sate' %(known: created_by_me, idle_stop, like, mine, "
      .. "older_than, running_for, state, tags, vm_size, where%)", err)
  end)

  it("list: sends nothing until it is used, and is read page by page", function()
    for i = 1, 5 do emulator:seed_instance("more" .. i, "Stopped") end
    emulator:set_page_size(2)
    local before = emulator:request_count()
    local list = ws.instances:list()
    assert.equal(before, emulator:request_count())
    assert.equal(7, #list:all())
    assert.is_true(emulator:request_count() - before >= 4)
  end)
end)
