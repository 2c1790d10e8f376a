--- Serve a recording of tool/recording.lua to any client: the exchanges that were recorded, and
--- nothing else. A request that changes something is answered as often as it was recorded. A read
--- may be repeated: it shows what was read last before the next change of what it reads. So a
--- client may read more or less often than the recorded client, and may do things to different
--- computes in another order. Any token will do.
local core = require "azureml.core"
local count = require "azureml.tool.count"
local errors = require "azureml.error"
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"
local recording = require "azureml.tool.recording"

local replay = {}

local Replay = {}
Replay.__index = Replay
Replay.__name = "azureml.emulator.Replay"

-- Reading -----------------------------------------------------------------------------------------

local function fail(path, reason)
  errors.raise {
    code = "ReplayFailed",
    message = ("the recording %s cannot be replayed: %s"):format(path, reason),
    hint = "make one with `azureml --record FILE`",
  }
end

local function is_exchange(value)
  return type(value) == "table" and type(value.method) == "string" and type(value.url) == "string"
    and core.origin(value.url) ~= nil
    and (type(value.status) == "number" or type(value.error) == "string")
    and type(value.headers) == "table"
end

-- Read the lines behind the header.
local function read(path)
  local file <close> = io.open(path, "rb")
  local text = file and file:read "a"
  if not text then fail(path, "it cannot be read") end
  local list, number = {}, 0
  for line in text:gmatch "([^\n]*)\n" do
    number = number + 1
    local value = json.decode_exact(line)
    if number == 1 then
      local kind, version = json.get(value, "azureml"), json.get(value, "version")
      if kind ~= recording.HEADER.azureml then fail(path, "it is not a recording") end
      if version ~= recording.HEADER.version then
        fail(path, ("its version is %s, and this azureml reads version %d"):format(
          tostring(version), recording.HEADER.version))
      end
    elseif is_exchange(value) then
      list[#list + 1] = value
    else
      fail(path, ("line %d is not an exchange"):format(number))
    end
  end
  if number == 0 then fail(path, "it is not a recording") end
  if text:sub(-1) ~= "\n" then fail(path, "its last line is cut off") end
  if #list == 0 then fail(path, "it holds no exchange") end
  return list
end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- Return what identifies a request: the method, the path and the sorted query, in lower case.
local function key_of(method, target)
  local path, query = target:match "^([^?]*)%??(.*)$"
  local parameters = {}
  for parameter in query:gmatch "[^&]+" do parameters[#parameters + 1] = unescape(parameter) end
  table.sort(parameters)
  local plain = unescape(path):gsub("//+", "/") .. "?" .. table.concat(parameters, "&")
  return method:upper() .. " " .. plain:lower()
end

local function target_of(url)
  return (url:gsub("^https?://[^/?]*", ""))
end

local READS = { GET = true, HEAD = true }

-- Tell whether a request only reads: also the POSTs that ask for something.
local function is_read(method, target)
  if READS[method] then return true end
  if method ~= "POST" then return false end
  local action = target:match "^[^?]*":match "([^/]*)$":lower()
  return action:find "^list" ~= nil or action:find "^check" ~= nil or action:find "^get" ~= nil
end

local function path_of(target)
  return unescape(target:match "^[^?]*"):gsub("//+", "/"):lower()
end

-- Return the path of what a request changes: the compute, without its verb, or the path itself.
local function changed_by(path)
  return path:match "^(.*/computes/[^/]+)" or path
end

local function is_within(path, outer)
  return path == outer or path:sub(1, #outer + 1) == outer .. "/"
end

--- Read a recording.
---@param path string
---@return table
---@raise an error object `ReplayFailed`
function replay.open(path)
  local self = setmetatable({
    path = path, entries = {}, by_key = {}, changes = {}, origins = {},
  }, Replay)
  for index, exchange in ipairs(read(path)) do
    local target = target_of(exchange.url)
    local entry = { index = index, exchange = exchange }
    self.entries[index] = entry
    local key = key_of(exchange.method, target)
    self.by_key[key] = self.by_key[key] or {}
    table.insert(self.by_key[key], entry)
    self.origins[exchange.url:match "^https?://[^/?]*"] = true
    if not is_read(exchange.method, target) then
      entry.changed = changed_by(path_of(target))
      table.insert(self.changes, entry)
    end
  end
  return self
end

local WORKSPACE = "/[sS]ubscriptions/([^/]+)/[rR]esource[gG]roups/([^/]+)/.*/[wW]orkspaces/([^/?]+)"

--- Return the names of the first workspace that was recorded, as a seed; nil without a workspace.
---@return { subscription_id: string, resource_group: string, workspace_name: string }?
function Replay:names()
  for _, entry in ipairs(self.entries) do
    local subscription, group, workspace = entry.exchange.url:match(WORKSPACE)
    if subscription and subscription:find "^%x+%-%x+%-%x+%-%x+%-%x+$" then
      return {
        subscription_id = subscription, resource_group = unescape(group),
        workspace_name = unescape(workspace),
      }
    end
  end
end

-- Choosing ----------------------------------------------------------------------------------------

local function refuse(self, message, ...)
  return {
    status = 501,      -- a status that clients neither try again nor take for an answer
    json = { error = {
      code = "NotRecorded", message = message:format(...) .. (" (%s)"):format(self.path),
    } },
  }
end

-- Return the changes of what a read shows, in their order: they are looked for once.
local function changes_of(self, entries, target)
  if not entries.changes then
    local path = path_of(target)
    entries.changes = {}
    for _, change in ipairs(self.changes) do
      if is_within(path, change.changed) or is_within(change.changed, path) then
        table.insert(entries.changes, change)
      end
    end
  end
  return entries.changes
end

-- Return the index of the last change that a client made, 0 for none, and the next change.
local function between(changes)
  local last, following = 0, nil
  for _, change in ipairs(changes) do
    if change.served then
      last, following = change.index, nil
    else
      following = following or change
    end
  end
  return last, following
end

-- Choose among the entries of a read: the next one between the last change and the next change; if
-- there is none, the last one before the next change.
local function choose_read(self, entries, target)
  local made, change = between(changes_of(self, entries, target))
  local last
  for _, entry in ipairs(entries) do
    if change and entry.index > change.index then break end
    if entry.index > made and not entry.served then return entry end
    last = entry
  end
  return last, change
end

local function choose_change(entries)
  for _, entry in ipairs(entries) do
    if not entry.served then return entry end
  end
end

local LONGEST = 300      -- bytes of a request that a refusal repeats

local function shown(method, target)
  local text = method .. " " .. target
  return #text > LONGEST and text:sub(1, LONGEST) .. "..." or text
end

-- Return the query with which a path was recorded; nil if the path was not recorded.
local function other_query(self, method, target)
  local wanted = key_of(method, target:match "^[^?]*")
  for _, entry in ipairs(self.entries) do
    local path, query = target_of(entry.exchange.url):match "^([^?]*)%??(.*)$"
    if key_of(entry.exchange.method, path) == wanted then return ("?" .. query):sub(1, LONGEST) end
  end
end

local function choose(self, method, target)
  local entries = self.by_key[key_of(method, target)]
  local asked = shown(method, target)
  if not entries then
    local other = other_query(self, method, target)
    if not other then return nil, refuse(self, "%s was not recorded", asked) end
    return nil, refuse(self, "%s was recorded with another query: %s", asked, other)
  end
  if not is_read(method, target) then
    local entry = choose_change(entries)
    if entry then return entry end
    return nil, refuse(self, "%s was recorded %s, and is asked for again", asked,
      count.of(#entries, "time"))
  end
  local entry, change = choose_read(self, entries, target)
  if entry then return entry end
  return nil, refuse(self, "%s was recorded only after %s, which was not sent yet", asked,
    shown(change.exchange.method, target_of(change.exchange.url)))
end

-- Answering ---------------------------------------------------------------------------------------

local function escaped(text)
  return (text:gsub("%p", "%%%0"))
end

-- Lead the URLs of a text to the replay.
local function led(self, text, origin)
  for recorded in pairs(self.origins) do
    local pattern = escaped(recorded) .. "(/%w)"
    text = text:gsub(pattern, function(rest) return origin .. rest end)
  end
  return text
end

-- The one header whose name the emulator's own answers spell with capitals.
local SPELLED = { ["content-type"] = "Content-Type" }

-- Return the milliseconds for which a client waits on a clock that runs faster; nil at real speed.
local function wait_of(headers, clock)
  if clock.speed == 1 then return nil end
  local seconds = clock:in_real_time(tonumber(headers["retry-after"]) or inferred.poll_after)
  return seconds and ("%d"):format(math.max(1, math.floor(seconds * 1000)))
end

local function headers_of(self, exchange, origin, clock)
  local headers = {}
  for name, value in pairs(exchange.headers) do
    headers[SPELLED[name] or name] = led(self, tostring(value), origin)
  end
  local wait = wait_of(exchange.headers, clock)
  if wait then headers["retry-after"], headers["retry-after-ms"] = nil, wait end
  return headers
end

--- Answer a request from the recording, or refuse it.
---@param request { method: string, target: string }
---@param origin string      by which the client reaches the emulator
---@param clock table        of the emulator: its speed shortens the pauses that were asked for
---@return table reply
function Replay:answer(request, origin, clock)
  local entry, refused = choose(self, request.method, request.target)
  if not entry then return refused end
  entry.served = true
  local exchange = entry.exchange
  if not exchange.status then return { status = 500, body = "", fault = "reset" } end
  local body = exchange.text or exchange.body and json.encode(exchange.body) or ""
  return {
    status = exchange.status,
    body = led(self, body, origin),
    headers = headers_of(self, exchange, origin, clock),
  }
end

return replay
