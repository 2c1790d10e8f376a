--- Serve raw bytes on a loopback port, in the spec's own process: also HTTP that a library would
--- not send.
local raw = require "raw"
local task = require "azureml.task"

local Raw = {}
Raw.__index = Raw

-- Continue after a turn of the loop, so that the client sees one piece at a time.
local function say(self, connection, pieces, at)
  local piece = pieces[at]
  if not piece or not self.connections[connection] then return end
  if piece == "close" or piece == "reset" then return self:drop(connection, piece) end
  while #piece > 0 do
    local count = connection:write(piece)
    if not count then return self:drop(connection, "close") end
    if count == 0 then break end      -- its buffer is full: the rest when the client has read
    piece = piece:sub(count + 1)
  end
  if #piece > 0 then pieces[at] = piece else at = at + 1 end
  local timer
  timer = task.at(0, function()
    self.timers[timer] = nil
    say(self, connection, pieces, at)
  end)
  self.timers[timer] = true
end

local function request_in(text)
  local head, ending = text:find "\r\n\r\n"
  if not head then return nil end
  local length = tonumber(text:sub(1, head):lower():match "\r\ncontent%-length: *(%d+)") or 0
  return #text >= ending + length and text:sub(1, ending + length) or nil
end

local function hear(self, connection)
  local text = connection:read()
  if not text then return self:drop(connection, "close") end
  local heard = self.connections[connection] .. text
  self.connections[connection] = heard
  local request = request_in(heard)
  if not request then return end
  self.connections[connection] = heard:sub(#request + 1)
  table.insert(self.requests, request)
  say(self, connection, self.answer(request, #self.requests), 1)
end

function Raw:drop(connection, how)
  self.connections[connection] = nil
  task.off(connection:fd())
  connection[how](connection)
end

function Raw:close()
  for connection in pairs(self.connections) do self:drop(connection, "close") end
  for timer in pairs(self.timers) do task.cancel(timer) end
  task.off(self.listener:fd())
  self.listener:close()
end

Raw.__close = Raw.close

--- Start a server.
---@param answer fun(request: string, number: integer): string[]  pieces, each sent on its own;
---  "close" and "reset" end the connection
---@return { url: string, requests: string[], accepted: integer }     ends with its scope
return function(answer)
  local self = setmetatable({
    listener = raw.listen(), connections = {}, requests = {}, timers = {}, accepted = 0,
    answer = answer,
  }, Raw)
  self.url = "http://127.0.0.1:" .. self.listener:port()
  task.on(self.listener:fd(), function()
    local connection = self.listener:accept()
    if not connection then return end
    self.accepted = self.accepted + 1
    self.connections[connection] = ""
    task.on(connection:fd(), function() hear(self, connection) end)
  end)
  return self
end
