--- What a process sent: csrc/traffic.c.
local pure = require "pure"

describe("the count of requests", function()
  it("is kept by purpose, method and class of status", function()
    local traffic = pure.traffic()
    traffic:count("request", "GET", 200)
    traffic:count("request", "get", 206)
    traffic:count("request", "POST", 202)
    traffic:count("poll", "GET", 503)
    traffic:count("token", "POST", 0)
    assert.same({
      "poll GET 5xx 1", "token POST none 1", "request GET 2xx 2", "request POST 2xx 1",
    }, (traffic:rows()))
  end)

  it("has a place for what is unusual", function()
    local traffic = pure.traffic()
    traffic:count("unheard", "LOCK", 799)
    traffic:count("request", "OPTIONS", 42)
    assert.same({ "request other none 2" }, (traffic:rows()))
  end)

  it("tells how many were throttled", function()
    local traffic = pure.traffic()
    for _, status in ipairs { 429, 503, 429, 200 } do traffic:count("request", "PUT", status) end
    assert.equal(2, select(2, traffic:rows()))
  end)

  it("is empty at first", function()
    assert.same({ {}, 0 }, { pure.traffic():rows() })
    assert.equal(0, pure.traffic():held(100))
  end)
end)

describe("the time in which requests were held back", function()
  it("counts holds that overlap once", function()
    local traffic = pure.traffic()
    traffic:hold(10, 15)
    traffic:hold(12, 17)
    traffic:hold(11, 13)
    assert.equal(7, traffic:held(20))
    traffic:hold(30, 31)
    assert.equal(8, traffic:held(31))
  end)

  it("does not count what is still to come", function()
    local traffic = pure.traffic()
    traffic:hold(10, 15)
    assert.equal(0, traffic:held(10))
    assert.equal(2, traffic:held(12))
    assert.equal(5, traffic:held(15))
  end)
end)
