local azureml = require "azureml"
local core = require "azureml.core"
local errors = require "azureml.error"
local server = require "azureml.tool.http_server"
local socket = require "spec.socket"
local task = require "azureml.task"

local function serve(handle, given)
  return server.start(given or {},
    handle or function() return { status = 200, headers = {}, body = "ok" } end)
end

local function client_of(one)
  return azureml.client { endpoint = one:url(), retry = { tries = 0 } }
end

describe("the HTTP server", function()
  it("answers many at once, each what it asked", function()
    local one = serve(
      function(request) return { status = 200, headers = {}, body = request.target } end)
    local client <close> = client_of(one)
    local right = 0
    azureml.parallel(table.unpack((function()
      local all = {}
      for i = 1, 100 do
        all[i] = function()
          if client:request({ path = "/" .. i }).body == "/" .. i then right = right + 1 end
        end
      end
      return all
    end)()))
    assert.equal(100, right)
    one:close()
    one:close()
  end)

  it("leaves unanswered what its handler leaves", function()
    local one = serve(function() return {} end)
    local client <close> = azureml.client {
      endpoint = one:url(), request_timeout = 0.05, retry = { tries = 0 },
    }
    local _, err = azureml.try(client.request, client, { path = "/" })
    assert.equal("RequestTimeout", err.code)
    one:close()
  end)

  -- The virtual clock goes on only while there is nothing else to do.
  it("answers late what its handler delays, and others meanwhile", function()
    local _ <close> = setmetatable({}, { __close = function() core.clock "real" end })
    core.clock "virtual"
    local one = serve(function(request)
      return {
        status = 200, headers = {}, body = request.target,
        delay = request.target == "/slow" and 0.5 or nil,
      }
    end)
    local client <close> = client_of(one)
    local order, before = {}, core.now()
    local function ask(path)
      return function()
        client:request { path = path }
        order[#order + 1] = path
      end
    end
    azureml.parallel(ask "/slow", ask "/fast")
    local passed = core.now() - before
    local op <close> = client:submit({ path = "/slow" }, false)
    client:request { path = "/fast" }
    one:close()      -- with an answer that is still to come
    assert.same({ "/fast", "/slow" }, order)
    assert.is_true(passed >= 0.5 and op ~= nil)
  end)

  it("sends what is not HTTP where that was asked for", function()
    local one = serve(
      function() return { status = 200, headers = {}, body = "x", fault = "garbage" } end)
    local client <close> = client_of(one)
    local _, err = azureml.try(client.request, client, { path = "/" })
    one:close()
    assert.equal("InvalidReply", err.code)
  end)

  it("says in one sentence that a port is in use", function()
    local one = serve()
    local port = tonumber(one:url():match ":(%d+)$")
    local _, err = errors.try(serve, nil, { port = port })
    assert.equal("AddressInUse", err.code)
    assert.equal(("port %d on 127.0.0.1 is in use"):format(port), err.message)
    assert.is_truthy(err.hint)
    one:close()
    serve(nil, { port = port }):close()
  end)

  it("that listens everywhere is reached on this machine", function()
    for address, host in pairs {
      ["0.0.0.0"] = "127.0.0.1", ["::"] = "[::1]", ["127.0.0.2"] = "127.0.0.2", ["::1"] = "[::1]",
    } do
      local one = serve(nil, { address = address })
      assert.equal("http://" .. host, (one:url():match "^(.*):%d+$"))
      local client <close> = client_of(one)
      assert.equal("ok", client:request({ path = "/" }).body)
      one:close()
    end
  end)

  it("closes while requests are unanswered", function()
    local one = serve(function() return {} end)
    local client <close> = client_of(one)
    local op <close> = client:submit({ path = "/" }, false)
    local turns = 0
    task.wait_until(op, function()
      turns = turns + 1
      return turns > 20
    end, require("azureml.core").now() + 0.05)
    one:close()
    task.wait(op)
    assert.is_true(op:done())
  end)
end)

describe("a stream of the HTTP server", function()
  local one, ids

  before_each(function()
    ids = {}
    one = serve(function(request)
      ids[#ids + 1] = request.id
      return {}
    end)
  end)
  after_each(function() one:close() end)

  -- Connect, and answer with a stream.
  local function open(options)
    local port = math.tointeger(tonumber(one:url():match ":(%d+)$"))
    local count = #ids
    local client = socket.connect(port, "a stream"):say "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    socket.wait("the request", function() return #ids > count end)
    one:stream(ids[#ids], options or { headers = { ["Content-Type"] = "text/event-stream" } })
    return client, ids[#ids]
  end

  local function wait_for(client, text)
    socket.wait(text, function() return client.heard:find(text, 1, true) end)
  end

  it("sends what is emitted, when it is emitted", function()
    local client <close>, id = open()
    assert.is_true(one:emit(id, "data: 1\n\n"))
    wait_for(client, "data: 1\n\n")
    assert.truthy(client.heard:find("Content-Type: text/event-stream", 1, true))
    assert.truthy(client.heard:lower():find("transfer-encoding: chunked", 1, true))
    one:emit(id, "data: 2\n\n")
    wait_for(client, "data: 2\n\n")
  end)

  it("tells when its client has gone", function()
    local client, id = open()
    client:close()
    socket.wait("the end of the stream", function() return not one:emit(id, ":\n\n") end)
    assert.is_false(one:emit(id, "x"))
    assert.is_false(one:emit(12345, "x"))
  end)

  it("drops what a slow client does not take, and says so afterwards", function()
    local client <close>, id = open { limit = 100, lost = "event: reload\n\n" }
    for index = 1, 50 do one.httpd:emit(id, ("data: %d\n\n"):format(index)) end
    one:emit(id, "data: last\n\n")
    wait_for(client, "event: reload\n\n")
    assert.truthy(client.heard:find("data: 1\n\n", 1, true))
    assert.is_nil(client.heard:find("data: 50\n\n", 1, true))
    assert.is_nil(client.heard:find("data: last\n\n", 1, true))
    one:emit(id, "data: again\n\n")
    wait_for(client, "data: again\n\n")
  end)

  it("is not cut off for its age, as a connection is that sends no request", function()
    one:close()
    one = serve(function(request)
      ids[#ids + 1] = request.id
      return {}
    end, { request_time = 0.5 })
    local client <close>, id = open()
    local idle <close> = socket.connect(math.tointeger(tonumber(one:url():match ":(%d+)$")))
    idle:wait_end()
    one:emit(id, "data: here\n\n")
    wait_for(client, "data: here\n\n")
  end)

  it("ends when the server closes", function()
    local client <close>, id = open()
    one:emit(id, "data: 1\n\n")
    wait_for(client, "data: 1\n\n")
    one:close()
    client:wait_end()
    assert.is_false(one:emit(id, "x"))
    one:answer(id, { status = 200 })      -- and late answers do nothing
    one:stream(id, {})
  end)

  it("refuses wrong limits", function()
    local _, id = open()
    assert.error_matches(function() one.httpd:stream(id, { limit = 0 }) end, "a limit from 1")
    assert.error_matches(function() one.httpd:stream(id, { limit = 1 << 40 }) end, "a limit from 1")
  end)
end)
