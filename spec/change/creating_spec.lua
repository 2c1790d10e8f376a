local azureml = require "azureml"
local json = require "azureml.json"
local preflight = require "azureml.change.preflight"
local warning = require "azureml.tool.warning"
local world = require "spec.world"

describe("a creation", function()
  local emulator, ws, requests

  before_each(function()
    requests = {}
    emulator, ws = world.open { ann = "Running" }
    emulator.log = function(request) requests[#requests + 1] = request end
  end)
  after_each(function() world.close(emulator, ws) end)

  local function refusal(f, ...)
    local value, err = azureml.try(f, ...)
    assert.is_nil(value)
    return err
  end

  it("tells all that is wrong with the name and the options before it asks the service", function()
    local err = refusal(ws.instances.create, ws.instances, "x", {
      tags = { 1 }, idle_time_before_shutdown = 5,
    })
    assert.equal("InvalidArgument", err.code)
    assert.matches("'x' cannot be an instance's name: .*; tags: must be .*; idle_time_before_sh",
      err.message)
    assert.equal(0, #requests)
  end)

  it("ends stopped if it is asked for", function()
    local op = ws.instances:create("ci-new", { state = "stopped" })
    assert.equal("Stopped", op:wait().state)
    assert.equal("Stopped", ws.instances:get("ci-new").state)
    assert.equal("Stopped", op:wait().state)
  end)

  it("ends stopped also where another process waits for it", function()
    local op <close> = ws.instances:create("ci-new", { state = "Stopped" })
    local ticket = op:ticket()
    assert.equal("Stopped", azureml.resume(ticket):wait().state)
  end)

  it("mounts data also where another process waits for it", function()
    local op <close> = ws.instances:create("ci-new", {
      data_mounts = { { name = "raw", source = "azureml://datastores/raw", path = "/mnt/raw" } },
    })
    local vm = azureml.resume(op:ticket()):wait()
    assert.equal("/mnt/raw", vm.data_mounts[1].path)
    assert.equal("Mounted", vm.data_mounts[1].state)
  end)

  it("mounts data when the instance runs", function()
    local vm = ws.instances:create("ci-new", {
      data_mounts = { { name = "raw", source = "azureml://datastores/raw", path = "/mnt/raw" } },
    }):wait()
    assert.equal("/mnt/raw", vm.data_mounts[1].path)
  end)

  it("has warnings, and tells what cannot be verified", function()
    local op = ws.instances:create("ci-new", { enable_root_access = false })
    assert.matches("nothing stops the instance", op.warnings[1])
    local own = op.workspace.instances.find
    op.workspace.instances.find = function(...)      -- the service does not return a field
      local vm = own(...)
      vm.raw.properties.properties.enableRootAccess = json.null
      return vm
    end
    local give, given = warning.give, nil
    warning.give = function(text) given = text end
    op:wait()
    warning.give, op.workspace.instances.find = give, nil
    assert.equal("enable_root_access of 'ci-new' cannot be verified: the service does not "
      .. "return it", op.warnings[2])
    assert.equal(op.warnings[2], given)
  end)

  -- Let looks at an instance find nothing, as if it was made after them.
  local function hide(name, looks)
    emulator:fault { match = { method = "GET", path = "/computes/" .. name }, times = looks,
      answer = { status = 404, json = { error = { code = "ResourceNotFound", message = "no" } } } }
  end

  it("that met an instance made at the same time is an error", function()
    hide("ann", 1)
    emulator:fault { match = { path = "checkComputeNameAvailability" },
      answer = { status = 403, json = { error = { code = "AuthorizationFailed", message = "" } } } }
    local err = refusal(ws.instances.create, ws.instances, "ann", {})
    assert.equal("InstanceExists", err.code)
    assert.matches("^create ann: the service answered that an instance of this name exists",
      err.message)
  end)

  it("of a name that another process takes between two looks tells the instance", function()
    hide("ann", 1)
    local err = refusal(ws.instances.create, ws.instances, "ann", {})
    assert.equal("InstanceExists", err.code)
    assert.equal("ann", err.instance.name)
    hide("ann", 1)
    assert.matches("an instance of this name exists",
      preflight.check_name(ws.instances, "ann").findings[1].text)
  end)

  it("merges members that have no option, but none that has one", function()
    local err = refusal(ws.instances.create, ws.instances, "ci-new", { extra = { vmSize = "x" } })
    assert.equal("extra: vmSize is the option vm_size: use that", err.message)
    ws.instances:create("ci-new", { extra = { newSetting = { a = 1 } } })
    local put = requests[#requests]
    assert.same({ a = 1 }, json.decode(put.body).properties.properties.newSetting)
  end)

  it("tells that a member without an option cannot be verified, or differs", function()
    local own, sent = ws.instances.find, nil
    ws.instances.find = function(...)      -- the service returns a member
      local vm = own(...)
      if vm then vm.raw.properties.properties.newSetting = sent end
      return vm
    end
    local op = ws.instances:create("ci-new", { extra = { newSetting = "a" } })
    op:wait()
    assert.matches("extra.newSetting of 'ci%-new' cannot be verified", op.warnings[2])
    sent = "b"
    op = ws.instances:create("ci-other", { extra = { newSetting = "a" } })
    local err = refusal(op.wait, op)
    ws.instances.find = nil
    assert.equal("NotAsAsked", err.code)
    assert.matches("'ci%-other' was created, but extra.newSetting is not what was given",
      err.message)
  end)

  it("that cannot mount its data is an error, with the instance", function()
    local wanted = { data_mounts = { { name = "raw", source = "azureml://raw" } } }
    emulator:fault { trouble = "mount_failed" }
    local op = ws.instances:create("ci-new", wanted)
    local err = refusal(op.wait, op)
    assert.equal("NotAsAsked", err.code)
    assert.equal("ci-new", err.instance.name)
    emulator:fault { trouble = "mount_refused" }
    op = ws.instances:create("ci-other", wanted)
    err = refusal(op.wait, op)
    assert.matches("'ci%-other' was created, but its data is not mounted: cannot set", err.message)
    assert.matches("the instance exists and is billed", err.hint)
    assert.equal("Running", err.instance.state)
  end)

  describe("through ensure", function()
    it("changes what differs and has a verb, and lists the changes", function()
      local op = ws.instances:ensure("ann", {
        idle_time_before_shutdown = "1h", schedules = { "stop weekdays 18:00 Europe/Amsterdam" },
        enable_sso = false, custom_services = { { name = "a", image = "b" } },
      })
      local names = {}
      for i, change in ipairs(op.changes) do names[i] = change.field end
      assert.same({ "schedules", "idle_time_before_shutdown", "custom_services", "enable_sso" },
        names)
      local vm = op:wait()
      assert.equal("PT60M", vm.idle_time_before_shutdown)
      assert.equal("0 18 * * 1-5", vm.schedules[1].cron)
      assert.is_false(vm.enable_sso)
      assert.equal("a", vm.custom_services[1].name)
      assert.same({}, ws.instances:ensure("ann", { enable_sso = false }).changes)
    end)

    it("changes tags only if the caller allows it", function()
      local err = refusal(ws.instances.ensure, ws.instances, "ann", { tags = { a = "b" } })
      assert.equal("DoesNotFit", err.code)
      assert.equal("tags", err.differences[1].field)
      local vm = ws.instances:ensure("ann", { tags = { a = "b" }, change_tags = true }):wait()
      assert.same({ a = "b" }, vm.tags)
    end)

    it("leaves alone what is not named", function()
      ws.instances:update("ann", { idle_time_before_shutdown = "1h", tags = { a = "b" } })
      local vm = ws.instances:ensure("ann", {}):wait()
      assert.equal("PT60M", vm.idle_time_before_shutdown)
      assert.same({ a = "b" }, vm.tags)
    end)

    it("waits for a deletion, then creates the instance anew", function()
      local deletion <close> = ws.instances:delete "ann"
      local before = ws.instances:get("ann").created_on
      local op = ws.instances:ensure("ann", {})
      assert.same({}, op.changes)
      assert.is_not.equal(before, op:wait().created_on)
      assert.is_truthy(deletion)
    end)

    it("changes within its time limit", function()
      local err = refusal(ws.instances.ensure, ws.instances, "ann",
        { vm_size = "STANDARD_DS11_V2", stop = true, timeout = 1 })
      assert.equal("Timeout", err.code)
      assert.matches("stop ann: not done after 1 s", err.message)
    end)

    it("takes an instance that another caller makes meanwhile", function()
      local function ensure()
        return ws.instances:ensure("ci-new", { idle_time_before_shutdown = "1h" }):wait()
      end
      local one, other = azureml.parallel(ensure, ensure)
      assert.equal("Running", one.state)
      assert.equal("PT60M", other.idle_time_before_shutdown)
    end)

    it("takes an instance that is made between the look and the check of the name", function()
      hide("ann", 2)
      local op = ws.instances:ensure("ann", {})
      assert.equal("Running", op:wait().state)
      for _, request in ipairs(requests) do assert.are_not.equal("PUT", request.method) end
    end)

    it("tells all that is wrong with a missing one, its name included", function()
      local err = refusal(ws.instances.ensure, ws.instances, "9x", { vm_size = "STANDARD_NOPE" })
      assert.matches("cannot create '9x': '9x' cannot be an instance's name: .*; vm_size 'STANDARD",
        err.message)
    end)

    it("warns of what cannot be verified", function()
      local op = ws.instances:ensure("ann", { extra = { newSetting = 1 } })
      assert.equal("extra.newSetting of 'ann' cannot be verified: the service does not return it",
        op.warnings[1])
    end)

    it("names its own options where one is not known", function()
      local ok, err = pcall(ws.instances.ensure, ws.instances, "ann", { tag = {} })
      assert.is_false(ok)
      assert.matches("ensure has no option 'tag' %(known: .*change_tags.*stop", err)
    end)

    it("can end stopped", function()
      assert.equal("Stopped", ws.instances:ensure("ann", { state = "Stopped" }):wait().state)
      assert.equal("Stopped", ws.instances:ensure("ci-new", { state = "Stopped" }):wait().state)
    end)

    it("refuses a size for a running instance, and resizes a stopped one", function()
      local other = { vm_size = "STANDARD_DS11_V2" }
      local err = refusal(ws.instances.ensure, ws.instances, "ann", other)
      assert.equal("WrongState", err.code)
      assert.matches("stop = true", err.hint)
      other.stop = true
      local vm = ws.instances:ensure("ann", other):wait()
      assert.equal("STANDARD_DS11_V2", vm.vm_size:upper())
      assert.equal("Running", vm.state)
    end)
  end)
end)
