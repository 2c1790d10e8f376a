--- Whether and when a request may be retried: csrc/retry.c.
local retry = require "pure".retry

local LISTED = { 408, 429, 500, 502, 503, 504 }
local NOT_LISTED = { 400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 417, 501, 505, 507 }
local IDEMPOTENT = { "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS" }

local function may(attempt, policy) return retry.may(policy or {}, attempt) end

describe("retry_may", function()
  for _, method in ipairs(IDEMPOTENT) do
    it("retries a " .. method .. " after each listed status and transient error", function()
      for _, status in ipairs(LISTED) do
        assert.is_true(may { method = method, status = status, sent = true }, status)
      end
      assert.is_true(may { method = method })
      assert.is_true(may { method = method, sent = true })
    end)

    it("never retries a " .. method .. " after another status or a permanent error", function()
      for _, status in ipairs(NOT_LISTED) do
        assert.is_false(may { method = method, status = status }, status)
        assert.is_false(may { method = method, status = status, after = 5 },
          "Retry-After does not make it better")
      end
      assert.is_false(may { method = method, permanent = true })
      assert.is_false(may { method = method, permanent = true, sent = true })
    end)
  end

  for _, row in ipairs {
    { "nothing of it was sent", { sent = false }, true },
    { "something of it was sent", { sent = true }, false },
    { "nothing was sent, but it will come again", { permanent = true }, false },
    { "408", { status = 408, sent = true }, false },
    { "429", { status = 429, sent = true }, true },
    { "500", { status = 500, sent = true }, false },
    { "502", { status = 502, sent = true }, false },
    { "503", { status = 503, sent = true }, true },
    { "504", { status = 504, sent = true }, false },
    { "400", { status = 400, sent = true }, false }
  } do
    for _, method in ipairs { "POST", "TRACE" } do
      it(("sends a %s again after '%s': %s"):format(method, row[1], row[3]), function()
        row[2].method = method
        assert.equal(row[3], may(row[2]))
      end)
    end
  end

  it("takes the methods that may be sent twice from the policy", function()
    local policy = { methods = { "POST" } }
    for _, status in ipairs(LISTED) do
      assert.is_true(may({ method = "POST", status = status, sent = true }, policy))
    end
    assert.is_true(may({ method = "POST", sent = true }, policy))
    assert.is_false(may({ method = "POST", sent = true, permanent = true }, policy))
    assert.is_false(may({ method = "POST", status = 400 }, policy))
    assert.is_false(may({ method = "GET", status = 500, sent = true }, policy))
    assert.is_true(may({ method = "GET", status = 503, sent = true }, policy))
    assert.is_false(
      may({ method = "POST", status = 500, sent = true }, { methods = { "GET", "TRACE" } }))
  end)

  it("repeats a cautious request only when nothing of it ran", function()
    for _, method in ipairs { "PUT", "DELETE", "POST" } do
      local function again(attempt, policy)
        attempt.method, attempt.cautious = method, true
        return may(attempt, policy)
      end
      for _, status in ipairs { 429, 503 } do
        assert.is_true(again { status = status, sent = true }, status)
      end
      assert.is_true(again { sent = false })
      assert.is_false(again { sent = true })
      for _, status in ipairs { 408, 500, 502, 504 } do
        assert.is_false(again { status = status, sent = true }, status)
        assert.is_true(again({ status = status, sent = true }, { methods = { method } }), status)
      end
    end
  end)

  it("sends three times more and then gives up", function()
    for number, expected in ipairs { true, true, true, false, false } do
      assert.equal(expected, may { number = number, status = 503 }, number)
    end
  end)

  it("takes the number of tries from the policy", function()
    assert.is_false(may({ number = 1, status = 503 }, { tries = 0 }))
    assert.is_true(may({ number = 5, status = 503 }, { tries = 5 }))
    assert.is_false(may({ number = 6, status = 503 }, { tries = 5 }))
  end)

  it("may give up sooner where nothing answers", function()
    local policy = { tries = 5, tries_unanswered = 2 }
    for number, expected in ipairs { true, true, false, false, false } do
      assert.equal(expected, may({ number = number }, policy), number)
    end
    assert.is_true(may({ number = 5, status = 503 }, policy))
    assert.is_false(may({ number = 6, status = 503 }, policy))
  end)

  it("takes the statuses from the policy, for a POST too", function()
    local policy = { statuses = { 418 } }
    assert.is_true(may({ status = 418 }, policy))
    assert.is_false(may({ status = 503 }, policy))
    assert.is_false(may({ method = "POST", status = 429 }, policy))
    assert.is_false(may({ status = 503 }, { statuses = {} }))
    local all = {}
    for i = 1, 16 do all[i] = 499 + i end
    assert.is_true(may({ status = 515 }, { statuses = all }), "a full list has no end mark")
    assert.is_false(may({ status = 516 }, { statuses = all }))
  end)

  it("waits for a Retry-After up to the longest delay and not beyond", function()
    assert.is_true(may { status = 429, after = 60 })
    assert.is_false(may { status = 429, after = 60.5 })
    assert.is_true(may({ status = 429, after = 600 }, { max_delay = 600 }))
  end)
end)

