local azureml = require "azureml"
local client = require "azureml.client"
local core = require "azureml.core"
local proxy = require "spec.websocket_proxy"
local server = require "spec.websocket_server"
local socket = require "azureml.jupyter.socket"

local SECRET = "the-secret-token"

-- What socket.open needs of an instance's server.
local function server_of(url, settings)
  local all = {
    endpoint = url, credential = azureml.credential.token { token = SECRET }, scope = "any",
    retry = { tries = 1 },
  }
  for name, value in pairs(settings or {}) do all[name] = value end
  local opened = client.new(all)
  return { client = function() return opened end, explain = function(_, err) return err end }
end

local function open(served, settings, options)
  return socket.open(server_of(served.url, options), "/terminals/websocket/1", settings)
end

local function fails(served, settings, options)
  local _, err = azureml.try(open, served, settings, options)
  assert(err, "the websocket was opened")
  assert.is_nil(err.message:find(SECRET, 1, true))
  return err
end

-- Serve an answer that is no agreement: pieces, of which "close" and "reset" end the connection.
local function answering(...)
  local pieces = table.pack(...)
  return server.start { open = function(connection)
    for _, piece in ipairs(pieces) do
      if piece == "close" or piece == "reset" then connection:drop(piece)
      else connection:send(piece) end
    end
  end }
end

-- Serve a websocket that sends bytes as soon as it is open.
local function sending(bytes, ending)
  return server.start { open = function(connection, request)
    connection:send(server.agree(request) .. bytes)
    if ending then connection:drop(ending) end
  end }
end

-- Run a function with the virtual clock.
local function virtually(f)
  local _ <close> = setmetatable({}, { __close = function() core.clock "real" end })
  core.clock "virtual"
  f()
end

local ECHO = { take = function(connection, frame) connection:say("echo " .. frame.payload) end }

