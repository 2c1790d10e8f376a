-- Faults of servers and networks that no contract allows, and the errors that a script gets. A GET
-- may be sent again; a POST is sent once, and its outcome is then unknown.
local azureml = require "azureml"
local serve = require "spec.raw"

local function answer(head, body)
  return "HTTP/1.1 200 OK\r\n" .. head .. "\r\n" .. (body or "")
end

-- what, its pieces, the error's code, a part of its text, how often a GET is sent
local faults = {
  { "a connection that closes without an answer", { "close" }, "ConnectionLost", "no answer from",
    2 },
  { "a connection that is reset", { "reset" }, "ConnectionLost", "reset", 2 },
  { "a body that breaks off", { answer("Content-Length: 10\r\n", "abc"), "close" },
    "ConnectionLost", "no whole answer from", 2 },
  { "a body that is reset", { answer("Content-Length: 10\r\n", "abc"), "reset" }, "ConnectionLost",
    "no whole answer from", 2 },
  { "a chunk that breaks off", { answer("Transfer-Encoding: chunked\r\n", "5\r\nabc"), "close" },
    "ConnectionLost", "outstanding", 2 },
  { "a chunk without a length", { answer("Transfer-Encoding: chunked\r\n", "zz\r\nabc"), "close" },
    "ConnectionLost", "chunked", 2 },
  { "a negative length", { answer("Content-Length: -5\r\n", "abc"), "close" }, "InvalidReply",
    "Content-Length", 2 },
  { "a length that is no number", { answer("Content-Length: x\r\n", "abc"), "close" },
    "InvalidReply", "Content-Length", 2 },
  { "two lengths", { answer("Content-Length: 3\r\nContent-Length: 4\r\n", "abc"), "close" },
    "ConnectionLost", "remaining", 2 },
  { "a body that is not gzip", { answer("Content-Encoding: gzip\r\nContent-Length: 3\r\n", "abc") },
    "InvalidReply", "content", 2 },
  { "an unknown encoding",
    { answer("Content-Encoding: frob\r\nContent-Length: 3\r\n", "abc") }, "InvalidReply",
    "encoding", 2 },
  { "no HTTP", { "220 mail.example ESMTP\r\n", "close" }, "InvalidReply", "HTTP/0.9", 2 },
  { "a page without headers", { "<html>hello</html>", "close" }, "InvalidReply", "HTTP/0.9", 2 },
  { "a status below 100", { "HTTP/1.1 099 Odd\r\n\r\n", "close" }, "InvalidReply", "response code",
    2 },
  { "a zero byte in a header", { answer("X: a\0b\r\nContent-Length: 2\r\n", "{}") }, "InvalidReply",
    "Nul", 2 },
  { "a switch to another protocol", { "HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n", "close" },
    "ConnectionLost", "Empty", 2 },
  { "a flood of headers", { answer(("X-A: " .. ("a"):rep(1000) .. "\r\n"):rep(400)) },
    "ReplyTooLarge", "larger than allowed", 1 },
  { "a header without an end", { "HTTP/1.1 200 OK\r\nX: " .. ("a"):rep(300000) .. "\r\n\r\n" },
    "ReplyTooLarge", "larger", 1 },
  { "a body that is too large", { answer("", ("x"):rep(5000)), "close" }, "ReplyTooLarge",
    "larger than allowed", 1 },
  { "a body that is said to be too large", { answer "Content-Length: 99999999999\r\n" },
    "ReplyTooLarge", "larger than allowed", 1 },
  { "a chunked body without an end",
    { answer("Transfer-Encoding: chunked\r\n", "1000\r\n" .. ("x"):rep(4096) .. "\r\n1\r\nx\r\n") },
    "ReplyTooLarge", "larger than allowed", 1 },
}

-- what is odd, but HTTP
local fine = {
  { "an answer byte by byte",
    { "H", "TTP/1.1 20", "0 OK\r", "\nContent-Le", "ngth: 2", "\r\n\r", "\n{", "}" } },
  { "a body that ends with the connection", { answer("", "{}"), "close" } },
  { "many 100 Continue",
    { ("HTTP/1.1 100 Continue\r\n\r\n"):rep(20) .. answer("Content-Length: 2\r\n", "{}") } },
  { "HTTP/1.0", { "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", "close" } },
  { "line ends without carriage returns", { "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}" } },
  { "chunks with trailers",
    { answer("Transfer-Encoding: chunked\r\n", "2;x=y\r\n{}\r\n0\r\nX-Late: yes\r\n\r\n") } },
  { "no reason phrase", { "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}" } },
}

local function client_of(server, more)
  local given = { endpoint = server.url, max_reply = 4096, retry = { tries = 1, delay = 0 } }
  for name, value in pairs(more or {}) do given[name] = value end
  return azureml.client(given)
end

local function try(client, method)
  return azureml.try(client.request, client,
    { method = method, path = "/x", body = method == "POST" and "{}" or nil })
end

