local spellings = require "azureml.definition.spellings"

describe("other spellings", function()
  local SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"

  local function canonical(settings)
    local spelled, findings = spellings.canonical(settings, SUBSCRIPTION)
    return spelled, findings[1] and findings[1].text, findings
  end

  it("become the fields, in a copy", function()
    local settings = { vnet_resourcegroup_name = "net", vnet_name = "v", subnet_name = "s",
      assigned_user_object_id = "o", assigned_user_tenant_id = "t", vm_size = "x" }
    assert.same({
      subnet = "/subscriptions/" .. SUBSCRIPTION
        .. "/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/s",
      assigned_user = { object_id = "o", tenant_id = "t" }, vm_size = "x",
    }, (canonical(settings)))
    assert.equal("net", settings.vnet_resourcegroup_name)
  end)

  for wanted, settings in pairs {
    ["subnet: give only one of subnet, vnet_name"] = { subnet = "x", vnet_name = "v" },
    ["assigned_user: give only one of assigned_user, assigned_user_object_id"] =
      { assigned_user = "a@b", assigned_user_object_id = "o" },
    ["admin_user_ssh_public_key: give only one of admin_user_ssh_public_key, ssh_key_file"] =
      { admin_user_ssh_public_key = "a", ssh_key_file = "b" },
    ["each a name; vnet_name is missing"] = { vnet_resourcegroup_name = "a", subnet_name = "b" },
    ["each a name; vnet_name is 'a/b'"] = { vnet_resourcegroup_name = "a", vnet_name = "a/b",
      subnet_name = "b" },
    ["ssh_key_file: must be the path of a public key, not 5"] = { ssh_key_file = 5 },
    ["ssh_key_id: must be the ARM id of a stored key"] = { ssh_key_id = "ann" },
    ["generate_ssh_key: must be a text of one line"] = { generate_ssh_key = false },
  } do
    it("are refused: " .. wanted, function()
      local _, fault = canonical(settings)
      assert.is_truthy(fault:find(wanted, 1, true), fault)
    end)
  end

  it("tell all faults", function()
    local _, _, findings = canonical { vnet_name = "v", ssh_key_id = "x" }
    assert.equal(2, #findings)
  end)
end)
