local board = require "azureml.console.board"
local core = require "azureml.core"

describe("the board of watched instances", function()
  local shown, drawn, now

  before_each(function()
    core.clock "virtual"
    drawn = 0
    shown = board.new { panel = {
      draw = function() drawn = drawn + 1 end, leave = function() end,
    } }
    now = core.now()
  end)
  after_each(function()
    shown:close()
    core.clock "real"
  end)

  local function change(name, was, state, is_initial)
    shown:add { name = name, workspace = "team", was = was, state = state,
      is_initial = is_initial or false }
  end

  local function lines(height)
    local texts, colours = {}, {}
    for i, line in ipairs(shown:lines(now, 80, height or 24)) do
      texts[i], colours[i] = line.text, line.colour or false
    end
    return texts, colours
  end

  it("counts the states, and marks nothing at first", function()
    change("bob", nil, "Stopped", true)
    change("ann", nil, "Running", true)
    local texts, colours = lines()
    assert.equal("2 instances: 1 Running, 1 Stopped", texts[1])
    assert.matches("^ +Name +State +Was +For$", texts[2])
    assert.matches("^ +ann +Running$", texts[3])
    assert.matches("^ +bob +Stopped$", texts[4])
    assert.same({ false, false, false, false }, colours)
  end)

  it("marks changes, and shows the latest on top", function()
    change("ann", nil, "Running", true)
    change("bob", nil, "Stopped", true)
    change("bob", "Stopped", "Starting")
    now = core.now()
    local texts, colours = lines()
    assert.equal("2 instances: 1 Running, 1 Starting", texts[1])
    assert.matches("^%* +bob +Starting +Stopped +0 s$", texts[3])
    assert.equal(33, colours[3])
    now = now + 61
    texts, colours = lines()
    assert.matches("^ +bob +Starting +Stopped +1 min 1 s$", texts[3])
    assert.is_false(colours[3])
  end)

  it("keeps what is gone in sight, and counts it no more", function()
    change("ann", nil, "Running", true)
    change("ann", "Running", nil)
    local texts = lines()
    assert.equal("0 instances", texts[1])
    assert.matches("%* +ann +gone +Running", texts[3])
  end)

  it("shows what fits, and counts the rest", function()
    for i = 1, 100 do change(("ci-%03d"):format(i), nil, "Running", true) end
    local texts = lines(10)
    assert.equal(9, #texts)
    assert.equal("and 94 more, which changed earlier", texts[9])
  end)

  it("is drawn once for many changes that come together", function()
    for i = 1, 50 do change("ci-" .. i, nil, "Running", true) end
    assert.equal(0, drawn)
    require("azureml").sleep(1)
    assert.equal(1, drawn)
    change("ci-1", "Running", "Stopping")
    require("azureml").sleep(3)
    assert.is_true(drawn >= 3)      -- the time since the change goes on
  end)
end)
