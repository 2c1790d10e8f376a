--- Serve the answers that a spec defines on a loopback port, in the spec's own process.
local server = require "azureml.tool.http_server"

local Scripted = {}
Scripted.__index = Scripted

function Scripted:close()
  self.server:close()
end

Scripted.__close = Scripted.close

--- Start a server.
---@param answer fun(request: table): table  { status, headers, body, fault }; {} is never answered
---@param given table?                            tls, address, as for the emulator's server
---@return { url: string, requests: table[] }    ends with its scope
return function(answer, given)
  local self = setmetatable({ requests = {} }, Scripted)
  self.server = server.start(given or {}, function(request)
    table.insert(self.requests, request)
    local response = answer(request)
    if response.body == nil then response.body = "" end
    return response
  end)
  self.url = self.server:url()
  return self
end
