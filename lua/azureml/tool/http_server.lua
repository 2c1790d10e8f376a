--- Serve HTTP on a socket: libmicrohttpd on the loop of this Lua state, for the emulator and the
--- studio. It passes whole requests to a handler, which answers at once or later, whole or as a
--- stream. The binding of libmicrohttpd is csrc/lua_httpd.c.
local errors = require "azureml.error"
local task = require "azureml.task"

local server = {}

local Server = {}
Server.__index = Server
Server.__name = "azureml.HttpServer"

local function listen(options)
  local ok, httpd = pcall(require, "azureml.httpd")
  if not ok then
    errors.raise {
      code = "ServerMissing",
      message = ("%s cannot start: %s"):format(options.owner or "the emulator",
        tostring(httpd):match "^[^\n]*"),
      hint = "install libmicrohttpd-dev, build again and install httpd.so",
    }
  end
  local tls = options.tls or {}
  return httpd.listen {
    address = options.address or "127.0.0.1",
    port = options.port or 0,
    connections = options.connections,
    max_body = options.max_body,
    request_time = options.request_time,
    tls_certificate = tls.certificate,
    tls_key = tls.key,
  }
end

--- Listen, and answer requests.
---@param options table
---  address string?; port integer?; tls { certificate: string, key: string }? (PEM texts);
---  connections integer? (the most at the same time); request_time number? (seconds that a
---  connection may take for its next request); max_body integer? (bytes of a request); owner
---  string? (whose server it is, for the error when there is no libmicrohttpd)
---@param handle fun(request: table): table
---  returns the response: without status the request is left unanswered, and `answer` or `stream`
---  answers it by its field `id`; delay: the seconds to wait before the answer is sent
---@return table
---@raise an error object when the port is in use
function server.start(options, handle)
  local httpd, why = listen(options)
  if not httpd then
    local hint = "choose another port, or 0 for any"
    errors.raise { code = "AddressInUse", message = why, hint = hint }
  end
  local self = setmetatable({
    httpd = httpd, handle = handle, host = options.address or "127.0.0.1", tls = options.tls,
    late = {},
  }, Server)
  self.fd = httpd:fd()
  task.on(self.fd, function() self:turn() end)
  self:turn()
  return self
end

local function answer(self, id, response)
  if not response.status then return end
  if not response.delay then return self.httpd:answer(id, response) end
  local timer
  timer = task.at(response.delay, function()
    self.late[timer] = nil
    self.httpd:answer(id, response)
    self:turn()
  end)
  self.late[timer] = true
end

-- Read what has come, answer it and schedule the next turn. An answer resumes its connection
-- without a wake-up of the loop, so a turn with answers is followed by another turn at once.
function Server:turn()
  local requests, seconds = self.httpd:run()
  for _, request in ipairs(requests) do
    answer(self, request.id, self.handle(request))
  end
  if #requests > 0 then seconds = 0 end
  if self.timer then task.cancel(self.timer) end
  self.timer = seconds and task.at(seconds, function()
    self.timer = nil
    self:turn()
  end)
end

-- Run libmicrohttpd soon. Many calls make one turn.
local function turn_soon(self)
  if self.timer then task.cancel(self.timer) end
  self.timer = task.at(0, function()
    self.timer = nil
    self:turn()
  end)
end

--- Answer a request that the handler left unanswered. Do nothing when its connection has closed.
---@param id integer
---@param response { status: integer, headers: table<string, string>?, body: string? }
function Server:answer(id, response)
  if not self.httpd then return end
  self.httpd:answer(id, response)
  turn_soon(self)
end

--- Answer a request that the handler left unanswered with a stream, to which `emit` adds.
---@param id integer
---@param options { headers: table<string, string>?, limit: integer?, lost: string? }
---  limit: the bytes that are kept for a slow client; lost: the text in place of what is dropped
function Server:stream(id, options)
  if not self.httpd then return end
  self.httpd:stream(id, options)
  turn_soon(self)
end

--- Add a text to a stream.
---@param id integer
---@param text string
---@return boolean      false: its connection has closed
function Server:emit(id, text)
  if not self.httpd then return false end
  local is_open = self.httpd:emit(id, text)
  turn_soon(self)
  return is_open
end

local EVERYWHERE = { ["0.0.0.0"] = "127.0.0.1", ["::"] = "::1" }

--- Return the URL at which a program on this machine reaches the server.
---@return string
function Server:url()
  local host = EVERYWHERE[self.host] or self.host
  if host:find ":" then host = "[" .. host .. "]" end
  return ("%s://%s:%d"):format(self.tls and "https" or "http", host, self.httpd:port())
end

--- Stop the server. To stop it again has no effect.
function Server:close()
  if not self.httpd then return end
  task.off(self.fd)
  if self.timer then task.cancel(self.timer) end
  for timer in pairs(self.late) do task.cancel(timer) end
  self.httpd:close()
  self.httpd, self.timer = nil, nil
end

return server
