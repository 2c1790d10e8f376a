local identity = require "azureml.definition.identity"
local json = require "azureml.json"

describe("managed identities", function()
  local ID = "/subscriptions/1/resourceGroups/ml/providers/Microsoft.ManagedIdentity"
    .. "/userAssignedIdentities/reader"

  it("are the system's, the user's, both or none", function()
    for choice, kind in pairs {
      SystemAssigned = "SystemAssigned", none = "None", [{ ID }] = "UserAssigned",
      [{ ID, "systemassigned" }] = "SystemAssigned,UserAssigned", [false] = "None",
    } do
      assert.equal(kind, identity.write(identity.check(choice)).type)
    end
    assert.equal(('{"type":"UserAssigned","userAssignedIdentities":{"%s":{}}}'):format(ID),
      json.encode(identity.write(identity.check { ID })))
  end)

  it("name an identity once, in any case", function()
    assert.same({ ID }, identity.check({ ID, ID:upper() }).user_assigned)
    local wanted = identity.check { ID:upper() }
    assert.is_true(identity.same(wanted, identity.read {
      type = "UserAssigned", userAssignedIdentities = { [ID] = { clientId = "x" } } }))
    assert.is_false(identity.same(wanted, nil))
    assert.is_true(identity.same(identity.check(false), nil))
  end)

  it("may be those of another instance", function()
    local read = identity.read { type = "SystemAssigned, UserAssigned", principalId = "p",
      userAssignedIdentities = { [ID] = {} } }
    assert.same({ system_assigned = true, user_assigned = { ID } }, identity.check(read))
  end)

  for index, wrong in ipairs {
    "UserAssigned", {}, 5, true, { "reader" }, { ID, x = 1 }, { ID .. "\n" }, { 5 },
    { user_assigned = "abc" }, { system_assigned = "yes" }, { user_assigned = { 5 } },
    { name = ID },
  } do
    it("are refused with a fault: " .. index, function()
      local canonical, fault = identity.check(wrong)
      assert.is_nil(canonical)
      assert.is_string(fault)
    end)
  end
end)
