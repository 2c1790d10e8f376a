--- Stand in front of the instances' Jupyter servers: plain http on loopback. A request below
--- /instances/REGION/NAME/ needs a token of the emulator, of the instance's creator or of the user
--- that it is assigned to. The front replaces the token by the server's own and passes the rest on;
--- csrc/relay.c copies the bytes, WebSockets included.
local access = require "azureml.emulator.access"
local answer = require "azureml.emulator.answer"
local core = require "azureml.core"
local errors = require "azureml.error"
local httpd = require "azureml.tool.later" "azureml.httpd"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local route = require "azureml.emulator.route"
local task = require "azureml.task"

local front = {}

local Front = {}
Front.__index = Front

-- Requests ----------------------------------------------------------------------------------------

-- Headers that the server gets from the front instead of from the client.
local REPLACED = {
  authorization = true, cookie = true, host = true, connection = true, ["keep-alive"] = true,
  ["proxy-authorization"] = true, ["proxy-connection"] = true, te = true, trailer = true,
  expect = true, origin = true, upgrade = true, ["x-xsrftoken"] = true,
}

-- Headers that a request has once at most: two servers may read two of them differently.
local ONCE = {
  host = true, authorization = true, origin = true, ["content-length"] = true,
  ["transfer-encoding"] = true, upgrade = true,
}

-- Read the head of a request; return nil if it is malformed.
local function parse(head)
  local method, target, rest = head:match "^(%u+) (/[!-~]*) HTTP/1%.1\r\n(.*)\r\n$"
  if not method or head:find "[%z\1-\8\11\12\14-\31\127]" then return nil end
  local request = { method = method, target = target, headers = {}, lines = {} }
  for line in rest:gmatch "(.-)\r\n" do
    local name, value = line:match "^([%w!#$%%&'*+.^_`|~-]+):[ \t]*(.-)[ \t]*$"
    if not name or value:find "[\r\n]" then return nil end
    local lower = name:lower()
    if ONCE[lower] and request.headers[lower] then return nil end
    request.headers[lower] = value
    request.lines[#request.lines + 1] = { name = lower, text = name .. ": " .. value }
  end
  local headers = request.headers
  if headers["content-length"] and headers["transfer-encoding"] then return nil end
  if headers["transfer-encoding"] and headers["transfer-encoding"]:lower() ~= "chunked" then
    return nil
  end
  return request
end

-- Return the head that the server gets.
local function head_for(request, token)
  local is_upgrade = (request.headers.upgrade or ""):lower() == "websocket"
  local lines = {
    ("%s %s HTTP/1.1"):format(request.method, request.target),
    "Host: localhost",
    "Authorization: token " .. token,
    is_upgrade and "Connection: Upgrade" or "Connection: close",
    is_upgrade and "Upgrade: websocket" or nil,
  }
  for _, line in ipairs(request.lines) do
    if not REPLACED[line.name] then lines[#lines + 1] = line.text end
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- Answers -----------------------------------------------------------------------------------------

local REASONS = {
  [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found",
  [409] = "Conflict", [500] = "Internal Server Error", [502] = "Bad Gateway",
}

local function text_of(reply)
  local body = reply.body or json.encode(reply.json)
  local lines = { ("HTTP/1.1 %d %s"):format(reply.status, REASONS[reply.status] or "Refused") }
  local headers = reply.headers or {}
  headers["Content-Type"] = headers["Content-Type"] or "application/json; charset=utf-8"
  headers["Content-Length"], headers.Connection = ("%d"):format(#body), "close"
  headers["Cache-Control"], headers["X-Content-Type-Options"] = "no-store", "nosniff"
  for name, value in pairs(headers) do lines[#lines + 1] = name .. ": " .. value end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

local function refuse(status, code, message)
  return { status = status, json = { error = { code = code, message = message } } }
end

-- Tell whether a request comes from a page of another site, or by a name that was rebound.
local function is_foreign(request)
  local host, origin = request.headers.host or "", request.headers.origin
  return not core.is_loopback("http://" .. host) or origin ~= nil and not core.is_loopback(origin)
end

-- Return the computer that a request may reach; or nil and the answer that refuses it.
local function admit(self, request)
  if is_foreign(request) then
    return nil, refuse(403, "Forbidden", "instances are for programs on this machine")
  end
  local segments = route.split(request.target)
  if not segments or (segments[1] or ""):lower() ~= "instances" or not segments[3] then
    return nil, refuse(404, "NotFound", "instances are at /instances/REGION/NAME/")
  end
  local compute = access.admit(self.emulator, request, segments[2], segments[3])
  local computer = self.host:computer(compute)
  local jupyter = computer and computer.servers.jupyter
  if not jupyter or not jupyter.is_ready then
    return nil, refuse(502, "BadGateway", "the instance's Jupyter server is not ready")
  end
  return jupyter
end

local function serve(self, item)
  local request = parse(item.head)
  if not request then
    local reply = refuse(400, "BadRequest", "The request is malformed.")
    return self.relay:refuse(item.id, text_of(reply))
  end
  local ok, jupyter, reply = pcall(admit, self, request)
  if not ok then
    if not refusal.is(jupyter) then error(jupyter, 0) end
    reply = answer.of_refusal(jupyter, self.emulator.url or self.url)
    jupyter = nil
  end
  if jupyter then
    local connected, why = self.relay:connect(item.id, jupyter.socket,
      head_for(request, jupyter.token))
    if connected then return end
    reply = refuse(502, "BadGateway", "the instance's Jupyter server does not answer: " .. why)
  end
  self.relay:refuse(item.id, text_of(reply))
end

-- Public ------------------------------------------------------------------------------------------

function Front:turn()
  local requests, seconds = self.relay:run()
  for _, item in ipairs(requests) do
    local ok, raised = pcall(serve, self, item)
    if not ok then
      if errors.is_interrupted(raised) then error(raised, 0) end
      self.relay:refuse(item.id, text_of(refuse(500, "InternalServerError", tostring(raised))))
    end
  end
  if self.timer then task.cancel(self.timer) end
  self.timer = seconds and task.at(seconds, function()
    self.timer = nil
    self:turn()
  end)
end

--- Close the connections to the server behind a socket.
function Front:cut(socket)
  self.relay:cut(socket)
end

function Front:close()
  if not self.relay then return end
  task.off(self.fd)
  if self.timer then task.cancel(self.timer) end
  self.relay:close()
  self.relay, self.timer = nil, nil
end

--- Listen on a free port of loopback.
---@param host table
---@return table front      with its url
function front.start(host)
  local relay, why = httpd.relay(0)
  if not relay then
    errors.raise { code = "AddressInUse", message = "instances have no port: " .. why }
  end
  local self = setmetatable({ host = host, relay = relay, fd = relay:fd() }, Front)
  self.url = ("http://127.0.0.1:%d"):format(relay:port())
  task.on(self.fd, function() self:turn() end)
  self:turn()
  return self
end

return front