describe("a socket", function()
  it("sends and receives texts", function()
    local served <close> = server.start(ECHO)
    local opened <close> = open(served)
    for _, text in ipairs { "grüße", "", ("x"):rep(125), ("y"):rep(126), ("z"):rep(70000) } do
      opened:send(text)
      assert.same({ "echo " .. text, false }, { opened:receive() })
    end
  end)

  it("asks with the token, the host and no origin", function()
    local served <close> = server.start()
    local opened <close> = open(served)
    local request = served.requests[1]
    assert.truthy(request:find("^GET /terminals/websocket/1 HTTP/1.1\r\n"))
    assert.truthy(request:find("\r\nHost: " .. served.url:sub(8) .. "\r\n", 1, true))
    assert.truthy(request:find("\r\nAuthorization: Bearer " .. SECRET .. "\r\n", 1, true))
    assert.truthy(request:find "\r\nSec%-WebSocket%-Version: 13\r\n")
    assert.truthy(request:find "\r\nUser%-Agent: azureml%-lua/")
    assert.is_nil(request:find "Origin")
    assert.equal("socket: /terminals/websocket/1", tostring(opened))
  end)

  it("takes the frames that come with the answer, and those that come in pieces", function()
    local text = server.frame("text", "first") .. server.frame("text", "se", 1)
    local served <close> = sending(text)
    local opened <close> = open(served)
    assert.equal("first", (opened:receive()))
    for byte in (server.frame("ping", "?") .. server.frame("text", "cond", 0x80)):gmatch "." do
      served.connections[1]:send(byte)
      azureml.sleep(0)
    end
    assert.equal("second", (opened:receive()))
    assert.same({ opcode = 10, payload = "?" }, served.connections[1].frames[1])
  end)

  it("says that a message is binary", function()
    local served <close> = sending(server.frame("binary", "\0\1\2"))
    local opened <close> = open(served)
    assert.same({ "\0\1\2", true }, { opened:receive() })
  end)

  it("waits no longer than the caller says", function()
    local served <close> = server.start()
    local opened <close> = open(served)
    virtually(function()
      assert.same({ nil, "timeout" }, { opened:receive(5) })
    end)
    assert.has_error(function() opened:receive "soon" end)
    assert.has_error(function() opened:send "\xff" end)
  end)

  it("lets other tasks run while it waits", function()
    local served <close> = server.start(ECHO)
    local first <close> = open(served)
    local second <close> = open(served)
    local function ask(opened, text)
      return function()
        for i = 1, 20 do
          opened:send(text .. i)
          assert.equal("echo " .. text .. i, (opened:receive()))
        end
        return true
      end
    end
    assert.same({ true, true }, { azureml.parallel(ask(first, "a"), ask(second, "b")) })
  end)

  it("holds the server back while its messages are not received", function()
    local frame = server.frame("text", ("x"):rep(100000))
    local served <close> = sending(frame:rep(80))
    local opened <close> = open(served)
    for _ = 1, 50 do azureml.sleep(0) end
    assert.truthy(opened.unread < 1024 * 1024 + 400000)
    for _ = 1, 80 do assert.equal(100000, #opened:receive()) end
    assert.same({ nil, "timeout" }, { opened:receive(0) })
  end)

  it("waits with sending while the server does not read", function()
    local served <close> = server.start { open = function(connection, request)
      connection:send(server.agree(request))
      connection:stall()
    end }
    local opened <close> = open(served)
    local piece, sent = ("x"):rep(256 * 1024), 0
    virtually(function()
      local _, err = azureml.try(azureml.within, 10, function()
        while true do
          sent = sent + #piece
          opened:send(piece)
        end
      end)
      assert.equal("Timeout", err.code)
    end)
    assert.truthy(opened.stream:unsent() <= 1024 * 1024 + 2 * #piece)
    assert.truthy(sent > 1024 * 1024)
  end)
end)

describe("the end of a socket", function()
  it("tells the server, and takes the rest with it", function()
    local served <close> = server.start()
    local opened = open(served)
    opened:close(1000, "done")
    opened:close()
    assert.same({ nil, "done", 1000, "the connection was closed on this side" },
      { opened:receive() })
    assert.same({ nil, "done", 1000, "the connection was closed on this side" },
      { opened:send "more" })
    while not served.connections[1].is_closed do azureml.sleep(0) end
    assert.same({ opcode = 8, payload = "\x03\xe8done" }, served.connections[1].frames[1])
  end)

  it("is not waited for when the server does not answer the close", function()
    local served <close> = server.start { take_all = true, take = function() end }
    open(served):close()
    virtually(function() azureml.sleep(1.5) end)
    while not served.connections[1].is_closed do azureml.sleep(0) end
  end)

  local ENDS = {
    [1000] = "the server closed the connection: bye", [1001] = "the server is shutting down: bye",
    [4001] = "the server closed the connection (code 4001): bye",
  }
  for code, meaning in pairs(ENDS) do
    it("says what the code " .. code .. " means", function()
      local served <close> = sending(server.frame("text", "x") .. server.close(code, "bye"))
      local opened <close> = open(served)
      assert.equal("x", (opened:receive()))
      assert.same({ nil, "closed", code, meaning }, { opened:receive() })
    end)
  end

  it("is without a code", function()
    local served <close> = sending(server.close())
    local opened <close> = open(served)
    assert.same({ nil, "closed", 1005, "the server closed the connection" }, { opened:receive() })
  end)

  it("shows no control characters of the server", function()
    local served <close> = sending(server.close(1011, "\27[2Jx"))
    local opened <close> = open(served)
    local _, _, _, message = opened:receive()
    assert.equal("the server has an internal error: \u{FFFD}[2Jx", message)
  end)

  it("is a lost connection, also within a frame", function()
    for ending, words in pairs { close = "the server closed it", reset = "reset" } do
      local bytes = server.frame("text", "whole") .. server.frame("text", "broken"):sub(1, 4)
      local served <close> = sending(bytes)
      local opened <close> = open(served)
      assert.equal("whole", (opened:receive()))
      served.connections[1]:drop(ending)
      local _, reason, code, message = opened:receive()
      assert.same({ "lost", 1006 }, { reason, code })
      assert.truthy(message:find(words), message)
    end
  end)

  local BROKEN = {
    ["a masked frame"] = { 1002, "\x81\x81\0\0\0\0x" },
    ["a reserved bit"] = { 1002, server.frame("text", "x", 0xC1) },
    ["an unknown opcode"] = { 1002, server.frame("text", "x", 0x83) },
    ["a length in too many bytes"] = { 1002, "\x81\x7e\0\x01x" },
    ["a continuation of nothing"] = { 1002, server.frame("text", "x", 0x80) },
    ["a ping in fragments"] = { 1002, server.frame("ping", "x", 0x09) },
    ["text that is not UTF-8"] = { 1007, server.frame("text", "\xff") },
    ["a message of a terabyte"] = { 1009, "\x81\x7f\0\0\1\0\0\0\0\0x" },
    ["fragments that are too long together"] =
      { 1009, server.frame("text", ("x"):rep(600), 1) .. server.frame("text", ("x"):rep(600), 0) },
  }
  for name, row in pairs(BROKEN) do
    it("is a server that sends " .. name, function()
      local served <close> = sending(row[2])
      local opened <close> = open(served, { max_message = 1000 })
      local _, reason, code, message = opened:receive(5)
      assert.same({ "invalid", row[1] }, { reason, code })
      assert.truthy(message:find "^the server ")
      while #served.connections[1].frames == 0 do azureml.sleep(0) end
      local farewell = served.connections[1].frames[1]
      assert.equal(8, farewell.opcode)
      assert.truthy(farewell.payload == "" or farewell.payload == string.pack(">I2", row[1]))
    end)
  end

  it("can allow longer messages, and shorter ones again", function()
    local served <close> = server.start(ECHO)
    local opened <close> = open(served, { max_message = 100 })
    opened:limit(1000)
    opened:send(("x"):rep(500))
    assert.equal(505, #opened:receive())
    opened:limit(100)
    opened:send(("x"):rep(500))
    assert.same({ nil, "invalid", 1009, "the server sent a message of more than 100 bytes" },
      { opened:receive() })
  end)

  it("is a flood of pings that never reads the answers", function()
    local flood = server.frame("ping", ("p"):rep(100)):rep(5000)
    local served <close> = server.start { open = function(connection, request)
      connection:stall()
      connection:send(server.agree(request) .. flood:rep(60))
    end }
    local opened <close> = open(served)
    local _, reason, _, message = opened:receive()
    assert.equal("lost", reason)
    assert.truthy(message:find "does not read what it gets")
  end)
end)

describe("a socket's life signs", function()
  it("are pings each 20 s, and what the server sends anyway", function()
    local pings, is_deaf = 0, false
    local served <close> = server.start { take_all = true, take = function(connection, frame)
      if frame.opcode ~= 9 or is_deaf then return end
      pings = pings + 1
      connection:send(server.frame("pong", frame.payload))
    end }
    local opened <close> = open(served)
    -- Small steps: the kernel may deliver a moment later.
    local function receive()
      local result
      azureml.parallel(function() result = { opened:receive(90) } end,
        function() while not result do azureml.sleep(0.05) end end)
      return result
    end
    virtually(function()
      assert.same({ nil, "timeout" }, receive())
      assert.equal(4, pings)
      is_deaf = true
      local begun = core.now()
      assert.same({ nil, "lost", 1006,
        "the server did not answer for 20 s: the connection is dead" }, receive())
      assert.truthy(core.now() - begun <= 41)
    end)
  end)

  it("do not blame the server while this side does not read", function()
    local served <close> = sending(server.frame("text", ("x"):rep(100000)):rep(30))
    local opened <close> = open(served)
    virtually(function() azureml.sleep(300) end)
    for _ = 1, 30 do assert.equal(100000, #opened:receive()) end
    assert.same({ nil, "timeout" }, { opened:receive(0) })
  end)
end)

describe("a websocket that does not open", function()
  it("needs libwslay", function()
    local name = "azureml.websocket"
    local loaded, built_in = package.loaded[name], package.preload[name]
    package.loaded[name] = nil
    package.preload[name] = function() error "there is no such module" end
    local _, err = azureml.try(open, { url = "http://127.0.0.1:1" })
    package.loaded[name], package.preload[name] = loaded, built_in
    assert.equal("WebsocketMissing", err.code)
    assert.equal("terminals and kernels need azureml.websocket, which was built without libwslay",
      err.message)
  end)

  local JSON = '{"message": "Forbidden by the spec", "code": "Nope"}'
  local function answer(status, headers, body)
    return ("HTTP/1.1 %s\r\n%s\r\n%s"):format(status, headers, body)
  end

  it("is refused with a reason", function()
    local length = "Content-Length: " .. #JSON .. "\r\nContent-Type: application/json\r\n"
    local chunks = ("%x\r\n%s\r\n%x;x=y\r\n%s\r\n0\r\n\r\n"):format(10, JSON:sub(1, 10), #JSON - 10,
      JSON:sub(11))
    for name, pieces in pairs {
      length = { answer("403 Forbidden", length, JSON) },
      chunks = { answer("403 Forbidden", "Transfer-Encoding: chunked\r\n", chunks) },
      the_end = { answer("403 Forbidden", "", JSON), "close" },
      reset = { answer("403 Forbidden", "", JSON), "reset" },
      before = { "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", answer("403 F", length, JSON) },
    } do
      local served <close> = answering(table.unpack(pieces))
      local err = fails(served)
      assert.same({ 403, "Nope", "http" }, { err.status, err.code, err.kind }, name)
      assert.equal("cannot open /terminals/websocket/1: Forbidden by the spec", err.message)
    end
  end)

  it("does not wait for a body without an end", function()
    local served <close> = answering(answer("404 Not Found", "Content-Length: 99\r\n", ""))
    virtually(function() assert.equal(404, fails(served).status) end)
  end)

  it("asks once for another token after a 401", function()
    local served <close> = answering(answer("401 Unauthorized", "Content-Length: 0\r\n", ""))
    local err = fails(served)
    assert.equal(401, err.status)
    assert.equal(2, #served.requests)
  end)

  it("opens with another token", function()
    local tokens = 0
    local served <close> = server.start { open = function(connection, request)
      if request:find "token%-1" then
        connection:send(answer("401 Unauthorized", "Content-Length: 0\r\n", ""))
      else
        connection:send(server.agree(request))
      end
    end }
    local opened <close> = open(served, nil, { credential = azureml.credential.callback(function()
      tokens = tokens + 1
      return "token-" .. tokens, 3600
    end) })
    assert.equal(2, tokens)
    assert.is_nil(opened.over)
  end)

  local ODD = {
    ["a page"] = { "NoWebsocket", "HTTP 200 %(text/html%)",
      answer("200 OK", "Content-Type: text/html\r\nContent-Length: 3\r\n", "<p>") },
    ["a redirect"] = { "NoWebsocket", "HTTP 302",
      answer("302 Found", "Location: /login\r\nContent-Length: 0\r\n", "") },
    ["an unfitting proof"] = { "InvalidHandshake", "does not fit the request",
      answer("101 X", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n",
        "") },
    ["no proof"] = { "InvalidHandshake", "does not fit the request",
      answer("101 X", "Upgrade: websocket\r\nConnection: Upgrade\r\n", "") },
    ["another protocol"] = { "InvalidHandshake", "lacks 'Upgrade: websocket'",
      answer("101 X", "Upgrade: h2c\r\nConnection: Upgrade\r\n", "") },
    ["no change of protocol"] = { "InvalidHandshake", "lacks 'Connection: Upgrade'",
      answer("101 X", "Upgrade: websocket\r\n", "") },
    ["an extension"] = { "InvalidHandshake", "an extension", answer("101 X", "Upgrade: websocket"
      .. "\r\nConnection: x, Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n", "") },
    ["a subprotocol"] = { "InvalidHandshake", "a subprotocol", answer("101 X", "Upgrade: websocket"
      .. "\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: y\r\n", "") },
    ["another language"] = { "InvalidHandshake", "not HTTP/1.1", "SSH-2.0-OpenSSH_9.2p1\r\n" },
    ["a zero byte"] = { "InvalidHandshake", "zero byte", answer("101 X", "A: \0\r\n", "") },
    ["a head without an end"] = { "InvalidHandshake", "larger than 16 KiB",
      "HTTP/1.1 200 OK\r\nX: " .. ("x"):rep(17000) },
  }
  for name, row in pairs(ODD) do
    it("gets " .. name, function()
      local served <close> = answering(row[3])
      local err = fails(served)
      assert.same({ row[1], "protocol" }, { err.code, err.kind })
      assert.truthy(err.message:find(row[2]), err.message)
    end)
  end

  it("gets no answer", function()
    local served <close> = server.start { open = function() end }
    virtually(function()
      local err = fails(served, { timeout = 0.05 })
      assert.equal("RequestTimeout", err.code)
      assert.truthy(err.message:find "within 0.05 s")
    end)
  end)

  it("is closed at once", function()
    for _, ending in ipairs { "close", "reset" } do
      local served <close> = answering(ending)
      assert.equal("ConnectionLost", fails(served).code)
    end
  end)

  it("has nobody who listens", function()
    local served = server.start()
    served:close()
    assert.equal("ConnectionFailed", fails(served).code)
  end)

  it("goes through a proxy, or says that the proxy refuses", function()
    local served <close> = server.start(ECHO)
    local through <close> = proxy.start()
    local opened <close> = open(served, nil, { proxy = through.url })
    opened:send "x"
    assert.equal("echo x", (opened:receive()))
    assert.truthy(through.requests[1]:find("^CONNECT " .. served.url:sub(8) .. " HTTP/1.1\r\n"))
    assert.is_nil(through.requests[1]:find(SECRET, 1, true))
    local refusing <close> = proxy.start "HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nBAD!"
    local err = fails(served, nil, { proxy = refusing.url })
    assert.equal("ProxyRefused", err.code)
    assert.equal(("cannot open /terminals/websocket/1: the proxy refuses a connection to %s "
      .. "for a websocket (HTTP 403)"):format(served.url), err.message)
  end)

  it("is refused before anything is sent", function()
    local served <close> = server.start()
    local reaches = server_of(served.url)
    for path, words in pairs {
      ["http://127.0.0.1:1/x"] = "not on the origin", ["/a b"] = "blanks",
      ["/a\r\nX: y"] = "control characters",
    } do
      local _, err = azureml.try(socket.open, reaches, path)
      assert.truthy(err.message:find(words), err.message)
    end
    assert.equal(0, #served.requests)
  end)

  it("is abandoned when its task is", function()
    local served <close> = server.start { open = function() end }
    virtually(function()
      local _, err = azureml.try(azureml.within, 0.05, open, served)
      assert.equal("Timeout", err.code)
    end)
    while not served.connections[1] or not served.connections[1].is_closed do azureml.sleep(0) end
  end)
end)
