--- Access tokens and id tokens: signed as Entra's are, and checked when they come back. A token is read and verified once and known by its
--- text from then on; what is known can be forgotten at any time.
local crypto = require("azureml.core").crypto
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"
local jwt = require "azureml.emulator.entra.jwt"
local keys = require "azureml.emulator.entra.keys"
local world = require "azureml.emulator.world"

local access_token = {}

local Tokens = {}
Tokens.__index = Tokens

local LEAST_REAL_LIFE = 60      -- seconds: with a clock that runs very fast a token would end before it was used
local MOST_KNOWN = 10000

local function lifetime_of(given, clock)
  return given or math.max(inferred.token_lifetime, LEAST_REAL_LIFE * clock.speed)
end

-- The one record of who issues: the key, how often all tokens were ended, and when last.
world.kinds.signer = { key = function(record) return record.id end }
-- Claims that a principal's tokens must have been fetched with.
world.kinds.demand = { key = function(record) return record.object_id end }

local SIGNER = "tokens"

--- Who issues tokens in a world.
---@param given { world: table, clock: table, random: function, lifetime: number? }
function access_token.new(given)
  return setmetatable({
    world = given.world, clock = given.clock, random = given.random, given_lifetime = given.lifetime,
    lifetime = lifetime_of(given.lifetime, given.clock), known = {}, known_count = 0, issued = 0,
  }, Tokens)
end

--- From now on tokens live so long.
---@param seconds integer
function Tokens:set_lifetime(seconds)
  self.given_lifetime, self.lifetime = seconds, seconds
end

--- Who signs: a key, made when first asked for.
---@return { id: string, pem: string, generation: integer, ended: number? } signer, { key: userdata, id: string, jwk: table } key
function Tokens:signer()
  local signer = self.world:record("signer", SIGNER)
  if not signer then
    self.key = keys.open()
    signer = self.world:save("signer", { id = SIGNER, pem = self.key.key:pem(), generation = 0 })
  end
  self.key = self.key or keys.open(signer.pem)
  return signer, self.key
end

-- Claims that were asked for ----------------------------------------------------------------------------------------------

local function values_of(wanted)
  if type(wanted) ~= "table" then return {} end
  if type(wanted.values) == "table" then return wanted.values end
  return { wanted.value }
end

