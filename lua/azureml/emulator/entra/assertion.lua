--- Check client assertions: tokens by which an application proves its identity. The application
--- signs one with its registered certificate, or an outside issuer signs it and the application's
--- federated credential trusts that issuer. entra/proof.lua decides when an assertion is needed.
---
--- Source: spec/contract/auth.md, sections 1, 4 and 5; RFC 7523.
local aadsts = require "azureml.emulator.entra.aadsts"
local core = require "azureml.core"
local ephemeral = require "azureml.emulator.entra.ephemeral"
local jwt = require "azureml.emulator.entra.jwt"

local crypto = core.crypto

local assertion = {}

assertion.TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

-- Seconds by which clocks may differ: Entra's own tolerance.
local SKEW = 300
-- The audience of a federated credential without one.
local EXCHANGE = "api://AzureADTokenExchange"

ephemeral.kind "assertion"

-- Times -------------------------------------------------------------------------------------------

local function utc(time)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(time))
end

local function is_valid_at(now, from, to)
  return now >= from - SKEW and now < to + SKEW
end

-- Accept the real time too: clients use their own clock, and the emulator's may run fast or be set
-- by hand.
local function check_times(request, claims)
  local from, to = claims.nbf or claims.iat or 0, claims.exp
  if type(from) ~= "number" or type(to) ~= "number" then
    aadsts.raise(50027, "'exp' must be a number.")
  end
  if is_valid_at(request.now, from, to) or is_valid_at(core.time(), from, to) then return end
  aadsts.raise(700024, utc(request.now), utc(from), utc(to))
end

-- The application's own certificate ---------------------------------------------------------------

