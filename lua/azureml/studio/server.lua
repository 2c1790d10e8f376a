--- Serve the studio on a socket. The only file of the studio that knows HTTP: it lets requests in
--- (door.lua), serves the files of the page, runs actions, and sends events to the open pages.
local core = require "azureml.core"
local door = require "azureml.studio.door"
local errors = require "azureml.error"
local failure = require "azureml.studio.failure"
local files = require "azureml.studio.files"
local http_server = require "azureml.tool.http_server"
local json = require "azureml.json"
local task = require "azureml.task"
local warning = require "azureml.tool.warning"

local MOST_BODY = 1024 * 1024      -- bytes of a request
local MOST_CONNECTIONS = 256
local MOST_STREAMS = 64
local MOST_RUNNING = 128           -- actions at the same time
local HEARTBEAT = 15               -- seconds; a page that has gone is noticed at a write only
local LONGEST_TARGET = 4096

local POLICY = table.concat({
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
  "connect-src 'self'", "worker-src 'self'", "base-uri 'none'", "form-action 'none'",
  "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types studio",
}, "; ")

local HEADERS = {
  ["Content-Security-Policy"] = POLICY, ["X-Content-Type-Options"] = "nosniff",
  ["Referrer-Policy"] = "no-referrer", ["Cache-Control"] = "no-store",
  ["Cross-Origin-Opener-Policy"] = "same-origin", ["Cross-Origin-Resource-Policy"] = "same-origin",
  ["X-Frame-Options"] = "DENY",
}

local JSON_TYPE, TEXT_TYPE = "application/json", "text/plain; charset=utf-8"

---@class azureml.StudioServer
---@field door azureml.Door
---@field streams table<integer, boolean>      by the id of the request
---@field version integer                      of the last event
local Server = {}
Server.__index = Server

local server = {}

-- Answers -----------------------------------------------------------------------------------------

local function response(status, kind, body, more)
  local headers = {}
  for name, value in pairs(HEADERS) do headers[name] = value end
  for name, value in pairs(more or {}) do headers[name] = value end
  headers["Content-Type"] = kind
  return { status = status, headers = headers, body = body }
end

local function plain(status, text, more)
  return response(status, TEXT_TYPE, text .. "\n", more)
end

-- Answer with a value; a text is JSON already.
local function of_value(status, value)
  return response(status, JSON_TYPE, type(value) == "string" and value or json.encode(value))
end

local function of_failure(status, described)
  return of_value(status, { error = described })
end

local function refusal(status, code, message)
  return of_failure(status, { code = code, message = message, details = json.array {} })
end

-- Requests ----------------------------------------------------------------------------------------

