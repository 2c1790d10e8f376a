local cloud = require "azureml.cloud"

describe("clouds", function()
  it("have their own authority, Resource Manager and scope", function()
    for name, row in pairs {
      AzureCloud = { "login.microsoftonline.com", "management.azure.com" },
      AzureUSGovernment = { "login.microsoftonline.us", "management.usgovcloudapi.net" },
      AzureChinaCloud = { "login.chinacloudapi.cn", "management.chinacloudapi.cn" },
    } do
      local one = cloud.of(name)
      assert.same({
        "https://" .. row[1], "https://" .. row[2], "https://" .. row[2] .. "/.default",
      },
        { one.authority, one.resource_manager, one.scope })
    end
  end)

  it("are the public one where none is named", function()
    assert.equal(cloud.of "AzureCloud", cloud.of(nil))
  end)

  it("may be one's own, with all three fields", function()
    local own = {
      authority = "https://login.example", resource_manager = "https://arm.example",
      scope = "https://arm.example/.default",
    }
    assert.equal(own, cloud.of(own))
    own.scope = nil
    assert.error_matches(function() cloud.of(own) end,
      "a custom cloud needs the field 'scope', a string")
  end)

  it("have their own Microsoft Graph", function()
    for name, host in pairs {
      AzureCloud = "graph.microsoft.com", AzureUSGovernment = "graph.microsoft.us",
      AzureChinaCloud = "microsoftgraph.chinacloudapi.cn",
    } do
      local endpoint, scope = cloud.graph(name)
      assert.equal("https://" .. host, endpoint)
      assert.equal("https://" .. host .. "/.default", scope)
    end
  end)

  it("of one's own need Microsoft Graph only where users are looked up", function()
    local own = {
      authority = "https://login.example", resource_manager = "https://arm.example",
      scope = "https://arm.example/.default",
    }
    local ok, err = pcall(cloud.graph, own)
    assert.is_false(ok)
    assert.equal("NoDirectory", err.code)
    assert.matches("the custom cloud has no field 'graph'", err.message)
    own.graph = "https://graph.example"
    assert.equal("https://graph.example/.default", select(2, cloud.graph(own)))
    own.graph_scope = "api://graph/.default"
    assert.equal("api://graph/.default", select(2, cloud.graph(own)))
    own.graph = 5
    assert.error_matches(function() cloud.of(own) end,
      "the field 'graph' of a custom cloud must be a string")
  end)

  it("are listed where a name is wrong", function()
    assert.error_matches(function() cloud.of "AzureMoon" end,
      "there is no cloud 'AzureMoon' %(known: AzureChinaCloud, AzureCloud, AzureUSGovernment%)")
  end)
end)
