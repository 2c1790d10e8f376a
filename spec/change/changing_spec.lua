local azureml = require "azureml"
local json = require "azureml.json"
local world = require "spec.world"

describe("a change of an instance", function()
  local emulator, ws, requests

  before_each(function()
    requests = {}
    emulator, ws = world.open { ann = "Running", bob = "Stopped" }
    emulator.log = function(request) requests[#requests + 1] = request end
  end)
  after_each(function() world.close(emulator, ws) end)

  local function refusal(f, ...)
    local value, err = azureml.try(f, ...)
    assert.is_nil(value)
    return err
  end

  for _, row in ipairs {
    { "idle_time_before_shutdown", "2h", "PT120M" },
    { "enable_sso", false, false },
    { "description", "for Ann", "for Ann" },
  } do
    local field, value, wanted = row[1], row[2], row[3]
    it("by update: " .. field, function()
      assert.equal(wanted, ws.instances:update("ann", { [field] = value })[field])
    end)
  end

  it("by update: several at once, and only those that differ", function()
    local vm = ws.instances:get "ann"
    local same = vm:update { tags = { a = "1" }, schedules = { "stop daily 19:00" } }
    assert.equal(vm, same)
    assert.same({ a = "1" }, vm.tags)
    assert.equal(1, #vm.schedules)
    local before = #requests
    vm:update { tags = { a = "1" }, schedules = { "stop daily 19:00" } }
    assert.equal(2, #requests - before)      -- two looks
  end)

  it("by update: false switches off, {} means none, absent leaves alone", function()
    local vm = ws.instances:update("ann", {
      idle_time_before_shutdown = "1h", tags = { a = "1" }, schedules = { "stop daily 19:00" },
      custom_services = { { name = "a", image = "b" } },
    })
    vm:update { idle_time_before_shutdown = false, schedules = {} }
    assert.is_nil(vm.idle_time_before_shutdown)
    assert.same({}, vm.schedules)
    assert.equal("a", vm.custom_services[1].name)
    vm:update { tags = {}, custom_services = {} }
    assert.same({}, vm.tags)
    assert.same({}, vm.custom_services)
  end)

  it("by update: mounts what is new, unmounts what is gone", function()
    local function mount(name)
      return { name = name, source = "azureml://" .. name, path = "/mnt/" .. name }
    end
    local vm = ws.instances:update("ann", { data_mounts = { mount "a", mount "b" } })
    assert.equal(2, #vm.data_mounts)
    vm:update { data_mounts = { mount "b", mount "c" } }
    local names = {}
    for i, item in ipairs(vm.data_mounts) do names[i] = item.name end
    table.sort(names)
    assert.same({ "b", "c" }, names)
  end)

  it("by update: tags are replaced in the service's own text, which is kept otherwise", function()
    ws.instances:update("ann", { tags = { a = "1", b = "2" } })
    ws.instances:update("ann", { tags = { b = "3" } })
    local put
    for _, request in ipairs(requests) do
      if request.method == "PUT" then put = json.decode(request.body) end
    end
    assert.same({ b = "3" }, put.tags)
    assert.equal("ann", put.name)
    assert.same({ b = "3" }, ws.instances:get("ann").tags)
  end)

  it("by update: a change that the service ignores is an error", function()
    emulator:fault { match = { method = "PUT" }, answer = { status = 200, json = {} } }
    local err = refusal(ws.instances.update, ws.instances, "ann", { tags = { a = "1" } })
    assert.equal("NotChanged", err.code)
    assert.equal('the service accepted the change of \'ann\', but tags is {}, not {"a":"1"}',
      err.message)
    assert.same({}, err.changes)
  end)

  it("by update: what is fixed is named before anything is changed", function()
    local err = refusal(ws.instances.update, ws.instances, "ann", {
      ssh_public_access = true, enable_node_public_ip = false, idle_time_before_shutdown = "1h",
    })
    assert.equal("DoesNotFit", err.code)
    assert.matches("ssh_public_access is false, not true; enable_node_public_ip is true, not false",
      err.message)
    assert.matches("recreate the instance", err.hint)
    assert.is_nil(ws.instances:get("ann").idle_time_before_shutdown)
  end)

  it("by update: what is neither changed nor verified is refused", function()
    local function hint_of(settings)
      local err = refusal(ws.instances.update, ws.instances, "ann", settings)
      assert.equal("DoesNotFit", err.code)
      return err.hint, err.message
    end
    local hint, message = hint_of { extra = { newSetting = 1 }, state = "Stopped" }
    assert.matches("extra.newSetting is not returned by the service, and has no verb", message)
    assert.matches("state is Running, not Stopped", message)
    assert.equal("extra.newSetting: recreate the instance (vm:recreate, 'azureml recreate'); "
      .. "state: start or stop the instance", hint)
    hint = hint_of { admin_user_ssh_public_key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ==" }
    assert.matches("authorized_keys", hint)
  end)

  it("by update: waits for the mounts, and tells why they failed", function()
    local mounts = { { name = "raw", source = "azureml://raw", path = "/mnt/raw" } }
    emulator:fault { trouble = "mount_failed" }
    local err = refusal(ws.instances.update, ws.instances, "ann", { data_mounts = mounts })
    assert.equal("NotChanged", err.code)
    assert.matches("Failed to access the data source", err.message)
    assert.same({}, err.changes)
    assert.matches("check its source", err.hint)
    local vm = ws.instances:update("ann", { data_mounts = mounts })
    assert.equal("Mounted", vm.data_mounts[1].state)
    err = refusal(ws.instances.update, ws.instances, "bob", { data_mounts = mounts })
    assert.equal("start the instance first", err.hint)
  end)

  it("by update: a lost answer is looked into, or the setting is sent again", function()
    for trouble, value in pairs { reset = "1h", truncate = "2h", close = "3h" } do
      emulator:fault { trouble = trouble, match = { verb = "updateIdleShutdownSetting" } }
      emulator:fault { trouble = trouble, match = { method = "PUT" } }
      local vm = ws.instances:update("ann", { idle_time_before_shutdown = value,
        tags = trouble == "truncate" and { a = value } or nil })
      assert.equal(("PT%d0M"):format(value:match "%d" * 6), vm.idle_time_before_shutdown)
    end
    emulator:fault { match = { verb = "updateIdleShutdownSetting" }, times = 9,
      answer = { status = 500, json = { error = { code = "InternalServerError" } } } }
    local err = refusal(ws.instances.update, ws.instances, "ann",
      { idle_time_before_shutdown = "4h" })
    assert.is_true(err.outcome_unknown)
  end)

  it("by update: a refusal of the whole definition tells what to do", function()
    ws.instances:update("ann", { schedules = { "stop daily 19:00" } })
    emulator:behave { put = "refuse" }
    local err = refusal(ws.instances.update, ws.instances, "ann", { tags = { a = "1" } })
    assert.matches("recreate the instance", err.hint)
  end)

  it("by update: a failure tells what was changed before it", function()
    emulator:fault { match = { path = "updateIdleShutdownSetting" }, answer = { status = 403,
      json = { error = { code = "AuthorizationFailed", message = "no" } } } }
    local vm = ws.instances:get "ann"
    local err = refusal(vm.update, vm, {
      schedules = { "stop daily 19:00" }, idle_time_before_shutdown = "1h",
    })
    assert.equal(1, #vm.schedules)      -- the object in hand is as the instance is now
    assert.equal("AuthorizationFailed", err.code)
    assert.matches("changed before: schedules$", err.message)
    assert.equal("schedules", err.changes[1].field)
  end)

  it("by update: waits for another operation", function()
    local other <close> = ws.instances:stop "ann"
    local err = refusal(ws.instances.update, ws.instances, "ann", {
      idle_time_before_shutdown = "1h", timeout = 0,
    })
    assert.matches("still Stopping after 0 s", err.message)
    assert.equal("PT60M",
      ws.instances:update("ann", { idle_time_before_shutdown = "1h" }).idle_time_before_shutdown)
    assert.is_truthy(other)
  end)

  it("by update: needs a field, and a known one", function()
    local ok, err = pcall(ws.instances.update, ws.instances, "ann", {})
    assert.is_false(ok)
    assert.matches("update: no field to change is given", err)
    ok, err = pcall(ws.instances.update, ws.instances, "ann", { idle = "1h" })
    assert.is_false(ok)
    assert.matches("update has no option 'idle'", err)
    assert.equal("ResourceNotFound",
      refusal(ws.instances.update, ws.instances, "nobody", { enable_sso = true }).code)
  end)

  it("by resize: of a stopped instance, which stays stopped", function()
    local vm = ws.instances:resize("bob", "standard_ds11_v2"):wait()
    assert.equal("STANDARD_DS11_V2", vm.vm_size:upper())
    assert.equal("Stopped", vm.state)
    assert.equal("Resize", vm.last_operation.name)
  end)

  it("by resize: of a running instance only with stop", function()
    local vm = ws.instances:get "ann"
    local err = refusal(vm.resize, vm, "STANDARD_DS11_V2")
    assert.equal("WrongState", err.code)
    assert.equal("Stopped", vm:resize("STANDARD_DS11_V2", { stop = true }):wait().state)
  end)

  it("by resize: to the size that it has changes nothing", function()
    local vm = ws.instances:get "ann"
    assert.equal("Running", vm:resize(vm.vm_size:lower(), { stop = true }):wait().state)
  end)

  it("by resize: a wrong option is refused before the instance is stopped", function()
    local settings = { stop = true, wait = true }
    local ok, err = pcall(ws.instances.resize, ws.instances, "ann", "STANDARD_DS11_V2", settings)
    assert.is_false(ok)
    assert.matches("resize has no option 'wait'", err)
    assert.equal("Running", ws.instances:get("ann").state)
  end)

  it("by resize: the time limit counts for the stop too", function()
    local vm = ws.instances:get "ann"
    local err = refusal(vm.resize, vm, "STANDARD_DS11_V2", { stop = true, timeout = 1 })
    assert.equal("Timeout", err.code)
    assert.matches("stop ann: not done after 1 s", err.message)
  end)

  it("by resize: to a size that the service allows", function()
    local err = refusal(ws.instances.resize, ws.instances, "bob", "STANDARD_NOPE")
    assert.equal("DoesNotFit", err.code)
    assert.matches("cannot be resized to STANDARD_NOPE; the service allows", err.message)
    err = refusal(ws.instances.resize, ws.instances, "bob", "big")
    assert.matches("vm_size: must be a size such as STANDARD_DS3_V2, not 'big'", err.message)
  end)
end)
