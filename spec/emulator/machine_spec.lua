local inferred = require "azureml.emulator.inferred"
local machine = require "azureml.emulator.machine"
local queue = require "azureml.emulator.machine.queue"

local durations = inferred.durations

-- A machine that has long been in a state.
local function settled(state)
  local one = { name = "ci-ann", vm_size = "Standard_DS3_v2" }
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
      local one = from and settled(from) or { name = "ci-ann", vm_size = "Standard_DS3_v2" }
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
    { "stop", "Running", true },
    { "stop", "JobRunning", true },
    { "stop", "Stopped", false },
    { "stop", "Unusable", false },
    { "restart", "Running", true },
    { "restart", "Unusable", true },
    { "restart", "Stopped", false },
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

  for _, row in ipairs {
    { "create", nil, "CreateFailed" },
    { "stop", "Running", "Running" },
    { "start", "Stopped", "Stopped" },
  } do
    it(("ends in %s where a %s is to fail"):format(row[3], row[1]), function()
      local one = row[2] and settled(row[2]) or { name = "ci-ann", vm_size = "Standard_DS3_v2" }
      local begun = machine.begin(one, row[1], 0, { code = "Broke", message = "it broke" })
      assert.equal("Broke", begun.failure.code)
      assert.equal(row[3], machine.state(one, begun.due))
      local last = machine.last_operation(one, begun.due)
      assert.equal(last.operationName .. "Failed", last.operationStatus)
    end)
  end

  it("is Running after a stop that failed while a job ran: the job has ended", function()
    local one = settled "Running"
    queue.add(one, { id = "train", length = 1000, outcome = "Completed" })
    machine.plan(one, 0)
    assert.equal("JobRunning", machine.state(one, 0))
    local begun = machine.begin(one, "stop", 10, { code = "Broke", message = "it broke" })
    assert.equal("Stopping", machine.state(one, begun.due - 1))
    assert.equal("Running", machine.state(one, begun.due))
    -- Events of a running machine go on: a job begins, and a stop is allowed.
    queue.add(one, { id = "again", length = 1000, outcome = "Completed" })
    machine.plan(one, begun.due)
    assert.equal("JobRunning", machine.state(one, begun.due + 1))
    assert.is_true(machine.allows(one, "stop", begun.due + 1))
  end)

  it("tells of its last operation while it goes on and afterwards", function()
    local one = settled "Running"
    local begun = machine.begin(one, "stop", 0)
    local last = machine.last_operation(one, 0)
    assert.same(
      { "Stop", "InProgress", "User" },
      { last.operationName, last.operationStatus, last.operationTrigger })
    assert.equal("1970-01-01T00:00:00.000+00:00", last.operationTime)
    assert.equal("Succeeded", machine.last_operation(one, begun.due).operationStatus)
  end)

  for state, provisioning in pairs {
    Creating = "Creating", Running = "Succeeded", Stopped = "Succeeded", Stopping = "Succeeded",
    Deleting = "Deleting",
    CreateFailed = "Failed", SetupFailed = "Failed", UserSetupFailed = "Failed",
    Unusable = "Succeeded", Updating = "Updating",
  } do
    it(("is %s for Resource Manager while it is %s"):format(provisioning, state), function()
      assert.equal(provisioning, machine.provisioning_state(settled(state), 1))
    end)
  end

  it("is Creating for Resource Manager while it is set up after its creation, and not while "
    .. "it is after a start", function()
    local scripts = { startup = { source = "workspaceStorage", data = "Users/ann/start.sh" } }
    local one = { name = "ci-ann", vm_size = "Standard_DS3_v2", scripts = scripts }
    machine.begin(one, "create", 0)
    local now = durations.creating
    assert.same(
      { "SettingUp", "Creating" },
      { machine.state(one, now), machine.provisioning_state(one, now) })
    now = now + durations.setting_up
    assert.same(
      { "UserSettingUp", "Creating" },
      { machine.state(one, now), machine.provisioning_state(one, now) })
    local stopped = settled "Stopped"
    stopped.scripts = scripts
    machine.begin(stopped, "start", 0)
    now = durations.starting
    assert.same(
      { "SettingUp", "Succeeded" },
      { machine.state(stopped, now), machine.provisioning_state(stopped, now) })
  end)
