local core = require "azureml.core"
local errors = require "azureml.error"
local log = require "azureml.look.log"

describe("a log", function()
  local text, asked, over

  before_each(function()
    core.clock "virtual"
    text, asked, over = "", {}, nil
  end)
  after_each(function() core.clock "real" end)

  -- A log that has the text now, and is over when `over` says so.
  local function open()
    return log.new({ name = "std.log", path = "Logs/std.log", size = 7 }, {
      read = function(first, last)
        if not text then return "" end
        asked[#asked + 1] = #text:sub(first + 1, last + 1)
        return text:sub(first + 1, last + 1), #text
      end,
      is_over = over,
    })
  end

  it("is known by its name", function()
    assert.equal("std.log", tostring(open()))
    assert.equal("\u{FFFD}[2J", tostring(log.new({ name = "\27[2J" }, {})))
    assert.same({ name = "std.log", path = "Logs/std.log", size = 7 }, log.summary(open()))
  end)

  it("is read whole, in pieces", function()
    text = ("0123456789abcde\n"):rep(200000)
    assert.is_true(open():read() == text)
    for _, size in ipairs(asked) do assert.is_true(size <= 1 << 20) end
    local count = 0
    open():each(function(piece) count = count + #piece end)
    assert.equal(#text, count)
  end)

  it("may be empty, or not there yet", function()
    assert.equal("", open():read())
    assert.equal("", open():read { tail = 3 })
    text = nil
    assert.equal("", open():read())
    assert.equal("", open():read { tail = 3 })
  end)

  for _, row in ipairs {
    { "a\nb\nc\n", 2, "b\nc\n" }, { "a\nb\nc", 2, "b\nc" }, { "a\nb\nc\n", 3, "a\nb\nc\n" },
    { "a\nb\n", 9, "a\nb\n" }, { "a\n\n\n", 2, "\n\n" }, { "a\nb\n", 0, "" }, { "a", 1, "a" },
    { "\n", 1, "\n" }, { "a\nb\n", 1, "b\n" },
  } do
    it(("has the last %d lines of %q"):format(row[2], row[1]), function()
      text = row[1]
      assert.equal(row[3], open():read { tail = row[2] })
    end)
  end

  it("is not read whole for its last lines", function()
    text = ("0123456789abcde\n"):rep(500000)
    assert.equal(("0123456789abcde\n"):rep(5), open():read { tail = 5 })
    assert.equal(("0123456789abcde\n"):rep(9000), open():read { tail = 9000 })
    local sum = 0
    for _, size in ipairs(asked) do sum = sum + size end
    assert.is_true(sum < 1 << 20)
  end)

  it("begins within a line that is longer than what is searched", function()
    text = ("x"):rep(9 << 20)
    assert.equal(4 << 20, #open():read { tail = 1 })
  end)

  it("is bounded when it is read whole", function()
    local endless = log.new({ name = "endless" }, {
      read = function(first, last) return ("x"):rep(last - first + 1), 1 << 40 end,
    })
    local _, err = errors.try(endless.read, endless)
    assert.equal("LogTooLong", err.code)
  end)

  it("is refused when a server sends more than was asked for", function()
    local greedy = log.new({ name = "greedy" }, {
      read = function(first, last) return ("x"):rep(last - first + 2), 10 end,
    })
    local _, err = errors.try(greedy.read, greedy)
    assert.equal("InvalidReply", err.code)
  end)

  it("is followed until it is over, with what was written last", function()
    local looks, seen = 0, {}
    text = nil
    over = function()
      looks = looks + 1
      text = (text or "") .. looks
      return looks == 4
    end
    local began = core.now()
    open():follow(function(piece) seen[#seen + 1] = piece end)
    assert.equal("1234", table.concat(seen))
    assert.equal(9, math.floor(core.now() - began))
  end)

  it("is followed from its last lines on", function()
    text, over = "a\nb\n", function() return true end
    local seen = {}
    open():follow(function(piece) seen[#seen + 1] = piece end, { tail = 1 })
    assert.same({ "b\n" }, seen)
  end)

  it("is read anew when it was begun anew", function()
    text = "first"
    local seen = {}
    over = function() return #seen == 2 end
    open():follow(function(piece)
      seen[#seen + 1] = piece
      text = "new"
    end, { interval = 1 })
    assert.same({ "first", "new" }, seen)
  end)

  it("is followed for a limited time", function()
    text = "x"
    local began = core.now()
    local one = open()
    local _, err = errors.try(one.follow, one, function() end, { timeout = 7 })
    assert.equal("Timeout", err.code)
    assert.equal(7, math.floor(core.now() - began))
    assert.matches("std.log may still grow after 7 s", err.message)
  end)

  it("refuses wrong options", function()
    local one = open()
    for _, wrong in ipairs {
      { tail = -1 }, { tail = 1.5 }, { timeout = -1 }, { interval = "x" }, { lines = 1 },
    } do
      assert.is_false(pcall(one.follow, one, print, wrong))
    end
    assert.is_false(pcall(one.read, one, { timeout = 1 }))
    assert.is_false(pcall(one.read))
  end)
end)
