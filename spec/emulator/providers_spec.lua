local door = require "spec.door"
local versions = require "azureml.emulator.versions"

describe("the resource provider", function()
  local at = door.open()
  local base = "/subscriptions/" .. door.SUBSCRIPTION .. "/providers"

  local function types()
    local _, provider = at:ask("GET", base .. "/Microsoft.MachineLearningServices"
      .. "?api-version=2021-04-01")
    local found = {}
    for _, each in ipairs(provider.resourceTypes) do found[each.resourceType] = each end
    return found, provider
  end

  it("is registered, and lists its types with their versions, the newest first", function()
    local found, provider = types()
    assert.same({ "Microsoft.MachineLearningServices", "Registered" },
      { provider.namespace, provider.registrationState })
    local known = found["workspaces/computes"].apiVersions
    assert.same({ #versions.list, versions.list[#versions.list], versions.list[1] },
      { #known, known[1], known[#known] })
    assert.equal("2022-02-01-preview", (function(list) return list[#list] end)(
      found["workspaces/jobs"].apiVersions))
  end)

  it("has only types and versions that are served", function()
    for _, version in ipairs(types()["workspaces/computes"].apiVersions) do
      assert.equal(200, (at:ask("GET", at:path("computes?api-version=" .. version))), version)
    end
  end)

  it("is the only provider", function()
    local _, all = at:ask("GET", base .. "?api-version=2021-04-01")
    assert.same({ 1, select(2, types()).id }, { #all.value, all.value[1].id })
    local status, value = at:ask("GET", base .. "/Microsoft.Storage?api-version=2021-04-01")
    assert.same({ 404, "InvalidResourceNamespace" }, { status, value.error.code })
  end)
end)
