local door = require "spec.door"

local BOB = "bbbbbbbb-0000-0000-0000-00000000000b"

describe("what the emulator shows", function()
  local at = door.open()
  at:ask("PUT", at:path "computes/ci-ann", door.instance { personalComputeInstanceSettings = {
    assignedUser = { objectId = BOB, tenantId = BOB } } })

  it("of an instance created on behalf of another user names that user", function()
    local _, value = at:ask("GET", at:path "computes/ci-ann")
    local inner = value.properties.properties
    assert.same({ "personal", BOB, at.emulator.owner.object_id },
      { inner.computeInstanceAuthorizationType,
        inner.personalComputeInstanceSettings.assignedUser.objectId, inner.createdBy.userId })
  end)

  it("of a workspace: where it is and what lies in it", function()
    local _, value = at:ask("GET", at:path())
    assert.same({ at:path(), "eastus", "Succeeded", at.names.tenant_id },
      { value.id, value.location, value.properties.provisioningState, value.properties.tenantId })
  end)

  it("of usages: one row each for computes, cores and every family", function()
    local _, value = at:ask("GET", at:region "usages")
    local rows = {}
    for _, row in ipairs(value.value) do rows[row.name.value] = row end
    assert.equal(1, rows.TotalClusters.currentValue)
    assert.equal(4, rows.TotalDedicatedCores.currentValue)
    assert.equal(4, rows.standardDSv2Family.currentValue)
    assert.equal(0, rows.standardNCFamily.limit)
    assert.equal("/subscriptions/" .. door.SUBSCRIPTION .. "/usages/Standard_NCASv3_T4_Family",
      rows["Standard NCASv3_T4 Family"].id)
  end)

  it("of a failed creation: the error, where the service puts it", function()
    local broken = door.open()
    broken.emulator:fault {
      match = { verb = "create" },
      answer = { operation = "Failed", code = "NoCapacity", message = "none left" },
    }
    broken:ask("PUT", broken:path "computes/ci-ann", door.instance())
    broken.emulator:advance "30m"
    local _, value = broken:ask("GET", broken:path "computes/ci-ann")
    assert.same({ "Failed", "CreateFailed", "NoCapacity" },
      { value.properties.provisioningState, value.properties.properties.state,
      value.properties.properties.errors[1].error.code })
  end)
end)