-- Read all spellings that clients use: base64url with and without padding, standard base64, hex.
local function digest_of(text)
  if type(text) ~= "string" then return nil end
  if (#text == 40 or #text == 64) and text:find "^%x+$" then
    return (text:gsub("%x%x", function(hex) return string.char(tonumber(hex, 16)) end))
  end
  return crypto.from_base64(text)
end

local function leaf_of(header)
  local first = type(header.x5c) == "table" and header.x5c[1]
  local der = type(first) == "string" and crypto.from_base64(first)
  return der and crypto.sha256(der)
end

local HEADERS = { "x5t#S256", "x5t", "kid" }

-- Return the certificate that a header names, and the thumbprint in the header.
local function certificate_of(request, application, header)
  local certificates = request.directory:certificates_of(application)
  local thumbprint
  for _, name in ipairs(HEADERS) do
    local digest = digest_of(header[name])
    thumbprint = thumbprint or digest and header[name]
    for _, certificate in ipairs(certificates) do
      if digest and (digest == certificate.sha256 or digest == certificate.sha1) then
        return certificate, header[name]
      end
    end
  end
  local leaf = not thumbprint and leaf_of(header)
  for _, certificate in ipairs(leaf and certificates or {}) do
    if leaf == certificate.sha256 then return certificate, "x5c" end
  end
  return nil, thumbprint or ""
end

local function check_signature(request, application, token)
  local certificate, thumbprint = certificate_of(request, application, token.header)
  if not certificate then
    if leaf_of(token.header) then aadsts.raise(700030) end
    aadsts.raise(700027, "The key was not found.", thumbprint)
  end
  if not is_valid_at(request.now, certificate.not_before, certificate.not_after) then
    aadsts.raise(700027, "The key used is expired.", thumbprint)
  end
  if not jwt.is_signed_by(token, certificate.key) then
    aadsts.raise(700027, "Client assertion failed signature validation.", thumbprint)
  end
end

local function without_scheme(url)
  return (tostring(url):gsub("^https?://", ""):lower())
end

local AUDIENCES = { "/oauth2/v2.0/token", "/oauth2/token", "/v2.0" }

-- Check the audience: the token endpoint of either version or the issuer, under any name of the
-- tenant. The scheme is ignored: a proxy in front of the emulator may speak TLS.
local function check_audience(request, claims)
  local audience = without_scheme(claims.aud)
  for _, origin in ipairs { request.origin, request.url } do
    for _, tenant in ipairs { request.tenant_text, request.tenant.id, request.tenant.name } do
      local base = without_scheme(origin .. "/" .. tenant)
      for _, path in ipairs(AUDIENCES) do
        if audience == base .. path then return end
      end
    end
  end
  local expected = ("%s/%s/oauth2/v2.0/token"):format(request.origin, request.tenant_text)
  aadsts.raise(700023, claims.aud, expected)
end

-- Refuse a different assertion with an id that was used before; for an application with
-- single_use_assertions refuse the same assertion too. As in Entra, libraries may send the same
-- assertion until it expires.
local function check_reuse(request, application, token, text)
  local jti = token.claims.jti
  if jti == nil then return end
  local id = application.client_id .. " " .. tostring(jti)
  local digest = crypto.base64url(crypto.sha256(text))
  local seen = request.world:record("assertion", id)
  if not seen then
    local forgotten = math.max(request.now, token.claims.exp) + SKEW
    request.world:save("assertion", { id = id, digest = digest, forgotten = forgotten })
  elseif application.single_use_assertions or seen.digest ~= digest then
    aadsts.raise(50027, "The identifier 'jti' of the assertion has been used before.")
  end
end

local function check_own(request, application, token, text)
  local claims = token.claims
  check_signature(request, application, token)
  if tostring(claims.sub):lower() ~= application.client_id:lower() then
    aadsts.raise(700021, claims.iss, claims.sub, application.client_id)
  end
  check_audience(request, claims)
  check_times(request, claims)
  check_reuse(request, application, token, text)
end

-- Federation --------------------------------------------------------------------------------------

local function holds(audience, wanted)
  if type(audience) ~= "table" then return audience == wanted end
  for _, value in ipairs(audience) do
    if value == wanted then return true end
  end
  return false
end

-- Refuse unless a federated credential matches. Name the claim at which the best candidate fails.
-- Issuer and subject are compared with case.
local function check_credential(application, claims)
  local missing = 700211
  for _, credential in ipairs(application.federated or {}) do
    if credential.issuer == claims.iss then
      if not holds(claims.aud, credential.audience or EXCHANGE) then
        missing = math.max(missing, 700212)
      elseif credential.subject ~= claims.sub then
        missing = 700213
      else
        return
      end
    end
  end
  local audience = type(claims.aud) == "table" and table.concat(claims.aud, ", ") or claims.aud
  local values = { [700211] = claims.iss, [700212] = audience, [700213] = claims.sub }
  aadsts.raise(missing, values[missing])
end

-- Return whether this emulator issued the token: a managed identity's token may be an assertion.
local function is_ours(request, issuer)
  local tenant = issuer:match "^https://sts%.windows%.net/([^/]+)/$"
    or issuer:match "^https?://[^/]+/([^/]+)/v2%.0$"
  return tenant and request.directory:tenant(tenant) ~= nil
end

local function keys_of(request, issuer)
  local keys = request.directory:keys_of(issuer)
  if keys then return keys end
  if not is_ours(request, issuer) then aadsts.raise(50166, issuer) end
  local _, key = request.tokens:signer()
  return { key.key }
end

local function check_federated(request, application, token)
  local claims = token.claims
  check_credential(application, claims)
  local is_signed = false
  for _, key in ipairs(keys_of(request, claims.iss)) do
    is_signed = is_signed or jwt.is_signed_by(token, key)
  end
  if not is_signed then
    local kid = token.header.kid or ""
    aadsts.raise(700027, "Client assertion failed signature validation.", kid)
  end
  check_times(request, claims)
end

--- Refuse a request unless an assertion proves that the application sent it.
---@param request azureml.emulator.EntraRequest
---@param application table
---@param text string      the assertion
function assertion.check(request, application, text)
  local token = jwt.read(text)
  if not token then aadsts.raise(50027, "It is not a JWT signed with RS256 or PS256.") end
  local issuer = token.claims.iss
  if type(issuer) ~= "string" then aadsts.raise(50027, "'iss' must be a text.") end
  if issuer:lower() == application.client_id:lower() then
    return check_own(request, application, token, text)
  end
  if not issuer:find "^https?://" then
    aadsts.raise(700021, issuer, token.claims.sub, application.client_id)
  end
  check_federated(request, application, token)
end

return assertion
