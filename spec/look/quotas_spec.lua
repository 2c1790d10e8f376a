local azureml = require "azureml"
local json = require "azureml.json"
local scripted = require "spec.scripted"
local world = require "spec.world"

describe("the quota of a region", function()
  local emulator, ws

  local function open(instances, seed) emulator, ws = world.open(instances or {}, seed) end
  after_each(function() world.close(emulator, ws) end)

  local function named(list, name)
    for _, row in ipairs(list) do if row.name == name and not row.workspace then return row end end
  end

  it("tells what is used, the limit, and what is left", function()
    open({ ann = "Running", bob = "Stopped" }, { quotas = { total = 30 } })
    local usages = ws:usages()
    local total, family = named(usages, "TotalDedicatedCores"), named(usages, "standardDSv2Family")
    assert.same({ 8, 30, 22 }, { total.used, total.limit, total.left })
    assert.equal("Standard DSv2 Family Cluster Dedicated vCPUs", family.title)
    assert.equal(8, family.used)
    assert.equal(2, named(usages, "TotalClusters").used)
  end)

  it("is that of another region where the caller names it", function()
    open { ann = "Running" }
    assert.equal(0, named(ws:usages { location = "West Europe" }, "TotalDedicatedCores").used)
  end)

  it("has limits for the subscription and for each workspace", function()
    open({}, { workspaces = { { name = "team", location = "eastus" } } })
    local owners = {}
    for _, quota in ipairs(ws:quotas()) do
      if quota.name == "standardDSv2Family" then
        owners[quota.workspace or "subscription"] = quota.resource_group or ""
      end
    end
    assert.same({ subscription = "", emulator = "emulator", team = "emulator" }, owners)
  end)

  it("is set for the workspace, by family in any case", function()
    open()
    local limits = {}
    for _, quota in ipairs(ws:set_quotas { StandardDSv2Family = 12, standardDv3Family = 6 }) do
      limits[quota.name] = quota.limit
    end
    assert.same({ 12, 6 }, { limits.standardDSv2Family, limits.standardDv3Family })
    assert.is_true(named(ws:quotas(), "standardDSv2Family").limit > 12)      -- the subscription's
  end)

  it("tells which limits were refused, though the answer is a success", function()
    open { ann = "Running" }
    local _, err = azureml.try(ws.set_quotas, ws,
      { standardDSv2Family = 2, standardNCFamily = 9000, standardDv3Family = 4 })
    assert.equal("QuotaRefused", err.code)
    assert.matches("set the quotas of emulator: 2 of 3 refused", err.message)
    assert.equal("InvalidQuotaBelowClusterMinimum", err.details[1].code)
    assert.matches("standardDSv2Family = 2: the computes of the workspace use more than that",
      err.details[1].message)
    assert.equal("InvalidQuotaExceedsSubscriptionLimit", err.details[2].code)
    assert.is_string(err.request_id)
    for _, quota in ipairs(ws:quotas()) do
      if quota.workspace == "emulator" and quota.name == "standardDv3Family" then
        assert.equal(4, quota.limit)
      end
    end
  end)

  it("is not set with what cannot be a limit", function()
    open()
    for wrong, text in pairs {
      [{ standardDSv2Family = -1 }] = "0 or more, not %-1",
      [{ standardDSv2Family = 1.5 }] = "whole number of cores",
      [{ unheardOf = 1 }] = "'unheardOf' is not a family of this region; there are",
    } do
      local _, err = azureml.try(ws.set_quotas, ws, wrong)
      assert.equal("InvalidArgument", err.code)
      assert.matches(text, err.message)
    end
    assert.error_matches(function() ws:set_quotas {} end, "no limit is given")
    assert.error_matches(function() ws:set_quotas { 24 } end, "limits by family expected")
    assert.error_matches(function() ws:set_quotas "all" end, "limits by family expected")
  end)
end)

describe("a row of usages", function()
  local function usages(row)
    local server <close> = scripted(function()
      return { status = 200, body = json.encode { value = { row } } }
    end)
    local client <close> = azureml.client { endpoint = server.url }
    local ws = azureml.workspace { client = client, resource_group = "ml", name = "team",
      subscription_id = "11111111-1111-1111-1111-111111111111" }
    return azureml.try(ws.usages, ws, { location = "eastus" })
  end

  it("without a limit leaves any number", function()
    local row = usages({ name = { value = "x" }, currentValue = 4, limit = -1 })[1]
    assert.same({ 4, "x" }, { row.used, row.title })
    assert.is_nil(row.limit)
    assert.is_nil(row.left)
  end)

  it("is refused where it is malformed", function()
    for member, row in pairs {
      currentValue = { name = { value = "x" }, currentValue = "4", limit = 1 },
      limit = { name = { value = "x" }, currentValue = 4 },
      name = { currentValue = 4, limit = 1 },
    } do
      local _, err = usages(row)
      assert.equal("InvalidReply", err.code)
      assert.matches("has no valid " .. member, err.message)
    end
  end)
end)
