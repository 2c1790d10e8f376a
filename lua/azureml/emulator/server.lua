--- The emulator on a socket: libmicrohttpd on this state's loop. Requests come whole; a handler answers each at once.
local errors = require "azureml.error"
local task = require "azureml.task"

local server = {}

local Server = {}
Server.__index = Server
Server.__name = "azureml.emulator.Server"

local function listen(given)
  local ok, httpd = pcall(require, "azureml.httpd")
  if not ok then
    errors.raise { code = "EmulatorMissing", message = "the emulator needs azureml.httpd, which was built without libmicrohttpd",
      hint = "install libmicrohttpd-dev and build again" }
  end
  local tls = given.tls or {}
  return httpd.listen {
    address = given.address or "127.0.0.1", port = given.port or 0, connections = given.connections, request_time = given.request_time,
    tls_certificate = tls.certificate, tls_key = tls.key,
  }
end

--- Listen, and answer what comes.
---@param given table
---  address string?; port integer?; tls { certificate: string, key: string }? (PEM texts); connections integer? (how many at once);
---  request_time number? (seconds that a connection has for its next request)
---@param handle fun(request: table): table       a table without status is not answered; with delay, in seconds, that much later
---@return table
---@raise an error object when the port is in use
function server.start(given, handle)
  local handle_of, why = listen(given)
  if not handle_of then errors.raise { code = "AddressInUse", message = why, hint = "choose another port, or 0 for any" } end
  local self = setmetatable({ httpd = handle_of, handle = handle, host = given.address or "127.0.0.1", tls = given.tls, late = {} },
    Server)
  self.fd = handle_of:fd()
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

-- Answers resume connections, which wakes nobody: after them it runs once more, and what that brings waits for the next turn of the loop.
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

local EVERYWHERE = { ["0.0.0.0"] = "127.0.0.1", ["::"] = "::1" }

--- Where it listens, as a program on this machine reaches it.
function Server:url()
  local host = EVERYWHERE[self.host] or self.host
  if host:find ":" then host = "[" .. host .. "]" end
  return ("%s://%s:%d"):format(self.tls and "https" or "http", host, self.httpd:port())
end

--- Stop.
function Server:close()
  if not self.httpd then return end
  task.off(self.fd)
  if self.timer then task.cancel(self.timer) end
  for timer in pairs(self.late) do task.cancel(timer) end
  self.httpd:close()
  self.httpd, self.timer = nil, nil
end

return server
