--- The key that signs the emulator's tokens, and how it is published. One a process, as Entra has one for all tenants: making it takes
--- longer than all else at the start.
local crypto = require("azureml.core").crypto
local json = require "azureml.json"

local keys = {}

local made      -- the process's own: made when first needed

-- RFC 7638: the same key has the same id wherever it is read.
local function id_of(jwk)
  return crypto.base64url(crypto.sha256(('{"e":"%s","kty":"RSA","n":"%s"}'):format(jwk.e, jwk.n)))
end

local function named(key)
  local jwk = key:jwk()
  return { key = key, id = id_of(jwk), jwk = jwk }
end

--- The key to sign with.
---@param pem string?      a private key that was kept; else the process's own
---@return { key: userdata, id: string, jwk: table }
function keys.open(pem)
  if pem then return named(assert(crypto.read_key(pem))) end
  made = made or named(assert(crypto.generate_key()))
  return made
end

--- What is published of it: a set of one.
---@param one table
---@param issuer string
---@return table
function keys.published(one, issuer)
  return {
    keys = json.array {
      { kty = one.jwk.kty, use = "sig", alg = "RS256", kid = one.id, x5t = one.id, n = one.jwk.n, e = one.jwk.e, issuer = issuer },
    },
  }
end

return keys
