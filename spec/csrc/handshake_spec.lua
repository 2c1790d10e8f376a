--- The opening of a websocket: csrc/handshake.c.
local pure = require "pure"

local KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

local function read(text, has_ended) return pure.handshake_read(text, KEY, has_ended) end

local function answer(fields)
  local all = { Upgrade = "websocket", Connection = "Upgrade", ["Sec-WebSocket-Accept"] = ACCEPT }
  for name, value in pairs(fields or {}) do all[name] = value or nil end
  local lines = { "HTTP/1.1 101 Switching Protocols" }
  for name, value in pairs(all) do lines[#lines + 1] = name .. ": " .. value end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

describe("a handshake", function()
  -- Source: RFC 6455, section 1.3.
  it("has the accept of the standard's example", function()
    assert.equal(ACCEPT, pure.handshake_accept(KEY))
  end)

  it("has a new key each time", function()
    local first, second = pure.handshake_key(), pure.handshake_key()
    assert.matches("^[%w+/]+==$", first)
    assert.equal(24, #first)
    assert.not_equal(first, second)
  end)

  it("asks with host, target, key and token", function()
    local text = pure.handshake_request("https://Host.example:443/a%20b?c=d", KEY, "agent/1",
      "Authorization: Bearer x")
    assert.equal("GET /a%20b?c=d HTTP/1.1\r\nHost: host.example\r\nUpgrade: websocket\r\n"
      .. "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " .. KEY
      .. "\r\nUser-Agent: agent/1\r\nAuthorization: Bearer x\r\n\r\n", text)
  end)

  it("names a port that is not the usual one", function()
    for url, host in pairs {
      ["http://127.0.0.1:8080/x"] = "127.0.0.1:8080", ["http://a.example/x"] = "a.example",
      ["http://a.example:443/x"] = "a.example:443", ["http://[::1]:9/x"] = "[::1]:9",
      ["https://a.example:80"] = "a.example:80",
    } do
      local text = pure.handshake_request(url, KEY, "agent")
      assert.equal(host, text:match "\r\nHost: ([^\r]*)\r\n")
      assert.matches("^GET /x? ?", text)
    end
    assert.is_nil(pure.handshake_request("no URL", KEY, "agent"))
  end)

  it("is read when it is whole, and leaves what follows", function()
    local text = answer()
    for len = 0, #text - 1 do assert.equal("more", (read(text:sub(1, len)))) end
    assert.same({ "agreed", nil, 101, nil, "\x81\0" }, { read(text .. "\x81\0") })
  end)

  it("takes names and words in any case, and lists", function()
    assert.equal("agreed", (read(answer { Upgrade = "WebSocket", Connection = "x,UPGRADE ,y" })))
    assert.equal("agreed", (read("HTTP/1.1 100 Continue\r\n\r\n" .. answer())))
    assert.equal("agreed", (read("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" .. answer())))
  end)

  local LARGE = "HTTP/1.1 200 OK\r\nA: " .. ("x"):rep(20000)
  local INVALID = {
    { answer { Upgrade = "h2c" }, "it lacks 'Upgrade: websocket'" },
    { answer { Upgrade = "websockets" }, "it lacks 'Upgrade: websocket'" },
    { answer { Connection = "keep-alive" }, "it lacks 'Connection: Upgrade'" },
    { answer { ["Sec-WebSocket-Accept"] = ACCEPT:upper() },
      "its 'Sec-WebSocket-Accept' does not fit the request" },
    { answer { ["Sec-WebSocket-Protocol"] = "x" }, "it wants a subprotocol" },
    { answer { ["Sec-WebSocket-Extensions"] = "x" }, "it wants an extension" },
    { "HTTP/2 101 Switching\r\n\r\n", "it is not HTTP/1.1" },
    { "HTTP/1.1 1x1 Switching\r\n\r\n", "it is not HTTP/1.1" },
    { "\x16\x03\x01\2\0\1\0\1\xfc\3\3x", "it is not HTTP/1.1" },
    { "HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", "its head holds a zero byte" },
    { LARGE .. "\r\n\r\n", "its head is larger than 16 KiB" },
    { LARGE, "its head is larger than 16 KiB" },
  }
  for _, row in ipairs(INVALID) do
    it("is refused: " .. row[2], function()
      assert.same({ "invalid", row[2] }, { (read(row[1])), (select(2, read(row[1]))) })
    end)
  end

  it("reads the body of a refusal", function()
    local function refusal(fields, body, has_ended)
      local step, _, status, text = read("HTTP/1.1 403 No\r\n" .. fields .. "\r\n" .. body,
        has_ended)
      assert.same({ "refused", 403 }, { step, status })
      return text
    end
    assert.equal("abc", refusal("Content-Length: 3\r\n", "abcdef"))
    assert.is_nil(refusal("Content-Length: 3\r\n", "ab"))
    assert.equal("ab", refusal("Content-Length: 3\r\n", "ab", true))
    assert.equal("", refusal("Content-Length: 0\r\n", ""))
    assert.is_nil(refusal("", "abc"))
    assert.equal("abc", refusal("", "abc", true))
    assert.equal("", refusal("", "", true))
    local chunked = "Transfer-Encoding: chunked\r\n"
    assert.equal("abcd", refusal(chunked, "3\r\nabc\r\n1;x\r\nd\r\n0\r\n\r\n"))
    assert.is_nil(refusal(chunked, "3\r\nabc\r\n1"))
    assert.equal("abc", refusal(chunked, "3\r\nabc\r\n5\r\n", true))
    for _, odd in ipairs { "x\r\nabc\r\n", "ffffffffffffffff\r\nabc", "\r\n", "-3\r\nabc\r\n" } do
      assert.equal("", refusal(chunked, odd, true))
    end
  end)
end)
