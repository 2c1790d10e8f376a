local azureml = require "azureml"
local core = require "azureml.core"
local errors = require "azureml.error"
local server = require "azureml.tool.http_server"
local task = require "azureml.task"

local function serve(handle, given)
  return server.start(given or {},
    handle or function() return { status = 200, headers = {}, body = "ok" } end)
end

local function client_of(one)
  return azureml.client { endpoint = one:url(), retry = { tries = 0 } }
end

describe("the emulator's server", function()
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

  it("answers late what its handler delays, and others meanwhile", function()
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
