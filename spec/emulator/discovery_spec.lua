local door = require "spec.door"

-- Follow a workspace's discoveryUrl as a client does that reaches the emulator by a host.
local function discover(host)
  local at = door.open()
  local _, workspace = at:ask("GET", at:path(), nil, { host = host })
  local url = workspace.properties.discoveryUrl
  local origin_host, path = url:match "^http://([^/]+)(/.*)$"
  local status, map = at:send {
    method = "GET", target = path, headers = { host = origin_host }, body = "",
  }
  return url, status, map
end

describe("the discovery map", function()
  it("is where the workspace says, needs no token and leads to the emulator", function()
    local url, status, map = discover "127.0.0.1:8080"
    assert.same({ "http://127.0.0.1:8080/discovery", 200 }, { url, status })
    for _, name in ipairs { "api", "history", "experimentation", "modelmanagement", "studio" } do
      assert.equal("http://127.0.0.1:8080", map[name], name)
    end
  end)

  it("has the region's own host for a client that came by Azure's names", function()
    local url, _, map = discover "management.azure.com"
    assert.equal("http://eastus.api.azureml.ms/discovery", url)
    assert.equal("http://eastus.api.azureml.ms", map.api)
  end)

  it("is only read", function()
    local at = door.open()
    assert.equal(405, (at:ask("POST", "/discovery")))
    assert.equal(404, (at:ask("GET", "/discovery/of/nothing")))
  end)
end)

describe("the data plane of a workspace", function()
  local at
  before_each(function()
    local seed = { instances = { ["ci-ann"] = "Running", ["ci-bob"] = "Stopped" } }
    at = door.open { seed = seed }
  end)

  local function below(path)
    return "/rp/workspaces" .. at:path(path)
  end

  it("serves what Resource Manager serves", function()
    local _, value = at:ask("GET", below "computes/ci-ann?api-version=2020-02-02")
    local _, same = at:ask("GET", at:path "computes/ci-ann?api-version=2020-02-02")
    assert.same(same, value)
    assert.equal(202, (at:ask("POST", below "computes/ci-ann/stop?api-version=2024-04-01")))
  end)

  it("links to its own pages", function()
    at.emulator:set_page_size(1)
    local _, first = at:ask("GET", below "computes")
    local link = first.nextLink:gsub("^http://[^/]+", "")
    assert.equal(below "computes?api-version=2024-04-01&$skip=p1", link)
    local _, second = at:ask("GET", link)
    assert.equal("ci-bob", second.value[1].name)
  end)

  it("takes tokens for the service itself, which Resource Manager refuses", function()
    at:use(at.emulator.owner, "https://ml.azure.com")
    assert.equal(200, (at:ask("GET", below "computes")))
    local status, value = at:ask("GET", at:path "computes")
    assert.same({ 401, "InvalidAuthenticationToken" }, { status, value.error.code })
  end)

  it("asks for the same roles at the same scopes", function()
    at:use(at.emulator.reader)
    local status, value = at:ask("POST", below "computes/ci-ann/stop")
    assert.equal(403, status)
    local scope = "over scope '" .. at:path "computes/ci-ann'"
    assert.is_truthy(value.error.message:find(scope, 1, true), value.error.message)
  end)
end)
