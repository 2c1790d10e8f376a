--- The header fields of a reply: csrc/headers.c.
local pure = require "pure"

local function headers(lines, limit)
  local h = pure.headers(limit)
  for _, line in ipairs(lines) do h:add(line .. "\r\n") end
  return h
end

describe("headers", function()
  it("are found without case, the first one of a name", function()
    local h = headers { "HTTP/1.1 200 OK", "Location: a", "location: b", "Retry-After: 5", "" }
    assert.equal("a", h:get "LOCATION")
    assert.equal("5", h:get "retry-after")
    assert.is_nil(h:get "retry")
    assert.is_nil(h:get "retry-after-ms")
    assert.is_nil(h:get "")
  end)

  it("are trimmed and may be empty", function()
    local h = headers { "A:x", "B: \t x y \t ", "C:", "D:   ", "E: a:b: c" }
    assert.equal("x", h:get "A")
    assert.equal("x y", h:get "B")
    assert.equal("", h:get "C")
    assert.equal("", h:get "D")
    assert.equal("a:b: c", h:get "E")
  end)

  it("may end in LF, CR LF or nothing", function()
    local h = pure.headers()
    h:add "A: 1\n"
    h:add "B: 2\r\n"
    h:add "C: 3"
    assert.same({ "A: 1", "B: 2", "C: 3" }, h:all())
  end)

  it("are walked in order", function()
    assert.same({ "B: 1", "A: 2", "b: 3" },
      headers({ "HTTP/2 200", "B: 1", "A: 2", "b: 3", "" }):all())
    assert.same({}, pure.headers():all())
    assert.is_nil(pure.headers():get "A")
  end)

  it("start again with each status line: the last block wins", function()
    local h = headers {
      "HTTP/1.1 100 Continue", "A: early", "X: early", "", "HTTP/1.1 200 OK", "A: late", ""
    }
    assert.same({ "A: late" }, h:all())
  end)

  for name, line in pairs {
    ["has no colon"] = "garbage", ["has no name"] = ": value",
    ["has a blank in its name"] = "Na me: x",
      ["has a blank before the colon"] = "Name : x",
    ["holds a NUL"] = "Name: x\0Location: https://evil/"
  } do
    it("ignore a line that " .. name .. ", and its continuation", function()
      local h = headers { "A: 1", line, " Location: folded", "B: 2" }
      assert.same({ "A: 1", "B: 2" }, h:all())
      assert.is_nil(h:get "Location")
      assert.is_nil(h:get "Name")
    end)
  end

  it("join folded lines", function()
    local h = headers { "A: one", "  two", "\tthree\t", " ", "B: 2", " more" }
    assert.same({ "A: one two three", "B: 2 more" }, h:all())
  end)

  it("ignore a fold that has nothing before it", function()
    assert.same({ "A: 1" }, headers({ "HTTP/1.1 200 OK", " lost", "A: 1" }):all())
  end)

  it("are kept within the limit", function()
    local h = pure.headers(20)
    assert.equal(0, h:add "A: 123456\r\n")             -- 9 bytes and a NUL
    assert.equal(0, h:add "B: 123456\r\n")
    assert.equal(-1, h:add "C: 1\r\n")
    assert.equal(-1, h:add " \tfold\r\n")
    assert.equal(-1, h:add "D: 1\r\n")
    assert.equal("123456", h:get "A")
    h:reset()
    assert.equal(0, h:add "A: 1\r\n")
  end)

  it("take URLs of many kilobytes", function()
    local long = "https://host/?s=" .. ("x"):rep(64 * 1024)
    assert.equal(long, headers({ "Location: " .. long }, 256 * 1024):get "Location")
  end)

  it("are gone after reset and clear", function()
    local h = headers { "A: 1" }
    h:reset()
    assert.same({}, h:all())
    h:add "B: 1"
    h:clear()
    h:clear()
    assert.same({}, h:all())
  end)

  it("survive random bytes", function()
    math.randomseed(42)
    local bytes = "AB: \t\r\n\0HTTP/1\xC3"
    for _ = 1, 3000 do
      local h = pure.headers(200)
      for _ = 1, math.random(0, 12) do
        local line = {}
        for i = 1, math.random(0, 20) do
          local at = math.random(#bytes)
          line[i] = math.random(5) == 1 and string.char(math.random(0, 255)) or bytes:sub(at, at)
        end
        h:add(table.concat(line))
      end
      for _, line in ipairs(h:all()) do
        local name, value = line:match "^([^: \t]+):[ \t]*(.*)$"
        assert.truthy(name, line)
        assert.is_nil(value:find "[ \t\r\n]$", line)
        assert.truthy(h:get(name))
      end
    end
  end)
end)
