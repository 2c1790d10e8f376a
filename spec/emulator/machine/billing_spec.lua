local billing = require "azureml.emulator.machine.billing"
local door = require "spec.door"
local inferred = require "azureml.emulator.inferred"
local machine = require "azureml.emulator.machine"

local durations = inferred.durations

describe("the meter", function()
  it("counts what runs, not what is stopped, and at the price of its size", function()
    local one = { name = "ci-ann", vm_size = "Standard_DS3_v2" }
    local now = machine.begin(one, "create", 0).due
    now = machine.begin(one, "stop", now + 3600).due
    now = machine.begin(one, "start", now + 100000).due
    local ran = durations.setting_up + 3600 + durations.stopping + durations.starting + 1800
    local bill = billing.of(one, now + 1800)
    assert.same({ ["Standard_DS3_v2"] = ran }, bill.sizes)
    assert.is_true(math.abs(bill.cost - ran / 3600 * 0.293) < 1e-9)
    assert.equal(ran, bill.seconds)
  end)

  it("is read without being changed", function()
    local one = { name = "ci-ann", vm_size = "Standard_DS3_v2" }
    machine.settle(one, "Running", 0)
    assert.equal(10, billing.of(one, 10).seconds)
    assert.equal(20, billing.of(one, 20).seconds)
  end)

  it("counts each size for itself", function()
    local one = { name = "ci-ann", vm_size = "Standard_DS3_v2" }
    machine.settle(one, "Running", 0)
    local due = machine.begin(one, "resize", 1000, nil, { vm_size = "Standard_DS4_v2" }).due
    machine.catch_up(one, due)
    assert.same(
      { ["Standard_DS3_v2"] = due, ["Standard_DS4_v2"] = 500 },
      billing.of(one, due + 500).sizes)
  end)

  it("counts each node of a cluster", function()
    local one = { kind = "AmlCompute", name = "cluster", vm_size = "Standard_DS3_v2", nodes = 3 }
    machine.settle(one, "Steady", 0)
    assert.equal(3000, billing.of(one, 1000).seconds)
  end)

  it("takes the lowest of several prices, and none where the service lists none", function()
    local function cost(vm_size)
      local one = { name = "ci", vm_size = vm_size }
      machine.settle(one, "Running", 0)
      return ("%.2f"):format(billing.of(one, 3600).cost)
    end
    assert.same({ "0.82", "0.00" }, { cost "Standard_D16ads_v5", cost "Standard_D13_v2" })
  end)

  it("knows the price of nodes of low priority, and of those with Windows", function()
    local function cost(more)
      local one = { kind = "AmlCompute", name = "cluster", vm_size = "Standard_DS3_v2", nodes = 1 }
      for name, value in pairs(more) do one[name] = value end
      machine.settle(one, "Steady", 0)
      return ("%.4f"):format(billing.of(one, 3600).cost)
    end
    assert.same(
      { "0.2930", "0.0586", "0.4770" },
      { cost {}, cost { priority = "LowPriority" }, cost { system = "Windows" } })
  end)

  it("is told of over all computes, those that have gone included; at the control "
    .. "endpoint too", function()
    local at = door.open {
      seed = { instances = { ["ci-ann"] = "Running", ["ci-bob"] = "Stopped" } },
    }
    at.emulator:advance "30m"
    at:ask("DELETE", at:path "computes/ci-ann?underlyingResourceAction=Delete")
    at.emulator:advance "1d"
    local bill = at.emulator:bill()
    assert.equal(1800 + durations.deleting, bill.seconds)
    local first, second = bill.computes[1], bill.computes[2]
    assert.same({ "ci-ann", true, "ci-bob", false },
      { first.name, first.gone, second.name, second.gone })
    local status, shown = at:send {
      method = "GET",
      target = "/emulator/bill",
      headers = { host = "127.0.0.1" },
    }
    assert.same(
      { 200, bill.seconds, "USD", "emulator" },
      { status, shown.seconds, shown.currency, shown.computes[1].workspace })
  end)
end)
