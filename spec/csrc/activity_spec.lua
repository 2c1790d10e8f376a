--- What an operation is doing, as text: csrc/activity.c.
local activity = require "pure".activity

local START = { label = "start ci-ann", method = "POST", url = "https://h/a?b=c" }

local function text(fields)
  local all = {}
  for name, value in pairs(START) do all[name] = value end
  for name, value in pairs(fields) do all[name] = value end
  return activity(all)
end

describe("an operation's text", function()
  for _, row in ipairs {
    { {}, "start ci-ann: starting" },
    { { phase = "token" }, "start ci-ann: waiting for a token" },
    { { phase = "flight" }, "start ci-ann: sending" },
    { { attempts = 1, left = 2 }, "start ci-ann: trying again in 2 s, after 1 try" },
    { { attempts = 2, left = 2 }, "start ci-ann: trying again in 2 s, after 2 tries" },
    { { stage = "poll", left = 4 }, "start ci-ann: accepted, first poll in 4 s" },
    { { stage = "poll", phase = "flight", polls = 10 }, "start ci-ann: polling, 11th time" },
    { { stage = "poll", polls = 3, left = 4 }, "start ci-ann: polling, 3rd time, next in 4 s" },
    { { stage = "poll", is_held = true }, "start ci-ann: accepted, its poll is held back" },
    { { stage = "final", phase = "flight" }, "start ci-ann: fetching the result" },
    { { phase = "done" }, "start ci-ann: done" },
    { { phase = "done", failure = "Conflict" }, "start ci-ann: Conflict" },
  } do
    it("is '" .. row[2] .. "'", function() assert.equal(row[2], text(row[1])) end)
  end

  it("has method and path in place of a label", function()
    local fields = { method = "POST", url = "https://h/a?b=c", phase = "flight" }
    assert.equal("POST /a?b=c: sending", activity(fields))
  end)

  it("of a sleep says how much of it is left", function()
    assert.equal("sleeping, 5 s left", activity { left = 5 })
  end)

  it("counts polls in words that people use", function()
    local endings = { "1st", "2nd", "3rd", "4th", [11] = "11th", [12] = "12th", [13] = "13th",
      [21] = "21st", [102] = "102nd", [111] = "111th" }
    for polls, ordinal in pairs(endings) do
      assert.matches("polling, " .. ordinal .. " time", text { stage = "poll", polls = polls })
    end
  end)
end)
