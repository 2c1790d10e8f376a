--- The channel to a kernel: messages over a WebSocket. It connects again after a lost connection,
--- and notices a kernel that died or was shut down.
local core = require "azureml.core"
local errors = require "azureml.error"
local message = require "azureml.jupyter.message"
local socket = require "azureml.jupyter.socket"
local task = require "azureml.task"

---@class azureml.jupyter.Channel
local Channel = {}
Channel.__index = Channel

local channel = {}

--- Seconds after which an unanswered question is sent again.
channel.ASK_AGAIN = 1

local READY = 60               -- seconds until a kernel must answer
local QUIET = 15               -- seconds of silence after which the server is asked about a kernel
local LONGEST = 64 << 20       -- bytes of a message
local RECONNECTS = 5           -- attempts to connect again, a second apart

local function fail(self, code, text, hint)
  errors.raise { code = code, hint = hint, message = text:format(self.name, self.server.vm.name) }
end

-- Connecting --------------------------------------------------------------------------------------

local function connect(self)
  self.socket = socket.open(self.server,
    ("/api/kernels/%s/channels?session_id=%s"):format(core.escape(self.id), self.session),
    { max_message = LONGEST })
  return true
end

-- Open the channel again. The server sends what was missed, as the session is the same.
local function reconnect(self, reason)
  local err
  for _ = 1, RECONNECTS do
    self.socket:close()
    local is_open, failure = errors.try(connect, self)
    if is_open then return end
    err = failure
    if err.kind ~= "transport" then break end
    task.sleep(1)
  end
  err.message = ("the connection to the kernel '%s' of '%s' was lost (%s): %s"):format(self.name,
    self.server.vm.name, reason, err.message)
  errors.raise(err)
end

-- Messages ----------------------------------------------------------------------------------------

--- Send a message.
---@param name string          of the channel: "shell", "stdin"
---@param kind string
---@param content table
---@param parent table?        the header of the message that it answers
---@return string id
function Channel:send(name, kind, content, parent)
  local text, id = message.write(self.session, name, kind, content, parent)
  self.socket:send(text)
  return id
end

-- Ask the server whether the kernel still exists: the channel of a kernel that was shut down stays
-- open and silent.
local function check_alive(self)
  local _, err = errors.try(self.server.request, self.server, "GET",
    "/api/kernels/" .. core.escape(self.id), nil,
    { label = "look at a kernel", expects_missing = true, timeout = QUIET })
  if err and err.status == 404 then
    fail(self, "KernelGone", "the kernel '%s' of '%s' was shut down while code ran in it")
  end
  if err then errors.raise(err) end
end

local ENDED = { restarting = true, autorestarting = true, dead = true }

local function check_state(self, received)
  if received.kind ~= "status" or not ENDED[received.content.execution_state] then return end
  fail(self, "KernelDied", "the kernel '%s' of '%s' died while the code ran",
    "out of memory is the usual reason; its variables are lost")
end

--- Return the next message of the kernel.
---@param deadline number?      on core.now()'s clock
---@return azureml.jupyter.Message?      nil: the time is over
---@raise an error object: `KernelDied`, `KernelGone`, `InvalidReply`; a connection that is lost
function Channel:receive(deadline)
  while true do
    local left = deadline and math.max(0, deadline - core.now())
    local text, reason, _, why = self.socket:receive(left and math.min(left, QUIET) or QUIET)
    if text then
      local received = message.read(text)
      check_state(self, received)
      return received
    end
    if reason ~= "timeout" then
      reconnect(self, why)
    elseif deadline and core.now() >= deadline then
      return nil
    else
      check_alive(self)
    end
  end
end

-- Wait until the kernel answers a question; an old server drops what comes before it is ready.
local function wait_ready(self)
  local deadline = core.now() + READY
  while core.now() < deadline do
    local asked = self:send("shell", "kernel_info_request", {})
    local again = math.min(deadline, core.now() + channel.ASK_AGAIN)
    local received = self:receive(again)
    while received do
      if received.kind == "kernel_info_reply" and received.parent == asked then return end
      received = self:receive(again)
    end
  end
  fail(self, "KernelSilent", "the kernel '%s' of '%s' did not answer within " .. READY
    .. " seconds", "'azureml kernel list' shows what it runs: its program may be broken")
end

-- Beginning and end -------------------------------------------------------------------------------

function Channel:close()
  if self.socket then self.socket:close() end
  self.socket = nil
end

--- Open the channel to a kernel and wait until the kernel answers.
---@param server azureml.jupyter.Server
---@param id string            of the kernel
---@param name string          of its kernelspec, for errors
---@return azureml.jupyter.Channel
---@raise an error object: `KernelSilent`; what `receive` raises; what the server refuses
function channel.open(server, id, name)
  local self = setmetatable({ server = server, id = id, name = name, session = core.guid() },
    Channel)
  local is_ready = false
  local _ <close> = setmetatable({}, { __close = function()
    if not is_ready then self:close() end
  end })
  connect(self)
  wait_ready(self)
  is_ready = true
  return self
end

return channel
