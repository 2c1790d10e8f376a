-- The client against what the live service sent: its recorded answers, served word for word from
-- loopback. So that client and emulator do not merely agree with each other.
local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local scripted = require "spec.scripted"
local task = require "azureml.task"
local world = require "spec.world"

local SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
local LIVE = "https://management.azure.com"

local function recording(name)
  return world.json_file("spec/fixtures/recordings/" .. name .. "-2024-04-01.json")
end

-- Recorded headers hold placeholders where ids and times were; what the client reads of them is
-- real.
local function answer_of(response, origin)
  local headers = {}
  for name, value in pairs(response.headers) do
    if name ~= "Content-Length" then
      headers[name] = value:gsub(LIVE, origin, 1):gsub("[<>]", "_"):gsub(" ", "_")
    end
  end
  headers.Date = nil
  headers["Content-Type"] = response.headers["Content-Type"]
  local body = response.body
  return { status = response.status, headers = headers,
    body = body and body ~= json.null and json.encode(body) or "" }
end

-- A server that gives the exchanges' answers in turn, and after them the same one for ever. The
-- first answer may be a look that comes before them.
local function replay(exchanges, last, look)
  local server
  local answered = look and -1 or 0
  server = scripted(function()
    answered = answered + 1
    local exchange = exchanges[answered]
    if answered == 0 then return look end
    return exchange and answer_of(exchange.response, server.url) or last
  end)
  return server
end

local function workspace_at(server)
  local client = azureml.client { endpoint = server.url, api_version = "2024-04-01" }
  local ws = azureml.workspace {
    subscription_id = SUBSCRIPTION, resource_group = "ml-test", name = "mlworkspace-test2",
    client = client,
  }
  return ws, client
end

local function instance_in_state(word)
  local body = recording("compute-instance-get").response.body
  body.properties.properties.state = word
  return { status = 200, headers = { ["Content-Type"] = "application/json" },
    body = json.encode(body) }
end

describe("the client against recordings of the live service", function()
  before_each(function() core.clock "virtual" end)
  after_each(function()
    core.clock "real"
    assert.equal(0, world.leaks())
  end)

  it("asks for the recorded paths", function()
    local server <close> = replay { recording "compute-instance-get" }
    local ws, client = workspace_at(server)
    ws.instances:get "mycompute1"
    client:close()
    assert.equal(recording("compute-instance-get").request.path, server.requests[1].target)
  end)

  it("reads a running instance", function()
    local server <close> = replay { recording "compute-instance-get" }
    local ws, client <close> = workspace_at(server)
    local vm = ws.instances:get "mycompute1"
    assert.equal("Running", vm.state)
    assert.equal("Succeeded", vm.provisioning_state)
    assert.equal("STANDARD_DS3_V2", vm.vm_size)
    assert.equal("https://mycompute1.eastus.instances.azureml.ms/lab", vm.applications.jupyter_lab)
    assert.same({ enabled = false, user = "azureuser", port = 50000, host = "203.0.113.21" },
      vm.ssh)
    assert.same({ name = "Create", time = "2024-07-24T08:42:35.907+00:00", status = "Succeeded",
      trigger = "User" }, vm.last_operation)
    assert.same({}, vm.tags)
    assert.is_nil(vm.description)
    assert.equal(client:endpoint(), server.url)
  end)

  it("lists the instance and leaves the cluster out; one page comes without nextLink", function()
    local server <close> = replay { recording "compute-list" }
    local ws, client <close> = workspace_at(server)
    local all = ws.instances:list():all()
    assert.equal(1, #all)
    assert.equal("mycompute1", all[1].name)
    assert.equal(1, #server.requests)
    assert.is_truthy(client)
  end)

  it("stops: 202 without a body, two polls of the signed URL byte for byte, then a GET", function()
    local exchanges = recording("compute-instance-stop").exchanges
    local server <close> = replay(exchanges, instance_in_state "Stopped",
      instance_in_state "Running")
    local ws, client <close> = workspace_at(server)
    local op = ws.instances:stop "mycompute1"
    assert.equal("Stopped", op:wait().state)
    assert.equal("GET", server.requests[1].method)
    assert.equal("POST", server.requests[2].method)
    assert.equal(exchanges[1].request.path, server.requests[2].target)
    local signed = answer_of(exchanges[1].response,
      server.url).headers["Azure-AsyncOperation"]:sub(#server.url + 1)
    assert.equal(signed, server.requests[3].target)
    assert.equal(signed, server.requests[4].target)
    assert.equal(5, #server.requests)
    assert.is_truthy(client)
  end)

  it("says so when a stop succeeded and the instance runs on", function()
    local server <close> = replay(recording("compute-instance-stop").exchanges,
      instance_in_state "Running", instance_in_state "Running")
    local ws, client <close> = workspace_at(server)
    local _, err = azureml.try(function() return ws.instances:stop("mycompute1"):wait() end)
    assert.equal("UnexpectedState", err.code)
    assert.is_truthy(client)
  end)

  it("creates: 201 with a body and Azure-AsyncOperation, one poll, then the resource", function()
    local exchanges = recording("cluster-put-patch").exchanges
    local put, poll = exchanges[1], exchanges[2]
    local last = answer_of({ status = 200, headers = put.response.headers,
      body = put.response.body }, "")
    local server <close> = replay({ put, poll }, last)
    local _, client <close> = workspace_at(server)
    local op <close> = client:operation { method = "PUT", url = server.url .. put.request.path,
      body = put.request.body }
    task.wait(op)
    assert.equal("Succeeded", op:status())
    assert.equal(1, op:polls())
    assert.equal(put.request.path, server.requests[3].target)
    assert.equal("aml03", json.decode(op:result().body).name)
  end)

  it("patches: 202 with a body, which the specification calls 200", function()
    local exchanges = recording("cluster-put-patch").exchanges
    local patch, poll = exchanges[3], exchanges[2]
    local last = answer_of({ status = 200, headers = patch.response.headers,
      body = patch.response.body }, "")
    local server <close> = replay({ patch, poll }, last)
    local _, client <close> = workspace_at(server)
    local op <close> = client:operation { method = "PATCH", url = server.url .. patch.request.path,
      body = patch.request.body }
    assert.is_false(op:done())
    task.wait(op)
    assert.equal("Succeeded", op:status())
  end)

  it("reads the usages, and the budget that is left", function()
    local recorded = world.json_file "spec/fixtures/recordings/usages-2024-04-01-excerpt.json"
    recorded.response.headers["x-ms-ratelimit-remaining-subscription-reads"] = "249"
    local server <close> = replay { recorded }
    local ws, client <close> = workspace_at(server)
    local rows = ws:usages { location = "eastus" }
    assert.equal("TotalClusters", rows[1].name)
    assert.equal(recorded.request.path, server.requests[1].target)
    assert.equal(249, client:budget(recorded.request.path, "GET"))
  end)
end)
