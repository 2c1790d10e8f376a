local json = require "azureml.json"
local spec = require "azureml.definition.spec"

describe("what a new instance shall be", function()
  local SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
  local KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ= ann@home"
  local OID, TID = "22222222-2222-2222-2222-222222222222", "33333333-3333-3333-3333-333333333333"

  local function refusal(f, ...)
    local ok, err = pcall(f, ...)
    assert.is_false(ok)
    return type(err) == "table" and err.message or err
  end

  it("without options is the smallest body that the service takes", function()
    assert.equal('{"properties":{"computeType":"ComputeInstance","properties":{'
      .. '"sshSettings":{"sshPublicAccess":"Disabled"},"vmSize":"STANDARD_DS3_V2"}}}',
      json.encode(spec.body()))
  end)

  it("with every option has each in its place", function()
    local body = spec.body({
      vm_size = "Standard_D2s_v3", ssh_public_access = true,
      admin_user_ssh_public_key = KEY .. "\n", tags = { team = "vision" },
      vnet_resourcegroup_name = "net", vnet_name = "vnet", subnet_name = "default",
      description = "for Ann",
      idle_time_before_shutdown = "2h", enable_node_public_ip = false,
      application_sharing_policy = "Personal",
      schedules = { { action = "stop", cron = "0 18 * * *" } },
      setup_scripts = { creation_script = { path = "setup.sh" } },
      custom_services = { { name = "a", image = "b" } }, identity = "systemassigned",
      enable_sso = false, enable_root_access = false,
      enable_os_patching = true, release_quota_on_stop = true,
    }, SUBSCRIPTION)
    local inner = body.properties.properties
    assert.equal("for Ann", body.properties.description)
    assert.same({ team = "vision" }, body.tags)
    assert.same({ type = "SystemAssigned" }, body.identity)
    assert.same({ sshPublicAccess = "Enabled", adminPublicKey = KEY }, inner.sshSettings)
    assert.equal("/subscriptions/" .. SUBSCRIPTION .. "/resourceGroups/net/providers"
      .. "/Microsoft.Network/virtualNetworks/vnet/subnets/default", inner.subnet.id)
    assert.equal("PT120M", inner.idleTimeBeforeShutdown)
    assert.equal("Stop", inner.schedules.computeStartStop[1].action)
    assert.equal("setup.sh", inner.setupScripts.scripts.creationScript.scriptData)
    assert.equal("b", inner.customServices[1].image.reference)
    assert.same({ false, false, false, true, true }, { inner.enableNodePublicIp, inner.enableSSO,
      inner.enableRootAccess,
      inner.enableOSPatching, inner.releaseQuotaOnStop })
    assert.equal("Personal", inner.applicationSharingPolicy)
  end)

  it("may be for another user", function()
    local body = spec.body { assigned_user_object_id = OID, assigned_user_tenant_id = TID }
    assert.same({ assignedUser = { objectId = OID, tenantId = TID } },
      body.properties.properties.personalComputeInstanceSettings)
  end)

  it("may have identities that exist already", function()
    local id = "/subscriptions/" .. SUBSCRIPTION
      .. "/resourceGroups/ml/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader"
    assert.equal(('{"type":"UserAssigned","userAssignedIdentities":{"%s":{}}}'):format(id),
      json.encode(spec.body({ identity = { id } }).identity))
  end)

  for given, wanted in pairs {
    ["15m"] = "PT15M", ["72h"] = "PT4320M", ["3d"] = "PT4320M", PT30M = "PT30M", pt2h = "PT120M",
    P1D = "PT1440M",
  } do
    it(("takes an idle time of %s"):format(given), function()
      assert.equal(wanted, spec.body({
        idle_time_before_shutdown = given,
      }).properties.properties.idleTimeBeforeShutdown)
    end)
  end

  for _, row in ipairs {
    { { vm_size = "big" }, "'big' cannot be a vm_size: a size is a name such as STANDARD_DS3_V2" },
    { { ssh_public_access = true }, "needs admin_user_ssh_public_key" },
    { { admin_user_ssh_public_key = "ssh-ed25519 AAAAC3" }, "must be an RSA public key" },
    { { admin_user_ssh_public_key = "-----BEGIN RSA PRIVATE KEY-----" },
      "this one is a private key, keep it to yourself" },
    { { vnet_name = "vnet" },
      "a virtual network needs all of vnet_resourcegroup_name, vnet_name, subnet_name" },
    { { assigned_user_object_id = OID }, "needs both ids: assigned_user_tenant_id must be a GUID" },
    {
      { assigned_user_object_id = OID, assigned_user_tenant_id = TID,
        admin_user_ssh_public_key = KEY },
      "takes no SSH key",
    },
    { { idle_time_before_shutdown = "14m" }, "from 15 minutes to 3 days" },
    { { idle_time_before_shutdown = "4d" }, "from 15 minutes" },
    { { idle_time_before_shutdown = "soon" }, "is 'soon'" },
    { { tags = { "vision" } }, "tags must be texts by name" },
    { { tags = { team = 1 } }, "tags must be texts by name" },
    { { tags = { [("x"):rep(513)] = "a" } }, "is too long" },
    { { tags = { a = ("x"):rep(257) } }, "is too long" },
    { { application_sharing_policy = "Public" }, "is 'Personal' or 'Shared', not 'Public'" },
    { { identity = "UserAssigned" }, "identity is 'SystemAssigned' or a list of ids" },
    { { identity = {} }, "a list of ids" },
    { { identity = { "reader" } }, "'reader' is not the ARM id of a user%-assigned identity" },
    { { vm_sise = "x" }, "create has no option 'vm_sise'" },
  } do
    it("is refused with the rule: " .. row[2]:gsub("%%", ""), function()
      assert.matches(row[2], refusal(spec.body, row[1], SUBSCRIPTION))
    end)
  end
end)
