--- What is left of a throttling budget: csrc/throttle.c.
local pure = require "pure"

local PREFIX = "x-ms-ratelimit-remaining-"

describe("throttle_kind", function()
  for method, kind in pairs {
    GET = "reads", get = "reads", HEAD = "reads", OPTIONS = "reads", PUT = "writes", PATCH = "writes", POST = "writes", DELETE = "deletes",
      ODD = "writes"
  } do
    it(("counts %s among the %s"):format(method, kind), function() assert.equal(kind, pure.throttle_kind(method)) end)
  end
end)

describe("a hold", function()
  it("is not there at first", function()
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

  it("says nothing of the budget", function()
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
    { "reads", { "subscription-reads: 249", "tenant-reads: 3", "subscription-resource-requests: 5" }, 3 },
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

  it("is what was seen last, up or down, and a reply that says nothing changes nothing", function()
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

describe("the table", function()
  it("keeps ten thousand scopes", function()
    local t = pure.throttle()
    for i = 1, 10000 do
      t:hold("https://host:443 principal " .. i, "reads", i)
      t:note("https://host:443 principal " .. i, "writes", { PREFIX .. "subscription-writes: " .. i })
    end
    for i = 1, 10000 do
      local scope = "https://host:443 principal " .. i
      assert.equal(i, t:until_(scope, "reads"))
      assert.equal(i, t:remaining(scope, "writes"))
      assert.equal(-1, t:remaining(scope, "reads"))
    end
    assert.equal(0, t:until_("https://host:443 principal 10001", "reads"))
  end)
end)
