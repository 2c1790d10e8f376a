local az = require "azureml.cli.az.definition"
local definition = require "azureml.definition"
local exporting = require "azureml.cli.az.exporting"

describe("a definition with az's names", function()
  local SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
  local ID = "/subscriptions/" .. SUBSCRIPTION .. "/resourceGroups/r/providers/"

  local function check(settings)
    return definition.checked("spec", settings, SUBSCRIPTION)
  end

  it("is read again as it was", function()
    for _, settings in ipairs {
      { vm_size = "STANDARD_DS3_V2", description = "d", tags = { a = "b" } },
      { idle_time_before_shutdown = "30m", enable_sso = false, enable_root_access = false },
      { identity = "SystemAssigned" },
      { identity = { ID .. "Microsoft.ManagedIdentity/userAssignedIdentities/x" } },
      { schedules = { "stop weekdays 18:00 Europe/Amsterdam", { action = "start", recurrence = {
        frequency = "week", interval = 1, hours = { 8 }, minutes = { 15 }, week_days = { "monday" },
      } } } },
      { setup_scripts = { creation_script = { path = "a.sh", arguments = "x", timeout = "20m" } } },
      { subnet = ID .. "Microsoft.Network/virtualNetworks/v/subnets/s" },
      { ssh_public_access = true,
        admin_user_ssh_public_key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ==" },
      { assigned_user_object_id = SUBSCRIPTION, assigned_user_tenant_id = SUBSCRIPTION },
    } do
      local wanted = check(settings)
      local written, ours = exporting.az(wanted)
      assert.same({}, ours)
      written.name = "ci-ann"
      local ws = { subscription_id = SUBSCRIPTION, resource_group = "r" }
      assert.same(wanted, check(select(2, az.settings(written, ws))))
    end
  end)

  it("keeps our names for what az cannot say", function()
    local written, ours = exporting.az(check {
      disable_local_auth = true, custom_services = { { name = "a", image = "b" } },
      setup_scripts = { creation_script = { text = "#!/bin/sh" } },
    })
    assert.same({ "custom_services", "disable_local_auth", "setup_scripts" }, ours)
    assert.is_true(written.disable_local_auth)
    assert.equal("#!/bin/sh", written.setup_scripts.creation_script.text)
  end)
end)
