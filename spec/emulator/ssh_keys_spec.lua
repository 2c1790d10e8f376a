local door = require "spec.door"

local KEY = "ssh-rsa AAAAB3NzaC1yc2E= ann"

local function id(group, name)
  return ("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Compute/sshPublicKeys/%s")
    :format(door.SUBSCRIPTION, group, name)
end

local function path(group, name) return id(group, name) .. "?api-version=2024-07-01" end

describe("a stored SSH key", function()
  local at = door.open { seed = { users = { { name = "eve" } }, ssh_keys = {
    { name = "Ann", public_key = KEY }, { name = "empty", resource_group = "keys" },
  } } }

  it("is shown with its public part", function()
    local status, value = at:ask("GET", path("emulator", "ann"))
    assert.same({ 200, "Ann", "eastus", KEY, id("emulator", "Ann") },
      { status, value.name, value.location, value.properties.publicKey, value.id })
  end)

  it("may have no public part yet", function()
    local status, value = at:ask("GET", path("keys", "empty"))
    assert.same({ 200, {} }, { status, value.properties })
  end)

  for _, row in ipairs {
    { path("emulator", "bob"), 404, "ResourceNotFound",
      "The Resource 'Microsoft.Compute/sshPublicKeys/bob' under resource group 'emulator'" },
    { path("nowhere", "ann"), 404, "ResourceGroupNotFound", "'nowhere'" },
  } do
    it("is refused: " .. row[3] .. " " .. row[4], function()
      local status, value = at:ask("GET", row[1])
      assert.same({ row[2], row[3] }, { status, value.error.code })
      assert.is_truthy(value.error.message:find(row[4], 1, true), value.error.message)
    end)
  end

  it("is read with a right of its own", function()
    local token = at.token
    at:use(at.emulator.directory:user "eve")
    assert.equal(403, (at:ask("GET", path("emulator", "ann"))))
    at.token = token
  end)
end)
