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
  for method, kind in pairs { GET = "reads", HEAD = "reads", PUT = "writes", POST = "writes", PATCH = "writes", DELETE = "deletes" } do
    it(("counts %s among the %s"):format(method, kind), function() assert.equal(kind, throttle.kind(method)) end)
  end

  it("says what is left for the principal and for all", function()
    local one = open()
    one:take("ann", "sub", "GET")
    assert.same({
      ["x-ms-ratelimit-remaining-subscription-reads"] = "248", ["x-ms-ratelimit-remaining-subscription-global-reads"] = "3748",
    }, one:take("ann", "sub", "GET"))
    assert.equal("249", one:take("bob", "sub", "GET")["x-ms-ratelimit-remaining-subscription-reads"])
    assert.equal("249", one:take("ann", "another", "GET")["x-ms-ratelimit-remaining-subscription-reads"])
  end)

  for _, row in ipairs { { "PUT", 200, 10 }, { "DELETE", 200, 10 }, { "GET", 250, 25 } } do
    it(("refuses %s when %d are used up, and gives %d a second back"):format(row[1], row[2], row[3]), function()
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

  it("refuses when all principals together have used up theirs", function()
    local one = open()
    for i = 1, 15 do take_all(one, "p" .. i, "PUT", 200) end
    refused(one, "another", "PUT")
    one:take("another", "sub", "GET")
  end)
end)
