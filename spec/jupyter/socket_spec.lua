local azureml = require "azureml"
local client = require "azureml.client"
local core = require "azureml.core"
local server = require "spec.websocket_server"
local socket = require "azureml.jupyter.socket"
local task = require "azureml.task"

-- What socket.open needs of an instance's server.
local function server_of(url, settings)
  local opened = client.new {
    endpoint = url, credential = azureml.credential.token { token = "the-secret-token" }, scope = "any",
    proxy = settings and settings.proxy, retry = { tries = 1 },
  }
  return {
    client = function() return opened end,
    explain = function(_, err) return err end,
  }
end

local function open(served, settings)
  return socket.open(server_of(served.url), "/terminals/websocket/1", settings)
end

local function fails(served, settings)
  local _, err = azureml.try(open, served, settings)
  assert(err, "the websocket was opened")
  return err
end

-- An answer that is no agreement.
local function answering(...)
  local pieces = table.pack(...)
  return server.start { open = function(connection)
    for _, piece in ipairs(pieces) do
      if piece == "close" or piece == "reset" then connection:drop(piece)
      else connection:send(piece) end
    end
  end }
end

describe("a socket", function()
  it("sends and receives texts", function()
    local served <close> = server.start { take = function(connection, frame)
      connection:say("echo " .. frame.payload)
    end }
    local opened <close> = open(served)
    opened:send "grüße"
    assert.equal("echo grüße", (opened:receive()))
    opened:send ""
    assert.equal("echo ", (opened:receive()))
  end)
end)
