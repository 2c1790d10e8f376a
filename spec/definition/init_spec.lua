local definition = require "azureml.definition"
local json = require "azureml.json"

describe("the definition of an instance", function()
  local SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
  local KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ= ann@home"
  local OID, TID = "22222222-2222-2222-2222-222222222222", "33333333-3333-3333-3333-333333333333"

  local function body_of(options)
    return definition.body(definition.checked("create", options, SUBSCRIPTION))
  end

  local function refusal(options)
    local ok, err = pcall(body_of, options)
    assert.is_false(ok)
    return type(err) == "table" and err.message or err
  end

  it("without options is the smallest body that the service takes", function()
    assert.equal('{"properties":{"computeType":"ComputeInstance","properties":{'
      .. '"sshSettings":{"sshPublicAccess":"Disabled"},"vmSize":"STANDARD_DS3_V2"}}}',
      json.encode(body_of()))
  end)

  it("with every option has each in its place", function()
    local body = body_of {
      vm_size = "Standard_D2s_v3", ssh_public_access = true,
      admin_user_ssh_public_key = KEY .. "\n", tags = { team = "vision" },
      vnet_resourcegroup_name = "net", vnet_name = "vnet", subnet_name = "default",
      description = "for Ann", idle_time_before_shutdown = "2h", enable_node_public_ip = false,
      application_sharing_policy = "Personal",
      schedules = { { action = "stop", cron = "0 18 * * *" } },
      setup_scripts = { creation_script = { path = "setup.sh" } },
      custom_services = { { name = "a", image = "b" } }, identity = "systemassigned",
      enable_sso = false, enable_root_access = false, enable_os_patching = true,
      release_quota_on_stop = true, disable_local_auth = true, extra = { newSetting = 1 },
    }
    local inner = body.properties.properties
    assert.equal("for Ann", body.properties.description)
    assert.is_true(body.properties.disableLocalAuth)
    assert.same({ team = "vision" }, body.tags)
    assert.same({ type = "SystemAssigned" }, body.identity)
    assert.same({ sshPublicAccess = "Enabled", adminPublicKey = KEY }, inner.sshSettings)
    assert.equal("/subscriptions/" .. SUBSCRIPTION .. "/resourceGroups/net/providers"
      .. "/Microsoft.Network/virtualNetworks/vnet/subnets/default", inner.subnet.id)
    assert.equal("PT120M", inner.idleTimeBeforeShutdown)
    assert.equal("Stop", inner.schedules.computeStartStop[1].action)
    assert.equal("setup.sh", inner.setupScripts.scripts.creationScript.scriptData)
    assert.equal("b", inner.customServices[1].image.reference)
    assert.same({ false, false, false, true, true, 1 }, { inner.enableNodePublicIp,
      inner.enableSSO, inner.enableRootAccess, inner.enableOSPatching, inner.releaseQuotaOnStop,
      inner.newSetting })
    assert.equal("Personal", inner.applicationSharingPolicy)
  end)

  it("may be for another user", function()
    local body = body_of { assigned_user_object_id = OID, assigned_user_tenant_id = TID }
    assert.same({ assignedUser = { objectId = OID, tenantId = TID } },
      body.properties.properties.personalComputeInstanceSettings)
  end)

  for _, row in ipairs {
    { { vm_size = "big" }, "vm_size: must be a size such as STANDARD_DS3_V2, not 'big'" },
    { { admin_user_ssh_public_key = "ssh-ed25519 AAAAC3" },
      "admin_user_ssh_public_key: must be an RSA public key: .* this one is ssh%-ed25519" },
    { { admin_user_ssh_public_key = "-----BEGIN RSA PRIVATE KEY-----" },
      "this one is a private key, keep it to yourself" },
    { { vnet_name = "vnet" },
      "a virtual network needs all of vnet_resourcegroup_name, vnet_name, subnet_name" },
    { { assigned_user_object_id = OID }, "assigned_user: needs both ids of the user: tenant_id" },
    {
      { assigned_user_object_id = OID, assigned_user_tenant_id = TID,
        admin_user_ssh_public_key = KEY },
      "takes no SSH key",
    },
    { { idle_time_before_shutdown = "14m" }, "from 15 minutes to 3 days" },
    { { idle_time_before_shutdown = "4d" }, "from 15 minutes" },
    { { idle_time_before_shutdown = "soon" }, "not 'soon'" },
    { { idle_time_before_shutdown = "PT930S" }, "must be whole minutes" },
    { { tags = { "vision" } }, "tags: must be texts by name" },
    { { tags = { team = 1 } }, "tags: must be texts by name" },
    { { tags = { [("x"):rep(513)] = "a" } }, "is too long" },
    { { tags = { a = ("x"):rep(257) } }, "is too long" },
    { { tags = { Team = "a", team = "b" } }, "differ in case only" },
    { { application_sharing_policy = "Public" }, "must be 'Personal' or 'Shared', not 'Public'" },
    { { identity = "UserAssigned" }, "identity: must be 'SystemAssigned' or a list of ids" },
    { { identity = {} }, "a list of ids" },
    { { identity = { "reader" } }, "ARM ids of user%-assigned identities: .*, not 'reader'" },
    { { vm_sise = "x" }, "create has no option 'vm_sise'" },
    { { extra = { VMSIZE = "x" } }, "extra: VMSIZE is the option vm_size" },
    { { vm_size = "big", tags = 5 }, "vm_size: .*; tags: " },
  } do
    it("is refused with the rule: " .. row[2]:gsub("%%", ""), function()
      assert.matches(row[2], refusal(row[1]))
    end)
  end

  it("refuses extra members that contain themselves, or each other many times over", function()
    local cyclic = {}
    cyclic.a = cyclic
    assert.matches("extra: is nested too deeply, or contains itself", refusal { extra = cyclic })
    local wide = { a = 1 }
    for _ = 1, 30 do wide = { a = wide, b = wide } end
    assert.matches("extra: has more than 10000 values", refusal { extra = wide })
  end)

  it("shares no table with the caller or with other definitions", function()
    local first = definition.checked("create", { tags = false, custom_services = false })
    first.tags.a, first.custom_services[1] = "b", {}
    local second = definition.checked("create", { tags = false, custom_services = false })
    assert.same({}, second.tags)
    assert.same({}, second.custom_services)
  end)

  describe("beside an instance", function()
    local function differences(options, vm)
      return definition.differences(definition.checked("ensure", options), vm)
    end

    it("names what differs, wanted and actual", function()
      local list = differences({ vm_size = "STANDARD_A_V2", enable_sso = true },
        { vm_size = "STANDARD_B_V2" })
      assert.equal(1, #list)
      assert.equal("vm_size is STANDARD_B_V2, not STANDARD_A_V2", list[1].text)
      assert.equal("resize", list[1].change)
    end)

    it("lists what the service does not return", function()
      local list, hidden = differences({ enable_root_access = false }, {})
      assert.same({}, list)
      assert.same({ "enable_root_access" }, hidden)
    end)

    it("shows no secrets of services and scripts", function()
      local function service(value)
        return { { name = "a", image = "b", environment_variables = { KEY = value } } }
      end
      local function scripts(arguments)
        return { startup_script = { path = "a.sh", arguments = arguments } }
      end
      local vm = definition.checked("create", { custom_services = service "s3cret1",
        setup_scripts = scripts "s3cret2" })
      local text = definition.describe(differences({ custom_services = service "s3cret3",
        setup_scripts = scripts "s3cret4" }, vm))
      assert.equal("setup_scripts differs in values that are not shown here; "
        .. "custom_services differs in values that are not shown here", text)
      text = definition.describe(differences({ custom_services = {}, setup_scripts = {} }, vm))
      assert.is_nil(text:find "s3cret")
      assert.matches('"KEY":"%*%*%*"', text)
    end)
  end)
end)