local function unescaped(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

local function query_of(text)
  local query = {}
  for name, value in text:gmatch "([^&=]+)=([^&]*)" do query[unescaped(name)] = unescaped(value) end
  return query
end

-- Return the arguments of an action: the query of a GET, the JSON object of a POST.
local function arguments_of(request, query)
  if request.method == "GET" then return query_of(query) end
  local kind = (request.headers["content-type"] or ""):match "^[^;%s]*"
  if kind ~= JSON_TYPE then return nil, "the body must be JSON" end
  local value, fault = json.decode_exact(request.body, true)
  if type(value) ~= "table" or json.is_array(value) then
    return nil, "the body must be a JSON object" .. (fault and ": " .. fault or "")
  end
  return json.without_nulls(value)
end

-- Run an action and answer with what it returns or raises. What the service refuses is an answer
-- like any other: browsers write other statuses than 200 into their console.
local function run(action, arguments)
  local ok, result = pcall(action.run, arguments)
  if ok then return of_value(200, result or {}) end
  if errors.is_passing(result) then error(result, 0) end
  if errors.is(result) then return of_failure(200, failure.of(result)) end
  warning.give("studio: " .. tostring(result))
  return of_failure(500, failure.of(result))
end

-- Begin an action in a task of its own, because it may wait for the service.
local function begin(self, id, action, arguments)
  if self.running >= MOST_RUNNING then
    return refusal(503, "Busy", "too many requests are open: try again")
  end
  self.running = self.running + 1
  self.start(function()
    local answered = run(action, arguments)
    self.running = self.running - 1
    self.http:answer(id, answered)
  end)
  return {}
end

local function answer_action(self, request, name, query)
  local action = self.actions[request.method .. " " .. name]
  if not action then return refusal(404, "NotFound", "there is no action " .. name) end
  if action.changes and self.is_read_only then
    return refusal(403, "ReadOnly", "this studio is read-only: it was started with --read-only")
  end
  local arguments, fault = arguments_of(request, query)
  if not arguments then return refusal(400, "InvalidArgument", fault) end
  return begin(self, request.id, action, arguments)
end

-- Events ------------------------------------------------------------------------------------------

local function count_streams(self)
  local count = 0
  for _ in pairs(self.streams) do count = count + 1 end
  return count
end

local function event(self, kind, data)
  return ("id: %d\nevent: %s\ndata: %s\n\n"):format(self.version, kind, data)
end

local RELOAD = "event: reload\ndata: {}\n\n"

-- Send a text to all pages. Forget those that have gone.
local function emit(self, text)
  local before = count_streams(self)
  for id in pairs(self.streams) do
    if not self.http:emit(id, text) then self.streams[id] = nil end
  end
  local now = count_streams(self)
  if now ~= before and self.on_viewers then self.on_viewers(now) end
end

local function beat(self)
  self.heart = task.at(HEARTBEAT, function()
    emit(self, ":\n\n")
    beat(self)
  end)
end

-- Answer with a stream of events. Its first event lets the page load the state.
local function answer_events(self, request)
  if count_streams(self) >= MOST_STREAMS then
    return refusal(503, "Busy", "too many pages are open: close some")
  end
  local headers = response(200, "text/event-stream").headers
  self.http:stream(request.id, { headers = headers, lost = RELOAD })
  self.streams[request.id] = true
  self.http:emit(request.id, "retry: 1000\n" .. event(self, "reload", "{}"))
  if self.on_viewers then self.on_viewers(count_streams(self)) end
  return {}
end

--- Send an event to all open pages.
---@param kind string
---@param data table|string      a text is JSON already
---@return integer version       of the event
function Server:publish(kind, data)
  self.version = self.version + 1
  emit(self, event(self, kind, type(data) == "string" and data or json.encode(data)))
  return self.version
end

-- The page ----------------------------------------------------------------------------------------

local START_PAGE = [[<!doctype html><meta charset="utf-8"><title>azureml studio</title>
<meta http-equiv="refresh" content="0;url=/"><p><a href="/">azureml studio</a></p>
]]

local LINK_IS_OVER = "This link is wrong, or it was used before. Open the link that 'azureml "
  .. "studio' has printed in its terminal."
local NO_COOKIE = "Open the link that 'azureml studio' has printed in its terminal: this address "
  .. "alone opens nothing."

-- Set the cookie. Not with a redirect: after one from another site the browser would not send the
-- cookie that it just got.
local function answer_start(self, query)
  local cookie = self.door:enter(query_of(query).key or "")
  if not cookie then return plain(403, LINK_IS_OVER) end
  return response(200, "text/html; charset=utf-8", START_PAGE, { ["Set-Cookie"] = cookie })
end

-- Names that browsers ask for by themselves.
local ALIASES = { [""] = "index.html", ["favicon.ico"] = "icon.svg" }

local function answer_file(self, name)
  local file = self.files[ALIASES[name] or name]
  if not file then return plain(404, "There is no such page.") end
  return response(200, file.type, file.body)
end

local function answer(self, request)
  if #request.target > LONGEST_TARGET then return plain(414, "The address is too long.") end
  local path, query = request.target:match "^/([^?]*)%??(.*)$"
  if not path then return plain(400, "The address is wrong.") end
  if not self.door:is_addressed(request) or path ~= "start" and door.is_foreign(request) then
    return plain(403, "The studio answers only its own pages on this machine.")
  end
  if request.method ~= "GET" and request.method ~= "POST" then
    return plain(405, "The studio knows GET and POST.", { Allow = "GET, POST" })
  end
  if path == "start" then return answer_start(self, query) end
  if not self.door:has_cookie(request) then return plain(401, NO_COOKIE) end
  local action = path:match "^api/(.+)$"
  if action == "events" then return answer_events(self, request) end
  if action then return answer_action(self, request, action, query) end
  if request.method ~= "GET" then return plain(405, "Pages are read only.", { Allow = "GET" }) end
  return answer_file(self, path)
end

-- The whole ---------------------------------------------------------------------------------------

---@class azureml.StudioAction
---@field run fun(arguments: table): table|string|nil      a text is JSON; may wait; may raise
---@field changes boolean?      it changes something: a read-only studio refuses it

--- Listen on loopback.
---@param options { port: integer?, is_read_only: boolean?, start: fun(f: function) }
---  port: 0 for any; start runs a task
---@return azureml.StudioServer
---@raise an error object when the port is in use
function server.start(options)
  local self = setmetatable({
    files = files.all(), actions = {}, streams = {}, version = 0, running = 0,
    start = options.start, is_read_only = options.is_read_only == true,
  }, Server)
  self.http = http_server.start({
    port = options.port, connections = MOST_CONNECTIONS, max_body = MOST_BODY, owner = "the studio",
  }, function(request) return answer(self, request) end)
  self.url = self.http:url()
  self.door = door.new(math.tointeger(tonumber(self.url:match ":(%d+)$")))
  beat(self)
  return self
end

--- Return a link that opens the studio in a browser.
---@param is_for_one_use boolean
---@return string
function Server:link(is_for_one_use)
  return ("%s/start?key=%s"):format(self.url, core.escape(self.door:new_key(is_for_one_use)))
end

--- Close the socket and the streams. To close it again has no effect.
function Server:close()
  if self.heart then task.cancel(self.heart) end
  self.heart = nil
  self.http:close()
end

return server
