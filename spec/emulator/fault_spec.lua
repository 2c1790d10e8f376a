local fault = require "azureml.emulator.fault"

local STOP = { method = "POST", path = "/a/computes/ci/stop", verb = "stop" }
local GET = { method = "GET", path = "/a/computes/ci" }

describe("the emulator's faults", function()
  it("are none where none was asked for", function() assert.is_nil(fault.new():take(STOP)) end)

  it("come as often as asked, after as many as asked", function()
    local faults = fault.new()
    faults:add { answer = "reset", after = 1, times = 2 }
    local taken = {}
    for i = 1, 5 do taken[i] = faults:take(GET) or "-" end
    assert.same({ "-", "reset", "reset", "-", "-" }, taken)
  end)

  for _, row in ipairs {
    { { method = "POST" }, STOP, true }, { { method = "POST" }, GET, false }, { { verb = "stop" }, STOP, true },
    { { verb = "start" }, STOP, false }, { { path = "/computes/%w+$" }, GET, true }, { { path = "/computes/%w+$" }, STOP, false },
    { { method = "POST", verb = "stop", path = "ci" }, STOP, true }, { {}, GET, true },
  } do
    it(("match by %s"):format(next(row[1]) or "nothing"), function()
      local faults = fault.new()
      faults:add { match = row[1], answer = "close" }
      assert.equal(row[3], faults:take(row[2]) == "close")
    end)
  end

  it("are taken in the order of their rules", function()
    local faults = fault.new()
    faults:add { match = { verb = "stop" }, answer = "reset" }
    faults:add { answer = { status = 500 } }
    assert.equal(500, faults:take(GET).status)
    assert.equal("reset", faults:take(STOP))
    assert.is_nil(faults:take(STOP))
  end)

  for _, row in ipairs {
    { 5, "a fault: a table of options expected, got number" },
    { {}, "a fault's answer is a table or one of close" },
    { { answer = "explode" }, "a fault's answer is a table or one of close" },
    { { answer = { statuz = 5 } }, "a fault's answer has no option 'statuz'" },
    { { answer = { status = "500" } }, "option 'status' must be a number, not string" },
    { { answer = "reset", match = 5 }, "option 'match' must be a table, not number" },
    { { answer = "reset", match = { verb = 5 } }, "option 'verb' must be a string" },
    { { answer = "reset", match = { path = "%" } }, "is not a Lua pattern: '%'" },
    { { answer = "reset", time = 5 }, "a fault has no option 'time' (known: after, answer, match, times)" },
  } do
    it("are refused: " .. row[2], function()
      assert.is_truthy(fault.fault_of(row[1]):find(row[2], 1, true), fault.fault_of(row[1]))
    end)
  end

  it("are fine as they are documented", function()
    for _, answer in ipairs {
      "reset", "close", "truncate", "hang", "lose_header", "expire_token",
      { status = 429, headers = { ["Retry-After"] = "1" }, body = "x" },
      { operation = "Failed", code = "A", message = "b" },
    } do
      assert.is_nil(fault.fault_of { answer = answer })
    end
  end)
end)
