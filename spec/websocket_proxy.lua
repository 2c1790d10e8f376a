--- An HTTP proxy for the specs: it connects to a port of loopback by CONNECT and copies bytes.
local raw = require "raw"
local task = require "azureml.task"

local proxy = {}

local Proxy = {}

local function drop(self, handle)
  local other = self.pairs[handle]
  if other == nil then return end
  self.pairs[handle] = nil
  task.off(handle:fd())
  handle:close()
  if other then drop(self, other) end
end

local function copy(self, from)
  local to = self.pairs[from]
  local text = from:read()
  if not text or not to:write(text) then drop(self, from) end
end

local function connect(self, handle)
  local request = handle:read()
  if not request then return drop(self, handle) end
  self.requests[#self.requests + 1] = request
  if self.refusal then return handle:write(self.refusal) end
  local target = raw.connect(tonumber(request:match "^CONNECT [^:]+:(%d+)"))
  self.pairs[handle], self.pairs[target] = target, handle
  handle:write "HTTP/1.1 200 OK\r\n\r\n"
  for _, side in ipairs { handle, target } do
    task.off(side:fd())
    task.on(side:fd(), function() copy(self, side) end)
  end
end

function Proxy:close()
  for handle in pairs(self.pairs) do
    task.off(handle:fd())
    handle:close()
  end
  task.off(self.listener:fd())
  self.listener:close()
end

Proxy.__index, Proxy.__close = Proxy, Proxy.close

--- Start a proxy.
---@param refusal string?      the answer to every CONNECT; nil: it connects
---@return { url: string, requests: string[] }     ends with its scope
function proxy.start(refusal)
  local self = setmetatable({
    listener = raw.listen(), requests = {}, refusal = refusal,
    pairs = {},      -- connection -> the other side; false: there is none yet
  }, Proxy)
  self.url = "http://127.0.0.1:" .. self.listener:port()
  task.on(self.listener:fd(), function()
    local handle = self.listener:accept()
    if not handle then return end
    self.pairs[handle] = false
    task.on(handle:fd(), function() connect(self, handle) end)
  end)
  return self
end

return proxy
