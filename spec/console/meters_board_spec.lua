local core = require "azureml.core"
local meters_board = require "azureml.console.meters_board"

describe("the table of metrics that is redrawn", function()
  local board, drawn

  before_each(function()
    core.clock "virtual"
    drawn = 0
    board = meters_board.new { panel = {
      draw = function() drawn = drawn + 1 end, leave = function() end,
    } }
  end)
  after_each(function()
    board:close()
    core.clock "real"
  end)

  local function reading(name, used)
    return { name = name, metrics = {
      name = name, cores = 4, load_1 = 0.5, load_5 = 0.25, load_15 = 1, uptime = 1,
      memory = { size = 16, used = 4, available = 12, swap_size = 0, swap_used = 0 },
      disks = { { mount = "/", used = used, available = 100 - used, used_percent = used,
        is_nearly_full = used >= 90, steps = { "purge" } } },
      gpus = {}, notes = {},
    } }
  end

  local function lines(height)
    local texts, colours = {}, {}
    for i, line in ipairs(board:lines(90, height or 24)) do
      texts[i], colours[i] = line.text, line.colour or false
    end
    return texts, colours
  end

  it("has a row for each instance, and marks what needs attention", function()
    board:add(reading("ci-bob", 10))
    board:add(reading("ci-ann", 95))
    board:add { name = "ci-cleo", why = "it does not answer" }
    local texts, colours = lines()
    assert.equal("3 instances, 1 with a disk nearly full, 1 not read", texts[1])
    assert.matches("^Name +Load +Cores +Memory +Fullest disk +GPU$", texts[2])
    assert.matches("^ci%-ann +0.50 0.25 1.00 +4 .* / 95 %%! ", texts[3])
    assert.matches("^ci%-bob .* / 10 %% ", texts[4])
    assert.matches("^ci%-cleo", texts[5])
    assert.same({ "ci-cleo: it does not answer", "ci-ann: / is 95 % full, 5 bytes left",
      "  next: purge" }, { table.unpack(texts, 6) })
    assert.same({ false, false, 31, false, 31, 31, 31, 31 }, colours)
  end)

  it("shows what fits, and counts the rest", function()
    for i = 1, 100 do board:add(reading(("ci-%03d"):format(i), 95)) end
    local texts = lines(10)
    assert.equal(9, #texts)
    assert.equal("and 95 more", texts[8])
  end)

  it("shows a trouble until it is over", function()
    board:add(reading("ci-ann", 10))
    board:tell "the service does not answer"
    local texts, colours = lines()
    assert.same({ "the service does not answer", 31 }, { texts[2], colours[2] })
    assert.matches("^ci%-ann", texts[4])
    board:tell(nil)
    assert.matches("^Name", lines()[2])
  end)

  it("says that no instance runs", function()
    assert.same({ "no instance runs" }, (lines()))
  end)

  it("leaves out instances that are gone", function()
    board:add(reading("ci-ann", 10))
    board:add(reading("ci-bob", 10))
    board:keep { ["ci-bob"] = true }
    assert.equal("1 instance", lines()[1])
  end)

  it("is drawn once for readings that come together, and at the end", function()
    for i = 1, 50 do board:add(reading("ci-" .. i, 10)) end
    require("azureml").sleep(1)
    assert.equal(1, drawn)
    board:add(reading("ci-1", 20))
    board:close()
    board:close()
    assert.equal(2, drawn)
  end)
end)
