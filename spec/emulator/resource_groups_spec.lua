local door = require "spec.door"

describe("resource groups", function()
  local at = door.open { seed = {
    applications = { { name = "robot" } },
    workspaces = { { name = "far", resource_group = "Second", location = "westeurope" } },
  } }
  local base = "/subscriptions/" .. door.SUBSCRIPTION .. "/resourcegroups"

  it("are listed by name, by pages", function()
    at.emulator:set_page_size(1)
    local _, first = at:ask("GET", base .. "?api-version=2021-04-01")
    local _, second = at:ask("GET", (first.nextLink:gsub("^http://[^/]+", "")))
    at.emulator:set_page_size(100)
    assert.same({ "emulator", "Second" }, { first.value[1].name, second.value[1].name })
    assert.is_nil(second.nextLink)
  end)

  it("say where they are", function()
    local status, group = at:ask("GET", base .. "/SECOND?api-version=2021-04-01")
    assert.same({ 200, "Second", "westeurope", "Succeeded", "Microsoft.Resources/resourceGroups" },
      { status, group.name, group.location, group.properties.provisioningState, group.type })
  end)

  it("exist or do not", function()
    assert.equal(204, (at:ask("HEAD", base .. "/second?api-version=2021-04-01")))
    local status, value = at:ask("GET", base .. "/third?api-version=2021-04-01")
    assert.same({ 404, "ResourceGroupNotFound" }, { status, value.error.code })
  end)

  it("take any day as a version, and nothing else", function()
    local status, value = at:ask("GET", base .. "/second?api-version=newest")
    assert.same({ 400, "InvalidApiVersionParameter" }, { status, value.error.code })
  end)

  it("are refused to a principal without a role, and are only read", function()
    assert.equal(405, (at:ask("PUT", base .. "/second?api-version=2021-04-01", "{}")))
    at:use(at.emulator.directory:principal "robot")
    local status, value = at:ask("GET", base .. "/second?api-version=2021-04-01")
    assert.equal(403, status)
    assert.is_truthy(value.error.message:find(
      "'Microsoft.Resources/subscriptions/resourceGroups/read'", 1, true), value.error.message)
  end)
end)
