--- What the specs of lua/azureml/task share: virtual time, measured waits, places to wait in.
local core = require "azureml.core"
local world = require "spec.world"

local waiting = {}

--- Begin virtual time: for before_each.
function waiting.virtual()
  core.clock "virtual"
end

--- Go back to real time and check that no operation is open: for after_each.
function waiting.tidy()
  core.clock "real"
  assert(world.leaks() == 0, "operations were left open")
end

--- Run f(...) and return how much virtual time went by, to the millisecond, and the results of f.
function waiting.timed(f, ...)
  local begin = core.now()
  local results = table.pack(f(...))
  return math.floor((core.now() - begin) * 1000 + 0.5) / 1000, table.unpack(results, 1, results.n)
end

--- Check how much virtual time went by. A second more is allowed: real time goes on beneath virtual
--- time, and a sanitizer makes the program slow.
function waiting.assert_took(seconds, took)
  assert(took >= seconds and took < seconds + 1,
    ("%s s were to pass, not %s"):format(seconds, took))
end

--- Make a value for a <close> variable that calls f and adds its name to a log when it is closed.
function waiting.closing(log, name, f)
  return setmetatable({}, {
    __close = function()
      if f then f() end
      log[#log + 1] = name
    end,
  })
end

--- Places where code may wait: each function calls f in the place that its name says, and returns
--- the result of f.
waiting.PLACES = {
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
    local foreign = coroutine.create(function()
      coroutine.yield "theirs"
      return f()
    end)
    assert(select(2, assert(coroutine.resume(foreign))) == "theirs")
    local result = select(2, assert(coroutine.resume(foreign)))
    -- The wait did not yield to the foreign scheduler.
    assert(coroutine.status(foreign) == "dead")
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

return waiting
