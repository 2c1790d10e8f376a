--- A websocket of an instance's Jupyter: whole messages both ways. The core (csrc/stream.c)
--- connects with the instance's token and moves bytes. azureml.websocket (libwslay) reads and
--- writes frames. This file joins both; it answers pings and notices a dead connection.
local core = require "azureml.core"
local errors = require "azureml.error"
local options = require "azureml.options"
local reply = require "azureml.reply"
local screen = require "azureml.console.screen"
local task = require "azureml.task"

---@class azureml.jupyter.Socket
local Socket = {}
local metatable = { __name = "azureml.jupyter.Socket", __index = Socket }

local socket = {}

local MAX_MESSAGE = 16 * 1024 * 1024      -- bytes, unless the caller says otherwise
local MAX_UNREAD = 1024 * 1024            -- bytes of messages beyond which nothing more is taken in
local MAX_UNSENT = 1024 * 1024            -- bytes beyond which `send` waits
local BEAT = 20         -- seconds between pings, and until a dead connection is given up

-- What the codes of a close mean. Source: RFC 6455, section 7.4.1.
local MEANINGS = {
  [1000] = "the server closed the connection",
  [1001] = "the server is shutting down",
  [1002] = "the server says that the protocol was broken",
  [1005] = "the server closed the connection",
  [1008] = "the server refuses what it got",
  [1009] = "the server refuses a message that long",
  [1011] = "the server has an internal error",
  [1012] = "the server restarts",
  [1013] = "the server is overloaded",
}

-- Why this side closes the connection by itself.
local BROKEN = {
  [1002] = "the server breaks the protocol of websockets",
  [1007] = "the server sent text that is not UTF-8",
  [1009] = "the server sent a message of more than %d bytes",
}

-- The end -----------------------------------------------------------------------------------------

-- End the socket. The first reason counts.
local function finish(self, reason, code, message)
  if self.over then return end
  self.over = { reason = reason, code = code, message = message }
  if self.beat then task.cancel(self.beat) end
  self.beat = nil
  task.look_again(self)
end

-- What the server, or this side, has closed the connection for; nil: it goes on.
local function look_at_end(self)
  local code, text = self.frames:closed()
  local sent = self.frames:closing()
  if code then
    local meaning = MEANINGS[code] or ("the server closed the connection (code %d)"):format(code)
    if text ~= "" then meaning = meaning .. ": " .. screen.one_line(text) end
    return finish(self, "closed", code, meaning)
  elseif sent then
    return finish(self, "invalid", sent, (BROKEN[sent] or BROKEN[1002]):format(self.max_message))
  end
  local failure = self.stream:trouble()
  if failure then finish(self, "lost", 1006, screen.one_line(failure.message)) end
end

-- Bytes -------------------------------------------------------------------------------------------

local function flush(self)
  local bytes = self.frames:output()
  if bytes then self.stream:write(bytes) end
end

local function queue_messages(self)
  for text, is_binary in self.frames.next, self.frames do
    self.last = self.last + 1
    self.messages[self.last] = { text = text, is_binary = is_binary }
    self.unread = self.unread + #text
  end
end

-- Take in what has come, unless the reader is too far behind. Meanwhile the connection itself holds
-- the server back.
local function take_in(self)
  if self.over then return end
  while self.unread < MAX_UNREAD do
    local bytes = self.stream:read()
    if not bytes then break end
    self.heard = self.heard + 1
    self.frames:feed(bytes)
    queue_messages(self)
    flush(self)
  end
  if self.unread < MAX_UNREAD then look_at_end(self) end
  task.look_again(self)
end

-- Life signs --------------------------------------------------------------------------------------

local start_beat

-- Ask the server whether it is there. What it sent since the last beat is an answer, too.
local function on_beat(self)
  self.beat = nil
  take_in(self)
  if self.over then return end
  if self.unread >= MAX_UNREAD then
    self.asked = nil      -- the reader is behind, so an answer could not be heard
  elseif self.asked == self.heard then
    self.stream:close()
    return finish(self, "lost", 1006,
      ("the server did not answer for %d s: the connection is dead"):format(BEAT))
  else
    self.asked = self.heard
    self.frames:ping(tostring(core.now()))
    flush(self)
  end
  start_beat(self)
end

-- The timer must not keep a socket alive that its owner has dropped.
function start_beat(self)
  local weak = setmetatable({ socket = self }, { __mode = "v" })
  self.beat = task.at(BEAT, function()
    if weak.socket then on_beat(weak.socket) end
  end)
end

-- What scripts call -------------------------------------------------------------------------------

local function ending_of(self)
  local over = self.over
  return over.reason, over.code, over.message
end