describe("a server that answers with", function()
  for _, row in ipairs(faults) do
    local what, pieces, code, text, sendings = table.unpack(row)

    it(what .. ", said to a GET", function()
      local server <close> = serve(function() return { table.unpack(pieces) } end)
      local client <close> = client_of(server)
      local reply, err = try(client, "GET")
      assert.is_nil(reply)
      assert.equal(code, err.code)
      assert.is_truthy(err.message:find(text, 1, true), err.message)
      assert.is_truthy(err.message:find(server.url, 1, true), err.message)
      assert.is_nil(err.outcome_unknown)
      assert.equal(sendings, #server.requests)
    end)

    it(what .. ", said to a POST", function()
      local server <close> = serve(function() return { table.unpack(pieces) } end)
      local client <close> = client_of(server)
      local reply, err = try(client, "POST")
      assert.is_nil(reply)
      assert.equal(code, err.code)
      assert.is_true(err.outcome_unknown)
      assert.is_truthy(err.hint:find("may have been executed", 1, true))
      assert.equal(1, #server.requests)
    end)
  end

  for _, row in ipairs(fine) do
    it(row[1] .. ", which is fine", function()
      local server <close> = serve(function() return { table.unpack(row[2]) } end)
      local client <close> = client_of(server)
      assert.equal("{}", client:request({ path = "/x" }).body)
      assert.equal(1, #server.requests)
    end)
  end

  it("silence, in the middle of an answer", function()
    local server <close> = serve(function() return { answer("Content-Length: 2\r\n", "{") } end)
    local client <close> = client_of(server, { request_timeout = 0.2 })
    local _, err = try(client, "GET")
    assert.equal("RequestTimeout", err.code)
    assert.equal(2, #server.requests)
    local _, again = try(client, "POST")
    assert.equal("RequestTimeout", again.code)
    assert.is_true(again.outcome_unknown)
  end)

  it("silence, within the time that the request has altogether", function()
    local server <close> = serve(function() return {} end)
    local client <close> = client_of(server, { retry = { tries = 9, delay = 0 } })
    local _, err = azureml.try(client.request, client, { path = "/x", timeout = 0.2 })
    assert.equal("RequestTimeout", err.code)
    assert.equal(1, #server.requests)
  end)
end)

-- A quick reply lets the client take the server for one near by, which needs few connections.
describe("forty requests that are not answered", function()
  it("do not hold up another one", function()
    local server <close> = serve(function(request)
      return request:find("/quick", 1, true) and { answer("Content-Length: 2\r\n", "{}") } or {}
    end)
    local client <close> = client_of(server, { request_timeout = 20, retry = { tries = 0 } })
    client:request { path = "/quick" }
    local requests = {}
    for i = 1, 40 do requests[i] = function() client:request { path = "/silence" } end end
    requests[41] = function() error(client:request({ path = "/quick" }).body, 0) end
    local _, raised = pcall(azureml.parallel, table.unpack(requests))
    assert.equal("{}", tostring(raised))
  end)
end)

describe("a reused connection that closes without an answer", function()
  local OK = answer("Content-Length: 2\r\n", "{}")

  -- The first request of each connection is answered, the second is read and then the connection
  -- closes.
  local function moody()
    local on_this = 0
    return serve(function()
      on_this = on_this + 1
      if on_this % 2 == 1 then return { OK } end
      return { "close" }
    end)
  end

  it("has a GET sent again", function()
    local server <close> = moody()
    local client <close> = client_of(server)
    assert.equal("{}", client:request({ path = "/1" }).body)
    assert.equal("{}", client:request({ path = "/2" }).body)
    assert.equal(3, #server.requests)
    assert.equal(2, server.accepted)
  end)

  for _, method in ipairs { "POST", "PUT", "PATCH", "DELETE" } do
    it("has a " .. method .. " seen once: libcurl would send it again by itself", function()
      local server <close> = moody()
      local client <close> = client_of(server, { retry = { tries = 0 } })
      client:request { path = "/1" }
      local _, err = try(client, method)
      assert.equal("ConnectionLost", err.code)
      assert.is_true(err.outcome_unknown)
      assert.equal(2, #server.requests)
    end)
  end

  it("has a PUT retried by the policy, which a retry of libcurl would hide", function()
    local server <close> = moody()
    local client <close> = client_of(server)
    client:request { path = "/1" }
    assert.equal("{}", try(client, "PUT").body)
    assert.equal(3, #server.requests)
  end)
end)

describe("a connection that cannot be made", function()
  it("is told with libcurl's words, and tried again", function()
    local server = serve(function() return {} end)
    local seen = 0
    local client <close> = client_of(server, { on_request = function() seen = seen + 1 end })
    server:close()
    for _, method in ipairs { "GET", "POST" } do
      seen = 0
      local _, err = try(client, method)
      assert.equal("ConnectionFailed", err.code)
      assert.is_truthy(err.message:find("connect", 1, true), err.message)
      assert.is_nil(err.outcome_unknown)      -- nothing of it was sent
      assert.equal(2, seen)
    end
  end)

  it("is told for a name that does not exist", function()
    local client <close> = azureml.client { endpoint = "https://nobody.invalid",
      retry = { tries = 0 }, proxy = "" }
    local _, err = try(client, "GET")
    assert.equal("HostNotFound", err.code)
    assert.is_truthy(err.message:find("nobody.invalid", 1, true))
    assert.is_truthy(err.hint)
  end)
end)
