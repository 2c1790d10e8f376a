--- Make the key that signs the emulator's tokens, and publish its public half. All emulators of a
--- process share a key: making it takes most of the start time. Entra too has keys for all tenants.
local crypto = require("azureml.core").crypto
local json = require "azureml.json"

local keys = {}

local own      -- the key of this process, made on first use

-- Return the id of a key, which depends only on the key. Source: RFC 7638.
local function id_of(jwk)
  return crypto.base64url(crypto.sha256(('{"e":"%s","kty":"RSA","n":"%s"}'):format(jwk.e, jwk.n)))
end

local function with_id(key)
  local jwk = key:jwk()
  return { key = key, id = id_of(jwk), jwk = jwk }
end

--- Return a signing key.
---@param pem string?      a saved private key; by default the key of this process
---@return { key: userdata, id: string, jwk: table }
function keys.open(pem)
  if pem then return with_id(assert(crypto.read_key(pem))) end
  own = own or with_id(assert(crypto.generate_key(2048, 3)))
  return own
end

--- Return the public half of a key as a JWK set.
---@param key { id: string, jwk: table }
---@param issuer string
---@return table
function keys.published(key, issuer)
  return {
    keys = json.array {
      {
        kty = key.jwk.kty, use = "sig", alg = "RS256", kid = key.id, x5t = key.id,
        n = key.jwk.n, e = key.jwk.e, issuer = issuer,
      },
    },
  }
end

return keys
