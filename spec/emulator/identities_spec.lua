local identities = require "azureml.emulator.identities"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"

local count = 0

local function guid()
  count = count + 1
  return "guid-" .. count
end

local function shown(given)
  count = 0
  return identities.show(identities.make(identities.read(given), guid, "tenant"))
end

describe("an identity", function()
  for name, row in pairs {
    ["of the system"] = {
      { type = "SystemAssigned" },
      { type = "SystemAssigned", principalId = "guid-1", tenantId = "tenant" },
    },
    ["of users"] =
      { { type = "userassigned", userAssignedIdentities = { ["/b"] = {}, ["/a"] = json.null } },
        { type = "UserAssigned",
      userAssignedIdentities = { ["/a"] = { principalId = "guid-1", clientId = "guid-2" },
        ["/b"] = { principalId = "guid-3", clientId = "guid-4" } } } },
    ["of both"] =
      { { type = "SystemAssigned, UserAssigned", userAssignedIdentities = { ["/a"] = {} } },
      { type = "SystemAssigned,UserAssigned", principalId = "guid-1", tenantId = "tenant",
        userAssignedIdentities = { ["/a"] = { principalId = "guid-2", clientId = "guid-3" } } } },
    ["of none"] = { { type = "None" }, { type = "None", userAssignedIdentities = json.null } },
  } do
    it(name .. " is made up and shown", function() assert.same(row[2], shown(row[1])) end)
  end

  it("that is absent is none", function()
    assert.is_nil(shown(nil))
    assert.is_nil(shown(json.null))
  end)

  for says, given in pairs {
    ["one of None, SystemAssigned"] = { type = "Mine" }, ["'identity.type' is required"] = {},
    ["'identity' must be an object"] = "x",
    ["'identity.userAssignedIdentities' is required"] = { type = "UserAssigned" },
    ["'userAssignedIdentities' must be an object"] = {
      type = "UserAssigned", userAssignedIdentities = json.array { "/a" },
    },
  } do
    it("is refused where " .. says, function()
      local ok, raised = pcall(identities.read, given)
      assert.is_true(not ok and refusal.is(raised), tostring(raised))
      assert.is_truthy(raised.message:find(says, 1, true), raised.message)
    end)
  end
end)
