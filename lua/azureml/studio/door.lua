--- Decide which requests the studio lets in: those of this machine's own pages, in a browser that
--- came by a start link. A start link has a secret; the cookie that it sets has another one. The
--- cookie is named by the port, because browsers send it to every port of this machine.
local core = require "azureml.core"

local door = {}

local SECRET_BYTES = 32

---@class azureml.Door
---@field cookie string           its name
---@field secret string           its value
---@field keys table<string, boolean>     keys of start links; true: for one use
---@field hosts table<string, boolean>    the Host headers of own pages
local Door = {}
Door.__index = Door

local function new_secret()
  return core.crypto.base64url(core.random(SECRET_BYTES))
end

--- Make the door of a server.
---@param port integer
---@return azureml.Door
function door.new(port)
  return setmetatable({
    cookie = "azureml-studio-" .. port, secret = new_secret(), keys = {},
    hosts = { ["127.0.0.1:" .. port] = true, ["localhost:" .. port] = true },
  }, Door)
end

--- Make the key of a start link.
---@param is_for_one_use boolean     the key is worth nothing after its first use
---@return string
function Door:new_key(is_for_one_use)
  local key = new_secret()
  self.keys[core.crypto.sha256(key)] = is_for_one_use
  return key
end

--- Use a key. Looking for its digest takes a time that tells nothing of the key.
---@param key string
---@return string? cookie      the header Set-Cookie; nil: the key is wrong, or was used
function Door:enter(key)
  local digest = core.crypto.sha256(key)
  local is_for_one_use = self.keys[digest]
  if is_for_one_use == nil then return nil end
  if is_for_one_use then self.keys[digest] = nil end
  return ("%s=%s; Path=/; HttpOnly; SameSite=Strict"):format(self.cookie, self.secret)
end

--- Tell whether a request is addressed to this server by a name that only this machine has, and its
--- Origin is this server. A request that may change something must have an Origin.
---@param request { method: string, headers: table<string, string> }
---@return boolean
function Door:is_addressed(request)
  local host, origin = request.headers.host or "", request.headers.origin
  if not self.hosts[host] then return false end
  if origin == nil then return request.method == "GET" end
  return origin == "http://" .. host
end

--- Tell whether the browser says that a page of another site made a request. A link on another site
--- is such a request, too: only a start link may be one.
---@param request { headers: table<string, string> }
---@return boolean
function door.is_foreign(request)
  local site = request.headers["sec-fetch-site"]
  return site ~= nil and site ~= "same-origin" and site ~= "none"
end

--- Tell whether a request has the cookie. Comparing digests takes the same time for every value.
---@param request { headers: table<string, string> }
---@return boolean
function Door:has_cookie(request)
  local wanted = core.crypto.sha256(self.secret)
  for name, value in (request.headers.cookie or ""):gmatch "([^=;%s]+)=([^;%s]*)" do
    if name == self.cookie and core.crypto.sha256(value) == wanted then return true end
  end
  return false
end

return door
