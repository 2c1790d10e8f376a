local door = require "spec.door"
local json = require "azureml.json"
local route = require "azureml.emulator.route"

local function code_of(value) return json.get(value, "error", "code") end

describe("the emulator's routes", function()
  it("split a target into segments and query, unescaped", function()
    local segments, query = route.split "/a%20b//c/%2E%2e/?x=1&y=a%26b&z&%24top=5&w=a=b"
    assert.same({ "a b", "c", ".." }, segments)
    assert.same({ x = "1", y = "a&b", z = "", ["$top"] = "5", w = "a=b" }, query)
  end)

  local at = door.open { seed = { instances = { ["ci-ann"] = "Running" } } }
  local base = "/subscriptions/" .. door.SUBSCRIPTION
  for _, row in ipairs {
    { "GET", at:path(), 200 }, { "GET", at:path "computes", 200 },
    { "GET", at:path "computes/ci-ann", 200 },
    { "GET", base .. "/providers/Microsoft.MachineLearningServices/workspaces", 200 },
    {
      "GET",
      base .. "/resourceGroups/emulator/providers/Microsoft.MachineLearningServices/workspaces",
      200,
    },
    { "GET", at:region "vmSizes", 200 }, { "GET", at:region "usages", 200 },
    {
      "GET",
      (at:path "computes/ci-ann":gsub("Microsoft", "MICROSOFT"):gsub("workspaces", "WorkSpaces")),
      200,
    },
    { "GET", at:path "computes/ci-ann/nothing", 404, "InvalidResourceType" }, { "GET", base, 200 },
    { "GET", base .. "/providers/Microsoft.Compute/virtualMachines", 404, "InvalidResourceType" },
    { "PATCH", at:path "computes", 405, "MethodNotAllowed" },
    { "GET", at:path "computes/ci-ann/stop", 405, "MethodNotAllowed" },
    { "GET", (at:path "computes":gsub("1111", "2222", 1)), 404, "SubscriptionNotFound" },
    {
      "GET", (at:path "computes":gsub("/emulator/providers", "/other/providers")), 404,
      "ResourceGroupNotFound",
    },
    {
      "GET", (at:path "computes":gsub("workspaces/emulator", "workspaces/other")), 404,
      "ParentResourceNotFound",
    },
    { "GET", (at:path():gsub("workspaces/emulator", "workspaces/other")), 404, "ResourceNotFound" },
    { "GET", at:path "computes/..%2F..", 404 },
    { "GET", at:path "computes/%00", 400, "BadRequest" },
  } do
    it(("answer %s %s with %d %s"):format(row[1], row[2]:sub(-60), row[3], row[4] or ""), function()
      local status, value = at:ask(row[1], row[2])
      assert.equal(row[3], status)
      if row[4] then assert.equal(row[4], code_of(value)) end
    end)
  end

  for _, row in ipairs {
    { nil, "MissingApiVersionParameter" }, { "", "NoRegisteredProviderFound" },
    { "2019-01-01", "NoRegisteredProviderFound" },
    { "latest", "NoRegisteredProviderFound" }, { "9999-99-99", "NoRegisteredProviderFound" },
    { ("2"):rep(5000), "NoRegisteredProviderFound" },
  } do
    it("refuse the api-version " .. tostring(row[1]):sub(1, 20), function()
      local query = row[1] and "?api-version=" .. row[1] or ""
      local headers = { authorization = "Bearer " .. at.token }
      local status, value = at:send {
        method = "GET", target = at:path "computes" .. query, headers = headers,
      }
      assert.equal(400, status)
      assert.equal(row[2], code_of(value))
    end)
  end

  for _, version in ipairs { "2021-01-01", "2024-04-01", "2025-12-01", "2026-03-15-preview" } do
    it("serve api-version " .. version, function()
      local status, value = at:ask("GET", at:region "vmSizes?api-version=" .. version)
      assert.equal(200, status)
      assert.is_truthy(value[version == "2021-01-01" and "amlCompute" or "value"])
    end)
  end

  it("know nothing outside", function()
    for _, target in ipairs {
      "/", "", "*", "/favicon.ico", "http://elsewhere/x", "/subscription", "/..//..", "/%",
      "/%zz?%zz=%",
    } do
      local status, value = at:send { method = "GET", target = target, headers = {} }
      assert.equal(404, status, target)
      assert.is_string(code_of(value))
    end
  end)
end)
