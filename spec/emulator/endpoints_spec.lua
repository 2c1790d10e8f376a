local endpoints = require "azureml.emulator.endpoints"

local OWN = "https://127.0.0.1:8443"

describe("the endpoints of the emulator's cloud", function()
  it("are all at the emulator's own origin", function()
    local found = endpoints.of(OWN, "eastus")
    assert.same({
      cloud = "AzureEmulator", resource_manager = OWN, login = OWN, graph = OWN,
      microsoft_graph = OWN .. "/graph", data_plane = OWN,
    }, found)
  end)

  for _, host in ipairs {
    "management.azure.com", "login.microsoftonline.com", "westeurope.api.azureml.ms",
    "Management.Core.Windows.net",
  } do
    it("have Azure's names for a client that came by " .. host, function()
      assert.same({
        cloud = "AzureCloud",
        resource_manager = "https://management.azure.com",
        login = "https://login.microsoftonline.com",
        graph = "https://graph.windows.net",
        microsoft_graph = "https://graph.microsoft.com",
        data_plane = "https://eastus.api.azureml.ms",
      }, endpoints.of("https://" .. host, "EastUS"))
    end)
  end

  it("keep the port", function()
    assert.equal("https://login.microsoftonline.com:8443",
      endpoints.of("https://management.azure.com:8443").login)
  end)

  it("are the own ones for a host that only looks like Azure's", function()
    for _, host in ipairs { "management.azure.com.example.org", "api.azureml.ms.org", "[::1]" } do
      local origin = "https://" .. host .. ":1"
      assert.equal(origin, endpoints.of(origin, "eastus").login)
    end
  end)
end)