--- Receive the next message, and wait for it.
---@param timeout number?      seconds; nil: no limit
---@return string? text, boolean|string, integer?, string?  whether it is binary; or nil and a
---  reason: "timeout"; "closed" by the server, "invalid" (the server broke the rules), "lost" or
---  "done" (this side has closed it), with the code of the close and a sentence
---@usage local text, reason = socket:receive(30)
function Socket:receive(timeout)
  if timeout then options.check_seconds("receive: timeout", timeout) end
  local deadline = timeout and core.now() + timeout
  local function is_there() return self.first <= self.last or self.over ~= nil end
  if not is_there() and not task.wait_until(self, is_there, deadline) then return nil, "timeout" end
  local message = self.messages[self.first]
  if not message then return nil, ending_of(self) end
  self.messages[self.first] = nil
  self.first = self.first + 1
  local was_behind = self.unread >= MAX_UNREAD
  self.unread = self.unread - #message.text
  if was_behind and self.unread < MAX_UNREAD then take_in(self) end
  return message.text, message.is_binary
end

--- Tell whether a text can be sent without waiting.
---@return boolean
function Socket:has_room()
  return self.over ~= nil or self.stream:unsent() < MAX_UNSENT
end

--- Send a text. Wait while the server does not read: more than 1 MiB is never under way.
---@param text string      UTF-8
---@return boolean? sent, string?, integer?, string?  or nil, and why the socket is over, as for
---  `receive`
---@usage socket:send(json.encode { "stdin", "ls\r" })
function Socket:send(text)
  if not utf8.len(text) then errors.mistake("socket:send needs a text in UTF-8") end
  if not self:has_room() then task.wait_until(self, Socket.has_room) end
  if self.over then return nil, ending_of(self) end
  self.frames:send(text)
  flush(self)
  return true
end

--- Refuse messages of more than so many bytes from now on.
---@param bytes integer
function Socket:limit(bytes)
  self.max_message = bytes
  self.frames:limit(bytes)
end

--- Close the websocket. Messages that were not received are dropped.
---@param code integer?        default: 1000
---@param reason string?       at most 123 bytes
function Socket:close(code, reason)
  if self.is_closed then return end
  self.is_closed = true
  if not self.over then
    self.frames:close_with(code or 1000, reason or "")
    flush(self)
  end
  finish(self, "done", code or 1000, "the connection was closed on this side")
  self.stream:leave()
  self.frames:close()
end

options.check_colon(Socket, metatable, "socket")

function metatable:__close()
  Socket.close(self)
end

function metatable:__tostring()
  return ("socket: %s%s"):format(self.path, self.over and ", " .. self.over.message or "")
end

-- Opening -----------------------------------------------------------------------------------------

local function frames_module()
  local ok, found = pcall(require, "azureml.websocket")
  if ok then return found end
  errors.raise {
    code = "WebsocketMissing",
    message = "terminals and kernels need azureml.websocket, which was built without libwslay",
    hint = "install libwslay-dev and build again",
  }
end

-- Wait until the server has agreed. Raise why it has not.
local function wait_open(stream, server, label)
  local function is_ready() return stream:is_open() or stream:trouble() ~= nil end
  task.wait_until(stream, is_ready)
  if stream:is_open() then return end
  errors.raise(server:explain(errors.from_core(stream:trouble(), "cannot " .. label)))
end

-- Open a stream. An interrupt, or the end of the task, closes it.
local function open_stream(server, path, settings)
  local label = settings.label or "open " .. path
  local stream, failure = core.stream(server:client().handle, {
    url = path, timeout = settings.timeout, within = task.within(),
  })
  reply.must(stream, failure, "cannot " .. label)
  local is_open = false
  local _ <close> = setmetatable({}, { __close = function()
    if not is_open then stream:close() end
  end })
  wait_open(stream, server, label)
  is_open = true
  return stream
end

local OPTIONS = { timeout = "number", max_message = "integer", label = "string" }

--- Open a websocket of an instance's Jupyter.
---@param server azureml.jupyter.Server
---@param path string            "/terminals/websocket/1", already escaped
---@param settings? table        timeout number? (seconds until the server has agreed; 10);
---  max_message integer? (bytes; 16 MiB); label string? ("open a terminal of ci-ann", for errors)
---@return azureml.jupyter.Socket      to be closed
---@raise an error object: what server:client() raises; `WebsocketMissing`, `NoWebsocket`,
---  `InvalidHandshake`, `ProxyRefused`, or what the server refuses
---@usage local socket <close> = socket.open(vm.jupyter.server, "/terminals/websocket/1")
function socket.open(server, path, settings)
  settings = options.check("socket.open", settings, OPTIONS)
  local websocket, max_message = frames_module(), settings.max_message or MAX_MESSAGE
  local self = setmetatable({
    stream = open_stream(server, path, settings), frames = websocket.new(max_message),
    path = path, max_message = max_message,
    messages = {}, first = 1, last = 0, unread = 0, heard = 0,
  }, metatable)
  task.hear(self.stream, function() take_in(self) end)
  start_beat(self)
  take_in(self)
  return self
end

return socket
