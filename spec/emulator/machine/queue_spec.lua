local inferred = require "azureml.emulator.inferred"
local machine = require "azureml.emulator.machine"
local queue = require "azureml.emulator.machine.queue"

local PREPARING = inferred.durations.job_preparing

-- An instance of one core, which runs two at once.
local function instance(state)
  local one = {
    name = "ci-ann",
    vm_size = "Standard_DS1_v2",
    last = { name = "Create", at = 0, due = 0, trigger = "User" },
  }
  machine.settle(one, state, 0)
  return one
end

local function submit(one, now, ...)
  for _, job in ipairs { ... } do
    queue.add(one, { id = job[1], length = job[2], outcome = job[3] or "Completed" })
    machine.plan(one, now)
  end
end

local function status(one, id, now)
  machine.catch_up(one, now)
  local job = queue.find(one, id)
  if job then return queue.status(job, now) end
  for _, ended in ipairs(one.ended or {}) do
    if ended.id == id then return ended.status end
  end
end

describe("the jobs of an instance", function()
  it("run two for each core at once, the others wait in order", function()
    local one = instance "Running"
    submit(one, 10, { "a", 100 }, { "b", 50, "Failed" }, { "c", 100 }, { "d", 10 })
    assert.equal("JobRunning", machine.state(one, 10))
    local function all(now)
      local list = {}
      for i, id in ipairs { "a", "b", "c", "d" } do list[i] = status(one, id, now) end
      return table.concat(list, " ")
    end
    assert.equal("Preparing Preparing Queued Queued", all(10))
    assert.equal("Running Running Queued Queued", all(10 + PREPARING))
    assert.equal("Running Failed Preparing Queued", all(60 + PREPARING))
    assert.equal("Completed Failed Running Preparing", all(110 + PREPARING))
    assert.equal("Completed Failed Completed Completed", all(1000))
    assert.equal("Running", machine.state(one, 1000))
  end)

  it("wait while it is stopped, and begin when it runs", function()
    local one = instance "Stopped"
    submit(one, 10, { "a", 100 })
    assert.equal("Queued", status(one, "a", 10000))
    local begun = machine.begin(one, "start", 10000)
    assert.equal("Preparing", status(one, "a", begun.due))
    assert.equal("Completed", status(one, "a", begun.due + PREPARING + 100))
  end)

  it("fail when it is stopped under them; those that wait go on waiting", function()
    local one = instance "Running"
    submit(one, 10, { "a", 100 }, { "b", 100 }, { "c", 100 })
    machine.begin(one, "stop", 50)
    assert.same(
      { "Failed", "Failed", "Queued" },
      { status(one, "a", 50), status(one, "b", 50), status(one, "c", 50) })
  end)

  it("are all gone when it is deleted", function()
    local one = instance "Running"
    submit(one, 10, { "a", 100 }, { "b", 100 }, { "c", 100 })
    machine.begin(one, "delete", 50)
    assert.same({ "Canceled", "Canceled" }, { status(one, "a", 50), status(one, "c", 50) })
  end)

  it("are cancelled at once where they wait, after a moment where they run", function()
    local one = instance "Running"
    submit(one, 10, { "a", 100 }, { "b", 100 }, { "c", 100 })
    for _, id in ipairs { "a", "c", "a", "none" } do queue.cancel(one, id, 40) end
    machine.plan(one, 40)
    assert.same({ "CancelRequested", "Canceled" }, { status(one, "a", 40), status(one, "c", 40) })
    assert.equal("Canceled", status(one, "a", 40 + inferred.durations.job_cancelling))
  end)

  it("keep it from being idle, the waiting ones too", function()
    local one = instance "Running"
    one.idle = "PT15M"
    submit(one, 10, { "a", 3600 })
    assert.equal("JobRunning", machine.state(one, 3000))
    local ends = 10 + PREPARING + 3600
    assert.equal("Running", machine.state(one, ends + 899))
    assert.equal("Stopping", machine.state(one, ends + 900))
  end)

  it("lets a job without a length run until its real end", function()
    local one = instance "Running"
    submit(one, 0, { "true-one" }, { "true-two" }, { "waits" })
    assert.equal("Running", status(one, "true-one", 1e6))
    assert.equal("Queued", status(one, "waits", 1e6))
    assert.equal("JobRunning", machine.state(one, 1e6))
    queue.finish(one, "true-one", 1e6, "Completed")
    machine.plan(one, 1e6)
    assert.equal("Completed", status(one, "true-one", 1e6))
    assert.equal("Running", status(one, "waits", 1e6))
    queue.cancel(one, "waits", 1e6)
    assert.equal("CancelRequested", status(one, "waits", 2e6))
    queue.finish(one, "waits", 2e6, "Canceled")
    assert.equal("Canceled", status(one, "waits", 2e6))
  end)
end)
