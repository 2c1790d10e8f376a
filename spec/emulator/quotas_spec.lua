local door = require "spec.door"
local json = require "azureml.json"

local function rows_of(at)
  local _, value = at:ask("GET", at:region "quotas")
  local rows = {}
  for _, row in ipairs(value.value) do
    local workspace = row.id:match "/workspaces/([^/]+)/"
    rows[(workspace and workspace .. " " or "") .. row.name.value] = row
  end
  return rows
end

local function update(at, id, limit, region)
  local target = region and at:region "updateQuotas":gsub("eastus", region)
    or at:region "updateQuotas"
  local _, value = at:ask("POST", target,
    { value = { { id = id, type = "Microsoft.MachineLearningServices/workspaces/quotas",
    limit = limit, unit = "Count" } } })
  return value.value[1].status
end

describe("the emulator's quotas", function()
  it("are listed for the subscription and for each workspace of the region", function()
    local at = door.open { seed = { quotas = { families = { standardDSv2Family = 24 } },
      workspaces = { { name = "team" }, { name = "far", location = "westus" } } } }
    local rows = rows_of(at)
    assert.equal(24, rows.standardDSv2Family.limit)
    assert.equal(json.null, rows.standardDSv2Family.location)
    assert.same({ 24, "eastus" },
      { rows["team standardDSv2Family"].limit, rows["team standardDSv2Family"].location })
    assert.is_nil(rows["far standardDSv2Family"])
    assert.is_truthy(
      rows["team Standard NCASv3_T4 Family"].id:find "/quotas/Standard_NCASv3_T4_Family$")
  end)

  it("are set for a workspace, shown, and kept to", function()
    local at = door.open { seed = { instances = { ["ci-ann"] = "Stopped" } } }
    assert.equal("Success",
      update(at, at:path "quotas/Standard_DSv2_Family_Cluster_Dedicated_vCPUs", 6))
    assert.equal(6, rows_of(at)["emulator standardDSv2Family"].limit)
    local status, value = at:ask("PUT", at:path "computes/ci-bob", door.instance())
    assert.same({ 400, "BadRequest" }, { status, value.error.code })
    assert.is_truthy(
      value.error.message:find("The workspace emulator has a Standard DSv2 family vCPU quota of 6",
        1, true))
    assert.equal(201,
      (at:ask("PUT", at:path "computes/ci-bob", door.instance { vmSize = "Standard_DS2_v2" })))
  end)

  for _, row in ipairs {
    { "quotas/standardDSv2Family", 100, "Success" },
    { "quotas/STANDARDDSV2FAMILY", 100, "Success" },
    { "quotas/standardDSv2Family", 201, "InvalidQuotaExceedsSubscriptionLimit" },
    { "quotas/standardDSv2Family", -1, "Failure" },
    { "quotas/standardDSv2Family", 3, "InvalidQuotaBelowClusterMinimum" },
    { "quotas/standardXYZFamily", 10, "InvalidVMFamilyName" },
    { "quotas/standardDSv2Family", 100, "OperationNotEnabledForRegion", "westus" },
  } do
    it(("answer %s for %s to %d"):format(row[3], row[1], row[2]), function()
      local at = door.open { seed = { instances = { ["ci-ann"] = "Stopped" } } }
      assert.equal(row[3], update(at, at:path(row[1]), row[2], row[4]))
    end)
  end

  it("answer Failure for a workspace that is not there, whatever else is in the list", function()
    local at = door.open()
    local good = at:path "quotas/standardDSv2Family"
    local bad = good:gsub("workspaces/emulator", "workspaces/none")
    local status, value = at:ask("POST", at:region "updateQuotas", {
      value = { { id = bad, limit = 1 }, { id = good, limit = 50 } },
    })
    assert.same({ 200, "Failure", "Success" },
      { status, value.value[1].status, value.value[2].status })
    assert.equal(400, (at:ask("POST", at:region "updateQuotas", {})))
    assert.equal(400, (at:ask("POST", at:region "updateQuotas", { value = { "x" } })))
  end)

  it("are the regions' own: nothing is used in another, and one that is none is refused", function()
    local at = door.open { seed = { instances = { ["ci-ann"] = "Running" } } }
    local _, value = at:ask("GET", (at:region "usages":gsub("eastus", "WestEurope")))
    assert.equal(0, value.value[1].currentValue)
    local status, refused = at:ask("GET", (at:region "usages":gsub("eastus", "mars")))
    assert.same({ 400, "NoRegisteredProviderFound" }, { status, refused.error.code })
    assert.is_truthy(refused.error.message:find("westeurope", 1, true))
  end)
end)
