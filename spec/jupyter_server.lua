--- Play the server of an instance's Jupyter for specs of terminals and kernels: requests are
--- answered by a function of the spec, websockets by spec/websocket_server.lua.
local azureml = require "azureml"
local client = require "azureml.client"
local errors = require "azureml.error"
local websocket_server = require "spec.websocket_server"

local Played = {}
Played.__index = Played

function Played:close()
  self.opened:close()
  self.sockets:close()
end

Played.__close = Played.close

-- What the package's own server does: a reply, or an error object.
local function request(self, method, path, body, settings)
  self.requests[#self.requests + 1] = method .. " " .. path
  local status, json = self.answer(method, path, body)
  if status < 400 then return { status = status, json = json, headers = {} } end
  errors.raise(errors.new { kind = "http", code = "Refused", status = status,
    message = ("cannot %s: it was refused"):format(settings.label) })
end

--- Start it.
---@param answer fun(method: string, path: string, body: table?): integer, table?
---@param take fun(connection: table, text: string)      answers a text of the client
---@param open? fun(connection: table, request: string, number: integer)
---@return table played      with server, requests and sockets; ends with its scope
return function(answer, take, open)
  local sockets = websocket_server.start {
    open = function(connection, head, number)
      connection:send(websocket_server.agree(head))
      if open then open(connection, head, number) end
    end,
    take = function(connection, frame) take(connection, frame.payload) end,
  }
  local opened = client.new {
    endpoint = sockets.url, credential = azureml.credential.token { token = "t" }, scope = "any",
    retry = { tries = 1 },
  }
  local self = setmetatable({ sockets = sockets, opened = opened, requests = {} }, Played)
  self.server = {
    vm = { name = "ci-ann" }, requests = self.requests, answer = answer, request = request,
    client = function() return opened end, explain = function(_, err) return err end,
  }
  return self
end
