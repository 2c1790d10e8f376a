--- A limit on time that covers a group: azureml.within, of lua/azureml/within.lua.
local azureml = require "azureml"
local core = require "azureml.core"
local errors = require "azureml.error"
local world = require "spec.world"

describe("within", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open { ann = "Stopped", bob = "Stopped", cleo = "Running" }
    ws:get()
  end)

  after_each(function() world.close(emulator, ws) end)

  -- What f raised in its time, and when: in whole seconds.
  local function over(seconds, f, ...)
    local began = core.now()
    local ok, err = pcall(azureml.within, seconds, f, ...)
    assert.is_false(ok)
    return err, math.floor(core.now() - began)
  end

  it("gives what the function returns, and hands on its arguments", function()
    assert.same({ 3, nil, "x", n = 3 }, table.pack(azureml.within(5, function(a, b)
      azureml.sleep(1)
      return a + b, nil, "x"
    end, 1, 2)))
  end)

  it("raises Timeout when a wait goes on too long", function()
    local err, took = over(5, function() azureml.sleep(100) end)
    assert.equal(5, took)
    assert.equal("Timeout", err.code)
    assert.matches("^spec/within_spec.lua:%d+: not done within 5 s %(Timeout%)", tostring(err))
    assert.same({}, err.operations)
  end)

  it("covers tasks, and those that they start", function()
    local closed = 0
    local function close() closed = closed + 1 end
    local err, took = over(7, function()
      azureml.parallel(function()
        local _ <close> = setmetatable({}, { __close = close })
        azureml.parallel(function()
          local _ <close> = setmetatable({}, { __close = close })
          azureml.sleep(100)
        end, function() azureml.sleep(1) end)
      end, function() azureml.sleep(50) end)
    end)
    assert.equal("Timeout", err.code)
    assert.equal(7, took)
    assert.equal(2, closed)
  end)

  it("covers many short waits together", function()
    local err, took = over(10, function()
      for _ = 1, 100 do azureml.sleep(3) end
    end)
    assert.same({ "Timeout", 10 }, { err.code, took })
  end)

  for place, f in pairs {
    ["gsub's callback"] = function(wait) string.gsub("x", "x", wait) end,
    ["a comparison of sort"] = function(wait) table.sort({ 2, 1 }, wait) end,
    ["a generator"] = function(wait) coroutine.wrap(wait)() end,
    ["a metamethod"] = function(wait) return setmetatable({}, { __index = wait }).x end,
  } do
    it("covers waits in " .. place, function()
      local err, took = over(4, f, function() azureml.sleep(100) end)
      assert.same({ "Timeout", 4 }, { err.code, took })
    end)
  end

  it("of several the nearest wins, whichever is inside", function()
    local err, took = over(5, function()
      azureml.within(50, function() azureml.sleep(100) end)
    end)
    assert.same({ "not done within 5 s", 5 }, { err.message, took })
    err, took = over(50, function()
      azureml.within(5, function() azureml.sleep(100) end)
    end)
    assert.same({ "not done within 5 s", 5 }, { err.message, took })
  end)

  it("an inner one may be caught, and the outer one still holds", function()
    local err, took = over(9, function()
      local _, inner = azureml.try(azureml.within, 2, function() azureml.sleep(100) end)
      assert.equal("Timeout", inner.code)
      azureml.sleep(100)
    end)
    assert.same({ "not done within 9 s", 9 }, { err.message, took })
  end)

  it("nothing inside collects it: not try, not each, not keep_going", function()
    local err = over(5, function() azureml.try(azureml.sleep, 100) end)
    assert.equal("Timeout", err.code)
    local begun = 0
    err = over(5, function()
      azureml.each({ 1, 2, 3 }, function()
        begun = begun + 1
        azureml.sleep(100)
      end, { limit = 2 })
    end)
    assert.same({ "Timeout", 2 }, { err.code, begun })
    err = over(5, function() ws.instances:start_all { "ann", keep_going = true } end)
    assert.equal("Timeout", err.code)
    err.operations[1]:close()
  end)

  it("leaves operations alive at the service, and tells which, with their tickets", function()
    local err = over(20, function()
      azureml.parallel(function() ws.instances:start("ann"):wait() end,
        function() ws.instances:stop("cleo"):wait() end)
    end)
    assert.equal("not done within 20 s; these go on at the service: start ann, stop cleo",
      err.message)
    for _, op in ipairs(err.operations) do assert.is_string(op:ticket()) end
    assert.equal("Running", err.operations[1]:wait().state)
    assert.equal("Stopped", err.operations[2]:wait().state)
  end)

  it("tells of a fleet's, too", function()
    local err = over(20, function() ws.instances:start_all { "bob", "ann" } end)
    assert.equal("not done within 20 s; these go on at the service: start bob, start ann",
      err.message)
    assert.equal("Running", err.operations[2]:wait().state)
    err.operations[1]:close()
  end)

  it("does not tell of those that are done, closed, or were begun before", function()
    local before <close> = ws.instances:start "bob"
    local err = over(120, function()
      ws.instances:stop("cleo"):wait()
      ws.instances:start("ann"):close()
      azureml.sleep(100)
    end)
    assert.same({}, err.operations)
    assert.is_false(before:done())
  end)

  it("a verb that was not accepted in time is not sent later", function()
    emulator:fault { match = { verb = "start" }, answer = "hang" }
    over(0.2, function() ws.instances:start "ann" end)
    assert.equal(0, world.leaks())
  end)

  it("a handler that closes what was begun may wait", function()
    local waited = false
    local err, took = over(5, function()
      local _ <close> = setmetatable({}, {
        __close = function()
          azureml.sleep(10)
          waited = true
        end,
      })
      azureml.sleep(100)
    end)
    assert.same({ "Timeout", 15, true }, { err.code, took, waited })
  end)

  it("holds only for its function: not for others while a generator that set it rests", function()
    local generator = coroutine.wrap(function()
      azureml.within(5, function()
        coroutine.yield "rests"
        azureml.sleep(100)
      end)
    end)
    assert.equal("rests", generator())
    azureml.sleep(3)
    azureml.parallel(function() azureml.sleep(1) end)
    local ok, err = pcall(generator)
    assert.is_false(ok)
    assert.equal("Timeout", err.code)
    azureml.sleep(50)
  end)

  it("does not take other errors for its own", function()
    local err = over(5, function() errors.raise { code = "Mine", message = "mine" } end)
    assert.equal("Mine", err.code)
    err = over(5, function() ws.instances:start("ann"):wait { timeout = 1 } end)
    assert.matches("start ann: not done after 1 s", err.message)
    err.operation:close()
  end)

  it("is over when the function is: what comes after has no limit", function()
    azureml.within(2, function() azureml.sleep(1) end)
    azureml.sleep(10)
  end)

  it("a mistake in its arguments is the caller's", function()
    for _, row in ipairs {
      { "soon", print, "within: its first argument must be a number of seconds" },
      { 1, nil, "bad argument #2 to 'within'" },
    } do
      local ok, err = pcall(function() azureml.within(row[1], row[2]) end)
      assert.is_false(ok)
      assert.matches("^spec/within_spec.lua:%d+: " .. row[3], err)
    end
  end)
end)
