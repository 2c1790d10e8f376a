local azureml = require "azureml"
local json = require "azureml.json"
local scripted = require "spec.scripted"
local world = require "spec.world"

describe("the sizes of a region", function()
  local emulator, ws

  local function open(instances, seed) emulator, ws = world.open(instances or {}, seed) end
  after_each(function() world.close(emulator, ws) end)

  local function names(settings)
    local list = {}
    for i, size in ipairs(ws:vm_sizes(settings)) do list[i] = size.name end
    return list
  end

  it("come cheapest first, with their price and what they hold", function()
    open()
    local all = ws:vm_sizes()
    local function price(i) return all[i].price or math.huge end
    for i = 2, #all do assert.is_true(price(i - 1) <= price(i)) end
    assert.is_nil(all[#all].price)
    local found
    for _, size in ipairs(all) do if size.name == "Standard_DS3_v2" then found = size end end
    assert.same({ 4, 0, 14, 28, 0.293, 0.0586, "USD", "standardDSv2Family" }, {
      found.vcpus, found.gpus, found.memory_gb, found.disk_gb, found.price,
      found.low_priority_price, found.currency, found.family,
    })
    assert.equal(4, math.tointeger(found.raw.vCPUs))
    assert.is_nil(found.instances_left)
  end)

  it("are chosen by GPUs, cores, memory, price and family", function()
    open()
    assert.same({ "Standard_NC6", "Standard_NC12" },
      names { min_gpus = 1, max_price = 2, family = "standardNCFamily" })
    for _, size in ipairs(ws:vm_sizes { min_gpus = 1, max_price = 2 }) do
      assert.is_true(size.gpus >= 1 and size.price <= 2)
    end
    assert.same({ "Standard_F2s_v2", "Standard_F4s_v2" }, names { family = "fsv2", max_vcpus = 4 })
    assert.same({ "Standard_E16s_v3" }, names { min_vcpus = 16, min_memory_gb = 128, max_gpus = 0,
      max_price = 1.1, family = "ESv3" })
    assert.same({}, names { max_price = 0.01 })
  end)

  it("know for how many instances the quota suffices", function()
    open({ ann = "Stopped" }, { quotas = { total = 20, families = { standardDSv2Family = 12 } } })
    local left = {}
    for _, size in ipairs(ws:vm_sizes { quota = true }) do
      left[size.name] = { size.instances_left, size.cores_left }
    end
    assert.same({ 2, 8 }, left.Standard_DS3_v2)
    assert.same({ 1, 8 }, left.Standard_DS4_v2)
    assert.same({ 0, 8 }, left.Standard_DS5_v2)
    assert.same({ 1, 16 }, left.Standard_D16s_v3)
    local wanted = { available = true, family = "standardDSv2", min_vcpus = 8 }
    assert.same({ "Standard_DS4_v2", "Standard_DS13_v2" }, names(wanted))
  end)

  it("count what the workspace holds where its own limit is the narrower one", function()
    open { ann = "Running", bob = "Stopped" }
    ws:set_quotas { standardDSv2Family = 11 }
    for _, size in ipairs(ws:vm_sizes { quota = true, family = "standardDSv2" }) do
      assert.equal(3, size.cores_left)      -- ann and bob hold 4 cores each
    end
  end)

  it("are those of another region where the caller names it", function()
    open()
    local target
    function emulator.log(request) target = request.target end
    assert.is_true(#ws:vm_sizes { location = "West Europe" } > 0)
    assert.matches("/locations/westeurope/vmSizes", target)
    local _, err = azureml.try(ws.vm_sizes, ws, { location = "atlantis" })
    assert.equal("NoRegisteredProviderFound", err.code)
  end)

  it("are refused with an unknown option", function()
    open()
    assert.error_matches(function() ws:vm_sizes { gpu = 1 } end,
      "vm_sizes has no option 'gpu' %(known: available, family,")
  end)

  it("name those of the same family", function()
    open()
    assert.same({ "Standard_F4s_v2", "Standard_F8s_v2", "Standard_F16s_v2" },
      { table.unpack(ws:sizes_like "STANDARD_F2S_V2", 1, 3) })
    assert.same({}, ws:sizes_like "Standard_X")
    assert.same({}, ws:sizes_like(nil))
  end)
end)

describe("a size that comes with less than the contract says", function()
  local function first(raw)
    local server <close> = scripted(function()
      return { status = 200, body = json.encode { value = { raw } } }
    end)
    local client <close> = azureml.client { endpoint = server.url }
    local ws = azureml.workspace { client = client, resource_group = "ml", name = "team",
      subscription_id = "11111111-1111-1111-1111-111111111111" }
    return azureml.try(function() return ws:vm_sizes({ location = "eastus" })[1] end)
  end

  it("has no price, and passes no limit of a price", function()
    local size = first { name = "Standard_X1", vCPUs = "many", estimatedVMPrices = json.null }
    assert.same({ "Standard_X1", "", 0, 0 }, { size.name, size.family, size.vcpus, size.gpus })
    assert.is_nil(size.price)
  end)

  it("has the lowest of several prices: the service lists Windows under Linux, too", function()
    local function under_linux(price)
      return { osType = "Linux", vmTier = "Standard", retailPrice = price }
    end
    local size = first { name = "Standard_X1", estimatedVMPrices = {
      values = { under_linux(1.56), under_linux(0.82), under_linux(json.null) } } }
    assert.equal(0.82, size.price)
  end)

  it("is an error without a name", function()
    local _, err = first { family = "standardXFamily" }
    assert.same({ "InvalidReply", "list the sizes of eastus: a size of the reply has no name" },
      { err.code, err.message })
  end)
end)
