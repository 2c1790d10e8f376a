--- The remaining throttling budget: csrc/throttle.c.
local pure = require "pure"

local PREFIX = "x-ms-ratelimit-remaining-"

describe("throttle_kind", function()
  for method, kind in pairs {
    GET = "reads", get = "reads", HEAD = "reads", OPTIONS = "reads", PUT = "writes",
    PATCH = "writes", POST = "writes", DELETE = "deletes",
      ODD = "writes"
  } do
    it(("counts %s among the %s"):format(method, kind), function()
      assert.equal(kind, pure.throttle_kind(method))
    end)
  end
end)

describe("a hold", function()
  it("does not exist at first", function()
    assert.equal(0, pure.throttle():until_("scope", "reads"))
  end)

  it("is kept by scope and kind", function()
    local t = pure.throttle()
    t:hold("a", "reads", 10)
    t:hold("a", "writes", 20)
    t:hold("b", "reads", 30)
    assert.equal(10, t:until_("a", "reads"))
    assert.equal(20, t:until_("a", "writes"))
    assert.equal(0, t:until_("a", "deletes"))
    assert.equal(30, t:until_("b", "reads"))
    assert.equal(0, t:until_("A", "reads"), "scopes are compared exactly")
  end)

  it("gets longer, never shorter", function()
    local t = pure.throttle()
    t:hold("a", "reads", 10)
    t:hold("a", "reads", 5)
    assert.equal(10, t:until_("a", "reads"))
    t:hold("a", "reads", 15)
    assert.equal(15, t:until_("a", "reads"))
  end)

  it("does not change the remaining budget", function()
    local t = pure.throttle()
    t:hold("a", "reads", 10)
    assert.equal(-1, t:remaining("a", "reads"))
  end)
end)

describe("what remains", function()
  for _, row in ipairs {
    { "reads", { "subscription-reads: 249" }, 249 },
    { "writes", { "subscription-writes: 199" }, 199 },
    { "deletes", { "subscription-deletes: 198" }, 198 },
    { "reads", { "subscription-global-reads: 3749" }, 3749 },
    { "writes", { "subscription-global-writes: 2999" }, 2999 },
    { "deletes", { "subscription-global-deletes: 2998" }, 2998 },
    { "reads", { "tenant-reads: 11999" }, 11999 },
    { "writes", { "tenant-writes: 1199" }, 1199 },
    { "deletes", { "tenant-deletes: 1198" }, 1198 },
    { "reads", { "subscription-resource-requests: 7" }, 7 },
    { "deletes", { "subscription-resource-requests: 7" }, 7 },
    { "reads", { "subscription-reads: 249", "subscription-global-reads: 3749" }, 249 },
    { "reads", { "subscription-reads: 249", "subscription-global-reads: 12" }, 12 },
    { "reads",
      { "subscription-reads: 249", "tenant-reads: 3", "subscription-resource-requests: 5" }, 3 },
    { "reads", { "subscription-reads: 0" }, 0 },
    { "reads", { "SUBSCRIPTION-READS: 9" }, 9 },
    { "reads", { "subscription-writes: 9", "subscription-deletes: 9" }, -1 },
    { "reads", { "subscription-reads: many", "tenant-reads: 4" }, 4 },
    { "reads", { "subscription-reads: -1" }, -1 },
    { "reads", { "subscription-reads: 1.5" }, -1 },
    { "reads", { "subscription-reads:" }, -1 },
    { "reads", { "subscription-reads: 12 34" }, -1 },
    { "reads", { "subscription-reads: " .. ("9"):rep(50) }, -1 },
    { "reads", { "subscription-reads: 99999999999" }, -1 },
    { "reads", { "resource: Microsoft.Compute/HighCostGet3Min;159" }, -1 },
    { "reads", {}, -1 }
  } do
    it(("of %s is %d after '%s'"):format(row[1], row[3], table.concat(row[2], ", ")), function()
      local t, lines = pure.throttle(), {}
      for i, line in ipairs(row[2]) do lines[i] = PREFIX .. line end
      t:note("a", row[1], lines)
      assert.equal(row[3], t:remaining("a", row[1]))
    end)
  end

  it("is the last value seen, up or down; a reply without the header changes nothing", function()
    local t = pure.throttle()
    for _, row in ipairs { { "5", 5 }, { "3", 3 }, { "8", 8 }, { "x", 8 } } do
      t:note("a", "reads", { PREFIX .. "subscription-reads: " .. row[1] })
      assert.equal(row[2], t:remaining("a", "reads"))
    end
    t:note("a", "reads", {})
    assert.equal(8, t:remaining("a", "reads"))
    assert.equal(-1, t:remaining("a", "writes"))
    assert.equal(-1, t:remaining("b", "reads"))
  end)
end)

