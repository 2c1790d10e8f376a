local door = require "spec.door"
local json = require "azureml.json"

local function open(state)
  return door.open { seed = { instances = { ["ci-ann"] = state or "Running" } } }
end

local function inner_of(at)
  local _, value = at:ask("GET", at:path "computes/ci-ann")
  return value.properties.properties
end

local function control(at, what, body)
  return at:send {
    method = "POST", target = "/emulator/" .. what, headers = { host = "127.0.0.1" },
    body = json.encode(body),
  }
end

describe("the circumstances", function()
  it("let a node break, which a restart mends", function()
    local at = open()
    at.emulator:affect("CI-ANN", { unusable = true })
    local inner = inner_of(at)
    assert.equal("Unusable", inner.state)
    assert.is_truthy(inner.errors[1].error.message:find("encountered an unusable node", 1, true))
    assert.equal(202, (at:ask("POST", at:path "computes/ci-ann/restart")))
    at.emulator:advance "10m"
    inner = inner_of(at)
    assert.same({ "Running", {} }, { inner.state, inner.errors })
  end)

  it("let a disk run full, which no stop gets by", function()
    local at = open()
    assert.equal(204, (control(at, "instance", { name = "ci-ann", disk_full = true })))
    local status, value = at:ask("POST", at:path "computes/ci-ann/stop")
    assert.same(
      { 400, "BadRequest", "StopCompute is not allowed when ComputeInstance disk is full." },
      { status, value.error.code, value.error.message })
    control(at, "instance", { name = "ci-ann", disk_full = false })
    assert.equal(202, (at:ask("POST", at:path "computes/ci-ann/stop")))
  end)

  it("let a user work, which puts off the idle shutdown", function()
    local at = open()
    at:ask("POST",
      at:path "computes/ci-ann/updateIdleShutdownSetting?api-version=2026-03-15-preview",
      { idleTimeBeforeShutdown = "PT20M" })
    at.emulator:advance "15m"
    at.emulator:affect("ci-ann", { active = true })
    at.emulator:advance "15m"
    assert.equal("Running", inner_of(at).state)
  end)

  for full, verbs in pairs {
    [true] = { create = true, start = true },
    ["standardDSv2Family"] = { create = true, start = true },
    ["standardFSv2Family"] = {},
  } do
    it("fill the region: " .. tostring(full), function()
      local at = open "Stopped"
      at.emulator:behave { full = type(full) == "string" and { full } or full }
      local _, _, created = at:ask("PUT", at:path "computes/ci-bob", door.instance())
      local _, _, started = at:ask("POST", at:path "computes/ci-ann/start")
      at.emulator:advance "10m"
      for verb, headers in pairs { create = created, start = started } do
        local _, said = at:follow(headers)
        assert.equal(verbs[verb] and "AllocationFailed", json.get(said, "error", "code"))
      end
      assert.equal(verbs.start and "Stopped" or "Running", inner_of(at).state)
    end)
  end

  it("fill the region for a scheduled start too", function()
    local at = open "Stopped"
    at:ask("POST", at:path "computes/ci-ann/updateSchedules?api-version=2021-03-01-preview", {
      computeStartStop = { {
        action = "Start", triggerType = "Recurrence",
        recurrence = { frequency = "Minute", interval = 10 },
      } },
    })
    at.emulator:behave { full = true }
    at.emulator:advance "15m"
    local last = inner_of(at).lastOperation
    assert.same({ "Start", "StartFailed", "Schedule" },
      { last.operationName, last.operationStatus, last.operationTrigger })
    assert.equal(204, (control(at, "behaviour", { full = false })))
    at.emulator:advance "10m"
    assert.equal("Running", inner_of(at).state)
  end)

  it("lock what there is, and forbid public addresses", function()
    local at = open()
    at.emulator:behave { locked = true, policy = "no-public-ip" }
    local status, value = at:ask("DELETE",
      at:path "computes/ci-ann?underlyingResourceAction=Delete")
    assert.same({ 409, "ScopeLocked" }, { status, value.error.code })
    status, value = at:ask("PUT", at:path "computes/ci-bob", door.instance())
    assert.same({ 403, "RequestDisallowedByPolicy" }, { status, value.error.code })
    assert.is_truthy(value.error.message:find("no-public-ip", 1, true))
    assert.equal(201, (at:ask("PUT", at:path "computes/ci-bob", door.instance {
      enableNodePublicIp = false, subnet = { id = "/s" },
    })))
    at.emulator:behave { locked = false, policy = false }
    assert.equal(202, (at:ask("DELETE", at:path "computes/ci-ann?underlyingResourceAction=Delete")))
  end)

  it("tell of operations by Location, with Retry-After", function()
    local at = open()
    at.emulator:behave { location = true, retry_after = 20 }
    local _, _, headers = at:ask("POST", at:path "computes/ci-ann/stop")
    assert.equal("20", headers["Retry-After"])
    local target = headers.Location:gsub("^http://[^/]+", "")
    local status, _, again = at:ask("GET", target)
    assert.same({ 202, headers.Location, "20" }, { status, again.Location, again["Retry-After"] })
    at.emulator:advance "10m"
    assert.equal(200, (at:ask("GET", target)))
    at.emulator:fault {
      match = { verb = "start" },
      answer = { operation = "Failed", code = "Broke", message = "it broke" },
    }
    _, _, headers = at:ask("POST", at:path "computes/ci-ann/start")
    at.emulator:advance "10m"
    local failed, value = at:ask("GET", (headers.Location:gsub("^http://[^/]+", "")))
    assert.same({ 400, "Broke" }, { failed, value.error.code })
    at.emulator:behave { location = false, retry_after = 0 }
    _, _, headers = at:ask("POST", at:path "computes/ci-ann/start")
    assert.same({ nil, nil }, { headers.Location, headers["Retry-After"] })
  end)

  it("let an operation hang until it is given up", function()
    local at = open "Stopped"
    at.emulator:fault { match = { verb = "start" }, answer = { operation = "Hung" } }
    local _, _, headers = at:ask("POST", at:path "computes/ci-ann/start")
    at.emulator:advance "30m"
    assert.equal("InProgress", select(2, at:follow(headers)).status)
    assert.equal("Starting", inner_of(at).state)
    at.emulator:advance "29m"
    assert.equal("InProgress", select(2, at:follow(headers)).status)
  end)

  for what, row in pairs {
    ["an unknown behaviour"] = {
      "behaviour", { speed = 1 }, 400, "behaviour has no option 'speed'",
    },
    ["a PUT of a third kind"] = {
      "behaviour", { put = "merge" }, 400, "put is 'ignore' or 'refuse', not 'merge'",
    },
    ["a region full of a number"] = {
      "behaviour", { full = 5 }, 400, "full is true, false or a list of families",
    },
    ["a policy without a name"] = { "behaviour", { policy = 5 }, 400, "the name of a policy" },
    ["an unknown event of an instance"] = {
      "instance", { name = "ci-ann", flooded = true }, 400, "has no option 'flooded'",
    },
    ["an instance that is not there"] = {
      "instance", { name = "ci-bob", unusable = true }, 404, "no instance of that name",
    },
    ["no name"] = { "instance", { unusable = true }, 404, "no instance of that name" },
  } do
    it("are not changed by " .. what, function()
      local status, value = control(open(), row[1], row[2])
      assert.equal(row[3], status)
      assert.is_truthy(value.error.message:find(row[4], 1, true), value.error.message)
    end)
  end

  it("are refused at the caller's line in Lua", function()
    local at = open()
    assert.error_matches(function() at.emulator:affect("ci-bob", { unusable = true }) end,
      "there is no instance 'ci-bob'", 1, true)
    assert.error_matches(function() at.emulator:affect("ci-ann", { wet = true }) end,
      "has no option 'wet'", 1, true)
    assert.error_matches(function() at.emulator:behave { put = 1 } end, "'put' must be a string", 1,
      true)
    assert.error_matches(function()
      at.emulator:seed_instance("ci-eve", { properties = { subnet = 5 } })
    end,
      "the seed of 'ci-eve': The request content was invalid: 'subnet' must be an object.", 1, true)
  end)
end)

