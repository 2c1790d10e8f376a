--- Send raw bytes to a server in this process: also HTTP that a library would not send.
local azureml = require "azureml"
local core = require "azureml.core"
local raw = require "raw"
local task = require "azureml.task"

local Socket = {}
Socket.__index = Socket

local LONGEST = 20      -- seconds that anything may take

local function hear(self)
  local text = self.handle:read()
  if text then
    self.heard = self.heard .. text
  else
    task.off(self.handle:fd())
    self.is_over = true
  end
end

--- Turn the loop until a condition holds.
---@param what string          for the failure
---@param is_so fun(): any
local function wait(what, is_so)
  local limit = core.now() + LONGEST
  while not is_so() do
    assert(core.now() < limit, "it took too long: " .. what)
    azureml.sleep(0.001)
  end
end

--- Send a text, as far as the other side accepts it.
function Socket:say(text)
  while #text > 0 and not self.is_over do
    local count = self.handle:write(text:sub(1, 65536))
    if not count then break end
    text = text:sub(count + 1)
    azureml.sleep(0)
  end
  return self
end

--- Return the statuses received so far.
---@return integer[]
function Socket:statuses()
  local list = {}
  for status in self.heard:gmatch "HTTP/1%.%d (%d%d%d) " do list[#list + 1] = tonumber(status) end
  return list
end

--- Wait for a number of answers, or for the end of the connection.
function Socket:wait_for(count)
  wait("an answer to " .. self.name,
    function() return self.is_over or #self:statuses() >= count end)
  return self:statuses()
end

--- Wait until the other side has closed the connection.
function Socket:wait_end()
  wait("the end of " .. self.name, function() return self.is_over end)
end

function Socket:close()
  if not self.is_over then task.off(self.handle:fd()) end
  self.is_over = true
  self.handle:close()
end

Socket.__close = Socket.close

local socket = { wait = wait }

--- Connect to a port of this machine.
---@param port integer
---@param name string?      for failures
---@return table            ends with its scope
function socket.connect(port, name)
  local self = setmetatable({ handle = raw.connect(port), heard = "", name = name or "a socket" },
    Socket)
  task.on(self.handle:fd(), function() hear(self) end)
  return self
end

return socket