describe("retry_delay", function()
  local function near(expected, got)
    assert.is_true(math.abs(expected - got) < 1e-9, ("expected %g, got %g"):format(expected, got))
  end

  for _, row in ipairs {      -- number, least, most
    { 1, 0.8 * 0.8, 0.8 * 1.3 },
    { 2, 2.4 * 0.8, 2.4 * 1.3 },
    { 3, 5.6 * 0.8, 5.6 * 1.3 },
    { 4, 12 * 0.8, 12 * 1.3 },
    { 7, 60, 60 },
    { 31, 60, 60 },
    { 1000000, 60, 60 }
  } do
    it(("after try %d is %g to %g s"):format(row[1], row[2], row[3]), function()
      near(row[2], retry.delay({}, { number = row[1] }, 0))
      near(row[3], retry.delay({}, { number = row[1] }, 1))
      local between = retry.delay({}, { number = row[1] }, 0.5)
      assert.is_true(between >= row[2] and between <= row[3])
    end)
  end

  it("is the time that the service asks for, longer or shorter than the default", function()
    assert.equal(0.02, retry.delay({}, { number = 3, after = 0.02 }, 0.5))
    assert.equal(3600, retry.delay({}, { number = 1, after = 3600 }, 0.5))
  end)

  it("follows the policy, no delay included", function()
    near(1.0, retry.delay({ delay = 1 }, { number = 1 }, 0.4))
    assert.equal(5, retry.delay({ max_delay = 5 }, { number = 9 }, 0))
    assert.equal(0, retry.delay({ delay = 0 }, { number = 9 }, 0.9))
  end)
end)

describe("retry_after", function()
  local NOW = 1700000000      -- Tue, 14 Nov 2023 22:13:20 GMT

  for _, row in ipairs {
    { 0, {} },
    { 5, { "Retry-After: 5" } },
    { 5, { "RETRY-AFTER:5" } },
    { 0.5, { "Retry-After: 0.5" } },
    { 0, { "Retry-After: 0" } },
    { 0, { "Retry-After:" } },
    { 0, { "Retry-After: /bar" } },
    { 0, { "Retry-After: -5" } },
    { 0, { "Retry-After: 5 apples" } },
    { 0, { "Retry-After: 5s" } },
    { 0, { "Retry-After: 1e3" } },
    { 0, { "Retry-After: 0x10" } },
    { 0, { "Retry-After: nan" } },
    { 0, { "Retry-After: inf" } },
    { 0, { "Retry-After: " .. ("9"):rep(400) } },
    { 10, { "Retry-After: Tue, 14 Nov 2023 22:13:30 GMT" } },
    { 86400, { "Retry-After: Wed, 15 Nov 2023 22:13:20 GMT" } },
    { 10, { "Retry-After: Tuesday, 14-Nov-23 22:13:30 GMT" } },
    { 10, { "Retry-After: Tue Nov 14 22:13:30 2023" } },
    { 0, { "Retry-After: Tue, 14 Nov 2023 22:13:20 GMT" } },
    { 0, { "Retry-After: Tue, 14 Nov 2022 22:13:20 GMT" } },
    { 0, { "Retry-After: Tue, 99 Nov 2099 99:99:99 GMT" } },
    { 0.25, { "retry-after-ms: 250" } },
    { 0.25, { "x-ms-retry-after-ms: 250" } },
    { 0.25, { "Retry-After: 5", "x-ms-retry-after-ms: 500", "retry-after-ms: 250" } },
    { 0.5, { "Retry-After: 5", "x-ms-retry-after-ms: 500" } },
    { 5, { "Retry-After: 5", "retry-after-ms: 0" } },
    { 5, { "Retry-After: 5", "retry-after-ms: soon", "x-ms-retry-after-ms: -1" } },
    { 0, { "retry-after-ms: Tue, 14 Nov 2023 22:13:30 GMT" } }
  } do
    it(("is %g s for '%s'"):format(row[1], table.concat(row[2], ", "):sub(1, 90)), function()
      assert.equal(row[1], retry.after(row[2], NOW))
    end)
  end

  it("is never negative, whatever comes", function()
    math.randomseed(11)
    local pieces = {
      "Mon", "Tue,", "14", "Nov", "2023", "22:13:30", "GMT", "+", "-", "1e9", ".", "0", "99999999",
      "20991231", "PST", ":", "/"
    }
    for _ = 1, 5000 do
      local value = {}
      for i = 1, math.random(0, 8) do value[i] = pieces[math.random(#pieces)] end
      local after = retry.after(
        { "Retry-After: " .. table.concat(value, math.random(2) == 1 and " " or "") }, NOW)
      assert.is_true(after >= 0 and after < math.huge)
    end
  end)
end)
