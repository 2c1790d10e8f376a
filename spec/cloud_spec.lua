local azureml = require "azureml"
local cloud = require "azureml.cloud"
local errors = require "azureml.error"
local process = require "spec.process"
local surroundings = require "spec.surroundings"

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

  it("have a Graph of their own, whose tokens have its scope", function()
    for name, host in pairs {
      AzureCloud = "graph.microsoft.com", AzureUSGovernment = "graph.microsoft.us",
      AzureChinaCloud = "microsoftgraph.chinacloudapi.cn",
    } do
      assert.same({ "https://" .. host, "https://" .. host .. "/.default" }, { cloud.graph(name) })
    end
    assert.equal("https://graph.microsoft.com", (cloud.graph "AzureCloud"))
    local _, err = errors.try(cloud.graph, { authority = "a", resource_manager = "b", scope = "c" })
    assert.equal("NoDirectory", err.code)
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

  describe("the active one", function()
    local home, around

    before_each(function()
      home = process.directory()
      around = surroundings {
        HOME = home, AZURE_CONFIG_DIR = false, AZUREML_CURRENT_CLOUD = false,
        AZURE_CLOUD_NAME = false, AZURE_AUTHORITY_HOST = false,
      }
    end)
    after_each(function()
      around:close()
      process.remove(home)
    end)

    it("is the one that az has set, unless a variable names another", function()
      assert.equal("AzureCloud", cloud.active())
      assert(os.execute(("mkdir '%s/.azure'"):format(home)))
      process.write(home .. "/.azure/config", "[cloud]\nname = AzureChinaCloud\n")
      assert.equal(cloud.of "AzureChinaCloud", cloud.of(nil))
      around:set { AZURE_AUTHORITY_HOST = "https://login.microsoftonline.us/" }
      assert.equal(cloud.of "AzureUSGovernment", cloud.of(nil))
      around:set { AZURE_AUTHORITY_HOST = "https://login.partner.microsoftonline.cn" }
      assert.equal(cloud.of "AzureChinaCloud", cloud.of(nil))
      around:set { AZURE_CLOUD_NAME = "azurecloud" }
      assert.equal(cloud.of "AzureCloud", cloud.of(nil))
      around:set { AZUREML_CURRENT_CLOUD = "AzureChinaCloud" }
      assert.equal(cloud.of "AzureChinaCloud", cloud.of(nil))
      assert.equal(cloud.of "AzureUSGovernment", cloud.of "AzureUSGovernment")
    end)

    it("is an error in one sentence where it is not known", function()
      around:set { AZURE_CLOUD_NAME = "AzureMoon" }
      local _, err = azureml.try(cloud.of, nil)
      assert.same({ "CloudUnknown", "AZURE_CLOUD_NAME names the cloud 'AzureMoon', which is not "
        .. "known (known: AzureChinaCloud, AzureCloud, AzureUSGovernment)" },
        { err.code, err.message })
    end)

    it("is not asked for by an emulator", function()
      around:set { AZURE_CLOUD_NAME = "AzureMoon" }
      local emulator <close> = require("azureml.emulator").start {
        seed = { instances = { ann = "Running" } },
      }
      local ws <close> = azureml.workspace()
      assert.equal("Running", ws.instances:get("ann").state)
      assert.is_truthy(emulator)
    end)
  end)

  it("has a data plane in each region, which has tokens of its own", function()
    assert.same({ "https://westeurope.api.azureml.ms", "https://ml.azure.com/.default" },
      { cloud.data_plane("AzureCloud", "WestEurope") })
    assert.same({ "https://usgovarizona.api.ml.azure.us", "https://ml.azure.us/.default" },
      { cloud.data_plane("AzureUSGovernment", "usgovarizona") })
  end)

  it("takes no region that would lead to another host", function()
    for _, region in ipairs { "evil.com/", "a.b", "a@b", "", "%s", "a#" } do
      local _, err = errors.try(cloud.data_plane, "AzureCloud", region)
      assert.equal("InvalidReply", err.code)
    end
  end)

  it("have the scope and the hosts of their instances", function()
    local scope, suffixes = cloud.instances "AzureCloud"
    assert.equal("https://management.azure.com/.default", scope)
    assert.equal(".instances.azureml.ms", suffixes[1])
    assert.same({ ".instances.azureml.cn" }, select(2, cloud.instances "AzureChinaCloud"))
    local own = { authority = "a", resource_manager = "b", scope = "c" }
    assert.same({ "c", {} }, { cloud.instances(own) })
    own.instance_scope, own.instance_suffixes = "d", { ".instances.example" }
    assert.same({ "d", { ".instances.example" } }, { cloud.instances(own) })
    own.instance_suffixes = ".instances.example"
    assert.error_matches(function() cloud.instances(own) end, "must be a list of suffixes")
    local variables <close> = surroundings { AZUREML_INSTANCE_SCOPE = "e" }
    assert.equal("e", (cloud.instances "AzureCloud"))
    assert.truthy(variables)
  end)
end)
