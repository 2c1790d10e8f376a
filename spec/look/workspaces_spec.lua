local azureml = require "azureml"
local json = require "azureml.json"
local scripted = require "spec.scripted"
local world = require "spec.world"

describe("the workspaces", function()
  local emulator, ws

  local function open(seed) emulator, ws = world.open({}, seed) end
  after_each(function()
    world.close(emulator, ws)
    emulator, ws = nil, nil
  end)

  local function names(settings)
    local list = {}
    for i, workspace in ipairs(azureml.workspaces(settings)) do
      list[i] = workspace.resource_group .. "/" .. workspace.name
    end
    table.sort(list)
    return list
  end

  it("of a subscription, or of a resource group, are listed whatever their pages", function()
    open { workspaces = { { name = "team" }, { name = "far", resource_group = "west",
      location = "westeurope" } } }
    emulator:set_page_size(1)
    assert.same({ "emulator/emulator", "emulator/team", "west/far" }, names())
    assert.same({ "west/far" }, names { resource_group = "west" })
    assert.same({ "west/far" }, names { resource_group = "WEST", client = ws:client(),
      subscription_id = ws.subscription_id })
  end)

  it("know their region, and share a client", function()
    open { workspaces = { { name = "far", location = "westeurope" } } }
    local list = azureml.workspaces()
    local before = emulator:request_count()
    for _, workspace in ipairs(list) do
      assert.equal(workspace.name == "far" and "westeurope" or "eastus", workspace:location())
      assert.equal(list[1]:client(), workspace:client())
    end
    assert.equal(before, emulator:request_count())
    list[1]:client():close()
  end)

  it("are reached by a script's client that has no api-version, and leave it open", function()
    open { instances = { ann = {} } }
    local endpoint = ws:client():endpoint()
    local client <close> = azureml.client {
      endpoint = endpoint, credential = ws.credential, scope = endpoint .. "/.default",
    }
    local place <close> = azureml.instances { client = client }
    assert.equal("ann", place:list()().name)
    local same <close> = azureml.workspace { client = client }
    assert.equal("eastus", same:location())
    place:close()
    same:close()
    assert.equal("emulator", azureml.workspaces({ client = client })[1].name)
  end)

  it("are reached with the api-version that a script's client has", function()
    open()
    local seen = {}
    local client <close> = azureml.client {
      endpoint = ws:client():endpoint(), credential = ws.credential, api_version = "2024-10-01",
      on_request = function(request) seen[#seen + 1] = request.url end,
    }
    assert.equal(1, #azureml.workspaces { client = client })
    assert.matches("api%-version=2024%-10%-01", seen[1])
  end)

  it("of a group that does not exist are an error", function()
    open()
    local _, err = azureml.try(azureml.workspaces, { resource_group = "none" })
    assert.equal("ResourceGroupNotFound", err.code)
    assert.matches("list the workspaces of none", err.message)
  end)

  it("are refused with an unknown option", function()
    open()
    assert.error_matches(function() azureml.workspaces { group = "ml" } end,
      "workspaces has no option 'group'")
  end)
end)

describe("an item of the list of workspaces", function()
  it("without an id that names its group is an error", function()
    local server <close> = scripted(function()
      return { status = 200, body = json.encode { value = { { name = "team", id = "/x" } } } }
    end)
    local client <close> = azureml.client { endpoint = server.url, api_version = "2025-12-01" }
    local _, err = azureml.try(azureml.workspaces,
      { client = client, subscription_id = "11111111-1111-1111-1111-111111111111" })
    assert.equal("InvalidReply", err.code)
  end)
end)
