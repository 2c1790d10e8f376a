local door = require "spec.door"
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"

local LONG = inferred.durations.job_preparing + inferred.durations.job

local function open()
  return door.open { seed = { environments = { "env:1" },
    instances = { ["ci-ann"] = { state = "Running", vm_size = "Standard_DS1_v2" } } } }
end

local function submit(at, name, command, more)
  local properties = { jobType = "Command", command = command, environmentId = "azureml:env:1",
    computeId = at:path "computes/ci-ann" }
  for field, value in pairs(more or {}) do properties[field] = value end
  local status = at:ask("PUT", at:path("jobs/" .. name), { properties = properties })
  assert.equal(201, status)
end

local function ask(at, method, below, body)
  return at:ask(method, "/history/v1.0" .. at:path(below), body)
end

local function details(at, name)
  local status, value = ask(at, "GET", ("runs/%s/details"):format(name))
  assert.equal(200, status)
  return value
end

describe("the run history", function()
  it("tells when a job ran", function()
    local at = open()
    submit(at, "train", "exit 0")
    local first = details(at, "train")
    assert.same({ "Preparing", "ci-ann", nil }, { first.status, first.target, first.endTimeUtc })
    at.emulator:advance(LONG)
    local last = details(at, "train")
    assert.same({ "Completed", first.startTimeUtc, nil },
      { last.status, last.startTimeUtc, last.error })
    assert.is_true(last.endTimeUtc > last.startTimeUtc)
  end)

  it("tells nothing of when a job began that waits", function()
    local at = open()
    for i = 1, 3 do submit(at, "job" .. i, "sleep 60") end
    local waits = details(at, "job3")
    assert.same({ "Queued", nil }, { waits.status, waits.startTimeUtc })
    assert.same({}, waits.logFiles)
  end)

  for _, row in ipairs {
    { "its exit code", "exit 3", {}, "UserError", "User process exited with status code 3" },
    { "its last line", "echo a; echo out of memory; exit 1", {}, "UserError",
      "for error details. Error: out of memory" },
    { "its time limit", "sleep 600", { limits = { jobLimitsType = "Command", timeout = "PT5M" } },
      "JobTimedOut", "exceeded its time limit of PT5M" },
  } do
    it("tells why a job ended: " .. row[1], function()
      local at = open()
      submit(at, "train", row[2], row[3])
      at.emulator:advance "40m"
      local err = details(at, "train").error.error
      assert.equal(row[4], err.code)
      assert.is_truthy(err.message:find(row[5], 1, true), err.message)
    end)
  end

  it("tells why a job ended: its instance was stopped, or deleted", function()
    for verb, row in pairs {
      stop = { "Failed", "ComputeStopped" }, delete = { "Canceled", "ComputeDeleted" },
    } do
      local at = open()
      submit(at, "train", "sleep 600")
      if verb == "stop" then at:ask("POST", at:path "computes/ci-ann/stop") end
      if verb == "delete" then
        at:ask("DELETE", at:path "computes/ci-ann?underlyingResourceAction=Delete")
      end
      local found = details(at, "train")
      assert.same(row, { found.status, found.error.error.code })
    end
  end)

  it("has no error for a job that a user canceled", function()
    local at = open()
    submit(at, "train", "sleep 600")
    at:ask("POST", at:path "jobs/train/cancel")
    at.emulator:advance "1m"
    local found = details(at, "train")
    assert.same({ "Canceled", nil }, { found.status, found.error })
  end)

  it("changes the description of a run, and archives it", function()
    local at = open()
    submit(at, "train", "exit 0", { tags = { a = "1" } })
    local status, run = ask(at, "PATCH", "experiments/Default/runs/train",
      { displayName = "New", tags = { b = "2" }, hidden = true })
    assert.same({ 200, "New", true }, { status, run.displayName, run.hidden })
    local _, job = at:ask("GET", at:path "jobs/train")
    assert.same({ "New", { a = "1", b = "2" }, true },
      { job.properties.displayName, job.properties.tags, job.properties.isArchived })
    local _, list = at:ask("GET", at:path "jobs")
    assert.same({}, list.value)
  end)

  it("lists no children of a command", function()
    local at = open()
    submit(at, "train", "exit 0")
    local status, list = ask(at, "GET", "runs/train/children")
    assert.same({ 200, {} }, { status, list.value })
    local _, run = ask(at, "GET", "runs/train")
    assert.equal("train", run.runId)
  end)

  it("answers 404 for a run that is not there, and for paths of Resource Manager", function()
    local at = open()
    assert.equal(404, (ask(at, "GET", "runs/none/details")))
    assert.equal(404, (ask(at, "GET", "computes/ci-ann")))
    submit(at, "train", "exit 0")
    local status, value = at:ask("GET", at:path "runs/train/details")
    assert.same({ 404, "InvalidResourceType" }, { status, json.get(value, "error", "code") })
  end)

  it("takes tokens for the Azure ML service, and refuses those for others", function()
    local at = open()
    submit(at, "train", "exit 0")
    at:use(at.emulator.owner, "https://ml.azure.com")
    assert.equal("train", details(at, "train").runId)
    at:use(at.emulator.owner, "https://graph.microsoft.com")
    assert.equal(401, (ask(at, "GET", "runs/train/details")))
    at:use(at.emulator.reader, "https://ml.azure.com")
    assert.equal("train", details(at, "train").runId)
    assert.equal(403, (ask(at, "PATCH", "experiments/Default/runs/train", { hidden = true })))
  end)
end)