end)

local calendar = require "azureml.emulator.machine.calendar"
local json = require "azureml.json"
local schedules = require "azureml.emulator.machine.schedules"

local NOON = calendar.parse "2026-11-26T12:00:00"      -- a Thursday
local HOUR, DAY = 3600, 86400

local function daily(action, hour)
  return {
    action = action, triggerType = "Cron",
    cron = { expression = ("0 %d * * *"):format(hour) },
  }
end

-- A machine that has long been in a state, with schedules and whatever else.
local function machine_with(state, given, ...)
  local one = { name = "ci-ann", vm_size = "Standard_DS3_v2" }
  for name, value in pairs(given) do one[name] = value end
  one.last = { name = "Create", at = NOON, due = NOON, failed = false, trigger = "User" }
  one.schedules = schedules.read({ computeStartStop = json.array { ... } }, NOON, function()
    return "id"
  end)
  machine.settle(one, state, NOON)
  return one
end

local function last_of(one, now)
  machine.catch_up(one, now)
  local last = machine.last_operation(one, now)
  return ("%s %s by %s at %s"):format(
    last.operationName, last.operationStatus, last.operationTrigger, last.operationTime:sub(6, 16))
end

describe("what a machine does by itself", function()
  it("is stopped by a schedule, which says so", function()
    local one = machine_with("Running", {}, daily("Stop", 18))
    assert.equal(NOON + 6 * HOUR, machine.next_change(one))
    assert.equal("Running", machine.state(one, NOON + 6 * HOUR - 1))
    assert.equal("Stopping", machine.state(one, NOON + 6 * HOUR))
    assert.equal("Stopped", machine.state(one, NOON + 7 * HOUR))
    assert.equal("Stop Succeeded by Schedule at 11-26T18:00", last_of(one, NOON + 7 * HOUR))
    assert.is_nil(machine.next_change(one))
  end)

  it("is the same whether it is read often or only at the end", function()
    local watched = machine_with("Running", { idle = "PT2H" }, daily("Stop", 18), daily("Start", 8))
    local alone = machine_with("Running", { idle = "PT2H" }, daily("Stop", 18), daily("Start", 8))
    for minute = 0, 9 * 24 * 60, 7 do machine.state(watched, NOON + minute * 60) end
    local now = NOON + 9 * DAY
    assert.equal(machine.state(watched, now), machine.state(alone, now))
    assert.equal(json.encode(watched), json.encode(alone))
    -- started at 8, there at 8:02:30
    assert.equal("Stop Succeeded by IdleShutdown at 12-05T10:02", last_of(alone, now))
  end)

  it("follows its schedules once where the clocks are set back, and goes on", function()
    local function at(action, minute)
      return {
        action = action, triggerType = "Cron",
        cron = { expression = minute .. " 2 * * *", timeZone = "W. Europe Standard Time" },
      }
    end
    local one = machine_with("Running", {}, at("Stop", 10), at("Start", 40))
    local set_back = calendar.parse "2027-10-31T01:00:00"      -- 03:00 becomes 02:00
    assert.equal("Stopped", machine.state(one, set_back - 1260))      -- 02:39, the first time
    assert.equal("Running", machine.state(one, set_back - 1))
    assert.equal("Running", machine.state(one, set_back + 1800))      -- 02:30, the second time
    assert.equal("Start Succeeded by Schedule at 10-31T00:40", last_of(one, set_back + 3600))
    assert.equal("Stopped", machine.state(one, set_back + DAY + 1800))      -- 02:30 next day
  end)

  it("passes ten years of schedules in a moment", function()
    local one = machine_with("Running", {}, daily("Stop", 18), daily("Start", 8))
    local steps = 0
    debug.sethook(function() steps = steps + 1 end, "", 1000)
    machine.catch_up(one, NOON + 3650 * DAY)
    debug.sethook()
    assert.is_true(steps < 60000, steps)
    assert.equal("Start Succeeded by Schedule at 11-23T08:00", last_of(one, NOON + 3650 * DAY))
  end)

  it("is not stopped by a schedule while a verb is at work, and is by the next one", function()
    local one = machine_with("Running", {}, daily("Stop", 18))
    machine.begin(one, "restart", NOON + 6 * HOUR - 10)
    assert.equal("Running", machine.state(one, NOON + 7 * HOUR))
    assert.equal("Stop Succeeded by Schedule at 11-27T18:00", last_of(one, NOON + 30.5 * HOUR))
  end)

  it("is stopped when it has been idle for long enough, and not while a user works "
    .. "on it", function()
    local one = machine_with("Running", { idle = "PT30M" })
    machine.touch(one, NOON + 1000)
    assert.equal("Running", machine.state(one, NOON + 2799))
    assert.equal("Stopping", machine.state(one, NOON + 2800))
    assert.equal("Stop InProgress by IdleShutdown at 11-26T12:46", last_of(one, NOON + 2800))
  end)

  it("is kept awake for ever by a custom service", function()
    local one = machine_with("Running", { idle = "PT30M", services = { { name = "rstudio" } } })
    assert.equal("Running", machine.state(one, NOON + 30 * DAY))
  end)

  it("cannot be stopped by a schedule when its disk is full, and is when there is "
    .. "room again", function()
    local one = machine_with("Running", { disk_full = true }, daily("Stop", 18))
    assert.equal("Stop StopFailed by Schedule at 11-26T18:00", last_of(one, NOON + 7 * HOUR))
    assert.equal("Running", machine.state(one, NOON + 7 * HOUR))
    one.disk_full = nil
    assert.equal("Stop Succeeded by Schedule at 11-27T18:00", last_of(one, NOON + 31 * HOUR))
  end)

  it("breaks down, and a restart mends it", function()
    local one = machine_with("Running", {}, daily("Stop", 18))
    machine.break_down(one, NOON + 1)
    assert.equal("Unusable", machine.state(one, NOON + 10 * HOUR))      -- no schedule stops it
    assert.is_truthy(one.failure.message:find("unusable node", 1, true))
    local begun = machine.begin(one, "restart", NOON + 10 * HOUR)
    assert.equal("Running", machine.state(one, begun.due))
    assert.is_nil(one.failure)
  end)
end)

