--- Sign access tokens and id tokens as Entra does, and check access tokens that clients send back.
--- A token is verified once and then found by its text in a cache, which may be cleared at any
--- time. entra/jwt.lua reads and writes tokens, entra/keys.lua makes the key.
local crypto = require("azureml.core").crypto
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"
local jwt = require "azureml.emulator.entra.jwt"
local keys = require "azureml.emulator.entra.keys"
local world = require "azureml.emulator.world"

local access_token = {}

local Tokens = {}
Tokens.__index = Tokens

-- Real seconds: with a fast clock a token would otherwise expire before the client uses it. Client
-- libraries fetch a new token when the old one has less than 5 minutes left.
local LEAST_REAL_LIFE = 600
local MOST_KNOWN = 10000      -- tokens in the cache

local function lifetime_of(seconds, clock)
  return seconds or math.max(inferred.token_lifetime, LEAST_REAL_LIFE * clock.speed)
end

-- One record: the key, how often all tokens were expired, and when they were expired last.
world.kinds.signer = { key = function(record) return record.id end }
-- The claims with which a principal's tokens must have been requested.
world.kinds.demand = { key = function(record) return record.object_id end }

local SIGNER = "tokens"

--- Create the token issuer of a world.
---@param options { world: table, clock: table, random: function, lifetime: number? }
---  lifetime: seconds of the emulator's clock
---@return table
function access_token.new(options)
  return setmetatable({
    world = options.world, clock = options.clock, random = options.random,
    given_lifetime = options.lifetime,
    lifetime = lifetime_of(options.lifetime, options.clock),
    known = {}, known_count = 0, issued = 0,
  }, Tokens)
end

--- Set the lifetime of tokens issued from now on.
---@param seconds integer
function Tokens:set_lifetime(seconds)
  self.given_lifetime, self.lifetime = seconds, seconds
end

--- Return the record of the issuer and its key. Make the key on the first call.
---@return { id: string, pem: string, generation: integer, ended: number? } signer
---@return { key: userdata, id: string, jwk: table } key
function Tokens:signer()
  local signer = self.world:record("signer", SIGNER)
  if not signer then
    self.key = keys.open()
    signer = self.world:save("signer", { id = SIGNER, pem = self.key.key:pem(), generation = 0 })
  end
  self.key = self.key or keys.open(signer.pem)
  return signer, self.key
end

-- Requested claims --------------------------------------------------------------------------------

local function values_of(wanted)
  if type(wanted) ~= "table" then return {} end
  if type(wanted.values) == "table" then return wanted.values end
  return { wanted.value }
end

