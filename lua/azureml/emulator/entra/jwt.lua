--- JSON web tokens: written, read and verified. Nothing that is read is trusted before its signature was. Source: RFC 7519.
local crypto = require("azureml.core").crypto
local json = require "azureml.json"

local jwt = {}

local LONGEST = 64 * 1024
local KINDS = { RS256 = true, PS256 = true }      -- "none" least of all

--- Write one.
---@param key userdata         of core.crypto, with its private half
---@param header table         alg: "RS256" or "PS256"
---@param claims table
---@return string
function jwt.write(key, header, claims)
  local signed = crypto.base64url(json.encode(header)) .. "." .. crypto.base64url(json.encode(claims))
  return signed .. "." .. crypto.base64url(key:sign(header.alg, signed))
end

local function object_of(text)
  local bytes = crypto.from_base64(text)
  local value = bytes and json.decode(bytes)
  return type(value) == "table" and value or nil
end

--- Read one, without belief.
---@param text string
---@return { header: table, claims: table, signed: string, signature: string }?
function jwt.read(text)
  if #text > LONGEST then return nil end
  local head, body, signature = text:match "^([^.]+)%.([^.]+)%.([^.]+)$"
  if not head then return nil end
  local token = {
    header = object_of(head), claims = object_of(body), signature = crypto.from_base64(signature), signed = head .. "." .. body,
  }
  return token.header and token.claims and token.signature and KINDS[token.header.alg] and token or nil
end

--- Whether a key signed it.
---@param token table
---@param key userdata
---@return boolean
function jwt.is_signed_by(token, key)
  return key:verify(token.header.alg, token.signed, token.signature)
end

return jwt
