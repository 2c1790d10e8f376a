local refusal = require "azureml.emulator.refusal"
local throttle = require "azureml.emulator.throttle"

local function open()
  local now = { 0 }
  return throttle.new { now = function() return now[1] end }, now
end

local function take_all(one, principal, method, count)
  for _ = 1, count do one:take(principal, "sub", method) end
end

local function refused(one, principal, method)
  local ok, raised = pcall(one.take, one, principal, "sub", method)
  assert.is_false(ok)
  assert.is_true(refusal.is(raised))
  return raised
end

describe("the emulator's throttle", function()
  for method, kind in pairs {
    GET = "reads", HEAD = "reads", PUT = "writes", POST = "writes", PATCH = "writes",
    DELETE = "deletes",
  } do
    it(("counts %s among the %s"):format(method, kind), function()
      assert.equal(kind, throttle.kind(method))
    end)
  end

  it("says what is left for the principal and for all", function()
    local one = open()
    one:take("ann", "sub", "GET")
    assert.same({
      ["x-ms-ratelimit-remaining-subscription-reads"] = "248",
      ["x-ms-ratelimit-remaining-subscription-global-reads"] = "3748",
    }, one:take("ann", "sub", "GET"))
    assert.equal("249",
      one:take("bob", "sub", "GET")["x-ms-ratelimit-remaining-subscription-reads"])
    assert.equal("249",
      one:take("ann", "another", "GET")["x-ms-ratelimit-remaining-subscription-reads"])
  end)

  for _, row in ipairs { { "PUT", 200, 10 }, { "DELETE", 200, 10 }, { "GET", 250, 25 } } do
    it(
      ("refuses %s when %d are used up, and gives %d a second back"):format(row[1], row[2], row[3]),
      function()
      local one, now = open()
      take_all(one, "ann", row[1], row[2])
      local raised = refused(one, "ann", row[1])
      assert.same({ 429, "TooManyRequests", 1 }, { raised.status, raised.code, raised.retry_after })
      one:take("bob", "sub", row[1])
      now[1] = 1
      take_all(one, "ann", row[1], row[3])
      refused(one, "ann", row[1])
      now[1] = 1000
      take_all(one, "ann", row[1], row[2])      -- and no more than the bucket holds
      refused(one, "ann", row[1])
    end)
  end

  it("does not serve who asks before he was told to, though there would be enough", function()
    local one, now = open()
    take_all(one, "ann", "PUT", 200)
    assert.equal(1, refused(one, "ann", "PUT").retry_after)
    now[1] = 0.9
    assert.equal(1, refused(one, "ann", "PUT").retry_after)
    now[1] = 1
    one:take("ann", "sub", "PUT")
  end)

  it("refuses when all principals together have used up theirs, and takes "
    .. "nothing of the own one then", function()
    local one = open()
    for i = 1, 15 do take_all(one, "p" .. i, "PUT", 200) end
    refused(one, "another", "PUT")
    assert.equal("249",
      one:take("another", "sub", "GET")["x-ms-ratelimit-remaining-subscription-reads"])
    assert.equal(200, one.buckets["another sub writes"].left)
  end)

  it("has buckets for tenants, where no subscription is named", function()
    local one = open()
    take_all(one, "ann", "GET", 5)
    assert.same({ ["x-ms-ratelimit-remaining-tenant-reads"] = "249" },
      one:take_of_tenant("ann", "tenant", "GET"))
    for _ = 1, 249 do one:take_of_tenant("ann", "tenant", "GET") end
    local ok, raised = pcall(one.take_of_tenant, one, "ann", "tenant", "GET")
    assert.same({ false, 429 }, { ok, raised.status })
    one:take("ann", "sub", "GET")
  end)

  it("can be switched off, and on", function()
    local one = open()
    one:set(false)
    take_all(one, "ann", "PUT", 1000)
    assert.same({}, one:take("ann", "sub", "PUT"))
    one:set(true)
    assert.equal("199",
      one:take("ann", "sub", "PUT")["x-ms-ratelimit-remaining-subscription-writes"])
  end)

  it("can be as it was before 2024: so many an hour", function()
    local one, now = open()
    one:set "hourly"
    assert.equal("11999",
      one:take("ann", "sub", "GET")["x-ms-ratelimit-remaining-subscription-reads"])
    take_all(one, "ann", "PUT", 1200)
    assert.equal(3, refused(one, "ann", "PUT").retry_after)
    now[1] = 3600
    take_all(one, "ann", "PUT", 1200)
  end)

  it("can have other limits, for some kinds", function()
    local one = open()
    one:set { writes = { 2, 0.1 } }
    take_all(one, "ann", "PUT", 2)
    assert.equal(10, refused(one, "ann", "PUT").retry_after)
    assert.equal("249",
      one:take("ann", "sub", "GET")["x-ms-ratelimit-remaining-subscription-reads"])
  end)

  for _, row in ipairs {
    { 5, "a table of options expected" }, { "daily", "a table of options expected" },
    { { write = {} }, "no option 'write'" },
    { { writes = {} }, "writes must be a list of two numbers" },
    { { writes = { 0, 1 } }, "writes must be" },
    { { writes = { 1, 0 } }, "writes must be" }, { { reads = { 1, math.huge } }, "reads must be" },
    { { reads = { "1", 1 } }, "reads must be" },
  } do
    it("refuses limits that are none: " .. row[2], function()
      assert.is_truthy(throttle.fault_of(row[1]):find(row[2], 1, true))
    end)
  end
end)
