--- Keep a forwarded port: an ssh that runs until it is closed.
local command_line = require "azureml.ssh.command_line"
local core = require "azureml.core"
local errors = require "azureml.error"
local failure = require "azureml.ssh.failure"
local task = require "azureml.task"

local forwarding = {}

--- A port of this machine that leads to a port of an instance.
---@class azureml.ssh.Forwarding
---@field port integer             of this machine's loopback
---@field remote_port integer      of the instance
local Forwarding = {}
Forwarding.__index = Forwarding
Forwarding.__name = "azureml.ssh.Forwarding"

-- ssh says this once it listens on the port and is signed in.
local READY = "Entering interactive session"

local TAIL = 8192      -- bytes of its messages that are kept
local PATIENCE = 30    -- seconds until it must be ready

local function read(self, text)
  self.tail = (self.tail .. text):sub(-TAIL)
  if self.is_ready or not self.tail:find(READY, 1, true) then return end
  self.is_ready = true
  task.look_again(self)
end

--- Start to forward a port, and return when it works.
---@param where azureml.ssh.Target
---@param port integer
---@param remote_port integer
---@param settings { key: string?, timeout: number? }
---@param start fun(settings: table): azureml.Process
---@return azureml.ssh.Forwarding
---@raise an error object that says why it does not work
function forwarding.start(where, port, remote_port, settings, start)
  local self = setmetatable({
    where = where, port = port, remote_port = remote_port, tail = "", is_ready = false,
  }, Forwarding)
  self.process = start {
    argv = command_line.ssh(where, {
      key = settings.key, alone = true, level = "DEBUG", forwards = { port, remote_port },
    }),
    environment = command_line.environment(),
    on_errors = function(text) read(self, text) end,
    on_end = function() task.look_again(self) end,
  }
  local deadline = core.now() + (settings.timeout or PATIENCE)
  local function is_decided() return self.is_ready or self.process.has_ended end
  local ok, decided = pcall(task.wait_until, self, is_decided, deadline)
  if ok and decided and self.is_ready then return self end
  local has_ended = self.process.has_ended
  self:close()
  if not ok then error(decided, 0) end
  if has_ended then errors.raise(failure.of(where, "forward a port to", self.tail)) end
  errors.raise { code = "Timeout",
    message = ("forwarding to '%s' did not begin in time"):format(where.name) }
end

--- Wait until the forwarding ends by itself.
---@raise an error object that says why it has ended
function Forwarding:wait()
  task.wait_until(self, function() return self.process.has_ended end)
  if self.is_closed then return end
  self:close()
  errors.raise(failure.of(self.where, "keep the port forwarded to", self.tail))
end

--- End the forwarding.
function Forwarding:close()
  if self.is_closed then return end
  self.is_closed = true
  self.process:close()
  task.look_again(self)
end

Forwarding.__close = Forwarding.close

function Forwarding:__tostring()
  return ("127.0.0.1:%d -> %s:%d"):format(self.port, self.where.name, self.remote_port)
end

return forwarding