--- Return the claims that a claims parameter requests for an access token, sorted.
---@usage access_token.asked('{"access_token":{"acrs":{"value":"c1"}}}')      --> { "acrs=c1" }
---@param text string      JSON
---@return string[]?       nil if the text has no object `access_token`
function access_token.asked(text)
  local members = json.get(json.decode(text), "access_token")
  if type(members) ~= "table" then return nil end
  local list = {}
  for name, wanted in pairs(members) do
    for _, value in ipairs(values_of(wanted)) do
      list[#list + 1] = ("%s=%s"):format(name, tostring(value))
    end
  end
  table.sort(list)
  return list
end

--- Accept a principal's tokens from now on only if they were requested with these claims.
---@param principal table
---@param text string          a claims parameter, as JSON
function Tokens:demand(principal, text)
  self.world:save("demand", {
    object_id = principal.object_id, text = text, asked = access_token.asked(text) or {},
  })
end

local function holds_all(held, wanted)
  for _, claim in ipairs(wanted) do
    if not held[claim] then return false end
  end
  return true
end

--- Return the claims parameter that a checked token fails to satisfy.
---@param known table      a result of `Tokens:check`
---@return string?         JSON; nil if the token satisfies all demands
function Tokens:lacks(known)
  local demand = self.world:record("demand", known.object_id)
  return demand and not holds_all(known.held, demand.asked) and demand.text or nil
end

-- Issuing -----------------------------------------------------------------------------------------

local function common(self, principal, audience, lifetime)
  local now = math.floor(self.clock:now())
  return {
    aud = audience, iat = now, nbf = now, exp = now + lifetime, oid = principal.object_id,
    uti = crypto.base64url(self.random(16)),
  }
end

-- Return the subject of a principal. As in Entra, a user's subject differs between clients.
local function subject_of(principal, client_id)
  if principal.kind ~= "user" then return principal.object_id end
  return crypto.base64url(crypto.sha256(principal.object_id .. client_id))
end

local function about_user(claims, user)
  claims.upn, claims.unique_name, claims.name = user.name, user.name, user.display_name or user.name
  claims.scp, claims.amr, claims.acr = "user_impersonation", json.array { "pwd" }, "1"
end

local function held_of(claims_text)
  local asked = claims_text and access_token.asked(claims_text)
  return asked and #asked > 0 and json.array(asked) or nil
end

local function is_among(list, wanted)
  for _, value in ipairs(list or {}) do
    if value == wanted then return true end
  end
  return false
end

-- Return the lifetime of a token. A client that can answer claims challenges (cp1) gets a long one.
-- Source: spec/contract/auth.md, section 11.
local function life(self, held)
  if self.given_lifetime or not is_among(held, "xms_cc=cp1") then
    return math.floor(self.lifetime)
  end
  return math.floor(math.max(self.lifetime, inferred.continuous_token_lifetime))
end

-- The Azure CLI: the client of a user's token if the caller names no other.
local ANY_CLIENT = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
local PROOFS = { secret = "1", assertion = "2" }

---@class azureml.emulator.Grant
---@field principal table        the user, application or identity that the token is for
---@field audience string
---@field tenant_id string?      the tenant of the request; by default the principal's own
---@field client_id string?      the client that asks; by default the principal itself
---@field claims string?         a claims parameter that the token is to satisfy, as JSON
---@field proof string?          "secret" or "assertion"

--- Issue an access token.
---@param grant azureml.emulator.Grant
---@return string token, integer lifetime     in seconds of the emulator's clock
function Tokens:issue(grant)
  local principal, held = grant.principal, held_of(grant.claims)
  local lifetime = life(self, held)
  local claims = common(self, principal, grant.audience, lifetime)
  claims.tid = grant.tenant_id or principal.tenant_id
  claims.iss = ("https://sts.windows.net/%s/"):format(claims.tid)
  claims.idp, claims.ver = claims.iss, "1.0"
  claims.idtyp = principal.kind == "user" and "user" or "app"
  claims.appid = grant.client_id or principal.client_id or ANY_CLIENT
  claims.appidacr = PROOFS[grant.proof] or principal.kind == "identity" and "2" or "0"
  claims.sub = subject_of(principal, claims.appid)
  claims.xms_mirid = principal.resource_id
  claims.xms_cc = is_among(held, "xms_cc=cp1") and json.array { "cp1" } or nil
  if principal.kind == "user" then about_user(claims, principal) end
  local signer, key = self:signer()
  claims.emulator_generation, claims.emulator_claims = signer.generation, held
  self.issued = self.issued + 1
  local header = { alg = "RS256", typ = "JWT", kid = key.id, x5t = key.id }
  return jwt.write(key.key, header, claims), lifetime
end

--- Issue an id token, which tells a client about the signed-in user.
---@param origin string         scheme, host and port of the emulator
---@param user table
---@param client_id string
---@param nonce string?
---@return string
function Tokens:issue_identity(origin, user, client_id, nonce)
  local claims = common(self, user, client_id, math.floor(self.lifetime))
  claims.tid, claims.ver = user.tenant_id, "2.0"
  claims.iss = ("%s/%s/v2.0"):format(origin, user.tenant_id)
  claims.sub = subject_of(user, client_id)
  claims.preferred_username, claims.name = user.name, user.display_name or user.name
  claims.nonce = nonce
  local _, key = self:signer()
  return jwt.write(key.key, { alg = "RS256", typ = "JWT", kid = key.id }, claims)
end

-- Checking ----------------------------------------------------------------------------------------

local function read(self, text)
  local token = jwt.read(text)
  local signer, key = self:signer()
  if not token or token.header.kid ~= key.id then return nil end
  if not jwt.is_signed_by(token, key.key) then return nil end
  local claims, held = token.claims, {}
  if claims.ver ~= "1.0" then return nil end      -- an id token, which gives no access
  for _, claim in ipairs(claims.emulator_claims or {}) do held[claim] = true end
  local expires = claims.exp
  if claims.emulator_generation < signer.generation then
    expires = math.min(expires, signer.ended)
  end
  return {
    object_id = claims.oid, tenant_id = claims.tid, client_id = claims.appid,
    audience = claims.aud, expires = expires, held = held, claims = claims,
  }
end

local function remember(self, text, known)
  if self.known_count >= MOST_KNOWN then self.known, self.known_count = {}, 0 end
  self.known[text] = known
  self.known_count = self.known_count + 1
end

---@class azureml.emulator.Token
---@field object_id string
---@field tenant_id string
---@field client_id string
---@field audience string
---@field expires number      seconds since 1970
---@field held table<string, true>      the requested claims that the token holds
---@field claims table

--- Verify an access token's signature and return what it says. The caller compares its expiry.
---@param text string
---@return azureml.emulator.Token?      nil if this emulator did not issue it
function Tokens:check(text)
  local known = self.known[text]
  if known then return known end
  known = read(self, text)
  if known then remember(self, text, known) end
  return known
end

--- Expire all tokens issued so far.
---@param now number?      seconds since 1970: the time of the request that must find them expired,
---  where the clock has moved on since; by default the current time
function Tokens:expire(now)
  local signer = self:signer()
  signer.generation, signer.ended = signer.generation + 1, now or self.clock:now()
  self.world:save("signer", signer)
  self.known, self.known_count = {}, 0
end

return access_token
