local door = require "spec.door"

local function names(value)
  local found = {}
  for i, one in ipairs(value.value) do found[i] = one.name end
  return table.concat(found, " ")
end

describe("workspaces", function()
  local at = door.open { seed = { workspaces = {
    { name = "team" },
    { name = "other", resource_group = "Second", location = "westeurope", managed_network = true },
    { name = "far", subscription_id = "99999999-1111-1111-1111-111111111111" },
  } } }
  local base = "/subscriptions/" .. door.SUBSCRIPTION
  local below = "/providers/Microsoft.MachineLearningServices/workspaces"

  it("are listed by subscription and by group", function()
    assert.equal("emulator other team", names(select(2, at:ask("GET", base .. below))))
    assert.equal("other",
      names(select(2, at:ask("GET", base .. "/resourceGroups/SECOND" .. below))))
  end)

  it("are listed by pages", function()
    at.emulator:set_page_size(2)
    local _, first = at:ask("GET", base .. below)
    local _, second = at:ask("GET", (first.nextLink:gsub("^http://[^/]+", "")))
    assert.same({ "emulator other", "team", nil }, { names(first), names(second), second.nextLink })
    at.emulator:set_page_size(100)
  end)

  it("say where they are, and whether their network is managed", function()
    local _, value = at:ask("GET", base .. "/resourceGroups/second" .. below .. "/OTHER")
    assert.same({ "other", "westeurope", "AllowInternetOutbound" },
      { value.name, value.location, value.properties.managedNetwork.isolationMode })
    assert.equal(404, (at:ask("GET", base .. "/resourceGroups/second" .. below .. "/team")))
  end)

  it("name what they stand on, and where their runs are kept", function()
    local _, value = at:ask("GET", at:path(), nil, { host = "127.0.0.1:8080" })
    for name, kind in pairs {
      storageAccount = "Microsoft.Storage/storageAccounts", keyVault = "Microsoft.KeyVault/vaults",
      applicationInsights = "Microsoft.Insights/components",
      containerRegistry = "Microsoft.ContainerRegistry/registries",
    } do
      assert.equal(base .. "/resourceGroups/emulator/providers/" .. kind,
        value.properties[name]:match "^(.*)/[%l%d]+$", name)
    end
    assert.equal("azureml://127.0.0.1:8080/mlflow/v1.0" .. at:path(),
      value.properties.mlFlowTrackingUri)
  end)

  it("are reached with the double slash of a client whose endpoint ends with one", function()
    at:use(at.emulator.reader)
    assert.equal(200, (at:ask("GET", "/" .. at:path "computes")))
    at:use(at.emulator.owner)
  end)

  it("give a token for their notebooks, another each time", function()
    local status, one = at:ask("POST", at:path "listNotebookAccessToken")
    local _, other = at:ask("POST", at:path "listNotebookAccessToken")
    assert.same({ 200, "Bearer", 28800, "aznb_identity" },
      { status, one.tokenType, one.expiresIn, one.scope })
    assert.are_not.equal(one.accessToken, other.accessToken)
    assert.is_truthy(one.hostName:find "%.notebooks%.azure%.net$")
  end)
end)
