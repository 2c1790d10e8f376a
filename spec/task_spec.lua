--- Waiting, side by side and anywhere else: lua/azureml/task/init.lua.
local azureml = require "azureml"
local core = require "azureml.core"
local errors = require "azureml.error"
local process = require "spec.process"
local task = require "azureml.task"
local world = require "spec.world"

local function virtual()
  core.clock "virtual"
end

local function tidy()
  core.clock "real"
  assert.equal(0, world.leaks())
end

-- Runs f(...) and says how much virtual time went by, to the millisecond, and what f returned.
local function timed(f, ...)
  local begin = core.now()
  local results = table.pack(f(...))
  return math.floor((core.now() - begin) * 1000 + 0.5) / 1000, table.unpack(results, 1, results.n)
end

-- Real time goes on beneath the virtual one, so a sanitizer's slowness shows: a second of it is
-- forgiven.
local function assert_took(seconds, took)
  assert.is_true(took >= seconds and took < seconds + 1,
    ("%s s were to pass, not %s"):format(seconds, took))
end

local function raise(code)
  errors.raise { code = code, message = "it was " .. code }
end

-- A variable for <close> that keeps a record of when it was closed.
local function closing(log, name, f)
  return setmetatable({}, {
    __close = function()
      if f then f() end
      log[#log + 1] = name
    end,
  })
end

-- Where one may wait: each calls f where the name says and returns what f returned.
local PLACES = {
  ["the main chunk"] = function(f) return f() end,
  ["pcall"] = function(f) return select(2, assert(pcall(f))) end,
  ["a metamethod"] = function(f)
    return setmetatable({}, { __index = function() return f() end }).x
  end,
  ["an arithmetic metamethod"] = function(f)
    return setmetatable({}, { __add = function() return f() end }) + 1
  end,
  ["an iterator"] = function(f)
    local result
    for value in function(_, last) if not last then return f() end end do result = value end
    return result
  end,
  ["gsub's callback"] = function(f)
    local result
    string.gsub("x", "x", function() result = f() end)
    return result
  end,
  ["a comparison of sort"] = function(f)
    local result
    table.sort({ 2, 1 }, function(a, b)
      result = result or f()
      return a < b
    end)
    return result
  end,
  ["a generator"] = function(f) return coroutine.wrap(function() coroutine.yield(f()) end)() end,
  ["a foreign scheduler's coroutine"] = function(f)
    local one = coroutine.create(function()
      coroutine.yield "theirs"
      return f()
    end)
    assert.equal("theirs", select(2, assert(coroutine.resume(one))))
    local result = select(2, assert(coroutine.resume(one)))
    assert.equal("dead", coroutine.status(one))      -- our wait did not yield to them
    return result
  end,
  ["a <close> handler"] = function(f)
    local result
    do
      local _ <close> = setmetatable({}, { __close = function() result = f() end })
    end
    return result
  end,
}

-- There nobody may yield to us: whoever waits turns the loop, and other tasks stand still.
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

  it("where nobody can yield resumes no task of a group", function()
    local order = {}
    azureml.parallel(function()
      string.gsub("x", "x", function() azureml.sleep(5) end)
      order[#order + 1] = "first"
    end, function() order[#order + 1] = "second" end)
    assert.same({ "first", "second" }, order)
  end)

  it("for what can never come is an error instead of a hang", function()
    local source = "local core = require('azureml.core') local task = require('azureml.task') "
      .. "local op = core.sleep(0) task.wait(op) task.wait_until(op, function() return false end)"
    local _, err, code = process.plain_lua { "-e", source }
    assert.equal(1, code)
    assert.matches("a wait for something that can never come", err)
  end)

  for name, seconds in pairs {
    ["a text"] = "soon", ["less than nothing"] = -1, ["not a number"] = 0 / 0, ["nothing"] = false,
  } do
    it(("sleep: %s is the caller's mistake"):format(name), function()
      local ok, err = pcall(function() azureml.sleep(seconds or nil) end)
      assert.is_false(ok)
      assert.matches("^spec/task_spec.lua:%d+: sleep: .*must be a number of seconds, 0 or more",
        err)
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
      local op <close> = core.sleep(4)
      local took, over = timed(within, function() return task.wait(op, core.now() + 100) end)
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

  it("looks again when somebody says so", function()
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
    local op <close> = core.sleep(5)
    local took = timed(azureml.parallel, function() task.wait(op) end,
      function() azureml.sleep(1) end)
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
      assert.matches("^spec/task_spec.lua:%d+: " .. said .. "$", err)
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

  it("errors of <close> handlers go into the details of the first error", function()
    local _, err = azureml.try(azureml.parallel, function()
      local _ <close> = closing({}, "x", function() raise "InHandler" end)
      azureml.sleep(100)
    end, function()
      local _ <close> = closing({}, "x", function() error("a text", 0) end)
      azureml.sleep(100)
    end, function()
      local _ <close> = closing({}, "x", function() raise "InOwnHandler" end)
      azureml.sleep(1)
      raise "First"
    end)
    assert.equal("First", err.code)
    local codes = {}
    for i, detail in ipairs(err.details) do codes[i] = detail.code or detail.message end
    table.sort(codes)
    assert.same({ "InHandler", "InOwnHandler", "a text" }, codes)
    assert.matches("it was InHandler", tostring(err))
    assert.matches("a text", tostring(err))
  end)

  it("errors of <close> handlers further down go into the details, too", function()
    local _, err = azureml.try(azureml.parallel, function()
      azureml.parallel(function()
        local _ <close> = closing({}, "x", function() raise "Deep" end)
        azureml.sleep(100)
      end, function()
        local _ <close> = closing({}, "x", function() raise "Deeper" end)
        azureml.sleep(100)
      end)
    end, function()
      azureml.sleep(1)
      raise "First"
    end)
    assert.equal("First", err.code)
    assert.equal("Deep", err.details[1].code)
    assert.equal("Deeper", err.details[1].details[1].code)
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

  it("an error without a value is an error, too", function()
    local ok, err = pcall(azureml.parallel, function() error(nil) end)
    assert.is_false(ok)
    assert.equal("an error without a value", err)
  end)

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

  it("a task that yields by itself is told so, and where, instead of hanging", function()
    local log = {}
    local op <close> = core.sleep(1000)      -- there would be something to wait for
    local took, ok, err = timed(pcall, azureml.parallel, function()
      local _ <close> = closing(log, "closed")
      coroutine.yield "to whom?"
    end, function() azureml.sleep(5) end)
    assert_took(0, took)
    assert.is_false(ok)
    assert.matches("^spec/task_spec.lua:%d+: a task yields only by waiting", err)
    assert.same({ "closed" }, log)
    assert.is_false(op:done())
  end)

  it("a task may resume coroutines of its own between waits", function()
    local got = azureml.parallel(function()
      local numbers = coroutine.wrap(function()
        for i = 1, 3 do
          azureml.sleep(1)
          coroutine.yield(i)
        end
      end)
      local sum = 0
      for n in numbers do
        azureml.sleep(1)
        sum = sum + n
      end
      return sum
    end)
    assert.equal(6, got)
  end)

  it("the place of an error is in the task's own code", function()
    local _, err = azureml.try(azureml.parallel, function()
      azureml.sleep(1)
      raise "Here"
    end)
    assert.matches("^spec/task_spec.lua:%d+:$", err.where)
    assert.matches("spec/task_spec.lua", err.traceback)
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
    local took, _, err = timed(azureml.try, azureml.each, list, function(item)
      azureml.sleep(type(item) == "table" and #item.name or 1)
      tried[#tried + 1] = item
      if item ~= list[2] then raise "Refused" end
    end)
    assert_took(4, took)
    assert.equal(5, #tried)
    assert.equal("SomeFailed", err.code)
    assert.matches("^spec/task_spec.lua:%d+: 4 of 5 failed %(SomeFailed%)", tostring(err))
    local said = {}
    for i, detail in ipairs(err.details) do
      said[i] = detail.message
      assert.equal("Refused", detail.error.code)
      assert.matches("\n  %- " .. detail.name .. ": it was Refused", tostring(err))
    end
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

  it("calls nobody when the list cannot be read to its end", function()
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
      assert.matches("^spec/task_spec.lua:%d+: " .. row[1], err)
    end)
  end
end)

describe("handlers", function()
  before_each(virtual)
  after_each(tidy)

  it("at: is called by whoever waits, when its time has come, once", function()
    local calls = {}
    local begin = core.now()
    task.at(3, function() calls[#calls + 1] = core.now() end)
    azureml.sleep(2)
    assert.equal(0, #calls)
    azureml.sleep(5)
    assert.equal(1, #calls)
    assert_took(3, calls[1] - begin)
  end)

  it("at: is called while tasks wait, too", function()
    local called = 0
    azureml.parallel(function()
      task.at(1, function() called = called + 1 end)
      azureml.sleep(2)
      assert.equal(1, called)
    end)
    assert.equal(1, called)
  end)

  it("at: lives without anybody holding it", function()
    local called = false
    task.at(1, function() called = true end)
    collectgarbage()
    collectgarbage()
    azureml.sleep(2)
    assert.is_true(called)
  end)

  it("cancel: it is not called any more, and may be cancelled twice", function()
    local called = false
    local timer = task.at(1, function() called = true end)
    task.cancel(timer)
    task.cancel(timer)
    azureml.sleep(2)
    assert.is_false(called)
  end)

  it("cancel: after its time has come and before it was called is early enough", function()
    local called = false
    local timer
    task.at(1, function() task.cancel(timer) end)
    timer = task.at(1, function() called = true end)
    azureml.sleep(2)
    assert.is_false(called)
  end)

  it("at: a handler may begin the next", function()
    local calls = 0
    local function again()
      calls = calls + 1
      if calls < 5 then task.at(1, again) end
    end
    task.at(1, again)
    azureml.sleep(10)
    assert.equal(5, calls)
  end)

  it("on: is called when a descriptor can be read; off ends it", function()
    local httpd = require("azureml.httpd").listen { address = "127.0.0.1", port = 0 }
    local fd, calls = httpd:fd(), 0
    task.on(fd, function()
      calls = calls + 1
      httpd:run()
      task.off(fd)
    end)
    local client = core.client { endpoint = "http://127.0.0.1:" .. httpd:port() }
    local op = client:request { method = "GET", url = "/", timeout = 0.01 }
    task.wait(op)
    assert.equal(1, calls)
    op:close()
    client:close()
    httpd:close()
  end)

  it("on: a descriptor that cannot be watched is an error", function()
    assert.error_matches(function() task.on(9999, print) end,
      "cannot watch descriptor 9999: Bad file descriptor")
  end)
end)
