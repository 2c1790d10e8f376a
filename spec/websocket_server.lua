--- Serve websockets on a loopback port, in the spec's own process. Its frames are made here, not by
--- the library that the package uses, so that both check each other; and a script may send bytes
--- that no library would.
local core = require "azureml.core"
local raw = require "raw"
local task = require "azureml.task"

local server = {}

local OPCODES = { text = 1, binary = 2, close = 8, ping = 9, pong = 10 }

--- Make a frame of a server.
---@param kind string|integer      "text", "ping", or an opcode
---@param payload string
---@param first integer?           the first byte, instead of a final frame of this kind
---@return string
function server.frame(kind, payload, first)
  first = first or 0x80 | (OPCODES[kind] or kind)
  if #payload < 126 then return string.char(first, #payload) .. payload end
  if #payload < 65536 then return string.pack(">BBI2", first, 126, #payload) .. payload end
  return string.pack(">BBI8", first, 127, #payload) .. payload
end

--- Make the frame of a close.
---@param code integer?
---@param reason string?
---@return string
function server.close(code, reason)
  return server.frame("close", code and string.pack(">I2", code) .. (reason or "") or "")
end

-- Take a frame of a client out of what came. Return nil while it is not complete.
local function take_frame(text)
  if #text < 6 then return nil end
  local first, second, at = text:byte(1), text:byte(2), 3
  assert(second & 0x80 ~= 0, "a client masks its frames")
  local length = second & 0x7f
  if length == 126 then length, at = string.unpack(">I2", text, at)
  elseif length == 127 then length, at = string.unpack(">I8", text, at) end
  if #text < at + 3 + length then return nil end
  local mask, payload = { text:byte(at, at + 3) }, {}
  for i = 1, length do
    payload[i] = string.char(text:byte(at + 3 + i) ~ mask[(i - 1) % 4 + 1])
  end
  return { opcode = first & 15, payload = table.concat(payload) }, text:sub(at + 4 + length)
end

--- Return the answer that agrees to a request.
---@param request string
---@return string
function server.agree(request)
  local key = request:match "\r\nSec%-WebSocket%-Key: (%S+)\r\n"
  local digest = core.crypto.sha1(key .. "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
  return ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    .. "Sec-WebSocket-Accept: %s\r\n\r\n"):format(core.crypto.base64(digest))
end

-- Connections -------------------------------------------------------------------------------------

local Connection = {}
Connection.__index = Connection

--- Send bytes as they are.
---@param bytes string
function Connection:send(bytes)
  self.unsent = self.unsent .. bytes
  while #self.unsent > 0 and not self.is_closed do
    local count = self.handle:write(self.unsent)
    if not count then return self:drop() end
    self.unsent = self.unsent:sub(count + 1)
    if count == 0 then break end      -- its buffer is full: the rest when the client has read
  end
  if #self.unsent == 0 or self.is_closed or self.timer then return end
  self.timer = task.at(0, function()
    self.timer = nil
    self:send ""
  end)
end

--- Send a text.
---@param text string
function Connection:say(text)
  self:send(server.frame("text", text))
end

--- Close the connection; "reset": with a reset.
---@param how string?
function Connection:drop(how)
  if self.is_closed then return end
  self.is_closed = true
  if self.timer then task.cancel(self.timer) end
  task.off(self.handle:fd())
  self.handle[how or "close"](self.handle)
end

--- Stop reading: the client's bytes stay where they are.
function Connection:stall()
  self.is_stalled = true
  task.off(self.handle:fd())
end

local function hear(self)
  local text = self.handle:read()
  if not text then return self:drop() end
  self.heard = self.heard .. text
  if not self.request then
    local _, ending = self.heard:find("\r\n\r\n", 1, true)
    if not ending then return end
    self.request, self.heard = self.heard:sub(1, ending), self.heard:sub(ending + 1)
    self.owner.requests[#self.owner.requests + 1] = self.request
    self.owner.open(self, self.request, #self.owner.requests)
  end
  while not self.is_closed and not self.is_stalled do
    local frame, rest = take_frame(self.heard)
    if not frame then return end
    self.heard = rest
    self.frames[#self.frames + 1] = frame
    self.owner.take(self, frame)
  end
end

local Server = {}

function Server:close()
  for _, connection in ipairs(self.connections) do connection:drop() end
  task.off(self.listener:fd())
  self.listener:close()
end

Server.__index, Server.__close = Server, Server.close

-- Answer as a server of websockets does.
local function answer_frame(connection, frame)
  if frame.opcode == OPCODES.ping then connection:send(server.frame("pong", frame.payload)) end
  if frame.opcode ~= OPCODES.close then return end
  connection:send(server.frame("close", frame.payload))
  connection:drop()
end

--- Start a server.
---@param options? table      open fun(connection, request, number)? (answers the request; default:
---  agrees); take fun(connection, frame)? (a frame came that is no ping and no close); take_all
---  boolean? (then also those)
---@return { url: string, requests: string[], connections: table[] }     ends with its scope
function server.start(options)
  options = options or {}
  local self = setmetatable({
    listener = raw.listen(), connections = {}, requests = {},
    open = options.open or function(connection, request) connection:send(server.agree(request)) end,
  }, Server)
  function self.take(connection, frame)
    if options.take_all then return options.take(connection, frame) end
    if frame.opcode >= 8 then return answer_frame(connection, frame) end
    if options.take then options.take(connection, frame) end
  end
  self.url = "http://127.0.0.1:" .. self.listener:port()
  task.on(self.listener:fd(), function()
    local handle = self.listener:accept()
    if not handle then return end
    local connection = setmetatable({
      handle = handle, owner = self, heard = "", unsent = "", frames = {},
    }, Connection)
    self.connections[#self.connections + 1] = connection
    task.on(handle:fd(), function() hear(connection) end)
  end)
  return self
end

return server