describe("the list", function()
  it("keeps a thousand scopes apart", function()
    local t = pure.throttle()
    for i = 1, 1000 do
      t:hold("https://host:443 principal " .. i, "reads", i)
      t:note("https://host:443 principal " .. i, "writes",
        { PREFIX .. "subscription-writes: " .. i })
    end
    for i = 1, 1000 do
      local scope = "https://host:443 principal " .. i
      assert.equal(i, t:until_(scope, "reads"))
      assert.equal(i, t:remaining(scope, "writes"))
      assert.equal(-1, t:remaining(scope, "reads"))
    end
    assert.equal(0, t:until_("https://host:443 principal 1001", "reads"))
  end)
end)

describe("a turn", function()
  local function with(left)
    local t = pure.throttle()
    t:note("a", "writes", { PREFIX .. "subscription-writes: " .. left }, 100)
    return t
  end

  it("is given to each request where the service reports no budget", function()
    local t = pure.throttle()
    t:note("a", "writes", {}, 0)
    for _ = 1, 1000 do assert.is_true((t:take("a", "writes", 0, false))) end
  end)

  it("is given to 32 requests before the first reply, which may report a small rest", function()
    local t = pure.throttle()
    for _ = 1, 32 do assert.is_true((t:take("a", "writes", 0, false))) end
    local taken, wait = t:take("a", "writes", 0, false)
    assert.is_false(taken)
    assert.equal(0.001, wait)
    t:answered("a", "writes")
    assert.is_true((t:take("a", "writes", 0.001, true)))
  end)

  it("is asked for again until the first reply, after half of the time waited so far", function()
    local t = pure.throttle()
    for _ = 1, 32 do t:take("a", "writes", 100, false) end
    for after, expected in pairs {
      [0.001] = 0.001, [0.01] = 0.005, [0.05] = 0.025, [0.1] = 0.05, [10] = 0.05
    } do
      local taken, wait = t:take("a", "writes", 100 + after, false)
      assert.is_false(taken)
      assert.is_near(expected, wait, 1e-9)
    end
  end)

  it("is given as often as budget remains", function()
    local t = with(3)
    for _ = 1, 3 do assert.is_true((t:take("a", "writes", 100, false))) end
    local taken, wait = t:take("a", "writes", 100, false)
    assert.is_false(taken)
    assert.is_near(0.1, wait, 1e-9)
  end)

  it("is refilled like a bucket: 10 writes and deletes a second, 25 reads", function()
    for kind, rate in pairs { writes = 10, deletes = 10, reads = 25 } do
      local t = pure.throttle()
      t:note("a", kind, { PREFIX .. "subscription-" .. kind .. ": 0" }, 100)
      local given = 0
      for i = 1, 100 do
        if t:take("a", kind, 100 + i / 50, i > 1) then given = given + 1 end
      end
      assert.is_near(2 * rate, given, 1, kind)
    end
  end)

  it("is not given more often than the service ever said, however long nothing was sent", function()
    for left, most in pairs { [200] = 200, [5] = 32 } do
      local t, given = with(left), 0
      while t:take("a", "writes", 100000, false) do given = given + 1 end
      assert.equal(most, given)
    end
  end)

  it("does not count a pending request twice", function()
    local t = pure.throttle()
    for _ = 1, 5 do t:take("a", "writes", 100, false) end
    t:answered("a", "writes")
    t:note("a", "writes", { PREFIX .. "subscription-writes: 6" }, 100)
    assert.is_true((t:take("a", "writes", 100, false)))
    assert.is_true((t:take("a", "writes", 100, false)))
    assert.is_false((t:take("a", "writes", 100, false)))
  end)

  -- Send 32 requests at 100 and note their replies at 101, in the given order. Return how many more
  -- requests may go out.
  local function left_after(order)
    local t, left = pure.throttle(), 0
    for _ = 1, 32 do t:take("a", "writes", 100, false) end
    for _, served in ipairs(order) do
      t:answered("a", "writes")
      t:note("a", "writes", { PREFIX .. "subscription-writes: " .. 200 - served }, 101, 100)
    end
    while t:take("a", "writes", 101, false) do left = left + 1 end
    return left
  end

  it("is counted alike in whatever order the replies of a burst come", function()
    local forwards, backwards, mixed = {}, {}, {}
    for i = 1, 32 do
      forwards[i], backwards[i], mixed[i] = i, 33 - i, i * 7 % 32 + 1
    end
    for _, order in ipairs { forwards, backwards, mixed } do
      assert.equal(200 - 32, left_after(order))
    end
  end)

  it("is never given too often while some replies are missing", function()
    for missing = 1, 31 do
      local order = {}
      for i = 32, missing + 1, -1 do order[#order + 1] = i end
      assert.equal(200 - 32 - missing, left_after(order))
    end
  end)

  it("is given as the reply to a later request says: others may have used less", function()
    local t = with(5)
    t:take("a", "writes", 101, false)
    t:answered("a", "writes")
    t:note("a", "writes", { PREFIX .. "subscription-writes: 50" }, 101.5, 101)
    for _ = 1, 50 do assert.is_true((t:take("a", "writes", 101.5, false))) end
    assert.is_false((t:take("a", "writes", 101.5, false)))
  end)

  it("is taken by a request whose reply is lost or tells no budget", function()
    local t = with(2)
    t:take("a", "writes", 100, false)
    t:answered("a", "writes")
    assert.is_true((t:take("a", "writes", 100, false)))
    t:answered("a", "writes")
    t:note("a", "writes", {}, 100)
    assert.is_false((t:take("a", "writes", 100, false)))
  end)

  it("does not count requests that a hold caught in flight, accepted or refused", function()
    local t = with(10)
    for _ = 1, 4 do t:take("a", "writes", 101, false) end
    t:hold("a", "writes", 107)
    for _, lines in ipairs { { PREFIX .. "subscription-writes: 9" }, {}, {
      PREFIX .. "subscription-writes: 0"
    } } do
      t:answered("a", "writes")
      t:note("a", "writes", lines, 102, 101)
      if not lines[1] or lines[1]:find "0$" then t:hold("a", "writes", 106) end
    end
    t:answered("a", "writes")
    t:note("a", "writes", { PREFIX .. "subscription-writes: 8" }, 102, 101)
    assert.is_false((t:take("a", "writes", 107, false)))
    assert.is_true((t:take("a", "writes", 107.11, true)))
    assert.is_false((t:take("a", "writes", 107.12, false)))
  end)

  it("is empty when a hold ends, and refills from there: a 429 takes the whole budget", function()
    local t = pure.throttle()
    t:hold("a", "writes", 107)      -- refills 10 a second
    local first, wait = t:take("a", "writes", 107)
    assert.is_false(first)
    assert.is_true(wait > 0 and wait <= 0.11, wait)
    assert.is_true((t:take("a", "writes", 107.11, true)))
    assert.is_false((t:take("a", "writes", 107.12)))
  end)

  it("is not given before a hold has passed", function()
    local t = with(100)
    t:hold("a", "writes", 107)
    local taken, wait = t:take("a", "writes", 100, false)
    assert.is_false(taken)
    assert.equal(7, wait)
    assert.is_true((t:take("a", "writes", 107.2, true)))
  end)

  it("is spread over waiting requests, which ask again after 2 s at most", function()
    local t = with(0)
    local waits = {}
    for i = 1, 30 do waits[i] = select(2, t:take("a", "writes", 100, false)) end
    assert.is_near(0.1, waits[1], 1e-9)
    assert.is_near(0.5, waits[5], 1e-9)
    assert.equal(2, waits[30])
  end)

  it("is not kept for a request that gave up", function()
    local t = with(0)
    for _ = 1, 15 do t:take("a", "writes", 100, false) end
    for _ = 1, 15 do t:leave("a", "writes") end
    assert.is_near(0.1, select(2, t:take("a", "writes", 100, false)), 1e-9)
  end)
end)
