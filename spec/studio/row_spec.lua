local core = require "azureml.core"
local instance = require "azureml.instance"
local moment = require "azureml.tool.moment"
local row = require "azureml.studio.row"

local ME = "0a0a0a0a-0000-0000-0000-000000000001"

-- Make an instance of the members of properties.properties.
local function vm_of(inner, more)
  local raw = {
    name = "ci-a", id = "/x", properties = { computeType = "ComputeInstance", properties = inner },
  }
  for name, value in pairs(more or {}) do raw[name] = value end
  return instance.new({}, raw)
end

local function row_of(inner, more)
  return row.of(vm_of(inner, more), { me = ME, sizes = {
    standard_ds3_v2 = { vcpus = 4, memory_gb = 14, price = 0.29, currency = "USD" } } })
end

describe("a row of the studio", function()
  it("has the size, whatever its case, and no price where none is known", function()
    local shown = row_of { vmSize = "STANDARD_DS3_V2", state = "Running" }
    assert.same({ 4, 14, 0.29 }, { shown.vcpus, shown.memory_gb, shown.price })
    assert.is_nil(row_of({ vmSize = "STANDARD_NEW", state = "Running" }).price)
  end)

  for state, tone in pairs { Running = "running", JobRunning = "running", Stopped = "stopped",
    Starting = "moving", UserSettingUp = "moving", CreateFailed = "failed", Unknown = "failed" } do
    it(("of an instance that is %s is %s"):format(state, tone),
      function() assert.equal(tone, row_of({ state = state }).tone) end)
  end

  it("tells which instances the user created, and which the user can use", function()
    local by_me = { createdBy = { userId = ME:upper() }, state = "Running" }
    local shown = row_of(by_me)
    assert.is_true(shown.is_created_by_me and shown.is_usable)
    by_me.personalComputeInstanceSettings = { assignedUser = { objectId = "other" } }
    shown = row_of(by_me)
    assert.is_true(shown.is_created_by_me)
    assert.is_false(shown.is_usable)
    shown = row_of { personalComputeInstanceSettings = { assignedUser = { objectId = ME } } }
    assert.is_true(shown.is_usable)
    assert.is_false(shown.is_created_by_me)
    assert.is_false(row.of(vm_of { createdBy = { userId = ME } }, { sizes = {} }).is_usable)
  end)

  it("has links to applications that run and are the user's, if they are links", function()
    local inner = { state = "Running", createdBy = { userId = ME }, applications = {
      { displayName = "Jupyter", endpointUri = "https://a.example/tree/" },
      { displayName = "Evil", endpointUri = "javascript:alert(1)" },
      { displayName = "Plain", endpointUri = "http://evil.example/" },
      { displayName = "Local", endpointUri = "http://127.0.0.1:8888/lab" },
      { displayName = "Odd", endpointUri = { "x" } },
    } }
    local names = {}
    for _, item in ipairs(row_of(inner).applications) do names[#names + 1] = item.name end
    assert.same({ "jupyter", "local" }, names)
    inner.state = "Stopped"
    assert.same(0, #row_of(inner).applications)
    inner.state, inner.createdBy = "Running", { userId = "other" }
    assert.same(0, #row_of(inner).applications)
  end)

  it("is forgotten when it runs for 8 hours and nothing stops it", function()
    local function forgotten(hours, more)
      local inner = { state = "Running", lastOperation = { operationName = "Start",
        operationStatus = "Succeeded",
        operationTime = moment.write(core.time() - hours * 3600) } }
      for name, value in pairs(more or {}) do inner[name] = value end
      return row_of(inner).is_forgotten
    end
    assert.is_true(forgotten(9))
    assert.is_false(forgotten(7))
    assert.is_false(forgotten(9, { idleTimeBeforeShutdown = "PT30M" }))
    assert.is_false(forgotten(9, { state = "Stopped" }))
    assert.is_false(forgotten(9, { schedules = { computeStartStop = { {
      action = "Stop", triggerType = "Cron", status = "Enabled",
      cron = { expression = "0 18 * * *", timeZone = "UTC" } } } } }))
  end)

  it("has the errors of the instance, each with code and message", function()
    assert.same({ { code = "A", message = "b" } }, row_of({ state = "CreateFailed",
      errors = { { error = { code = "A", message = "b" } } } }).problems)
    assert.equal("StorageMountError",
      row_of({ errors = { { code = "StorageMountError" } } }).problems[1].message)
  end)
end)
