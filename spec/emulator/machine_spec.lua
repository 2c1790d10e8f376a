local inferred = require "azureml.emulator.inferred"
local machine = require "azureml.emulator.machine"

local durations = inferred.durations

-- A machine that has long been in a state.
local function settled(state)
  local one = { name = "ci-ann" }
  machine.settle(one, state, 0)
  return one
end

local paths = {
  { "create", nil, { "Creating", "SettingUp" }, { "creating", "setting_up" }, "Running" },
  { "start", "Stopped", { "Starting" }, { "starting" }, "Running" },
  { "stop", "Running", { "Stopping" }, { "stopping" }, "Stopped" },
  { "restart", "Running", { "Restarting" }, { "restarting" }, "Running" },
  { "restart", "Unusable", { "Restarting" }, { "restarting" }, "Running" },
  { "delete", "Stopped", { "Deleting" }, { "deleting" }, "Gone" },
}

describe("the machine behind an instance", function()
  for _, row in ipairs(paths) do
    local verb, from, states, names, ends = table.unpack(row)
    it(("goes by %s from %s to %s"):format(verb, from or "nothing", ends), function()
      local one = from and settled(from) or { name = "ci-ann" }
      local begun = machine.begin(one, verb, 1000)
      local now = 1000
      for i, state in ipairs(states) do
        assert.equal(state, machine.state(one, now))
        assert.is_true(machine.is_busy(one, now))
        now = now + durations[names[i]]
      end
      assert.equal(states[#states], machine.state(one, now - 0.001))
      assert.equal(now, begun.due)
      assert.is_nil(begun.failure)
      assert.equal(ends, machine.state(one, now))
      assert.is_false(machine.is_busy(one, now))
      assert.equal(ends == "Gone", machine.is_gone(one, now))
    end)
  end

  for _, row in ipairs {
    { "stop", "Running", true }, { "stop", "JobRunning", true }, { "stop", "Stopped", false }, { "stop", "Unusable", false },
    { "restart", "Running", true }, { "restart", "Unusable", true }, { "restart", "Stopped", false },
    { "start", "Stopped", true }, { "start", "Running", true }, { "delete", "CreateFailed", true },
  } do
    it(("%s %s from %s"):format(row[3] and "allows" or "refuses", row[1], row[2]), function()
      assert.equal(row[3], machine.allows(settled(row[2]), row[1], 5))
    end)
  end

  it("takes a start of what runs on, and fails it at once, as the service does", function()
    local one = settled "Running"
    local begun = machine.begin(one, "start", 10)
    assert.equal("StartComputeInstanceOnlyAllowedInStoppedState", begun.failure.code)
    assert.equal(10, begun.due)
    assert.equal("Running", machine.state(one, 10))
    assert.equal("StartFailed", machine.last_operation(one, 10).operationStatus)
  end)

  for _, row in ipairs { { "create", nil, "CreateFailed" }, { "stop", "Running", "Running" }, { "start", "Stopped", "Stopped" } } do
    it(("ends in %s where a %s is to fail"):format(row[3], row[1]), function()
      local one = row[2] and settled(row[2]) or { name = "ci-ann" }
      local begun = machine.begin(one, row[1], 0, { code = "Broke", message = "it broke" })
      assert.equal("Broke", begun.failure.code)
      assert.equal(row[3], machine.state(one, begun.due))
      local last = machine.last_operation(one, begun.due)
      assert.equal(last.operationName .. "Failed", last.operationStatus)
    end)
  end

  it("tells of its last operation while it goes on and afterwards", function()
    local one = settled "Running"
    local begun = machine.begin(one, "stop", 0)
    local last = machine.last_operation(one, 0)
    assert.same({ "Stop", "InProgress", "User" }, { last.operationName, last.operationStatus, last.operationTrigger })
    assert.equal("1970-01-01T00:00:00.000+00:00", last.operationTime)
    assert.equal("Succeeded", machine.last_operation(one, begun.due).operationStatus)
  end)

  for state, provisioning in pairs {
    Creating = "Creating", SettingUp = "Creating", Running = "Succeeded", Stopped = "Succeeded", Stopping = "Succeeded",
    Deleting = "Deleting", CreateFailed = "Failed", Unusable = "Succeeded",
  } do
    it(("is %s for Resource Manager while it is %s"):format(provisioning, state), function()
      assert.equal(provisioning, machine.provisioning_state(state))
    end)
  end
end)
