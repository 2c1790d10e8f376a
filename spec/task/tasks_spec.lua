--- Waiting, in tasks and in any other place: lua/azureml/task/tasks.lua.
local azureml = require "azureml"
local core = require "azureml.core"
local errors = require "azureml.error"
local task = require "azureml.task"
local waiting = require "spec.waiting"

local virtual, tidy, timed, assert_took
  = waiting.virtual, waiting.tidy, waiting.timed, waiting.assert_took
local closing, PLACES = waiting.closing, waiting.PLACES

local function raise(code)
  errors.raise { code = code, message = "it was " .. code }
end

-- In these places a task cannot yield: its wait turns the loop, and other tasks stand still.
local HOLD_OTHERS = {
  ["gsub's callback"] = true, ["a comparison of sort"] = true, ["a generator"] = true,
  ["a foreign scheduler's coroutine"] = true,
}

describe("waiting", function()
  before_each(virtual)
  after_each(tidy)

  local function wait()
    azureml.sleep(7)
    return "waited"
  end

  for place, within in pairs(PLACES) do
    it("may be done in " .. place, function()
      local took, result = timed(within, wait)
      assert_took(7, took)
      assert.equal("waited", result)
    end)

    it(("may be done in %s of a task"):format(place), function()
      local took, result, other = timed(azureml.parallel, function()
        return within(wait)
      end, function()
        azureml.sleep(3)
        return "other"
      end)
      assert_took(HOLD_OTHERS[place] and 10 or 7, took)
      assert.same({ "waited", "other" }, { result, other })
    end)

    it(("may be done by tasks that begin in %s"):format(place), function()
      local took, result = timed(within, function() return (azureml.parallel(wait, wait)) end)
      assert_took(7, took)
      assert.equal("waited", result)
    end)

    it(("may be done by tasks that begin in %s of a task"):format(place), function()
      local took, result = timed(azureml.parallel, function()
        return within(function() return (azureml.parallel(wait, wait)) end)
      end, wait)
      assert_took(7, took)
      assert.equal("waited", result)
    end)
  end

  it("lets other tasks go on", function()
    local order = {}
    azureml.parallel(function()
      azureml.sleep(2)
      order[#order + 1] = "a2"
      azureml.sleep(2)
      order[#order + 1] = "a4"
    end, function()
      azureml.sleep(3)
      order[#order + 1] = "b3"
    end)
    assert.same({ "a2", "b3", "a4" }, order)
  end)

  it("where nothing can yield resumes no task of a group", function()
    local order = {}
    azureml.parallel(function()
      string.gsub("x", "x", function() azureml.sleep(5) end)
      order[#order + 1] = "first"
    end, function() order[#order + 1] = "second" end)
    assert.same({ "first", "second" }, order)
  end)

  for name, seconds in pairs {
    ["a text"] = "soon", ["less than nothing"] = -1, ["not a number"] = 0 / 0, ["nothing"] = false,
  } do
    it(("sleep: %s is the caller's mistake"):format(name), function()
      local ok, err = pcall(function() azureml.sleep(seconds or nil) end)
      assert.is_false(ok)
      assert.matches(
        "^spec/task/tasks_spec.lua:%d+: sleep: .*must be a number of seconds, 0 or more", err)
    end)
  end

  it("holds thousands of sleeps, which end in the order of their times", function()
    local COUNT, ended, functions = 5000, {}, {}
    for i = 1, COUNT do
      functions[i] = function()
        azureml.sleep((i * 7919) % COUNT + 1)      -- all times from 1 to COUNT, mixed
        ended[#ended + 1] = (i * 7919) % COUNT + 1
        return i
      end
    end
    local took, results = timed(function() return { azureml.parallel(table.unpack(functions)) } end)
    assert.is_true(took >= COUNT and took < COUNT + 60)
    for i = 1, COUNT do
      assert.equal(i, ended[i])
      assert.equal(i, results[i])
    end
  end)
end)

describe("a deadline", function()
  before_each(virtual)
  after_each(tidy)

  for place, within in pairs {
    ["the main chunk"] = PLACES["the main chunk"], ["a task"] = azureml.parallel,
  } do
    it("ends a wait early, in " .. place, function()
      local op <close> = core.sleep(100)
      local took, over = timed(within, function() return task.wait(op, core.now() + 4) end)
      assert_took(4, took)
      assert.is_false(over)
      assert.is_false(op:done())
    end)

    it("is not waited for when the operation ends first, in " .. place, function()
      local took, over = timed(function()
        local op <close> = core.sleep(4)
        return within(function() return task.wait(op, core.now() + 100) end)
      end)
      assert_took(4, took)
      assert.is_true(over)
    end)

    it("that has passed still lets what is done be seen, in " .. place, function()
      local op <close> = core.sleep(0)
      task.wait(op)
      assert.is_true(within(function() return task.wait(op, core.now() - 1) end))
    end)

    it("that has passed ends the wait at once, in " .. place, function()
      local op <close> = core.sleep(100)
      local took, over = timed(within, function() return task.wait(op, core.now() - 1) end)
      assert_took(0, took)
      assert.is_false(over)
    end)
  end

  it("leaves nothing in memory, however many there were", function()
    local function used()
      collectgarbage()
      collectgarbage()
      return collectgarbage "count"
    end
    local function waits(count)
      azureml.parallel(function()
        for _ = 1, count do
          local op <close> = core.sleep(1)
          task.wait(op, core.now() + 100)
        end
      end)
      return used()
    end
    local few = waits(600)
    assert.is_true(waits(6000) - few < 500)      -- KiB; a record of each would take a thousand
  end)
end)

describe("wait_until", function()
  before_each(virtual)
  after_each(tidy)

  it("looks again when it is told to", function()
    local op <close> = core.sleep(100)
    local over = false
    local took = timed(azureml.parallel, function()
      return task.wait_until(op, function() return over end)
    end, function()
      azureml.sleep(2)
      over = true
      task.look_again(op)
    end)
    assert_took(2, took)
  end)

  it("does not take other news for its own", function()
    local took = timed(function()
      local op <close> = core.sleep(5)
      azureml.parallel(function() task.wait(op) end, function() azureml.sleep(1) end)
    end)
    assert_took(5, took)
  end)

  it("may be called by several for one operation", function()
    local op <close> = core.sleep(5)
    local a, b, c = azureml.parallel(
      function() return task.wait(op) end,
      function() return task.wait(op, core.now() + 9) end,
      function() return task.wait(op, core.now() + 2) end)
    assert.same({ true, true, false }, { a, b, c })
  end)
end)

describe("parallel", function()
  before_each(virtual)
  after_each(tidy)

  it("gives the first result of each, in order, nil too", function()
    local results = table.pack(azureml.parallel(function()
      azureml.sleep(2)
      return "a", "not this"
    end, function() end, function() return false end, function()
      azureml.sleep(1)
      return "d"
    end, function() return nil end))
    assert.same({ "a", nil, false, "d", nil, n = 5 }, results)
  end)

  it("of nothing returns at once", function()
    assert.equal(0, select("#", azureml.parallel()))
  end)

  for name, row in pairs {
    ["a nil in between"] = { 2, "nil", function() end, nil, function() end },
    ["a text"] = { 1, "string", "f", function() end },
    ["a table"] = { 2, "table", function() end, {} },
    ["a nil at the end"] = { 2, "nil", function() end, nil, n = 4 },
  } do
    it(("%s is the caller's mistake, and nothing runs"):format(name), function()
      local ran = false
      local given = table.pack(table.unpack(row, 3, row.n or #row))
      for i = 1, given.n do
        if type(given[i]) == "function" then given[i] = function() ran = true end end
      end
      local ok, err = pcall(function() azureml.parallel(table.unpack(given, 1, given.n)) end)
      assert.is_false(ok)
      local said = ("bad argument #%d to 'parallel' %%(function expected, got %s%%)"):format(row[1],
        row[2])
      assert.matches("^spec/task/tasks_spec.lua:%d+: " .. said .. "$", err)
      assert.is_false(ran)
    end)
  end

  it("the first error closes the others, whose <close> variables run, and is raised", function()
    local log, went_on = {}, false
    local took, ok, err = timed(pcall, azureml.parallel, function()
      local _ <close> = closing(log, "sleeper")
      azureml.sleep(100)
      went_on = true
    end, function()
      azureml.sleep(2)
      raise "First"
    end, function()
      local _ <close> = closing(log, "another")
      azureml.sleep(50)
      raise "Second"
    end)
    assert_took(2, took)
    assert.is_false(ok)
    assert.equal("First", err.code)
    assert.is_false(went_on)
    assert.same({ "sleeper", "another" }, log)
  end)

  it("the <close> variables of the one that failed run, too, before it is raised", function()
    local log = {}
    local ok, err = pcall(azureml.parallel, function()
      local _ <close> = closing(log, "outer")
      local _ <close> = closing(log, "inner", function() azureml.sleep(3) end)
      azureml.sleep(1)
      raise "Own"
    end)
    assert.is_false(ok)
    assert.equal("Own", err.code)
    assert.is_nil(err.details)
    assert.same({ "inner", "outer" }, log)
  end)

  it("closes what the one that failed had open", function()
    local kept
    pcall(azureml.parallel, function()
      local op <close> = core.sleep(100)
      kept = op
      raise "Own"
    end)
    assert.is_true(kept:is_closed())
  end)

  it("a <close> handler may wait", function()
    local log = {}
    local took = timed(pcall, azureml.parallel, function()
      local _ <close> = closing(log, "waited", function() azureml.sleep(10) end)
      azureml.sleep(100)
    end, function()
      azureml.sleep(2)
      raise "First"
    end)
    assert_took(12, took)
    assert.same({ "waited" }, log)
  end)

  it("a <close> handler may have tasks of its own", function()
    local log = {}
    local took = timed(pcall, azureml.parallel, function()
      local _ <close> = closing(log, "waited", function()
        azureml.parallel(function() azureml.sleep(10) end, function() azureml.sleep(6) end)
      end)
      azureml.sleep(100)
    end, function() raise "First" end)
    assert_took(10, took)
    assert.same({ "waited" }, log)
  end)

  for name, value in pairs {
    ["a text"] = "spec: a mistake", ["a number"] = 42, ["a table"] = { "mine" }, ["false"] = false,
  } do
    it(("raises %s as it is"):format(name), function()
      local ok, err = pcall(azureml.parallel, function() error(value, 0) end,
        function() azureml.sleep(1) end)
      assert.is_false(ok)
      assert.equal(value, err)
    end)
  end

  it("an interrupt ends it like any error, and is the one that is raised", function()
    local log = {}
    local ok, err = pcall(azureml.parallel, function()
      local _ <close> = closing(log, "closed")
      azureml.sleep(100)
    end, function()
      azureml.sleep(1)
      error(errors.interrupted(), 0)
    end)
    assert.is_false(ok)
    assert.is_true(errors.is_interrupted(err))
    assert.same({ "closed" }, log)
  end)

  it("an error in a task that was caught there is none", function()
    assert.equal("went on", (azureml.parallel(function()
      local _, err = azureml.try(raise, "Caught")
      azureml.sleep(1)
      return err.code == "Caught" and "went on"
    end)))
  end)

  it("may be nested, and the parent's fellows go on meanwhile", function()
    local order = {}
    local took, inner = timed(azureml.parallel, function()
      local a, b = azureml.parallel(function()
        azureml.sleep(5)
        order[#order + 1] = "inner5"
        return 1
      end, function()
        azureml.sleep(1)
        order[#order + 1] = "inner1"
        return 2
      end)
      order[#order + 1] = "parent"
      return a + b
    end, function()
      azureml.sleep(3)
      order[#order + 1] = "fellow3"
    end)
    assert_took(5, took)
    assert.equal(3, inner)
    assert.same({ "inner1", "fellow3", "inner5", "parent" }, order)
  end)

  it("nested: a failure ends the inner one only, if the parent catches it", function()
    local caught
    local took = timed(azureml.parallel, function()
      local _, err = azureml.try(azureml.parallel, function()
        azureml.sleep(1)
        raise "Inner"
      end, function() azureml.sleep(100) end)
      caught = err.code
    end, function() azureml.sleep(3) end)
    assert.equal("Inner", caught)
    assert_took(3, took)
  end)

  it("nested: a failure of the outer one closes the inner one's tasks", function()
    local log = {}
    local took, ok, err = timed(pcall, azureml.parallel, function()
      local _ <close> = closing(log, "parent")
      azureml.parallel(function()
        local _ <close> = closing(log, "child")
        azureml.sleep(100)
      end, function() azureml.sleep(100) end)
    end, function()
      azureml.sleep(2)
      raise "Outer"
    end)
    assert_took(2, took)
    assert.is_false(ok)
    assert.equal("Outer", err.code)
    assert.same({ "child", "parent" }, log)
  end)

  it("goes a hundred groups deep", function()
    local function down(depth)
      if depth == 0 then
        azureml.sleep(1)
        return "bottom"
      end
      return (azureml.parallel(function() return down(depth - 1) end))
    end
    assert.equal("bottom", down(100))
  end)
end)

describe("each", function()
  before_each(virtual)
  after_each(tidy)

  it("calls the function with each item, side by side", function()
    local seen = {}
    local took = timed(azureml.each, { 1, 2, 3, 4 }, function(n)
      azureml.sleep(2)
      seen[#seen + 1] = n
    end)
    assert_took(2, took)
    assert.same({ 1, 2, 3, 4 }, seen)
  end)

  it("returns nothing, and an empty list is fine", function()
    assert.equal(0, select("#", azureml.each({ 1 }, function() return "a value" end)))
    azureml.each({}, function() error "never called" end)
    azureml.each(function() return nil end, function() error "never called" end)
  end)

  it("tries all, then lists the failures by name", function()
    local tried = {}
    local list = { { name = "ann" }, { name = "bob" }, { name = "cleo" }, "dan", 5 }
    local function try_each()
      local _, err = azureml.try(azureml.each, list, function(item)
        azureml.sleep(type(item) == "table" and #item.name or 1)
        tried[#tried + 1] = item
        if item ~= list[2] then raise "Refused" end
      end)
      return err      -- not a tail call: the error points at a line of this function
    end
    local took, err = timed(try_each)
    assert_took(4, took)
    assert.equal(5, #tried)
    assert.equal("SomeFailed", err.code)
    assert.matches("^spec/task/tasks_spec.lua:%d+: 4 of 5 failed %(SomeFailed%)", tostring(err))
    local said = {}
    for i, detail in ipairs(err.details) do
      said[i] = detail.message
      assert.equal("Refused", detail.error.code)
    end
    assert.matches("\n  %- dan: it was Refused %(Refused%)\n    the same: #5, ann, cleo$",
      tostring(err))
    table.sort(said)
    assert.same({
      "#5: it was Refused", "ann: it was Refused", "cleo: it was Refused", "dan: it was Refused",
    }, said)
  end)

  for name, mistake in pairs {
    ["a text"] = function() error("a mistake", 0) end,
    ["a fault of the code"] = function() return #nil end,      -- luacheck: ignore
    ["an interrupt"] = function() error(errors.interrupted(), 0) end,
  } do
    it(("%s is raised at once, and closes the others"):format(name), function()
      local log = {}
      local took, ok, err = timed(pcall, azureml.each, { 1, 2, 3 }, function(n)
        local _ <close> = closing(log, n)
        azureml.sleep(n)
        if n == 1 then raise "Collected" end
        if n == 2 then mistake() end
      end)
      assert.same({ 1, 2, 3 }, log)
      assert_took(2, took)
      assert.is_false(ok)
      assert.is_true(not errors.is(err) or errors.is_interrupted(err))
    end)
  end

  it("keeps to its limit, and uses it", function()
    local now, most = 0, 0
    local took = timed(azureml.each, { 1, 2, 3, 4, 5, 6, 7 }, function()
      now = now + 1
      most = math.max(most, now)
      azureml.sleep(1)
      now = now - 1
    end, { limit = 3 })
    assert.equal(3, most)
    assert_took(3, took)
  end)

  it("one at a time goes in order", function()
    local seen = {}
    azureml.each({ 3, 1, 2 }, function(n)
      azureml.sleep(n)
      seen[#seen + 1] = n
    end, { limit = 1 })
    assert.same({ 3, 1, 2 }, seen)
  end)

  it("a failure does not cost the limit a place", function()
    local tried = 0
    local _, err = azureml.try(azureml.each, { 1, 2, 3, 4 }, function()
      tried = tried + 1
      raise "Refused"
    end, { limit = 1 })
    assert.equal(4, tried)
    assert.equal(4, #err.details)
  end)

  for name, make in pairs {
    ["an iterator"] = function(next_item) return next_item end,
    ["what can be called"] = function(next_item)
      return setmetatable({}, { __call = next_item })
    end,
  } do
    it(("reads %s whole first"):format(name), function()
      local log, i = {}, 0
      azureml.each(make(function()
        i = i + 1
        azureml.sleep(1)
        log[#log + 1] = "read"
        if i <= 3 then return i end
      end), function() log[#log + 1] = "called" end)
      assert.same({ "read", "read", "read", "read", "called", "called", "called" }, log)
    end)
  end

  it("calls no function when the list cannot be read to its end", function()
    local called, i = false, 0
    local _, err = azureml.try(azureml.each, function()
      i = i + 1
      if i == 3 then raise "Torn" end
      return i
    end, function() called = true end)
    assert.equal("Torn", err.code)
    assert.is_false(called)
  end)

  it("may be nested, in tasks of parallel and in itself", function()
    local sum = 0
    local took = timed(azureml.parallel, function()
      azureml.each({ 1, 2 }, function(a)
        azureml.each({ 10, 20 }, function(b)
          azureml.sleep(1)
          sum = sum + a * b
        end)
      end)
    end, function() azureml.sleep(2) end)
    assert_took(2, took)
    assert.equal(90, sum)
  end)

  for name, row in pairs {
    ["no list"] = {
      "bad argument #1 to 'each' %(list or iterator expected, got nil%)", nil, print,
    },
    ["a text for a list"] = {
      "bad argument #1 to 'each' %(list or iterator expected, got string%)", "ann", print,
    },
    ["no function"] = { "bad argument #2 to 'each' %(function expected, got nil%)", {} },
    ["an unknown option"] = {
      "each has no option 'limt' %(known: limit%)", {}, print, { limt = 3 },
    },
    ["a limit of 0"] = {
      "each: option 'limit' must be 1 or more, not 0", { 1 }, print, { limit = 0 },
    },
    ["a negative limit"] = {
      "each: option 'limit' must be 1 or more, not %-1", { 1 }, print, { limit = -1 },
    },
    ["half a task"] = { "each: option 'limit' must be an integer", { 1 }, print, { limit = 1.5 } },
    ["a text for a limit"] = {
      "each: option 'limit' must be an integer", { 1 }, print, { limit = "3" },
    },
  } do
    it(("%s is the caller's mistake"):format(name), function()
      local ok, err = pcall(function() azureml.each(row[2], row[3], row[4]) end)
      assert.is_false(ok)
      assert.matches("^spec/task/tasks_spec.lua:%d+: " .. row[1], err)
    end)
  end
end)

describe("a crew", function()
  before_each(virtual)
  after_each(tidy)

  it("ends when all tasks have ended that it started, at any time", function()
    local order, began = {}, core.now()
    task.crew(function(start)
      start(function()
        azureml.sleep(2)
        order[#order + 1] = "first"
        start(function()
          azureml.sleep(3)
          order[#order + 1] = "third"
        end)
      end)
      azureml.sleep(4)
      order[#order + 1] = "second"
    end)
    assert.same({ "first", "second", "third" }, order)
    assert.is_true(core.now() - began < 6)
  end)

  it("starts tasks from a timer's handler", function()
    local is_done = false
    task.crew(function(start)
      task.at(1, function() start(function() is_done = true end) end)
      azureml.sleep(2)
    end)
    assert.is_true(is_done)
  end)

  it("raises the first error, and closes the others", function()
    local closed, began = false, core.now()
    local _, err = azureml.try(task.crew, function(start)
      start(function()
        local _ <close> = setmetatable({}, { __close = function() closed = true end })
        azureml.sleep(1000)
      end)
      azureml.sleep(1)
      raise "Broken"
    end)
    assert.equal("Broken", err.code)
    assert.is_true(closed)
    assert.is_true(core.now() - began < 2)
  end)

  it("keeps no task that has ended, however many it starts", function()
    local seen = setmetatable({}, { __mode = "k" })
    task.crew(function(start)
      for _ = 1, 200 do
        start(function() seen[coroutine.running()] = true end)
        azureml.sleep(1)
      end
      collectgarbage()
      collectgarbage()
      local count = 0
      for _ in pairs(seen) do count = count + 1 end
      assert.is_true(count < 100)
    end)
  end)

  it("starts nothing once it has ended", function()
    local kept
    task.crew(function(start) kept = start end)
    assert.error_matches(function() kept(print) end, "the tasks beside it have ended")
  end)

  it("runs in a task, too, beside others", function()
    local order = {}
    azureml.parallel(
      function()
        task.crew(function(start)
          start(function()
            azureml.sleep(2)
            order[#order + 1] = "crew"
          end)
        end)
      end,
      function()
        azureml.sleep(1)
        order[#order + 1] = "other"
      end)
    assert.same({ "other", "crew" }, order)
  end)
end)
