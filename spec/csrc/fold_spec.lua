--- Texts that share a long part: csrc/fold.c.
local fold = require "pure".fold

local BASE = "https://arm.example/operations/"
local CERTIFICATE = "c=" .. ("MIIC"):rep(500)

local function url(id, certificate)
  return ("%s%s?api-version=1&t=6&%s&s=%s&h=x"):format(BASE, id, certificate, ("s"):rep(342))
end

describe("folding", function()
  it("takes out the longest parameter, and keeps one copy of it", function()
    local urls = { url("1", CERTIFICATE), url("2", CERTIFICATE), url("3", CERTIFICATE) }
    local folded, parts, left = fold(urls)
    assert.equal(1, parts)
    assert.equal(0, left)
    for index, one in ipairs(folded) do
      assert.equal(url(tostring(index), ""), one.rest)
      assert.equal(urls[index], one.whole)
      if index % 2 == 1 then assert.equal(urls[index], one.opened) end
    end
  end)

  local places = {
    { "first", BASE .. "1?" .. CERTIFICATE .. "&s=1", BASE .. "1?&s=1" },
    { "last", BASE .. "1?s=1&" .. CERTIFICATE, BASE .. "1?s=1&" },
    { "only one", BASE .. "1?" .. CERTIFICATE, BASE .. "1?" },
    { "one with an escape and a '?'", BASE .. "1?%2F?" .. CERTIFICATE, BASE .. "1?" },
    { "one beside empty ones", BASE .. "1?&&" .. CERTIFICATE .. "&", BASE .. "1?&&&" },
  }
  for _, place in ipairs(places) do
    it("gives back byte for byte a URL whose parameter is the " .. place[1], function()
      local folded = fold { place[2] }
      assert.equal(place[3], folded[1].rest)
      assert.equal(place[2], folded[1].whole)
      assert.equal(place[2], folded[1].opened)
    end)
  end

  it("leaves alone what has no long parameter", function()
    local urls = {
      BASE, BASE .. "1?", BASE .. "1?a=" .. ("b"):rep(509), BASE .. CERTIFICATE, "", "?", "&",
    }
    local folded, parts = fold(urls)
    assert.equal(0, parts)
    for index, one in ipairs(folded) do
      assert.equal(urls[index], one.rest)
      assert.equal(urls[index], one.whole)
    end
  end)

  it("takes out a parameter of 512 bytes", function()
    local _, parts = fold { BASE .. "1?a=" .. ("b"):rep(510) }
    assert.equal(1, parts)
  end)

  it("keeps a few parts: URLs that share nothing stay whole", function()
    local urls = {}
    for i = 1, 40 do urls[i] = url("1", CERTIFICATE .. i) end
    urls[41] = url("2", CERTIFICATE .. 1)
    local folded, parts, left = fold(urls)
    assert.equal(16, parts)
    assert.equal(0, left)
    for index, one in ipairs(folded) do assert.equal(urls[index], one.whole) end
    assert.equal(urls[40], folded[40].rest)
    assert.is_true(#folded[41].rest < 512)
  end)
end)
