--- Write, read and verify JSON web tokens. The caller verifies the signature of a token before it
--- trusts the claims. Source: RFC 7519.
local crypto = require("azureml.core").crypto
local json = require "azureml.json"

local jwt = {}

local LONGEST = 64 * 1024      -- bytes
local ALGORITHMS = { RS256 = true, PS256 = true }

--- Write and sign a token.
---@param key userdata         of core.crypto, with its private half
---@param header table         alg: "RS256" or "PS256"
---@param claims table
---@return string
function jwt.write(key, header, claims)
  local head, body = crypto.base64url(json.encode(header)), crypto.base64url(json.encode(claims))
  local signed = head .. "." .. body
  return signed .. "." .. crypto.base64url(key:sign(header.alg, signed))
end

local function object_of(text)
  local bytes = crypto.from_base64(text)
  local value = bytes and json.decode(bytes)
  return type(value) == "table" and value or nil
end

--- Read a token without verifying its signature.
---@param text string
---@return { header: table, claims: table, signed: string, signature: string }?
---  nil if the text is longer than 64 KiB, malformed, or signed with another algorithm
function jwt.read(text)
  if #text > LONGEST then return nil end
  local head, body, signature = text:match "^([^.]+)%.([^.]+)%.([^.]+)$"
  if not head then return nil end
  local token = {
    header = object_of(head), claims = object_of(body), signature = crypto.from_base64(signature),
    signed = head .. "." .. body,
  }
  local is_complete = token.header and token.claims and token.signature
  return is_complete and ALGORITHMS[token.header.alg] and token or nil
end

--- Return whether a key signed a token.
---@param token table      a result of `jwt.read`
---@param key userdata
---@return boolean
function jwt.is_signed_by(token, key)
  return key:verify(token.header.alg, token.signed, token.signature)
end

return jwt
