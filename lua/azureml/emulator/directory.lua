--- Who there is: tenants, applications and users, the tokens they were given and the roles they have. Plays the part of Entra.
local inferred = require "azureml.emulator.inferred"

local directory = {}

local Directory = {}
Directory.__index = Directory

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

--- base64url without padding.
---@param bytes string
---@return string
function directory.base64url(bytes)
  local out = {}
  for i = 1, #bytes, 3 do
    local a, b, c = bytes:byte(i, i + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    for shift = 18, c and 0 or b and 6 or 12, -6 do
      local digit = bits >> shift & 63
      out[#out + 1] = DIGITS:sub(digit + 1, digit + 1)
    end
  end
  return table.concat(out)
end

local LEAST_REAL_LIFE = 60      -- seconds: with a clock that runs very fast a token would end before it was used

local function default_lifetime(clock)
  return math.max(inferred.token_lifetime, LEAST_REAL_LIFE * clock.speed)
end

--- An empty directory.
---@param given { clock: table, random: function, guid: function, encode: function, token_lifetime: number? }
function directory.new(given)
  return setmetatable({
    clock = given.clock, random = given.random, guid = given.guid, encode = given.encode,
    lifetime = given.token_lifetime or default_lifetime(given.clock), tenants = {}, applications = {}, tokens = {}, issued = 0,
  }, Directory)
end

--- Add an application that proves itself by a secret.
---@param application { tenant_id: string, client_id: string, client_secret: string, role: string }
---@return table
function Directory:add_application(application)
  application.object_id = application.object_id or self.guid()
  self.tenants[application.tenant_id:lower()] = true
  self.applications[application.client_id:lower()] = application
  return application
end

--- Whether there is a tenant of that id.
function Directory:has_tenant(id)
  return self.tenants[id:lower()] == true
end

--- An application of a tenant; nil if there is none.
function Directory:application(tenant_id, client_id)
  local found = self.applications[client_id:lower()]
  return found and found.tenant_id:lower() == tenant_id:lower() and found or nil
end

--- Issue a token. It looks like one; whether it is one is looked up, not read out of it.
---@param application table
---@param audience string
---@return string token, integer lifetime     in seconds
function Directory:issue(application, audience)
  local now = math.floor(self.clock:now())
  local claims = {
    aud = audience, iss = "https://sts.windows.net/" .. application.tenant_id .. "/", iat = now, nbf = now, exp = now + self.lifetime,
    appid = application.client_id, oid = application.object_id, tid = application.tenant_id, ver = "1.0",
  }
  local token = table.concat({
    directory.base64url(self.encode { alg = "RS256", typ = "JWT" }), directory.base64url(self.encode(claims)),
    directory.base64url(self.random(256)),
  }, ".")
  self.tokens[token] = { application = application, audience = audience, expires = now + self.lifetime }
  self.issued = self.issued + 1
  return token, self.lifetime
end

--- What a token stands for; nil if it was not issued here.
---@return { application: table, audience: string, expires: number }?
function Directory:token(text)
  return self.tokens[text]
end

--- End all tokens now.
function Directory:expire_tokens()
  for _, token in pairs(self.tokens) do token.expires = self.clock:now() end
end

return directory