describe("trouble by name", function()
  for _, row in ipairs {
    { "quota_family", "PUT", 400, "a Standard DSv2 family vCPU quota of 4 and is less" },
    { "quota_total", "PUT", 400, "a total vCPU quota of 4 and is less" },
    { "quota_count", "PUT", 400, "its limit of 1 computes" },
    { "conflict", "PUT", 409, "There is already an active operation submitted on 'ci-new'" },
    { "conflict", "stop", 409, "There is already an active operation submitted on 'ci-ann'" },
    { "disk_full", "stop", 400, "StopCompute is not allowed when ComputeInstance disk is full." },
  } do
    it(("refuses a %s: %s"):format(row[2], row[1]), function()
      local at = open()
      at.emulator:fault { trouble = row[1] }
      local function ask()
        if row[2] == "PUT" then return at:ask("PUT", at:path "computes/ci-new", door.instance()) end
        return at:ask("POST", at:path("computes/ci-ann/" .. row[2]))
      end
      local status, value = ask()
      assert.equal(row[3], status)
      assert.is_truthy(value.error.message:find(row[4], 1, true), value.error.message)
      assert.is_true((ask()) < 300)      -- once
    end)
  end

  for _, row in ipairs {
    { "capacity", "start", "AllocationFailed", "Stopped" },
    { "unusable_node", "start", "UnusableNode", "Unusable" },
    { "setup_script", "start", "SetupScriptsError", "UserSetupFailed" },
    { "operation_failed", "stop", "OperationFailed", "Running" },
    {
      { name = "operation_failed", code = "Mine", message = "as asked" }, "stop", "Mine", "Running",
    },
    { "operation_hung", "start", "OperationTimedOut", "Stopped" },
  } do
    local name = type(row[1]) == "table" and row[1].name or row[1]
    it(("fails a %s: %s"):format(row[2], name), function()
      local at = open(row[2] == "start" and "Stopped" or "Running")
      at.emulator:fault { trouble = row[1] }
      local status, _, headers = at:ask("POST", at:path("computes/ci-ann/" .. row[2]))
      assert.equal(202, status)
      assert.equal("InProgress", select(2, at:follow(headers)).status)
      at.emulator:advance "3h"
      at.token = at.emulator:issue_token()
      local _, said = at:follow(headers)
      assert.same({ "Failed", row[3] }, { said.status, json.get(said, "error", "code") })
      assert.equal(row[4], inner_of(at).state)
    end)
  end
end)
