--- Play the Jupyter of an instance that has terminals, for the specs: its websockets are real, its
--- other answers are tables.
local azureml = require "azureml"
local client = require "azureml.client"
local json = require "azureml.json"
local websockets = require "spec.websocket_server"

local remote = {}

local Served = {}
Served.__index = Served

--- Send a text to the client that came last.
function Served:say(text)
  self:connection():say(text)
end

--- Wait until clients have sent a number of messages, and return them.
function Served:wait(count)
  while #self.heard < count do azureml.sleep(0) end
  return self.heard
end

--- Return the last connection.
function Served:connection()
  return self.websockets.connections[#self.websockets.connections]
end

function Served:close()
  self.websockets:close()
end

Served.__close = Served.close

-- What azureml.jupyter.server offers.
local function server_of(self, options)
  local opened = client.new { endpoint = self.websockets.url, retry = { tries = 1 } }
  return {
    vm = { name = "ci-ann", refresh = function(vm) return vm end },
    check = options.check or function() end,
    client = function() return opened end,
    explain = options.explain or function(_, err) return err end,
    request = function(_, method, path)
      assert(method == "POST" and path == "/api/terminals")
      return { json = options.created or { name = "1" } }
    end,
    list = function(_, path)
      assert(path == "/api/terminals")
      return options.terminals or {}, { headers = {} }
    end,
  }
end

--- Start it.
---@param options? table      terminals table[]?; created table?; explain function?; open
---  fun(connection, request, number)?; first string? (what a terminal says after "setup")
---@return table      server, heard (the decoded messages of clients), requests; ends with its scope
function remote.start(options)
  options = options or {}
  local self = setmetatable({ heard = {} }, Served)
  local function agree(connection, request)
    connection:send(websockets.agree(request) .. websockets.frame("text", '["setup", {}]'))
    if options.first then connection:say(options.first) end
  end
  self.websockets = websockets.start {
    open = function(connection, request, number)
      (options.open or agree)(connection, request, number, agree)
    end,
    take = function(_, frame)
      self.heard[#self.heard + 1] = json.decode(frame.payload)
    end,
  }
  self.requests = self.websockets.requests
  self.server = server_of(self, options)
  return self
end

return remote
