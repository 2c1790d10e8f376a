local door = require "spec.door"

local SUFFIX = "/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
local GROUP = ("/subscriptions/%s/resourceGroups/emulator"):format(door.SUBSCRIPTION)

describe("the caller's permissions", function()
  local at = door.open { seed = {
    users = { { name = "ann" }, { name = "eve" } },
    roles = { { name = "Stopper", actions = {
      "Microsoft.MachineLearningServices/workspaces/computes/stop/action" } } },
    role_assignments = {
      { principal = "ann", role = "AzureML Data Scientist", workspace_name = "emulator" },
      { principal = "ann", role = "Stopper", resource_group = "emulator" },
    },
  } }

  local function ask(name, scope)
    at:use(name == "owner" and at.emulator.owner or at.emulator.directory:user(name))
    local status, value = at:ask("GET", scope .. SUFFIX)
    assert.equal(200, status)
    return value.value
  end

  it("are an item for each assignment at the scope or above", function()
    local here = ask("ann", at:path "computes/ci-ann")
    assert.equal(2, #here)
    local wildcards, stops = 0, 0
    for _, item in ipairs(here) do
      assert.same({ {}, {} }, { item.dataActions, item.notDataActions })
      if #item.notActions > 0 then wildcards = wildcards + 1 end
      if item.actions[1]:find "stop/action$" then stops = stops + 1 end
    end
    assert.same({ 1, 1 }, { wildcards, stops })
    assert.equal(2, #ask("ann", at:path()))
    assert.equal(1, #ask("ann", GROUP))
    assert.same({}, ask("ann", "/subscriptions/" .. door.SUBSCRIPTION))
  end)

  it("of an owner are all", function()
    local items = ask("owner", at:path "computes/not-yet-there")
    assert.same({ { "*" }, {} }, { items[1].actions, items[1].notActions })
  end)

  it("of a caller without a role are none", function()
    assert.same({}, ask("eve", at:path()))
  end)

  it("are told of a subnet too", function()
    local subnet = "/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
    assert.equal(1, #ask("ann", GROUP .. subnet))
  end)

  it("are refused to a caller without a token, and for what is not there", function()
    at.token = "nonsense"
    assert.equal(401, (at:ask("GET", GROUP .. SUFFIX)))
    at:use(at.emulator.owner)
    local status, value = at:ask("GET", GROUP:gsub("emulator$", "nowhere") .. SUFFIX)
    assert.same({ 404, "ResourceGroupNotFound" }, { status, value.error.code })
  end)

  it("can be refused by plan", function()
    at.emulator:fault { trouble = "forbidden", match = { path = "/permissions$" } }
    local status, value = at:ask("GET", GROUP .. SUFFIX)
    assert.same({ 403, "AuthorizationFailed" }, { status, value.error.code })
  end)
end)
