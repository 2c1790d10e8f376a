local door = require "spec.door"
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"

local PREVIEW = "?api-version=2026-03-15-preview"

local function with(instances, more)
  local given = { seed = { instances = instances } }
  for name, value in pairs(more or {}) do given.seed[name] = value end
  return door.open(given)
end

local function inner_of(at, name)
  local _, value = at:ask("GET", at:path("computes/" .. (name or "ci-ann")))
  return json.get(value, "properties", "properties")
end

local VERSIONS = { updateSchedules = "?api-version=2021-03-01-preview" }

local function verb(at, name, body)
  local version = VERSIONS[name] or PREVIEW
  return at:ask("POST", at:path("computes/ci-ann/" .. name .. version), body)
end

local function message_of(value) return json.get(value, "error", "message") or "" end

describe("what can be changed of an instance", function()
  it("the idle time: set, shown, kept to, and unset by null", function()
    local at = with { ["ci-ann"] = "Running" }
    local status, _, _, body = verb(at, "updateIdleShutdownSetting", {
      idleTimeBeforeShutdown = "PT30M",
    })
    assert.same({ 200, "" }, { status, body })
    assert.equal("PT30M", inner_of(at).idleTimeBeforeShutdown)
    at.emulator:advance "29m"
    assert.equal("Running", inner_of(at).state)
    assert.equal(200,
      (verb(at, "updateIdleShutdownSetting", { idleTimeBeforeShutdown = json.null })))
    assert.is_nil(inner_of(at).idleTimeBeforeShutdown)
    at.emulator:advance "20m"
    assert.equal("Running", inner_of(at).state)
    -- idle for longer than that: the count starts again
    verb(at, "updateIdleShutdownSetting", { idleTimeBeforeShutdown = "PT15M" })
    assert.equal("Running", inner_of(at).state)
    at.emulator:advance "15m"
    at.token = at.emulator:issue_token()      -- the first lived an hour
    local inner = inner_of(at)
    assert.equal("Stopping", inner.state)
    assert.equal("IdleShutdown", inner.lastOperation.operationTrigger)
  end)

  for _, idle in ipairs { "PT14M", "P4D", "PT73H", "30m", "PT", "", 5, "P1M" } do
    it(("the idle time: not to '%s'"):format(idle), function()
      local at = with { ["ci-ann"] = "Running" }
      assert.equal(400, (verb(at, "updateIdleShutdownSetting", { idleTimeBeforeShutdown = idle })))
    end)
  end

  for body, says in pairs {
    [""] = "'idleTimeBeforeShutdown' is required", ["{}"] = "'idleTimeBeforeShutdown' is required",
    ['["PT30M"]'] = "'idleTimeBeforeShutdown' is required",
    ['{"idleTimeBeforeShutdown":true}'] = "'idleTimeBeforeShutdown' must be a string",
    ['"PT30M"'] = "a JSON object was expected",
    ['{"idleTimeBeforeShutdown":"PT30M"'] = "could not be deserialized",
  } do
    it("the idle time: not by " .. body, function()
      local at = with { ["ci-ann"] = { properties = { idleTimeBeforeShutdown = "PT20M" } } }
      local status, value = verb(at, "updateIdleShutdownSetting", body)
      assert.same({ 400, "InvalidRequestContent" }, { status, value.error.code })
      assert.is_truthy(message_of(value):find(says, 1, true), message_of(value))
      assert.equal("PT20M", inner_of(at).idleTimeBeforeShutdown)
    end)
  end

  it("the schedules: the whole list, in one version alone", function()
    local at = with { ["ci-ann"] = "Running" }
    local body = { computeStartStop = { {
      status = "Enabled", action = "Stop", triggerType = "Cron",
        cron = { expression = "0 18 * * *" } } } }
    assert.equal(404, (at:ask("POST", at:path("computes/ci-ann/updateSchedules" .. PREVIEW), body)))
    assert.equal(200, (verb(at, "updateSchedules", body)))
    assert.equal("0 18 * * *", inner_of(at).schedules.computeStartStop[1].cron.expression)
    assert.equal(200, (verb(at, "updateSchedules", { computeStartStop = json.array {} })))
    assert.same({}, inner_of(at).schedules.computeStartStop)
    local status, value = verb(at, "updateSchedules", {
      computeStartStop = { { action = "Stop", triggerType = "Cron", cron = {} } },
    })
    assert.equal(400, status)
    assert.is_truthy(message_of(value):find("cron.expression", 1, true))
  end)

  it("the custom services: the whole list, as it came, with its applications", function()
    local at = with { ["ci-ann"] = "Running" }
    local list = json.array { {
      name = "rstudio", image = { type = "docker", reference = "ghcr.io/x" },
      docker = { privileged = true }, volumes = json.array {},
      endpoints = { { name = "connect", target = 8787, published = 4444, protocol = "http" } },
      more = { any = 1 },
    } }
    assert.equal(200, (verb(at, "customServices", list)))
    local inner = inner_of(at)
    assert.equal(json.encode(list),
      json.encode(json.array(json.decode_exact(json.encode(inner.customServices)))):gsub("{}",
        "[]"))
    assert.same(
      { displayName = "rstudio", endpointUri = "https://ci-ann-4444.eastus.instances.azureml.ms" },
      inner.applications[3])
    assert.equal(200, (verb(at, "customServices", json.array {})))
    assert.same({}, inner_of(at).customServices)
  end)

  for body, says in pairs {
    ["{}"] = "'customServices' must be a list",
    ['[{"name":"a"}]'] = "'customServices.image' is required",
    ["[5]"] = "'customServices' must be an object",
    ['[{"name":"a","image":{"reference":"x"}},{"name":"a","image":{"reference":"x"}}]'] =
      "the name a is given twice",
    ['[{"name":"a","image":{"reference":"x"},'
      .. '"endpoints":[{"target":1,"published":8},{"target":2,"published":8}]}]'] =
      "port 8 is given twice",
    ['[{"name":"a","image":{"reference":"x"},"endpoints":[{"target":70000}]}]'] =
      "target 70000 is no port",
    ['[{"name":"a","image":{"reference":"x"},"endpoints":[{"target":80,"protocol":"sctp"}]}]'] =
      "one of http, tcp, udp",
    ['[{"name":"a","image":{"reference":"x"},"volumes":[{"type":"nfs"}]}]'] =
      "one of bind, npipe, tmpfs, volume",
  } do
    it("the custom services: not to " .. body, function()
      local at = with { ["ci-ann"] = "Running" }
      local status, value = verb(at, "customServices", body)
      assert.equal(400, status)
      assert.is_truthy(message_of(value):find(says, 1, true), message_of(value))
    end)
  end

  it("the data mounts: asked for, then there; one that finds its path taken "
    .. "fails; unmounted at last", function()
    local at = with { ["ci-ann"] = "Running" }
    local function mount(name, action, path)
      return {
        mountName = name, mountAction = action, source = "azureml://x", sourceType = "URI",
        mountPath = path,
      }
    end
    local function states()
      local found = {}
      for _, one in ipairs(inner_of(at).dataMounts) do found[one.mountName] = one.mountState end
      return found
    end
    assert.equal(json.null, inner_of(at).dataMounts)
    assert.equal(200, (verb(at, "updateDataMounts", {
      mount("one", "Mount", "/mnt/a"), mount("two", "Mount", "/mnt/a"),
    })))
    assert.same({ one = "MountRequested", two = "MountRequested" }, states())
    at.emulator:advance(inferred.durations.mounting)
    assert.same({ one = "Mounted", two = "MountFailed" }, states())
    assert.is_truthy(
      inner_of(at).dataMounts[2].error:find("'/mnt/a' is taken by the data mount 'one'", 1, true))
    assert.equal(200,
      (verb(at, "updateDataMounts", { { mountName = "one", mountAction = "Unmount" } })))
    assert.equal("UnmountRequested", states().one)
    at.emulator:advance(inferred.durations.mounting)
    assert.equal("Unmounted", states().one)
    assert.equal(400, (verb(at, "updateDataMounts", { mount("none", "Unmount") })))
    assert.equal(400, (verb(at, "updateDataMounts", { mount("bad", "Remount") })))
  end)

  it("the data mounts: not while it is stopped", function()
    local at = with { ["ci-ann"] = "Stopped" }
    assert.equal(400, (verb(at, "updateDataMounts", json.array {})))
  end)

  it("single sign-on", function()
    local at = with { ["ci-ann"] = "Running" }
    assert.is_true(inner_of(at).enableSSO)
    assert.equal(200, (verb(at, "enableSso", { enableSSO = false })))
    assert.is_false(inner_of(at).enableSSO)
    assert.equal(200, (verb(at, "enableSso", { EnableSSO = true })))      -- as the v1 SDK spells it
    assert.is_true(inner_of(at).enableSSO)
    assert.equal(200, (verb(at, "enableSso", { EnableSSO = false })))
    assert.is_false(inner_of(at).enableSSO)
    assert.equal(200, (verb(at, "enableSso")))
    assert.is_true(inner_of(at).enableSSO)
    -- the v1 SDK's spelling
    assert.equal(200, (verb(at, "enableSso", { EnableSSO = false })))
    assert.is_false(inner_of(at).enableSSO)
    local status, value = verb(at, "enableSso", { enableSSO = "yes" })
    assert.same({ 400, "InvalidRequestContent" }, { status, value.error.code })
    assert.is_false(inner_of(at).enableSSO)
  end)

  it("single sign-on by the instance's user alone", function()
    local ann = { object_id = "aaaaaaaa-0000-0000-0000-00000000000a", name = "ann@contoso.com" }
    local at = door.open { seed = { users = { ann },
      role_assignments = { { principal = ann.name, role = "Contributor" } } } }
    local body = door.instance { personalComputeInstanceSettings = {
      assignedUser = { objectId = ann.object_id, tenantId = at.names.tenant_id } } }
    assert.equal(201, (at:ask("PUT", at:path "computes/ci-ann", body)))
    at.emulator:advance "10m"
    local status, value = verb(at, "enableSso", { enableSSO = false })
    assert.same({ 403, "Forbidden" }, { status, value.error.code })
    assert.is_true(inner_of(at).enableSSO)
    at:use(at.emulator.directory:user(ann.name))
    assert.equal(200, (verb(at, "enableSso", { enableSSO = false })))
    assert.is_false(inner_of(at).enableSSO)
  end)

  for name, body in pairs {
    updateIdleShutdownSetting = '{"idleTimeBeforeShutdown":"PT1H"}', customServices = "[]",
    updateDataMounts = "[]", updateSchedules = '{"computeStartStop":[]}', enableSso = "{}",
  } do
    it(("nothing by %s in another command, nor after a failed creation"):format(name), function()
      local at = with { ["ci-ann"] = "Running" }
      assert.equal(202, (verb(at, "stop")))
      local status, value = verb(at, name, body)
      assert.same({ 409, "Conflict" }, { status, value.error.code })
      at = with { ["ci-ann"] = "CreateFailed" }
      status, value = verb(at, name, body)
      assert.same({ 400, "BadRequest" }, { status, value.error.code })
      assert.is_truthy(message_of(value):find("(CreateFailed) does not support " .. name, 1, true))
    end)
  end

  for _, body in ipairs { "", "{}", '{"computeStartStop":null}' } do
    it(("the schedules: not by '%s', which would drop them all"):format(body), function()
      local stop = { action = "Stop", triggerType = "Cron", cron = { expression = "0 18 * * *" } }
      local at = with { ["ci-ann"] = { properties = { schedules = {
        computeStartStop = { stop } } } } }
      local status, value = verb(at, "updateSchedules", body)
      assert.equal(400, status)
      assert.is_truthy(message_of(value):find("'computeStartStop' is required", 1, true))
      assert.equal(1, #inner_of(at).schedules.computeStartStop)
    end)
  end

  it("the data mounts: failed, where that is planned; a failed unmount holds its path", function()
    local at = with { ["ci-ann"] = "Running" }
    local function state()
      local mount = inner_of(at).dataMounts[1]
      return mount.mountState .. (mount.error and ": " .. mount.error or "")
    end
    local data = {
      mountName = "data", mountAction = "Mount", source = "azureml://x", mountPath = "/mnt/a",
    }
    at.emulator:fault { trouble = "mount_failed" }
    assert.equal(200, (verb(at, "updateDataMounts", { data })))
    at.emulator:advance(inferred.durations.mounting)
    assert.equal("MountFailed: Failed to access the data source.", state())
    assert.equal(200, (verb(at, "updateDataMounts", { data })))
    at.emulator:fault { trouble = "mount_failed" }
    local unmount = { mountName = "data", mountAction = "Unmount" }
    assert.equal(200, (verb(at, "updateDataMounts", { unmount })))
    assert.equal("UnmountRequested", state())
    at.emulator:advance(inferred.durations.mounting)
    assert.equal("UnmountFailed: Failed to access the data source.", state())
    local more = {
      mountName = "more", mountAction = "Mount", source = "azureml://y", mountPath = "/mnt/a",
    }
    assert.equal(200, (verb(at, "updateDataMounts", { more })))
    at.emulator:advance(inferred.durations.mounting)
    assert.equal("MountFailed", inner_of(at).dataMounts[2].mountState)
  end)

  it("the data mounts: all or none", function()
    local at = with { ["ci-ann"] = "Running" }
    local data = { mountName = "data", mountAction = "Mount", source = "azureml://x" }
    assert.equal(200, (verb(at, "updateDataMounts", { data })))
    assert.equal(400, (verb(at, "updateDataMounts", {
      { mountName = "more", mountAction = "Mount", source = "azureml://y" },
      { mountName = "none", mountAction = "Unmount" },
    })))
    assert.equal(1, #inner_of(at).dataMounts)
  end)

  it("shows root access in the versions that know it, and true where it was not given", function()
    local at = with {
      ["ci-ann"] = "Running", ["ci-bob"] = { properties = { enableRootAccess = false } },
    }
    local function root(name, version)
      local _, value = at:ask("GET", at:path("computes/" .. name .. version))
      return json.get(value, "properties", "properties", "enableRootAccess")
    end
    assert.same({ true, false }, { root("ci-ann", PREVIEW), root("ci-bob", PREVIEW) })
    assert.is_nil(root("ci-bob", "?api-version=2025-12-01"))
    local _, list = at:ask("GET", at:path("computes" .. PREVIEW))
    assert.is_false(list.value[2].properties.properties.enableRootAccess)
  end)

  it("nothing of a cluster, nor of one that is not there", function()
    local at = with {
      cluster = { kind = "AmlCompute", properties = { scaleSettings = { maxNodeCount = 2 } } },
    }
    local status, value = at:ask("POST",
      at:path "computes/cluster/enableSso?api-version=2025-12-01", {})
    assert.same({ 400, "UserError" }, { status, value.error.code })
    assert.equal(404, (verb(at, "updateSchedules", { computeStartStop = json.array {} })))
  end)
end)

describe("an instance is resized", function()
  it("to a size that is offered for it, through Resizing, with "
    .. "Location and the status URL", function()
    local at = with { ["ci-ann"] = { state = "Stopped", vm_size = "Standard_DS3_v2" } }
    local _, allowed = verb(at, "getAllowedVmSizesForResize")
    local names = {}
    for _, size in ipairs(allowed.value) do names[size.name] = true end
    assert.same({ true, nil, nil },
      { names.Standard_DS11_v2, names.Standard_DS3_v2, names.Standard_NC6 })
    local status, _, headers = verb(at, "resize", { targetVMSize = "standard_ds11_v2" })
    assert.equal(202, status)
    assert.same({ "Resizing", "STANDARD_DS3_V2" }, { inner_of(at).state, inner_of(at).vmSize })
    assert.equal(202, (at:ask("GET", (headers.Location:gsub("^http://[^/]+", "")))))
    at.emulator:advance(inferred.durations.resizing)
    local inner = inner_of(at)
    assert.same({ "Stopped", "STANDARD_DS11_V2", "Resize", "Succeeded" },
      { inner.state, inner.vmSize, inner.lastOperation.operationName,
        inner.lastOperation.operationStatus })
    assert.equal(200, (at:ask("GET", (headers.Location:gsub("^http://[^/]+", "")))))
    assert.equal("Succeeded", select(2, at:follow(headers)).status)
    local _, usages = at:ask("GET", at:region "usages")
    assert.equal(2, usages.value[2].currentValue)
  end)

  for size, says in pairs {
    Standard_NC6 = "cannot be resized to 'Standard_NC6'", Standard_DS3_v2 = "cannot be resized",
    Standard_XYZ = "is not supported",
    Standard_L16s_v3 = "is not supported",      -- offered to clusters alone
  } do
    it("not to " .. size, function()
      local at = with { ["ci-ann"] = "Stopped" }
      local status, value = verb(at, "resize", { targetVMSize = size })
      assert.same({ 400, "InvalidPropertyValue" }, { status, value.error.code })
      assert.is_truthy(message_of(value):find(says, 1, true), message_of(value))
    end)
  end

  it("while it runs, unless the service asks for a stopped instance", function()
    local at = with { ["ci-ann"] = "Running" }
    at.emulator:behave { resize = "stopped" }
    local status, value = verb(at, "resize", { targetVMSize = "Standard_DS11_v2" })
    assert.same({ 400, "BadRequest" }, { status, value.error.code })
    assert.equal("ComputeInstance current state (Running) does not support resize operation.",
      message_of(value))
    at.emulator:behave { resize = "any" }
    assert.equal(202, (verb(at, "resize", { targetVMSize = "Standard_DS11_v2" })))
    at.emulator:advance(inferred.durations.resizing)
    assert.same({ "Running", "STANDARD_DS11_V2" }, { inner_of(at).state, inner_of(at).vmSize })
  end)

  for _, body in ipairs { "", "[]", "{}", '{"targetVMSize":5}', '{"targetVMSize":null}' } do
    it(("not by '%s'"):format(body), function()
      local at = with { ["ci-ann"] = "Stopped" }
      local status, value = verb(at, "resize", body)
      assert.same({ 400, "InvalidRequestContent" }, { status, value.error.code })
    end)
  end

  for name, says in pairs {
    quota_family = "family vCPU quota", quota_total = "total vCPU quota", conflict = "active",
  } do
    it("not where that is planned: " .. name, function()
      local at = with { ["ci-ann"] = "Stopped" }
      at.emulator:fault { trouble = name }
      local status, value = verb(at, "resize", { targetVMSize = "Standard_DS11_v2" })
      assert.is_true(status >= 400)
      assert.is_truthy(message_of(value):find(says, 1, true), message_of(value))
    end)
  end

  it("and fails without capacity, which leaves it as it was", function()
    local at = with { ["ci-ann"] = "Stopped" }
    at.emulator:fault { trouble = "capacity" }
    local status, _, headers = verb(at, "resize", { targetVMSize = "Standard_DS11_v2" })
    assert.equal(202, status)
    at.emulator:advance(inferred.durations.resizing)
    local _, said = at:follow(headers)
    assert.same({ "Failed", "AllocationFailed" }, { said.status, said.error.code })
    local inner = inner_of(at)
    assert.same({ "Stopped", "STANDARD_DS3_V2", "ResizeFailed" },
      { inner.state, inner.vmSize, inner.lastOperation.operationStatus })
  end)

  it("within its quota, its own cores not counted twice; and not "
    .. "while something else goes on", function()
    local at = with({ ["ci-ann"] = "Stopped" }, { quotas = { family = 10 } })
    assert.equal(400, (verb(at, "resize", { targetVMSize = "Standard_DS5_v2" })))
    -- 8 instead of 4
    assert.equal(202, (verb(at, "resize", { targetVMSize = "Standard_DS4_v2" })))
    assert.equal(409, (verb(at, "resize", { targetVMSize = "Standard_DS2_v2" })))
  end)
end)

describe("a PUT on an instance", function()
  it("that asks for all that can be asked for shows it", function()
    local at = door.open()
    local body = door.instance {
      enableOSPatching = true, enableRootAccess = false, releaseQuotaOnStop = true,
      enableSSO = false,
      autologgerSettings = { mlflowAutologger = "Enabled" },
      computeInstanceAuthorizationType = "personal",
      setupScripts = {
        scripts = {
          creationScript = {
            scriptSource = "workspaceStorage", scriptData = "Users/a.sh", timeout = "30m",
          },
        },
      },
    }
    body.identity = {
      type = "SystemAssigned,UserAssigned",
      userAssignedIdentities = { ["/subscriptions/x/id"] = {} },
    }
    assert.equal(201, (at:ask("PUT", at:path("computes/ci-ann" .. PREVIEW), body)))
    local _, value = at:ask("GET", at:path("computes/ci-ann" .. PREVIEW))
    local inner = value.properties.properties
    assert.same({ true, false, true, false, "Enabled", "personal" },
      { inner.enableOSPatching, inner.enableRootAccess, inner.releaseQuotaOnStop, inner.enableSSO,
        inner.autologgerSettings.mlflowAutologger, inner.computeInstanceAuthorizationType })
    local script = inner.setupScripts.scripts
    assert.same({ "Users/a.sh", "30m", json.null },
      { script.creationScript.scriptData, script.creationScript.timeout, script.startupScript })
    assert.is_string(value.identity.principalId)
    assert.is_string(value.identity.userAssignedIdentities["/subscriptions/x/id"].clientId)
  end)

  it("that is there is answered as one on its way, and it runs on", function()
    local at = with { ["ci-ann"] = "Running" }
    local status, value = at:ask("PUT", at:path "computes/ci-ann", door.instance())
    assert.same({ 200, "Creating", "Running" },
      { status, value.properties.provisioningState, value.properties.properties.state })
    local _, later = at:ask("GET", at:path "computes/ci-ann")
    assert.equal("Succeeded", later.properties.provisioningState)
  end)

  it("that is there refuses schedules, where that is asked for", function()
    local at = with { ["ci-ann"] = "Running" }
    local body = door.instance { schedules = { computeStartStop = json.array {} } }
    assert.equal(200, (at:ask("PUT", at:path("computes/ci-ann" .. PREVIEW), body)))
    at.emulator:behave { put = "refuse" }
    local status, value = at:ask("PUT", at:path("computes/ci-ann" .. PREVIEW), body)
    assert.equal(400, status)
    assert.is_truthy(message_of(value):find("use updateSchedules", 1, true))
    assert.equal(200, (at:ask("PUT", at:path("computes/ci-ann" .. PREVIEW), door.instance())))
  end)

  it("gives its quota back when it stops, and needs it again to start", function()
    local at = door.open { seed = { quotas = { family = 4 } } }
    assert.equal(201, (at:ask("PUT", at:path("computes/ci-ann" .. PREVIEW), door.instance {
      releaseQuotaOnStop = true,
    })))
    at.emulator:advance "10m"
    assert.equal(400, (at:ask("PUT", at:path "computes/ci-bob", door.instance())))
    assert.equal(202, (verb(at, "stop")))
    at.emulator:advance "10m"
    assert.equal(201, (at:ask("PUT", at:path "computes/ci-bob", door.instance())))
    local status, value = verb(at, "start")
    assert.equal(400, status)
    assert.is_truthy(message_of(value):find("Standard DSv2 family vCPU quota of 4", 1, true))
  end)

  it("that gave its quota back is not started by a schedule either where there is none, "
    .. "and is when there is again", function()
    local at = door.open { seed = { quotas = { family = 4 } } }
    local body = door.instance { releaseQuotaOnStop = true,
      schedules = { computeStartStop = { { action = "Start",
      triggerType = "Recurrence", recurrence = { frequency = "Hour", interval = 1 } } } } }
    assert.equal(201, (at:ask("PUT", at:path("computes/ci-ann" .. PREVIEW), body)))
    at.emulator:advance "10m"
    assert.equal(202, (verb(at, "stop")))
    at.emulator:advance "10m"
    assert.equal(201, (at:ask("PUT", at:path "computes/ci-bob", door.instance())))
    at.emulator:advance "45m"
    at.token = at.emulator:issue_token()
    local inner = inner_of(at)
    assert.same({ "Stopped", "StartFailed", "Schedule" },
      { inner.state, inner.lastOperation.operationStatus, inner.lastOperation.operationTrigger })
    assert.is_truthy(
      inner.errors[1].error.message:find("Standard DSv2 family vCPU quota of 4", 1, true))
    at:ask("DELETE", at:path "computes/ci-bob?underlyingResourceAction=Delete")
    at.emulator:advance "59m"
    assert.equal("Running", inner_of(at).state)
  end)

  it("without a public address needs a network", function()
    local at = door.open {
      seed = { workspaces = { { name = "managed", managed_network = true } } },
    }
    assert.equal(400,
      (at:ask("PUT", at:path "computes/ci-ann", door.instance { enableNodePublicIp = false })))
    assert.equal(201, (at:ask("PUT", at:path "computes/ci-ann", door.instance {
      enableNodePublicIp = false, subnet = { id = "/s" },
    })))
    at.names.workspace_name = "managed"
    assert.equal(201,
      (at:ask("PUT", at:path "computes/ci-bob", door.instance { enableNodePublicIp = false })))
    assert.equal(400,
      (at:ask("PUT", at:path "computes/ci-eve", door.instance { subnet = { id = "/s" } })))
  end)

  for _, row in ipairs {
    {
      "creationScript", "exit 3", "UserSetupFailed", "The creation script ended with exit code 3.",
    },
    {
      "startupScript", "sleep 20m", "UserSetupFailed", "The startup script did not end within 15m.",
    },
    { "creationScript", "sleep 90; exit 0", "Running" },
  } do
    it(("with the %s '%s' ends %s"):format(row[1], row[2], row[3]), function()
      local at = door.open()
      local data = require("azureml.core").crypto.base64(row[2])
      local body = door.instance {
        setupScripts = { scripts = { [row[1]] = { scriptSource = "inline", scriptData = data } } },
      }
      local status, _, headers = at:ask("PUT", at:path "computes/ci-ann", body)
      assert.equal(201, status)
      at.emulator:advance "50m"
      local _, said = at:follow(headers)
      local inner = inner_of(at)
      assert.equal(row[3], inner.state)
      assert.equal(row[4], json.get(said, "error", "message"))
      assert.equal(row[4] and "SetupScriptsError", json.get(said, "error", "code"))
      assert.equal(row[4], json.get(inner.errors[1], "error", "message"))
    end)
  end

  for _, row in ipairs {
    { { scriptSource = "inline", scriptData = "%%%" }, "is not base64" },
    { { scriptSource = "ftp", scriptData = "x" }, "one of" },
    { { scriptSource = "inline" }, "'creationScript.scriptData' is required" },
    { { scriptData = "a.sh", timeout = "soon" }, "timeout 'soon'" },
  } do
    it("is refused with a setup script of which " .. row[2], function()
      local at = door.open()
      local body = door.instance { setupScripts = { scripts = { creationScript = row[1] } } }
      local status, value = at:ask("PUT", at:path "computes/ci-ann", body)
      assert.equal(400, status)
      assert.is_truthy(message_of(value):find(row[2], 1, true), message_of(value))
    end)
  end
end)
