local cards = require "azureml.console.cards"
local errors = require "azureml.error"
local instance = require "azureml.instance"
local operation = require "azureml.operation"

local LOOK = { width = 80, colour = false }

local function vm_of(name, state, more)
  local inner = { state = state, vmSize = "STANDARD_DS3_V2" }
  for key, value in pairs(more or {}) do inner[key] = value end
  return instance.new({ name = "team" }, {
    name = name, tags = { team = "vision" },
    properties = { computeType = "ComputeInstance", properties = inner },
  })
end

describe("a card", function()
  it("of an instance tells what a person asks first", function()
    local last = { operationName = "Start", operationStatus = "Succeeded" }
    local card = cards.text(vm_of("ci-ann", "Running", { lastOperation = last }), LOOK)
    assert.equal("ci-ann: Running, STANDARD_DS3_V2\n  tags  team=vision\n  last  Start: Succeeded",
      card)
  end)

  it("of an error has its code, the hint and the details", function()
    local err = errors.new { code = "Odd", message = "it is odd", status = 400, hint = "do not ask",
      request_id = "77", details = { { message = "very odd" } } }
    assert.equal("it is odd\n  code     Odd\n  status   HTTP 400\n  request  77\n"
      .. "  hint     do not ask\n  -        very odd", cards.text(err, LOOK))
  end)

  it("of an error shows items that failed alike together", function()
    local details = {}
    for i = 1, 3 do
      local err = errors.new { code = "Unreached", message = "cannot start ci-" .. i }
      local message = ("ci-%d: %s"):format(i, err.message)
      details[i] = { name = "ci-" .. i, error = err, message = message }
    end
    local err = errors.new { code = "SomeFailed", message = "all failed", details = details }
    assert.equal("all failed\n  code  SomeFailed\n  -     ci-1: cannot start ci-1\n"
      .. "        the same: ci-2, ci-3", cards.text(err, LOOK))
  end)

  it("of an operation says what can be done", function()
    local op = operation.finished { verb = "start", name = "ci", workspace = {}, vm = {} }
    assert.equal("start ci: Succeeded", cards.text(op, LOOK))
  end)

  it("of a failed operation says why, before and after a wait", function()
    local err = errors.new { code = "AllocationFailed", message = "no room" }
    local op = operation.finished { verb = "create", name = "ci", workspace = {}, vm = {} }
    op.outcome = { ok = false, result = err }
    assert.equal("create ci: Failed\n  why  no room", cards.text(op, LOOK))
    local followed = { done = function() return true end, result = function() error(err, 0) end }
    assert.equal(err, cards.failure_of { followed = followed, done = followed.done })
    assert.is_nil(cards.failure_of { followed = followed, done = function() return false end })
  end)

  it("is wrapped at the width, and shows no control characters", function()
    local err = errors.new { code = "Odd", message = ("word "):rep(20) .. "\27[2J", hint = "x" }
    local card = cards.text(err, { width = 40 })
    for line in card:gmatch "[^\n]+" do assert.is_true(utf8.len(line) < 40, line) end
    assert.is_nil(card:find("\27", 1, true))
  end)
end)

describe("a table", function()
  it("of instances has a row for each", function()
    assert.equal("Name  State    Size             Age  Tags\n"
      .. "a     Running  STANDARD_DS3_V2    -  team=vision\n"
      .. "bb    Stopped  STANDARD_DS3_V2    -  team=vision",
      cards.text({ vm_of("a", "Running"), vm_of("bb", "Stopped") }, LOOK))
  end)

  it("of jobs has a row for each, also from a list that reads page by page", function()
    local jobs = { "a", "b" }
    local list = require("azureml.jobs.list").new(function()
      local name = table.remove(jobs, 1)
      return name and require("azureml.jobs.job").new({}, { name = name, properties = {
        status = "Running", command = "echo " .. name,
        computeId = "/subscriptions/x/computes/ci-ann" } })
    end, {})
    assert.equal("Name  Status   Compute  Command\na     Running  ci-ann   echo a\n"
      .. "b     Running  ci-ann   echo b", cards.text(cards.read(list), LOOK))
  end)

  it("of results has outcomes and reasons, and their sum", function()
    local fleet = require "azureml.fleet"
    local results = fleet.sum_up("stop", { { name = "a", outcome = "done" },
      { name = "b", outcome = "failed", error = { message = "it is odd" } } }, 2)
    assert.equal("Name  Outcome  Why\na     done     -\nb     failed   it is odd\n"
      .. "stop: 1 done, 1 failed", cards.text(results, LOOK))
  end)

  it("of plain records has the name first", function()
    assert.equal("name  size\na        1\nb        2",
      cards.text({ { size = 1, name = "a" }, { size = 2, name = "b" } }, LOOK))
  end)

  it("leaves columns out rather than cut the names", function()
    local rows = {}
    for i = 1, 2 do
      local name = "a-rather-long-name-" .. i
      rows[i] = { name = name, vcpus = 4, gpus = 0, memory_gb = 14, price = 1 }
    end
    assert.equal("name                  vcpus  gpus\na-rather-long-name-1      4     0\n"
      .. "a-rather-long-name-2      4     0\nfull(_) shows 2 more columns",
      cards.text(rows, { width = 36 }))
  end)

  it("is not made of other values", function()
    for _, value in ipairs { 1, "text", {}, { 1, 2 }, { { a = 1 } }, { a = 1 },
      { { a = {} }, { a = {} } }, { vm_of("a", "Running"), 5 } } do
      assert.is_nil(cards.text(value, LOOK))
    end
  end)
end)
