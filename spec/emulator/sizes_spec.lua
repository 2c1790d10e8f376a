local door = require "spec.door"
local process = require "spec.process"
local sizes = require "azureml.emulator.sizes"

local recorded = sizes.recorded

describe("the emulator's sizes", function()
  it("are found without case, and have what spec/contract/compute-rest.md shows of one", function()
    local size = recorded:find "STANDARD_DS3_V2"
    assert.same({ "Standard_DS3_v2", "standardDSv2Family", 4, 0, 14, true },
      { size.name, size.family, size.vCPUs, size.gpus, size.memoryGB, size.premiumIO })
    assert.is_nil(recorded:find "Standard_DS3")
  end)

  -- name, vCPUs, GPUs, GB of memory, MB of disk, premium disks, low priority, compute types, price
  for _, row in ipairs {
    { "Standard_E4ds_v4", 4, 0, 32, 153600, true, true, "AmlCompute ComputeInstance", 0.29 },
    { "Standard_D13_v2", 8, 0, 56, 409600, false, true, "AmlCompute ComputeInstance" },
    { "Standard_D16as_v4", 16, 0, 64, 131072, true, true, "AmlCompute ComputeInstance MIR", 0.77 },
    { "Standard_D16ds_v5", 16, 0, 64, 614400, true, true, "AmlCompute ComputeInstance MIR", 0.9 },
    { "Standard_A2_v2", 2, 0, 4, 20480, false, true, "AmlCompute ComputeInstance" },
    { "Standard_D1", 1, 0, 3.5, 51200, false, true, "AmlCompute", 0.077 },
    { "Standard_L16s_v3", 16, 0, 128, 163840, true, true, "AmlCompute MIR", 1.39 },
    { "Standard_M64", 64, 0, 1024, 7340032, true, true, "AmlCompute ComputeInstance", 6.67 },
    { "Standard_M8ms", 8, 0, 218.75, 262144, true, true, "AmlCompute ComputeInstance", 1.54 },
    {
      "Standard_NC64as_T4_v3", 64, 4, 440, 2883584, true, false,
      "AmlCompute ComputeInstance MIR", 4.35,
    },
    {
      "Standard_ND96isr_H100_v5", 96, 8, 1900, 1048576, true, true,
      "AmlCompute ComputeInstance MIR", 98.32,
    },
    { "Standard_NV36adms_A10_v5", 36, 1, 880, 2949120, true, true, "MIR", 4.52 },
  } do
    it("are as recorded: " .. row[1], function()
      local size = recorded:find(row[1])
      local prices = size.estimatedVMPrices
      assert.same(row, {
        size.name, size.vCPUs, size.gpus, size.memoryGB, size.maxResourceVolumeMB, size.premiumIO,
        size.lowPriorityCapable, table.concat(size.supportedComputeTypes, " "),
        prices and prices.values[1].retailPrice,
      })
    end)
  end

  it("have recorded prices under Windows and of low priority, to the cent", function()
    local found = {}
    for _, each in ipairs(recorded:find("Standard_D16s_v3").estimatedVMPrices.values) do
      found[each.osType .. each.vmTier] = ("%.2f"):format(each.retailPrice)
    end
    assert.same({ LinuxStandard = "0.77", LinuxLowPriority = "0.15", WindowsStandard = "1.51",
      WindowsLowPriority = "0.60" }, found)
  end)

  it("have the price of Windows under Linux too, where the service lists it twice", function()
    local linux = {}
    for _, each in ipairs(recorded:find("Standard_D16ads_v5").estimatedVMPrices.values) do
      local is_linux = each.osType == "Linux" and each.vmTier == "Standard"
      if is_linux then linux[#linux + 1] = ("%.2f"):format(each.retailPrice) end
    end
    assert.same({ "1.56", "0.82" }, linux)
  end)

  for _, row in ipairs {
    { "Standard_D13_v2", "gen1", false }, { "Standard_FX4mds", "gen2", false },
    { "Standard_HB120rs_v3", "gen2", true }, { "Standard_HC44rs", "gen2", true },
    { "Standard_M208ms_v2", "gen2", false }, { "Standard_M64", "gen1", false },
    { "Standard_M416s_v2", "gen2", false }, { "Standard_NC24ads_A100_v4", "gen2", false },
    { "Standard_NC80adis_H100_v5", "gen2", false }, { "Standard_NC24rs_v3", "gen1", true },
    { "Standard_NC24s_v3", "gen1", false }, { "Standard_ND40rs_v2", "gen2", true },
    { "Standard_ND96asr_v4", "gen2", true }, { "Standard_NV12ads_A10_v5", "gen1", false },
    { "Standard_NC4as_T4_v3", "gen1", false },
  } do
    it("have the recorded generation and InfiniBand: " .. row[1], function()
      local size = recorded:find(row[1])
      assert.same(row, { size.name, size.generation, size.supportsIB })
    end)
  end

  for family, title in pairs {
    standardDSv2Family = "Standard DSv2", ["Standard NCASv3_T4 Family"] = "Standard  NCASv3_T4 ",
    other = "other",
  } do
    it(("of %s are called %s"):format(family, title), function()
      assert.equal(title, sizes.family_title(family))
    end)
  end

  it("belong to families, each named once, those of the recorded usages first", function()
    local seen, first = {}, {}
    for index, family in ipairs(recorded:families()) do
      assert.is_nil(seen[family.name])
      seen[family.name], first[index] = true, index <= 3 and family.name or nil
      assert.equal(family, recorded:family(family.name))
    end
    assert.same({ "standardDFamily", "standardDv2Family", "standardDv3Family" }, first)
    for _, size in ipairs(recorded.all) do assert.is_true(seen[size.family]) end
  end)

  it("have unique names", function()
    local seen = {}
    for _, size in ipairs(recorded.all) do
      assert.is_nil(seen[size.name:lower()], size.name)
      seen[size.name:lower()] = true
    end
  end)
end)

describe("a seed's sizes", function()
  local function open(more)
    return door.open { seed = { sizes = {
      { name = "Standard_B2s", vcpus = 2, memory_gb = 4, price = 0.05 },
      { name = "Standard_DS3_v2", vcpus = 4, family = "standardDSv2Family",
        compute_types = { "AmlCompute" } },
    }, instances = more } }
  end

  it("are offered beside the recorded ones, count in a family, and may replace one", function()
    local at = open { ["ci-seed"] = { vm_size = "standard_b2s" } }
    local function put(name, size)
      return at:ask("PUT", at:path("computes/" .. name), door.instance { vmSize = size })
    end
    assert.equal(201, (put("ci-new", "Standard_B2s")))
    assert.equal(201, (put("ci-old", "Standard_E4ds_v4")))
    assert.equal(400, (put("ci-no", "Standard_DS3_v2")))
    local _, usages = at:ask("GET", at:region "usages")
    local rows = {}
    for _, row in ipairs(usages.value) do rows[row.name.value] = row end
    assert.equal(4, rows.standardBSFamily.currentValue)
    local _, list = at:ask("GET", at:region "vmSizes")
    assert.equal(#recorded.all + 1, #list.value)
    assert.equal(0.05, list.value[#list.value].estimatedVMPrices.values[1].retailPrice)
    at.emulator:advance "1h"
    assert.is_true(at.emulator:bill().cost > 0.05)
    assert.is_nil(recorded:find "Standard_B2s")      -- other worlds do not have it
  end)

  it("outlive their process", function()
    local directory = process.directory()
    local given = { state = directory .. "/state", seed = {
      sizes = { { name = "Standard_E4ds_v9", vcpus = 4 } },
      instances = { ["ci-ann"] = { state = "Stopped", vm_size = "Standard_E4ds_v9" } },
    } }
    local first = door.open(given)
    first.emulator:close()
    local at = door.open { state = given.state }
    assert.equal(202, (at:ask("POST", at:path "computes/ci-ann/start")))
    local _, usages = at:ask("GET", at:region "usages")
    assert.equal("standardEDSv9Family", usages.value[#usages.value].name.value)
    at.emulator:close()
    process.remove(directory)
  end)

  for _, row in ipairs {
    { { { vcpus = 2 } }, "sizes[1] needs 'name'" },
    { { { name = "Standard_B2s" } }, "sizes[1] needs 'vcpus'" },
    { { { name = "big", vcpus = 2 } },
      "sizes[1].name is 'big', which is no name such as Standard_B2s" },
    { { { name = "Standard_B2s", vcpus = 0 } }, "sizes[1].vcpus must be a whole number from 1 on" },
    { { { name = "Standard_B2s", vcpus = 2, price = -1 } },
      "sizes[1].price must be a number from 0 on" },
    { { { name = "Standard_B2s", vcpus = 2, compute_types = { "AKS" } } },
      "sizes[1].compute_types[1] is 'AKS', which is no type of compute (known: AmlCompute," },
    { { { name = "Standard_B2s", vcpus = 2, cores = 2 } }, "sizes[1] has no field 'cores'" },
  } do
    it("are refused: " .. row[2], function()
      local ok, err = pcall(door.open, { seed = { sizes = row[1] } })
      assert.is_false(ok)
      assert.is_truthy(tostring(err):find(row[2], 1, true), tostring(err))
    end)
  end

  it("have to include the size of a seeded instance", function()
    local ok, err = pcall(door.open, { seed = {
      workspaces = { { name = "a", instances = { x = { vm_size = "Standard_B2s" } } } } } })
    assert.is_false(ok)
    assert.is_truthy(tostring(err):find("workspaces[1].instances.x.vm_size is 'Standard_B2s', "
      .. "which is no size that is offered here", 1, true))
  end)
end)
