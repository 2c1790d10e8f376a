--- Open the studio in the spec's own process, beside an emulator on virtual time, and send raw
--- requests to it.
local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local socket = require "spec.socket"
local studio = require "azureml.studio"
local task = require "azureml.task"
local world = require "spec.world"

local Opened = {}
Opened.__index = Opened

local function port_of(url)
  return math.tointeger(tonumber(url:match ":(%d+)"))
end

--- Send a request as the page does, unless the spec says otherwise.
---@param line string         "GET /api/state"
---@param settings { headers: table<string, string|false>?, body: string|table? }?
---@return integer status, string body, string head
function Opened:ask(line, settings)
  local connection <close> = self:begin(line, settings)
  connection:wait_end()
  local head, body = connection.heard:match "^(.-)\r\n\r\n(.*)$"
  return connection:statuses()[1], body, head
end

--- Send a request and leave its connection open.
---@return table socket
function Opened:begin(line, settings)
  settings = settings or {}
  local method, body = line:match "^%u+", settings.body or ""
  if type(body) == "table" then body = json.encode(body) end
  local host = "127.0.0.1:" .. self.port
  local headers = {
    Host = host, Cookie = self.cookie, Connection = "close",
    Origin = method == "POST" and "http://" .. host or nil,
    ["Content-Type"] = method == "POST" and "application/json" or nil,
    ["Content-Length"] = method == "POST" and #body or nil,
  }
  for name, value in pairs(settings.headers or {}) do headers[name] = value or nil end
  local lines = { line .. " HTTP/1.1" }
  for name, value in pairs(headers) do lines[#lines + 1] = name .. ": " .. value end
  local connection = socket.connect(self.port, line)
  return connection:say(table.concat(lines, "\r\n") .. "\r\n\r\n" .. body)
end

--- Run an action of the page.
---@return any value      the decoded answer
function Opened:get(name)
  local _, body = self:ask("GET /api/" .. name)
  return assert(json.decode(body))
end

function Opened:post(name, body)
  local _, answered = self:ask("POST /api/" .. name, { body = body or {} })
  return assert(json.decode(answered))
end

--- Open the stream of events.
---@return table socket
function Opened:events()
  local stream = self:begin "GET /api/events"
  socket.wait("the stream", function() return stream.heard:find "event: reload" end)
  return stream
end

local LONGEST = 4 * 3600      -- seconds of virtual time

--- Wait until something holds; time passes meanwhile.
---@param what string         for the failure
---@param is_so fun(): any
---@return any                what is_so returned
function Opened.wait(what, is_so)
  local limit = core.now() + LONGEST
  while true do
    local found = is_so()
    if found then return found end
    assert(core.now() < limit, "it took too long: " .. what)
    azureml.sleep(5)
  end
end

--- Wait until a stream has brought a text.
function Opened.await(stream, text)
  Opened.wait(text, function() return stream.heard:find(text, 1, true) end)
end

local opened_studio = {}

--- Run a function with a studio.
---@param instances table<string, any>
---@param settings table?     of the studio
---@param f fun(opened: table, emulator: azureml.Emulator, ws: azureml.Workspace)
function opened_studio.with(instances, settings, f)
  local emulator, ws = world.open(instances)
  local ok, err = pcall(task.crew, function(start)
    local opened = studio.open(ws, settings or {}, start)
    local self = setmetatable({ studio = opened, port = port_of(opened.url) }, Opened)
    local _ <close> = setmetatable({}, { __close = function() opened:close() end })
    local _, _, head = self:ask("GET " .. opened:link():match "//[^/]+(/.*)$")
    self.cookie = head:match "Set%-Cookie: ([^;]+)"
    f(self, emulator, ws)
  end)
  world.close(emulator, ws)
  if not ok then error(err, 0) end
end

return opened_studio