describe("a verb of a machine", function()
  for _, row in ipairs {
    { "create", nil, { code = "SetupScriptsError" }, "UserSetupFailed", "UserSettingUp" },
    { "create", nil, { code = "StorageMountError" }, "SetupFailed", "SettingUp" },
    { "create", nil, { code = "Whatever" }, "CreateFailed", "UserSettingUp" },
    { "start", "Stopped", { code = "UnusableNode" }, "Unusable", "UserSettingUp" },
    { "stop", "Running", { code = "Whatever" }, "Running", "Stopping" },
  } do
    it(("that fails with %s ends in %s, after %s"):format(row[3].code, row[4], row[5]), function()
      local one = row[2] and machine_with(row[2], {}) or {
        name = "ci-ann", vm_size = "Standard_DS3_v2",
      }
      one.scripts = {
        creation = { source = "workspaceStorage", data = "a.sh" },
        startup = { source = "workspaceStorage", data = "b.sh" },
      }
      row[3].message = "as planned"
      local begun = machine.begin(one, row[1], NOON, row[3])
      assert.equal(row[3].code, begun.failure.code)
      assert.equal(row[5], machine.state(one, begun.due - 1))
      assert.is_nil(one.failure)
      assert.equal(row[4], machine.state(one, begun.due))
      assert.same({ code = row[3].code, message = "as planned" }, one.failure)
    end)
  end

  it("that hangs is given up in the end, as timed out", function()
    local one = machine_with("Stopped", {})
    local begun = machine.begin(one, "start", NOON, { code = "x", message = "x", status = "Hung" })
    assert.equal("Starting", machine.state(one, NOON + durations.hung - 1))
    assert.equal("Stopped", machine.state(one, begun.due))
    assert.equal(
      "The specified Azure ML Compute Instance ci-ann was timed out for operation Start.",
      begun.failure.message)
  end)

  it("that resizes ends where it began, with another size; one that fails leaves "
    .. "the old", function()
    local one = machine_with("Stopped", {})
    local begun = machine.begin(one, "resize", NOON, nil, { vm_size = "Standard_DS4_v2" })
    assert.same({ "Resizing", "Standard_DS3_v2" }, { machine.state(one, NOON), one.vm_size })
    assert.same({ "Stopped", "Standard_DS4_v2" }, { machine.state(one, begun.due), one.vm_size })
    begun = machine.begin(
      one, "resize", begun.due,
      { code = "x", message = "x" },
      { vm_size = "Standard_DS5_v2" })
    assert.same({ "Stopped", "Standard_DS4_v2" }, { machine.state(one, begun.due), one.vm_size })
    assert.equal("ResizeFailed", machine.last_operation(one, begun.due).operationStatus)
  end)

  it("gives cores back when it stops, if that was asked for", function()
    for _, row in ipairs { { true, false }, { nil, true } } do
      local one = machine_with("Running", { release_quota = row[1] })
      local begun = machine.begin(one, "stop", NOON)
      assert.is_true(machine.holds_cores(one))
      machine.catch_up(one, begun.due)
      assert.equal(row[2], machine.holds_cores(one))
    end
  end)
end)

