local azureml = require "azureml"
local json = require "azureml.json"
local scripted = require "spec.scripted"

describe("a workspace", function()
  local NAMES = {
    subscription_id = "11111111-1111-1111-1111-111111111111", resource_group = "ml", name = "team",
  }
  local LOCATIONS = "/subscriptions/" .. NAMES.subscription_id
    .. "/providers/Microsoft.MachineLearningServices/locations/eastus/"

  local function open(names, client)
    local given = { client = client }
    for name, value in pairs(NAMES) do given[name] = value end
    for name, value in pairs(names or {}) do given[name] = value end
    return azureml.workspace(given)
  end

  it("reads as its name and its group, and sends nothing when it is made", function()
    assert.equal("workspace team in ml", tostring(open()))
  end)

  it("takes a resource group with letters of any alphabet", function()
    assert.equal("données", open({ resource_group = "données" }).resource_group)
    assert.equal(90, utf8.len(open({ resource_group = ("é"):rep(90) }).resource_group))
  end)

  for _, row in ipairs {
    { { subscription_id = "team" }, "'team' cannot be a subscription_id: it is a GUID" },
    { { resource_group = "a/b" }, "'a/b' cannot be a resource_group: it has 1 to 90" },
    { { resource_group = ("g"):rep(91) }, "cannot be a resource_group" },
    { { resource_group = ("é"):rep(91) }, "cannot be a resource_group" },
    { { resource_group = "donn\xE9es" }, "cannot be a resource_group" },
    { { name = "ab" }, "'ab' cannot be a workspace name: it has 3 to 33" },
    { { name = "-team" }, "begins with a letter or digit" },
    { { name = ("w"):rep(34) }, "has 3 to 33" },
    { { nmae = "team" }, "workspace has no option 'nmae'" },
    { { timeout = "1" }, "option 'timeout' must be a number" },
    { { client = {} },
      "workspace: option 'client' must be a client made by azureml.client, not table" },
    { { client = azureml.credential.none() },
      "workspace: option 'client' must be a client made by azureml.client, not table" },
    { { credential = {} },
      "workspace: option 'credential' must be a credential of azureml.credential, not table" },
    { { cloud = "AzureMoon", credential = azureml.credential.none() },
      "there is no cloud 'AzureMoon'" },
  } do
    it("is refused with the rule: " .. row[2], function()
      local ok, err = pcall(function() open(row[1]):client() end)
      assert.is_false(ok)
      assert.is_truthy(tostring(err):find(row[2], 1, true), tostring(err))
    end)
  end

  local function served(answers, test)
    local server <close> = scripted(function(request)
      local path = request.target:match "^[^?]*"
      local answer = answers[path:match "workspaces/team$" and "workspace" or path:match "[^/]+$"]
      return { status = answer and 200 or 404, body = answer and json.encode(answer) or "{}" }
    end)
    local client <close> = azureml.client { endpoint = server.url, api_version = "2025-12-01" }
    test(open(nil, client), server.requests)
  end

  local SIZES = {
    { name = "Standard_DS3_v2", supportedComputeTypes = { "AmlCompute", "ComputeInstance" } },
    { name = "Standard_HB120", supportedComputeTypes = { "AmlCompute" } }, { name = "Standard_D2" },
  }

  it("asks once for its region and the sizes there, and returns those for instances", function()
    served({
      workspace = { location = "eastus" }, vmSizes = { value = SIZES },
    }, function(ws, requests)
      for _ = 1, 2 do
        local sizes = ws:vm_sizes()
        assert.same({ "Standard_DS3_v2", "Standard_D2" }, { sizes[1].name, sizes[2].name })
        assert.equal("eastus", ws:location())
      end
      assert.equal(2, #requests)
      assert.equal(LOCATIONS .. "vmSizes?api-version=2025-12-01", requests[2].target)
    end)
  end)

  it("knows the name that the sizes had in 2021", function()
    served({ workspace = { location = "eastus" }, vmSizes = { amlCompute = SIZES } }, function(ws)
      assert.equal(2, #ws:vm_sizes())
    end)
  end)

  it("gives its usages", function()
    local usage = { name = { value = "TotalDedicatedCores" }, currentValue = 4, limit = 24 }
    served({ workspace = { location = "eastus" }, usages = { value = { usage } } }, function(ws)
      assert.equal("TotalDedicatedCores", ws:usages()[1].name)
    end)
  end)

  it("that comes without a region is an error", function()
    served({ workspace = { location = json.null } }, function(ws)
      local _, err = azureml.try(ws.location, ws)
      assert.same({ "InvalidReply", "the workspace 'team' comes without a location" },
        { err.code, err.message })
    end)
  end)

  it("that is not there is an error, also of what is asked below it", function()
    served({}, function(ws)
      for _, method in ipairs { "get", "location", "vm_sizes", "usages" } do
        local _, err = azureml.try(ws[method], ws)
        assert.equal(404, err.status)
        assert.matches("^cannot get workspace team", err.message)
      end
    end)
  end)

  it("cannot say what is mine without a token that says whose it is", function()
    served({ workspace = {} }, function(ws)
      local _, err = azureml.try(ws.object_id, ws)
      assert.equal("IdentityUnknown", err.code)
    end)
  end)
end)
