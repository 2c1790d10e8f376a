--- Play the Jupyter server of an instance, and the part of Resource Manager that names it, in the
--- spec's own process. Files, terminals, kernels and sessions are tables that a spec may change.
local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local scripted = require "spec.scripted"

local notebook_server = {}

local BASE = "/instances/westeurope/ci-ann"
local OWN, OTHER = "0wn-id", "0ther-id"
local STARTED = "2026-11-28T08:00:00.000000Z"
local NOW = "Sat, 28 Nov 2026 12:00:00 GMT"

local Played = {}
Played.__index = Played

local function unescape(path)
  return (path:gsub("%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end))
end

-- Answers -----------------------------------------------------------------------------------------

local function ok(value, status)
  return { status = status or 200, body = json.encode(value),
    headers = { ["Content-Type"] = "application/json", Date = NOW } }
end

local function refuse(status, message)
  return { status = status, body = json.encode { message = message, reason = json.null },
    headers = { ["Content-Type"] = "application/json" } }
end

local function model(self, path, with_content, with_hash)
  local bytes = self.files[path]
  local shown = {
    name = path:match "[^/]*$", path = path, type = bytes and "file" or "directory",
    writable = true, last_modified = self.modified[path] or STARTED,
    size = bytes and (self.lengths[path] or #bytes),
  }
  if bytes and with_hash and self.tells_hash then
    shown.hash_algorithm, shown.hash = "sha256", core.crypto.sha256(bytes):gsub(".", function(c)
      return ("%02x"):format(c:byte())
    end)
  end
  if not bytes and with_content then
    shown.content = json.array {}
    local below = path == "" and "^[^/]+$" or "^" .. path:gsub("%p", "%%%0") .. "/[^/]+$"
    for _, list in ipairs { self.files, self.directories } do
      for name in pairs(list) do
        if name ~= "" and name:find(below) then table.insert(shown.content, model(self, name)) end
      end
    end
  end
  return shown
end

local function is_there(self, path)
  return self.files[path] ~= nil or self.directories[path] ~= nil
end

local contents = {}

function contents.GET(self, path, _, query)
  if not is_there(self, path) then return refuse(404, "file or directory does not exist") end
  return ok(model(self, path, not query:find "content=0", query:find "hash=1"))
end

function contents.PUT(self, path, body)
  local parent = path:match "^(.*)/" or ""
  if not self.directories[parent] then return refuse(500, "[Errno 2] No such file or directory") end
  if body.type == "directory" then
    self.directories[path] = true
    return ok(model(self, path), 201)
  end
  local bytes = core.crypto.from_base64(body.content)
  local is_appended = body.chunk and body.chunk ~= 1
  self.files[path] = (is_appended and self.files[path] or "") .. bytes
  return ok(model(self, path), 201)
end

function contents.PATCH(self, path, body)
  if path == body.path then return ok(model(self, path)) end
  if is_there(self, body.path) then return refuse(409, "File already exists: " .. body.path) end
  if not is_there(self, path) or not is_there(self, body.path:match "^(.*)/" or "") then
    return refuse(500, "Unhandled error")
  end
  self.files[body.path], self.files[path] = self.files[path], nil
  return ok(model(self, body.path))
end

function contents.DELETE(self, path)
  if not is_there(self, path) then return refuse(404, "file or directory does not exist") end
  if self.keeps_full and #(model(self, path, true).content or {}) > 0 then
    return refuse(400, "Directory not empty")
  end
  for _, list in ipairs { self.files, self.directories } do
    for name in pairs(list) do
      if name == path or name:sub(1, #path + 1) == path .. "/" then list[name] = nil end
    end
  end
  return { status = 204 }
end

--- Answer a range of a file's bytes, as far as the file has them.
---@param bytes string
---@param range string      "bytes=0-9"
function notebook_server.answer_range(bytes, range)
  local first, last = range:match "bytes=(%d+)%-(%d+)"
  first, last = math.tointeger(first), math.min(math.tointeger(last), #bytes - 1)
  if first >= #bytes then return { status = 416, body = "", headers = {} } end
  return { status = 206, body = bytes:sub(first + 1, last + 1), headers = {
    ["Content-Range"] = ("bytes %d-%d/%d"):format(first, last, #bytes),
  } }
end

local function send_file(self, path, range)
  local bytes = self.files[path]
  if not bytes then return refuse(404, "no file") end
  if not range then return { status = 200, body = bytes } end
  return notebook_server.answer_range(bytes, range)
end

local function remove_open(list, id)
  for i, item in ipairs(list) do
    if item.id == id or item.name == id then
      table.remove(list, i)
      return { status = 204 }
    end
  end
  return refuse(404, "it does not exist: " .. id)
end

local LISTS = { terminals = true, kernels = true, sessions = true }

local function answer_jupyter(self, request, path, query)
  local body = request.body ~= "" and json.decode(request.body) or nil
  local file = path:match "^/api/contents/?(.*)$"
  if file then return contents[request.method](self, unescape(file), body, query) end
  file = path:match "^/files/(.+)$"
  if file then return send_file(self, unescape(file), request.headers.range) end
  if path == "/api/status" then return ok { started = self.started } end
  local list, id = path:match "^/api/(%a+)/?([^/]*)$"
  if LISTS[list] and request.method == "DELETE" then return remove_open(self[list], id) end
  if LISTS[list] then return ok(self[list]) end
  return refuse(404, "Not Found")
end

local function compute(self)
  return {
    id = "/subscriptions/s/resourceGroups/g/x/computes/ci-ann", name = "ci-ann",
    location = "westeurope", tags = self.tags,
    properties = { computeType = "ComputeInstance", provisioningState = "Succeeded", properties = {
      state = self.state, applicationSharingPolicy = self.sharing,
      createdBy = { userId = self.owner },
      applications = { {
        displayName = "Jupyter", endpointUri = self.address or self.server.url .. BASE .. "/tree/",
      } },
    } },
  }
end

-- Verbs are done at once.
local STATES = { start = "Running", stop = "Stopped", restart = "Running" }

local function answer_arm(self, request, path)
  local verb = request.method == "POST" and path:match "/computes/ci%-ann/(%a+)$"
  if verb then
    table.insert(self.verbs, verb)
    self.state = STATES[verb] or self.state
    return { status = 200 }
  end
  if path:find "/jobs$" then return ok { value = json.array {} } end
  if path:find "/computes$" then return ok { value = { compute(self) } } end
  local name = path:match "/computes/([^/]+)$"
  if self.state and (name == nil or name == "ci-ann") then return ok(compute(self)) end
  return { status = 404, body = '{"error":{"code":"ResourceNotFound","message":"it is gone"}}' }
end

local function handle(self, request)
  local path, query = request.target:match "^([^?]*)%??(.*)$"
  local below = path:match("^" .. BASE:gsub("%p", "%%%0") .. "(.*)$")
  if not below then return answer_arm(self, request, path) end
  table.insert(self.asked, request.method .. " " .. below)
  local reply = self.instead and self.instead(request, below)
  return reply or answer_jupyter(self, request, below, query)
end

-- Public ------------------------------------------------------------------------------------------

local function token_for(object_id)
  local encode = core.crypto.base64url
  return ("%s.%s.x"):format(encode '{"alg":"none"}', encode(json.encode { oid = object_id }))
end

--- Get the instance as the service describes it now.
function Played:get()
  return self.workspace.instances:get "ci-ann"
end

function Played:close()
  if self.vm then self.vm.jupyter:close() end
  if self.workspace then self.workspace:close() end
  self.server:close()
end

Played.__close = Played.close

Played.OWN, Played.OTHER = OWN, OTHER

--- The path of the instance on the server.
Played.BASE = BASE

--- Start a server. Fields: files (path -> bytes), directories, modified (path -> time),
--- lengths (path -> the size that a listing tells of a link, in place of the file's), terminals,
--- kernels, sessions (lists, as Jupyter sends them); state, owner, sharing, address and tags of the
--- instance; tells_hash, keeps_full (only empty directories are removed); instead fun(request,
--- path): table? (answers in its place); asked (the requests: "GET /api/terminals"); verbs (start,
--- stop, restart that were sent).
function notebook_server.serve()
  local self = setmetatable({
    files = {}, directories = { [""] = true }, modified = {}, lengths = {},
    terminals = json.array {}, kernels = json.array {}, sessions = json.array {}, started = STARTED,
    asked = {}, verbs = {}, tags = {}, state = "Running", owner = OWN, sharing = "Personal",
  }, Played)
  self.server = scripted(function(request) return handle(self, request) end)
  return self
end

--- Start a server and open the workspace of its instance. More fields: workspace, vm, token.
---@param settings table?      of azureml.workspace
function notebook_server.open(settings)
  local self = notebook_server.serve()
  self.token = token_for(OWN)
  local all = {
    subscription_id = "11111111-1111-1111-1111-111111111111", resource_group = "ml", name = "team",
    credential = azureml.credential.token { token = self.token },
    cloud = {
      authority = "https://login.example", resource_manager = self.server.url, scope = "arm",
      instance_scope = "the-audience",
    },
  }
  for name, value in pairs(settings or {}) do all[name] = value end
  self.workspace = azureml.workspace(all)
  self.vm = self:get()
  return self
end

return notebook_server
