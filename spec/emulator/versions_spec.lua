local door = require "spec.door"
local json = require "azureml.json"
local versions = require "azureml.emulator.versions"

describe("the emulator's api-versions", function()
  for version, is_known in pairs {
    ["2021-01-01"] = true, ["2021-03-01-preview"] = true, ["2024-04-01"] = true,
    ["2024-04-01-preview"] = true, ["2025-12-01"] = true,
    ["2026-05-01"] = true, ["2026-05-15-preview"] = true, ["2021-03-01"] = false,
    ["2026-05-01-preview"] = false, ["2020-02-02"] = true, ["2020-08-01"] = true,
    ["2020-09-01-preview"] = true, ["2020-09-01"] = false,
    ["2024-04-02"] = false, [""] = false, ["latest"] = false,
  } do
    it(("%s %s"):format(is_known and "hold" or "do not hold", version), function()
      assert.equal(is_known, versions.is_known(version))
    end)
  end

  -- Source: spec/contract/compute-rest.md, section 7.3, last column.
  for _, row in ipairs {
    { "vmSize", "2021-01-01", true }, { "setupScripts", "2021-01-01", true },
    { "schedules", "2021-01-01", false },
    { "schedules", "2021-03-01-preview", true }, { "schedules", "2021-07-01", false },
    { "schedules", "2022-05-01", true },
    { "idleTimeBeforeShutdown", "2024-04-01", false },
    { "idleTimeBeforeShutdown", "2024-04-01-preview", true },
    { "idleTimeBeforeShutdown", "2025-12-01", true }, { "releaseQuotaOnStop", "2026-05-01", false },
    { "releaseQuotaOnStop", "2026-05-15-preview", true },
    { "customServices", "2022-10-01", false }, { "customServices", "2023-04-01", true },
  } do
    it(("%s %s in %s"):format(row[3] and "take" or "ignore", row[1], row[2]), function()
      assert.equal(row[3], versions.takes(row[2], row[1]))
    end)
  end

  for _, row in ipairs {
    { "updateIdleShutdownSetting", "2025-09-01", 404 },
    { "updateIdleShutdownSetting", "2025-12-01", 200 },
    { "updateIdleShutdownSetting", "2021-07-01", 200 },
    { "updateIdleShutdownSetting", "2026-03-15-preview", 200 },
    { "customServices", "2025-12-01", 200 }, { "customServices", "2025-09-01", 404 },
    { "customServices", "2022-06-01-preview", 200 }, { "updateDataMounts", "2024-04-01", 404 },
    { "updateSchedules", "2021-03-01-preview", 200 }, { "updateSchedules", "2022-05-01", 404 },
    { "updateSchedules", "2026-03-15-preview", 404 },
    { "getAllowedVmSizesForResize", "2026-03-01", 404 },
    { "getAllowedVmSizesForResize", "2023-08-01-preview", 200 },
    { "enableSso", "2020-02-02", 200 }, { "enableSso", "2020-08-01", 404 },
    { "enableSso", "2025-12-01", 200 }, { "enableSso", "2024-04-01", 404 },
    { "enableSso", "2024-04-01-preview", 200 }, { "enableSso", "2020-02-02", 200 },
  } do
    it(("%s the verb %s in %s"):format(row[3] == 200 and "have" or "have not", row[1], row[2]),
      function()
      local bodies = {
        customServices = "[]", updateDataMounts = "[]",
        updateSchedules = '{"computeStartStop":[]}',
        updateIdleShutdownSetting = '{"idleTimeBeforeShutdown":null}',
      }
      local at = door.open { seed = { instances = { ["ci-ann"] = "Running" } } }
      local status, value = at:ask("POST",
        at:path("computes/ci-ann/%s?api-version=%s"):format(row[1], row[2]),
        bodies[row[1]] or "{}")
      assert.equal(row[3], status)
      if status == 404 then assert.equal("InvalidResourceType", value.error.code) end
    end)
  end

  it("that are unknown are refused with those that are known, the type and the region", function()
    local at = door.open()
    local status, value = at:ask("GET", at:path "computes?api-version=2024-04-02")
    assert.same({ 400, "NoRegisteredProviderFound" }, { status, json.get(value, "error", "code") })
    for _, part in ipairs {
      "'2024-04-02'", "'workspaces/computes'", "location 'eastus'", "2021-01-01, ",
      "2026-05-15-preview",
    } do
      assert.is_truthy(value.error.message:find(part, 1, true), value.error.message)
    end
  end)

  for _, row in ipairs {
    -- version, vmSizes' array, start, restart, delete of nothing, the type beside the nodes
    { "2020-02-02", "amlCompute", 200, 200, 200, "AmlCompute" },
    { "2020-08-01", "amlCompute", 200, 200, 200, "AmlCompute" },
    { "2021-01-01", "amlCompute", 202, 202, 200, "AmlCompute" },
    { "2021-03-01-preview", "value", 202, 200, 200, "AmlCompute" },
    { "2021-07-01", "value", 202, 202, 204, nil },
    { "2024-04-01", "value", 202, 202, 204, nil },
  } do
    it("answer each as its specification says: " .. row[1], function()
      local cluster = { scaleSettings = { minNodeCount = 0, maxNodeCount = 1 } }
      local at = door.open { seed = { instances = {
        ["ci-ann"] = "Stopped", ["ci-bob"] = "Running",
        cpu = { kind = "AmlCompute", properties = cluster },
      } } }
      local version = "?api-version=" .. row[1]
      local function ask(method, path) return at:ask(method, at:path(path .. version)) end
      local _, sizes = at:ask("GET", at:region("vmSizes" .. version))
      local started, restarted = ask("POST", "computes/ci-ann/start"),
        ask("POST", "computes/ci-bob/restart")
      local deleted = at:ask("DELETE",
        at:path("computes/nothing" .. version .. "&underlyingResourceAction=delete"))
      local _, nodes = ask("POST", "computes/cpu/listNodes")
      assert.equal("table", type(sizes[row[2]]))
      assert.same({ row[3], row[4], row[5], row[6] },
        { started, restarted, deleted, nodes.computeType })
    end)
  end

  it("ignore a member of a PUT that they do not know, whatever it is", function()
    local at = door.open()
    local body = door.instance { idleTimeBeforeShutdown = "nonsense", schedules = "nonsense" }
    assert.equal(201, (at:ask("PUT", at:path "computes/ci-ann?api-version=2021-01-01", body)))
    assert.equal(400, (at:ask("PUT", at:path "computes/ci-bob?api-version=2025-12-01", body)))
    local _, value = at:ask("GET", at:path "computes/ci-ann")
    assert.is_nil(value.properties.properties.idleTimeBeforeShutdown)
  end)
end)