--- What a text of claims asks of an access token: { "nbf=1602000000", "acrs=c1", "xms_cc=cp1" }, sorted; nil if it is no such text.
---@param text string
---@return string[]?
function access_token.asked(text)
  local members = json.get(json.decode(text), "access_token")
  if type(members) ~= "table" then return nil end
  local list = {}
  for name, wanted in pairs(members) do
    for _, value in ipairs(values_of(wanted)) do list[#list + 1] = ("%s=%s"):format(name, tostring(value)) end
  end
  table.sort(list)
  return list
end

--- From now on a principal's tokens pass only if they were fetched with these claims.
---@param principal table
---@param text string          claims, as JSON
function Tokens:demand(principal, text)
  self.world:save("demand", { object_id = principal.object_id, text = text, asked = access_token.asked(text) or {} })
end

local function holds_all(held, wanted)
  for _, one in ipairs(wanted) do
    if not held[one] then return false end
  end
  return true
end

--- The claims, as JSON, that a known token lacks; nil if it lacks none.
---@param known table
---@return string?
function Tokens:lacks(known)
  local demand = self.world:record("demand", known.object_id)
  return demand and not holds_all(known.held, demand.asked) and demand.text or nil
end

-- Issuing -----------------------------------------------------------------------------------------------------------------

local function common(self, principal, audience, lifetime)
  local now = math.floor(self.clock:now())
  return {
    aud = audience, iat = now, nbf = now, exp = now + lifetime, oid = principal.object_id, uti = crypto.base64url(self.random(16)),
  }
end

-- What a user is called differs between those who ask, as Entra has it.
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
  for _, one in ipairs(list or {}) do
    if one == wanted then return true end
  end
  return false
end

-- A client that can answer challenges is given tokens that live long.
-- Source: spec/contract/auth.md, section 11.
local function life(self, held)
  if self.given_lifetime or not is_among(held, "xms_cc=cp1") then return math.floor(self.lifetime) end
  return math.floor(math.max(self.lifetime, inferred.continuous_token_lifetime))
end

local ANY_CLIENT = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"      -- the Azure CLI's, where nobody says with what a user signed in
local PROOFS = { secret = "1", assertion = "2" }

---@class azureml.emulator.Grant
---@field principal table        whose token it is
---@field audience string
---@field tenant_id string?      where it was asked for; the principal's home
---@field client_id string?      who asked for it; the principal itself
---@field claims string?         a text of claims that it is to hold
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
  claims.idp, claims.ver, claims.idtyp = claims.iss, "1.0", principal.kind == "user" and "user" or "app"
  claims.appid = grant.client_id or principal.client_id or ANY_CLIENT
  claims.appidacr = PROOFS[grant.proof] or principal.kind == "identity" and "2" or "0"
  claims.sub = subject_of(principal, claims.appid)
  claims.xms_mirid = principal.resource_id
  claims.xms_cc = is_among(held, "xms_cc=cp1") and json.array { "cp1" } or nil
  if principal.kind == "user" then about_user(claims, principal) end
  local signer, key = self:signer()
  claims.emulator_generation, claims.emulator_claims = signer.generation, held
  self.issued = self.issued + 1
  return jwt.write(key.key, { alg = "RS256", typ = "JWT", kid = key.id, x5t = key.id }, claims), lifetime
end

--- Issue an id token: what a client is told of who signed in.
---@param origin string
---@param user table
---@param client_id string
---@param nonce string?
---@return string
function Tokens:issue_identity(origin, user, client_id, nonce)
  local claims = common(self, user, client_id, math.floor(self.lifetime))
  claims.tid, claims.ver = user.tenant_id, "2.0"
  claims.iss = ("%s/%s/v2.0"):format(origin, user.tenant_id)
  claims.sub, claims.preferred_username, claims.name = subject_of(user, client_id), user.name, user.display_name or user.name
  claims.nonce = nonce
  local _, key = self:signer()
  return jwt.write(key.key, { alg = "RS256", typ = "JWT", kid = key.id }, claims)
end

-- Checking ----------------------------------------------------------------------------------------------------------------

local function read(self, text)
  local token = jwt.read(text)
  local signer, key = self:signer()
  if not token or token.header.kid ~= key.id or not jwt.is_signed_by(token, key.key) then return nil end
  local claims, held = token.claims, {}
  if claims.ver ~= "1.0" then return nil end      -- an id token opens nothing
  for _, one in ipairs(claims.emulator_claims or {}) do held[one] = true end
  local expires = claims.exp
  if claims.emulator_generation < signer.generation then expires = math.min(expires, signer.ended) end
  return {
    object_id = claims.oid, tenant_id = claims.tid, client_id = claims.appid, audience = claims.aud, expires = expires, held = held,
    claims = claims,
  }
end

local function remember(self, text, known)
  if self.known_count >= MOST_KNOWN then self.known, self.known_count = {}, 0 end
  self.known[text] = known
  self.known_count = self.known_count + 1
end

--- What a token says; nil if it was not issued here.
---@param text string
---@return { object_id: string, tenant_id: string, client_id: string, audience: string, expires: number, claims: table }?
function Tokens:check(text)
  local known = self.known[text]
  if known then return known end
  known = read(self, text)
  if known then remember(self, text, known) end
  return known
end

--- End all tokens that there are.
---@param now number?      of the request that is to find them ended, which a clock has since left behind; now
function Tokens:expire(now)
  local signer = self:signer()
  signer.generation, signer.ended = signer.generation + 1, now or self.clock:now()
  self.world:save("signer", signer)
  self.known, self.known_count = {}, 0
end

return access_token