describe("a machine with a real computer behind it", function()
  -- A compute of a world with a host.
  local function real(state)
    local one = setmetatable({ name = "ci-ann", vm_size = "Standard_DS3_v2" },
      { __index = { host = {} } })
    if state then machine.settle(one, state, 0) end
    return one
  end

  it("is held at the end of a verb until the computer is ready", function()
    local one = real()
    local begun = machine.begin(one, "create", 1000)
    assert.is_true(begun.due > 1e12)
    assert.equal("SettingUp", machine.state(one, 1e9))
    assert.is_true(machine.is_busy(one, 1e9))
    assert.is_nil(machine.next_change(one))
    assert.equal("InProgress", machine.last_operation(one, 1e9).operationStatus)
    assert.equal(2e6, machine.release(one, 2e6))
    assert.equal("Running", machine.state(one, 2e6))
    assert.equal("Succeeded", machine.last_operation(one, 2e6).operationStatus)
  end)

  it("takes as long as the verb does at least", function()
    local one = real "Stopped"
    machine.begin(one, "start", 1000)
    local due = machine.release(one, 1001)
    assert.equal(1000 + durations.starting, due)
    assert.equal("Starting", machine.state(one, due - 1))
    assert.equal("Running", machine.state(one, due))
  end)

  it("knows when its state changes on the way", function()
    local one = real()
    machine.begin(one, "create", 1000)
    assert.equal(1000 + durations.creating, machine.next_step(one, 1000))
    assert.is_nil(machine.next_step(one, 1e9))
  end)

  for _, row in ipairs {
    { "create", nil, "SetupScriptsError", "UserSetupFailed" },
    { "create", nil, "ComputeInstanceFailed", "CreateFailed" },
    { "start", "Stopped", "ComputeInstanceFailed", "Stopped" },
    { "restart", "Running", "ComputeInstanceFailed", "Unusable" },
  } do
    it(("ends a failed %s in %s"):format(row[1], row[4]), function()
      local one = real(row[2])
      machine.begin(one, row[1], 1000)
      machine.release(one, 1e6, { code = row[3], message = "why" })
      assert.equal(row[4], machine.state(one, 1e6))
      assert.equal(row[3], one.failure.code)
    end)
  end

  it("waits for scripts in UserSettingUp, however long they run", function()
    local one = real()
    one.scripts = { creation = { source = "inline", data = "c2xlZXAgMQ==" } }
    machine.begin(one, "create", 1000)
    assert.equal("UserSettingUp", machine.state(one, 1e9))
    machine.release(one, 1e9)
    assert.equal("Running", machine.state(one, 1e9))
  end)

  it("is not held by a verb that a fault lets fail", function()
    local one = real "Stopped"
    local begun = machine.begin(one, "start", 1000, { code = "X", message = "no" })
    assert.equal(1000 + durations.starting, begun.due)
    assert.equal("Stopped", machine.state(one, begun.due))
  end)
end)
