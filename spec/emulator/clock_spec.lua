local clock = require "azureml.emulator.clock"

-- A clock over times that the spec sets.
local function at(given)
  local steady = 100
  local all = { now = function() return steady end, time = function() return 1e9 end }
  for name, value in pairs(given or {}) do all[name] = value end
  return clock.new(all), function(seconds) steady = steady + seconds end
end

describe("the emulator's clock", function()
  it("runs as the real one", function()
    local one, pass = at()
    pass(2.5)
    assert.equal(1e9 + 2.5, one:now())
    assert.equal(10, one:in_real_time(10))
  end)

  it("runs faster, and says how long that is for others", function()
    local one, pass = at { speed = 60 }
    pass(2)
    assert.equal(1e9 + 120, one:now())
    assert.equal(0.5, one:in_real_time(30))
  end)

  it("stands still until it is moved, if it is moved by hand", function()
    local one, pass = at { manual = true }
    pass(1000)
    assert.equal(1e9, one:now())
    one:advance(60)
    assert.equal(1e9 + 60, one:now())
    assert.is_nil(one:in_real_time(1))
  end)

  for given, seconds in pairs {
    ["90"] = 90, ["90s"] = 90, ["1.5m"] = 90, ["3h"] = 10800, ["1d"] = 86400, [5] = 5, [0.5] = 0.5,
    ["0"] = 0, [1e7] = 1e7,
  } do
    it(("reads '%s'"):format(given), function() assert.equal(seconds, clock.seconds(given)) end)
  end

  for _, given in ipairs {
    "", "h", "-1", "1w", "1 h", "3h2m", -1, 1e300, 0 / 0, 1 / 0, "99999999999d", true, {},
  } do
    it(("does not take '%s' for a time"):format(tostring(given):match "^[^:]*"), function()
      assert.is_nil(clock.seconds(given))
    end)
  end

  describe("that goes on where another left off", function()
    local function resumed(given, now, time)
      local one = clock.new {
        now = function() return 5 end, time = function() return 2000 end, speed = given.speed,
        manual = given.manual,
      }
      one:resume(now, time)
      return one:now()
    end

    it("keeps its distance from real time at real speed, and never goes back", function()
      assert.equal(2000 + 50, resumed({}, 1050, 1000))
      assert.equal(5000, resumed({}, 5000, 4999))
      assert.equal(2000, resumed({}, 1000, 1000))
    end)

    it("has stood still meanwhile at any other, and by hand", function()
      assert.equal(1050, resumed({ speed = 60 }, 1050, 1000))
      assert.equal(1050, resumed({ manual = true }, 1050, 1000))
    end)
  end)

  it("writes times as the service does", function()
    assert.equal("2024-07-24T08:42:28.5000000+00:00", clock.iso(1721810548.5))
    assert.equal("2024-07-24T08:42:28.907+00:00", clock.iso(1721810548.9075, 3))
    assert.equal("1970-01-01T00:00:00.9999999+00:00", clock.iso(0.99999999))
  end)
end)
