local door = require "spec.door"

local SECOND = "99999999-9999-9999-9999-999999999999"

local function open()
  local at = door.open {
    seed = {
      workspaces = { { subscription_id = SECOND, name = "team" } },
      applications = { { name = "robot" } },
    },
  }
  return at, at.emulator.directory:principal "robot"
end

describe("tenants and subscriptions", function()
  it("are listed to who may read them", function()
    local at = open()
    local status, value, headers = at:ask("GET", "/subscriptions?api-version=2022-12-01")
    assert.equal(200, status)
    assert.same({ door.SUBSCRIPTION, SECOND },
      { value.value[1].subscriptionId, value.value[2].subscriptionId })
    assert.same({ "Enabled", at.names.tenant_id },
      { value.value[1].state, value.value[1].tenantId })
    assert.equal("249", headers["x-ms-ratelimit-remaining-tenant-reads"])
    local _, tenants = at:ask("GET", "/tenants?api-version=2022-12-01")
    assert.equal(at.names.tenant_id, tenants.value[1].tenantId)
  end)

  it("are listed only for a principal with a role somewhere in them", function()
    local at, robot = open()
    at:use(robot)
    local _, none = at:ask("GET", "/subscriptions")
    assert.same({}, none.value)
    assert.equal(403, (at:ask("GET", "/subscriptions/" .. SECOND)))
    at.emulator.roles:assign {
      principal_id = robot.object_id,
      role = "AzureML Data Scientist",
      scope = "/subscriptions/" .. SECOND .. "/resourceGroups/emulator"
        .. "/providers/Microsoft.MachineLearningServices/workspaces/team",
    }
    local _, one = at:ask("GET", "/subscriptions")
    assert.same({ 1, SECOND }, { #one.value, one.value[1].subscriptionId })
    assert.equal(200, (at:ask("GET", "/subscriptions/" .. SECOND)))
    assert.equal(403, (at:ask("GET", "/subscriptions/" .. door.SUBSCRIPTION)))
  end)

  it("want a token, a version and GET", function()
    local at = open()
    assert.equal(401, (at:send {
      method = "GET", target = "/subscriptions?api-version=2022-12-01", headers = {}, body = "",
    }))
    local headers = { authorization = "Bearer " .. at.token }
    assert.equal(400,
      (at:send { method = "GET", target = "/subscriptions", headers = headers, body = "" }))
    assert.equal(405, (at:ask("PUT", "/subscriptions")))
    local status, value = at:ask("GET", "/subscriptions/" .. at.names.tenant_id)
    assert.same({ 404, "SubscriptionNotFound" }, { status, value.error.code })
  end)
end)
