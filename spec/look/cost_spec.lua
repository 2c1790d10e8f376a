local azureml = require "azureml"
local core = require "azureml.core"
local moment = require "azureml.tool.moment"
local world = require "spec.world"

describe("the cost of an instance", function()
  local emulator, ws

  local function open(instances, seed) emulator, ws = world.open(instances, seed) end
  after_each(function() world.close(emulator, ws) end)

  local function near(expected, actual)
    assert.is_true(math.abs(expected - actual) < 1e-6 * math.max(1, expected),
      ("%s is not near %s"):format(actual, expected))
  end

  local DAILY = { computeStartStop = {
    { action = "Start", triggerType = "Cron", status = "Enabled",
      cron = { expression = "0 8 * * *", timeZone = "UTC", startTime = "2020-01-01T00:00:00" } },
    { action = "Stop", triggerType = "Cron", status = "Enabled",
      cron = { expression = "0 18 * * *", timeZone = "UTC", startTime = "2020-01-01T00:00:00" } },
    { action = "Start", triggerType = "Cron", status = "Disabled",
      cron = { expression = "0 0 * * *", timeZone = "UTC", startTime = "2020-01-01T00:00:00" } },
  } }

  it("is told by the hour, since its start, and for a month in which it runs on", function()
    open { ann = "Stopped" }
    ws.instances:start("ann"):wait()
    local vm = ws.instances:get "ann"
    local cost = vm:cost { now = moment.read(vm.last_operation.time) + 7200 }
    assert.same({ "ann", 0.293, "USD", true },
      { cost.name, cost.price, cost.currency, cost.is_billed })
    assert.equal(vm.last_operation.time:sub(1, 19) .. "Z", cost.running_since)
    assert.same({ 2, 0.586 }, { cost.hours, cost.amount })
    assert.equal(0, vm:cost({ now = 0 }).hours)      -- a clock that is behind the service's
    near(730, cost.month_hours)
    near(730 * 0.293, cost.month)
    assert.matches("^an estimate .*; disk, address and load balancer are not included$", cost.note)
  end)

  it("is nothing by the hour while it is stopped", function()
    open { ann = "Stopped" }
    local cost = ws.instances:get("ann"):cost()
    assert.same({ false, 0, 0, 0 },
      { cost.is_billed, cost.amount, cost.month_hours, cost.month })
    assert.is_nil(cost.running_since)
    assert.equal(0.293, cost.price)
  end)

  it("is not known since a restart, which does not tell when it was started", function()
    open { ann = "Running" }
    ws.instances:restart("ann"):wait()
    local cost = ws.instances:get("ann"):cost()
    assert.is_true(cost.is_billed)
    assert.is_nil(cost.running_since)
    assert.is_nil(cost.amount)
  end)

  for state, hours in pairs { Running = 302, Stopped = 300 } do
    it("follows the schedules in a month, from " .. state, function()
      open { ann = { state = state, properties = { vmSize = "STANDARD_DS3_V2",
        schedules = DAILY } } }
      -- 730 h from 16:00 are 30 days and 10 h: 30 days of 10 h, and 2 h before the first stop.
      local noon = math.floor(core.time() / 86400 + 1) * 86400 + 16 * 3600
      local cost = ws.instances:get("ann"):cost { now = noon }
      near(hours, cost.month_hours)
      near(hours * 0.293, cost.month)
    end)
  end

  it("has no month where the times of a schedule are not known", function()
    open { ann = { state = "Running", properties = { vmSize = "STANDARD_DS3_V2",
      schedules = { computeStartStop = {
        { action = "Stop", triggerType = "Recurrence", status = "Enabled",
          recurrence = { frequency = "Day", interval = 3,
            schedule = { hours = { 8 }, minutes = { 0 } } } } } } } } }
    local cost = ws.instances:get("ann"):cost()
    assert.is_nil(cost.month)
    assert.matches("depend on its start", cost.month_fault)
  end)

  it("is an error where the prices are refused", function()
    open { ann = "Running" }
    emulator:fault { match = { path = "/vmSizes" }, times = 9, answer = { status = 403,
      json = { error = { code = "AuthorizationFailed", message = "no" } } } }
    local _, err = azureml.try(function() return ws.instances:get("ann"):cost() end)
    assert.equal("AuthorizationFailed", err.code)
  end)

  it("adds up for many, in one request for the prices", function()
    open({ ann = "Running", bob = "Stopped" }, { workspaces = {
      { name = "team", instances = { cleo = { state = "Running", vm_size = "Standard_NC6" } } },
    } })
    local all <close> = azureml.instances()
    local before = emulator:request_count()
    local cost = azureml.cost(all:list())
    -- A token, the workspaces, two lists, the sizes.
    assert.equal(5, emulator:request_count() - before)
    assert.equal(3, #cost.costs)
    assert.equal(1, #cost.totals)
    local total = cost.totals[1]
    assert.same({ "USD", 3, 2, 0, 0 },
      { total.currency, total.count, total.billed, total.unknown_start, total.unknown_month })
    near(0.293 + 0.9, total.price)
    near(730 * (0.293 + 0.9), total.month)
    assert.error_matches(function() azureml.cost(7) end, "cost: a list of instances expected")
  end)
end)
