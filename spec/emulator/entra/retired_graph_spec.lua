local door = require "spec.door"

describe("the retired Azure AD Graph", function()
  it("refuses whatever a client asks of a user", function()
    local at = door.open()
    local path = ("/%s/users/%s?api-version=1.6"):format(at.names.tenant_id, door.SUBSCRIPTION)
    local status, value = at:ask("GET", path)
    assert.same({ 403, "Authentication_Unauthorized" }, { status, value["odata.error"].code })
    assert.equal(405, (at:ask("DELETE", path)))
  end)
end)
