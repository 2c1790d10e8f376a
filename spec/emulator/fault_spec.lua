local fault = require "azureml.emulator.fault"

local STOP = { method = "POST", path = "/a/computes/ci/stop", verb = "stop", name = "ci" }
local CREATE = { method = "PUT", path = "/a/computes/ci", verb = "create", name = "ci" }
local GET = { method = "GET", path = "/a/computes/ci", name = "ci" }
local TOKEN = { method = "POST", path = "/t/oauth2/v2.0/token", entra = true }

local function take(faults, request)
  local trouble = faults:take(request)
  return trouble and trouble.name
end

describe("the emulator's faults", function()
  it("are none where none was asked for", function() assert.is_nil(fault.new():take(STOP)) end)

  it("come as often as asked, after as many as asked", function()
    local faults = fault.new()
    faults:add { trouble = "reset", after = 1, times = 2 }
    local taken = {}
    for i = 1, 5 do taken[i] = take(faults, GET) or "-" end
    assert.same({ "-", "reset", "reset", "-", "-" }, taken)
  end)

  for _, row in ipairs {
    { { method = "POST" }, STOP, true }, { { method = "POST" }, GET, false },
    { { verb = "stop" }, STOP, true },
    { { verb = "start" }, STOP, false }, { { path = "/computes/%w+$" }, GET, true },
    { { path = "/computes/%w+$" }, STOP, false },
    { { method = "POST", verb = "stop", path = "ci" }, STOP, true }, { {}, GET, true },
    { { name = "CI" }, STOP, true },
    { { name = "cj" }, STOP, false }, { { name = "ci" }, TOKEN, false }, { {}, TOKEN, false },
    { { path = "/token$" }, TOKEN, true },
    { { path = "/token$" }, STOP, false },
  } do
    it(("match %s by %s"):format(row[2].path, next(row[1]) or "nothing"), function()
      local faults = fault.new()
      faults:add { match = row[1], trouble = "close" }
      assert.equal(row[3], take(faults, row[2]) == "close")
    end)
  end

  it("are taken in the order of their rules", function()
    local faults = fault.new()
    faults:add { match = { verb = "stop" }, trouble = "reset" }
    faults:add { answer = { status = 500 } }
    assert.same({ name = "answer", status = 500 }, faults:take(GET))
    assert.equal("reset", take(faults, STOP))
    assert.is_nil(faults:take(STOP))
  end)

  it("wait for a request that they can happen to", function()
    for _, row in ipairs {
      { "quota_total", CREATE, STOP }, { "capacity", CREATE, GET }, { "disk_full", STOP, CREATE },
      { "operation_failed", STOP, GET },
    } do
      local faults = fault.new()
      faults:add { trouble = row[1] }
      assert.is_nil(take(faults, row[3]), row[1])
      assert.equal(row[1], take(faults, row[2]))
    end
    local faults = fault.new()
    faults:add { answer = { operation = "Failed" } }
    assert.is_nil(take(faults, GET))
    assert.equal("operation", take(faults, STOP))
  end)

  it("carry what was said of them", function()
    local faults = fault.new()
    faults:add { trouble = { name = "slow", seconds = 2 } }
    assert.same({ name = "slow", seconds = 2 }, faults:take(GET))
    faults:add { answer = { operation = "Failed", code = "A", message = "b" } }
    assert.same({ name = "operation", operation = "Failed", code = "A", message = "b" },
      faults:take(STOP))
  end)

  it("may have the options of their trouble beside its name", function()
    local faults = fault.new()
    faults:add { trouble = "slow", seconds = 2, times = 3 }
    assert.same({ name = "slow", seconds = 2 }, faults:take(GET))
    faults:clear()
    faults:add { trouble = { name = "answer", status = 500 } }
    assert.same({ name = "answer", status = 500 }, faults:take(GET))
  end)

  it("are listed until they are used up, and cleared", function()
    local faults = fault.new()
    faults:add { trouble = "reset", match = { verb = "stop" }, times = 2 }
    faults:take(STOP)
    assert.same(
      { { match = { verb = "stop" }, after = 0, times = 1, trouble = { name = "reset" } } },
      faults:list())
    faults:clear()
    assert.same({}, faults:list())
    assert.is_nil(faults:take(STOP))
  end)

  for _, row in ipairs {
    { 5, "a fault: a table of options expected, got number" },
    { {}, "a fault's trouble is one of capacity, claims_challenge, close" },
    { { answer = "explode" }, "a fault's trouble is one of " },
    { { trouble = "explode" }, "a fault's trouble is one of " },
    { { trouble = { seconds = 1 } }, "a fault's trouble is one of " },
    {
      { trouble = { name = "entra", code = 1 } },
      "a fault's trouble 'entra': 'code' is not the number of one of Entra's errors",
    },
    { { trouble = "slow", second = 1 }, "a fault has no option 'second' (known: after, answer," },
    { { trouble = "slow", seconds = "1" }, "option 'seconds' must be a number" },
    { { trouble = { name = "answer", statuz = 5 } }, "a fault's answer has no option 'statuz'" },
    {
      { trouble = "reset", answer = { status = 500 } },
      "a fault has a trouble or an answer, not both",
    },
    {
      { trouble = { name = "slow", second = 1 } },
      "a fault's trouble 'slow' has no option 'second' (known: name, seconds)",
    },
    { { trouble = { name = "slow", seconds = "1" } }, "option 'seconds' must be a number" },
    { { answer = { statuz = 5 } }, "a fault's answer has no option 'statuz'" },
    { { answer = { status = "500" } }, "option 'status' must be a number, not string" },
    { { answer = "reset", match = 5 }, "option 'match' must be a table, not number" },
    { { answer = "reset", match = { verb = 5 } }, "option 'verb' must be a string" },
    { { answer = "reset", match = { path = "%" } }, "is not a Lua pattern: '%'" },
    {
      { answer = "reset", time = 5 },
      "a fault has no option 'time' (known: after, answer, match, times, trouble)",
    },
  } do
    it("are refused: " .. row[2], function()
      assert.is_truthy(fault.fault_of(row[1]):find(row[2], 1, true), fault.fault_of(row[1]))
    end)
  end

  it("are fine as they are documented", function()
    for name, known in pairs(fault.troubles) do
      assert.is_nil(fault.fault_of { trouble = name })
      assert.is_nil(fault.fault_of { answer = name })      -- a name may stand there too
      assert.is_truthy(known.says and known.by, name)
    end
    assert.is_nil(fault.fault_of { trouble = { name = "entra", code = 90033 } })
    for _, answer in ipairs {
      { status = 429, headers = { ["Retry-After"] = "1" }, body = "x" },
      { operation = "Failed", code = "A", message = "b" },
    } do
      assert.is_nil(fault.fault_of { answer = answer })
    end
  end)
end)
