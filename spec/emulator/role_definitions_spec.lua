local door = require "spec.door"

local SUFFIX = "/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01"

describe("the role definitions", function()
  local at = door.open { seed = {
    roles = { { name = "It's mine", description = "Stop only.",
      actions = { "Microsoft.MachineLearningServices/workspaces/computes/stop/action" } } },
    users = { { name = "ann" } },
    role_assignments = { { principal = "ann", role = "It's mine" } },
  } }

  it("are listed by name, built-in and custom, with what they allow", function()
    local status, value = at:ask("GET", at:path() .. SUFFIX)
    assert.equal(200, status)
    local found, names = {}, {}
    for index, role in ipairs(value.value) do
      found[role.properties.roleName], names[index] = role, role.properties.roleName
    end
    assert.same({ "AzureML Compute Operator", "AzureML Data Scientist", "Contributor", "It's mine",
      "Owner", "Reader" }, names)
    local own = found["It's mine"].properties
    assert.same({ "CustomRole", "Stop only.", { "/subscriptions/" .. door.SUBSCRIPTION }, {} },
      { own.type, own.description, own.assignableScopes, own.permissions[1].notActions })
    local reader = found.Reader
    assert.same({ "BuiltInRole", { "*/read" }, { "/" }, "acdd72a7-3385-48ef-bd42-f606fba81ae7" },
      { reader.properties.type, reader.properties.permissions[1].actions,
        reader.properties.assignableScopes, reader.name })
    assert.equal(10, #found["AzureML Data Scientist"].properties.permissions[1].notActions)
  end)

  for filter, count in pairs {
    ["roleName eq 'reader'"] = 1, ["roleName eq 'It''s mine'"] = 1, ["roleName eq 'None'"] = 0,
  } do
    it("are found by a filter: " .. filter, function()
      local target = "/subscriptions/" .. door.SUBSCRIPTION .. SUFFIX .. "&$filter="
        .. filter:gsub(" ", "%%20")
      local status, value = at:ask("GET", target)
      assert.same({ 200, count }, { status, #value.value })
    end)
  end

  it("are refused for another filter, and without the right to read them", function()
    local scope = "/subscriptions/" .. door.SUBSCRIPTION
    local status, value = at:ask("GET", scope .. SUFFIX .. "&$filter=type%20eq%20'x'")
    assert.same({ 400, "BadRequest" }, { status, value.error.code })
    at:use(at.emulator.directory:user "ann")
    status, value = at:ask("GET", scope .. SUFFIX)
    assert.same({ 403, "AuthorizationFailed" }, { status, value.error.code })
  end)
end)
