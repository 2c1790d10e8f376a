local door = require "spec.door"
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"

local function cluster(scale, more)
  local properties = {
    vmSize = "STANDARD_DS3_V2", scaleSettings = scale or { maxNodeCount = 4, minNodeCount = 2 },
  }
  for name, value in pairs(more or {}) do properties[name] = value end
  return {
    location = "eastus", properties = { computeType = "AmlCompute", properties = properties },
  }
end

local function message_of(value) return json.get(value, "error", "message") or "" end

local function used(at)
  local _, value = at:ask("GET", at:region "usages")
  return value.value[1].currentValue, value.value[2].currentValue
end

describe("the emulator's clusters", function()
  it("are created, are neighbours in the list, hold quota for "
    .. "their nodes, and are deleted", function()
    local at = door.open { seed = { instances = { ["ci-ann"] = "Running" } } }
    assert.equal(201, (at:ask("PUT", at:path "computes/cpu", cluster())))
    at.emulator:advance(inferred.durations.creating_cluster)
    local _, list = at:ask("GET", at:path "computes")
    assert.same({ "ComputeInstance", "AmlCompute" },
      { list.value[1].properties.computeType, list.value[2].properties.computeType })
    assert.same({ "Succeeded", 2, "Steady" }, { list.value[2].properties.provisioningState,
      list.value[2].properties.properties.currentNodeCount,
      list.value[2].properties.properties.allocationState })
    assert.same({ 2, 12 }, { used(at) })
    assert.equal(202, (at:ask("DELETE", at:path "computes/cpu?underlyingResourceAction=Delete")))
    at.emulator:advance "10m"
    assert.same({ 1, 4 }, { used(at) })
  end)

  it("have nodes to list", function()
    local at = door.open()
    at:ask("PUT", at:path "computes/cpu", cluster())
    local _, value = at:ask("POST", at:path "computes/cpu/listNodes")
    assert.same({}, value.nodes)
    at.emulator:advance "1m"
    _, value = at:ask("POST", at:path "computes/cpu/listNodes")
    assert.same({ 2, "idle", 50000, 50001 },
      { #value.nodes, value.nodes[1].nodeState, value.nodes[1].port, value.nodes[2].port })
  end)

  it("are patched: 202 with a body, and other nodes", function()
    local at = door.open()
    at:ask("PUT", at:path "computes/cpu", cluster())
    at.emulator:advance "1m"
    local body = {
      properties = {
        properties = { scaleSettings = { minNodeCount = 0, nodeIdleTimeBeforeScaleDown = "PT5M" } },
      },
    }
    local status, value, headers = at:ask("PATCH", at:path "computes/cpu", body)
    assert.same({ 202, "Updating", 4, 0, "PT5M" }, { status, value.properties.provisioningState,
      value.properties.properties.scaleSettings.maxNodeCount,
      value.properties.properties.scaleSettings.minNodeCount,
      value.properties.properties.scaleSettings.nodeIdleTimeBeforeScaleDown })
    assert.equal(409, (at:ask("PATCH", at:path "computes/cpu", body)))
    at.emulator:advance "1m"
    assert.equal("Succeeded", select(2, at:follow(headers)).status)
    assert.same({ 1, 0 }, { used(at) })
  end)

  it("are replaced: they get the new scale and keep their size", function()
    local at = door.open()
    at:ask("PUT", at:path "computes/cpu", cluster())
    at.emulator:advance "1m"
    local status, value = at:ask("PUT", at:path "computes/cpu", cluster({ maxNodeCount = 1 }, {
      vmSize = json.null,
    }))
    assert.same({ 200, 1, "STANDARD_DS3_V2" },
      { status, value.properties.properties.scaleSettings.maxNodeCount,
      value.properties.properties.vmSize })
  end)

  it("have names of their workspace alone", function()
    local at = door.open { seed = { workspaces = { { name = "other" } } } }
    assert.equal(201, (at:ask("PUT", at:path "computes/cpu", cluster())))
    assert.equal(201,
      (at:ask("PUT", (at:path "computes/cpu":gsub("workspaces/emulator", "workspaces/other")),
        cluster())))
    assert.equal(201,
      (at:ask("PUT", (at:path "computes/ci-ann":gsub("workspaces/emulator", "workspaces/other")),
        door.instance())))
    assert.equal(409, (at:ask("PUT", at:path "computes/ci-ann", door.instance())))
  end)

  it("of low priority hold no quota that is shown", function()
    local at = door.open { seed = { quotas = { total = 4 } } }
    assert.equal(400, (at:ask("PUT", at:path "computes/cpu", cluster())))
    assert.equal(201,
      (at:ask("PUT", at:path "computes/cpu", cluster(nil, { vmPriority = "LowPriority" }))))
    assert.same({ 1, 0 }, { used(at) })
  end)

  for _, row in ipairs {
    { cluster { minNodeCount = 2 }, "'scaleSettings.maxNodeCount' is required" },
    {
      cluster { minNodeCount = 5, maxNodeCount = 4 },
      "minNodeCount 5 and maxNodeCount 4 do not fit",
    },
    { cluster { maxNodeCount = 101 }, "do not fit" },
    { cluster { maxNodeCount = 1.5 }, "'maxNodeCount' must be a whole number" },
    {
      cluster { maxNodeCount = 1, nodeIdleTimeBeforeScaleDown = "5m" },
      "nodeIdleTimeBeforeScaleDown '5m' is not an ISO 8601 duration",
    },
    { cluster(nil, { vmSize = "Standard_XYZ" }), "is not supported" },
    { cluster(nil, { osType = "BSD" }), "one of Linux, Windows" },
    { cluster(nil, { vmSize = json.null }), "vmSize' is required" },
  } do
    it("are refused where " .. row[2], function()
      local at = door.open()
      local status, value = at:ask("PUT", at:path "computes/cpu", row[1])
      assert.equal(400, status)
      assert.is_truthy(message_of(value):find(row[2], 1, true), message_of(value))
    end)
  end

  for _, name in ipairs { "c", "1cluster", "cpu-", "c_1", ("c"):rep(33) } do
    it("have no name such as " .. name, function()
      local at = door.open()
      assert.equal(400, (at:ask("PUT", at:path("computes/" .. name), cluster())))
    end)
  end

  -- what is not theirs, and what is not an instance's
  for _, row in ipairs {
    { "POST", "computes/cpu/start", 400, "UserError" },
    { "POST", "computes/cpu/stop", 400, "UserError" },
    { "POST", "computes/cpu/listKeys", 400, "BadRequest" },
    { "POST", "computes/ci-ann/listKeys", 400, "BadRequest" },
    { "POST", "computes/ci-ann/listNodes", 400, "UserError" },
    { "PATCH", "computes/ci-ann", 400, "BadRequest", cluster() },
    { "PUT", "computes/ci-ann", 400, "BadRequest", cluster() },
    { "PUT", "computes/cpu", 400, "BadRequest", door.instance() },
    { "PATCH", "computes/cpu", 400, "InvalidRequestContent", {} },
    { "PATCH", "computes/none", 404, "ResourceNotFound", cluster() },
  } do
    it(("%s %s is answered with %d %s"):format(row[1], row[2], row[3], row[4]), function()
      local at = door.open { seed = { instances = {
        ["ci-ann"] = "Running",
        cpu = { kind = "AmlCompute", properties = { scaleSettings = { maxNodeCount = 1 } } } } } }
      local status, value = at:ask(row[1], at:path(row[2]), row[5])
      assert.same({ row[3], row[4] }, { status, json.get(value, "error", "code") })
    end)
  end
end)
