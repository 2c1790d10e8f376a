--- Assertions of clients: a token that an application signed with a registered certificate, or that
--- somebody signed whom a federated credential of it trusts. Source: spec/contract/auth.md,
--- sections 1, 4 and 5; RFC 7523.
local aadsts = require "azureml.emulator.entra.aadsts"
local core = require "azureml.core"
local ephemeral = require "azureml.emulator.entra.ephemeral"
local jwt = require "azureml.emulator.entra.jwt"

local crypto = core.crypto

local assertion = {}

assertion.TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

local SKEW = 300                                         -- seconds by which clocks may differ: Entra's own tolerance
local EXCHANGE = "api://AzureADTokenExchange"            -- the audience of a federated credential that names none

ephemeral.kind "assertion"

-- Times ------------------------------------------------------------------------------------------------------------------

local function utc(time)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(time))
end

local function is_valid_at(now, from, to)
  return now >= from - SKEW and now < to + SKEW
end

-- Clients live by their own clock: one that runs fast here, or was moved by hand, leaves them behind.
local function check_times(at, claims)
  local from, to = claims.nbf or claims.iat or 0, claims.exp
  if type(from) ~= "number" or type(to) ~= "number" then aadsts.raise(50027, "'exp' must be a number.") end
  if is_valid_at(at.now, from, to) or is_valid_at(core.time(), from, to) then return end
  aadsts.raise(700024, utc(at.now), utc(from), utc(to))
end

-- Its own certificate -----------------------------------------------------------------------------------------------------

-- All spellings that clients use: base64url with and without padding, standard base64, hex.
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

-- The thumbprint that it names, and the certificate that has it.
local function certificate_of(at, application, header)
  local named
  for _, name in ipairs(HEADERS) do
    local digest = digest_of(header[name])
    named = named or digest and header[name]
    for _, certificate in ipairs(at.directory:certificates_of(application)) do
      if digest and (digest == certificate.sha256 or digest == certificate.sha1) then return certificate, header[name] end
    end
  end
  local leaf = not named and leaf_of(header)
  for _, certificate in ipairs(leaf and at.directory:certificates_of(application) or {}) do
    if leaf == certificate.sha256 then return certificate, "x5c" end
  end
  return nil, named or ""
end

local function check_signature(at, application, token)
  local certificate, named = certificate_of(at, application, token.header)
  if not certificate then
    if leaf_of(token.header) then aadsts.raise(700030) end
    aadsts.raise(700027, "The key was not found.", named)
  end
  if not is_valid_at(at.now, certificate.not_before, certificate.not_after) then aadsts.raise(700027, "The key used is expired.", named) end
  if not jwt.is_signed_by(token, certificate.key) then
    aadsts.raise(700027, "Client assertion failed signature validation.", named)
  end
end

local function without_scheme(url)
  return (tostring(url):gsub("^https?://", ""):lower())
end

-- The token endpoint, in either version, or the issuer; under the names that the tenant has. The scheme is left aside: something in front
-- of the emulator may speak TLS for it.
local function check_audience(at, claims)
  local given = without_scheme(claims.aud)
  for _, origin in ipairs { at.origin, at.url } do
    for _, tenant in ipairs { at.tenant_text, at.tenant.id, at.tenant.name } do
      local base = without_scheme(origin .. "/" .. tenant)
      if given == base .. "/oauth2/v2.0/token" or given == base .. "/oauth2/token" or given == base .. "/v2.0" then return end
    end
  end
  aadsts.raise(700023, claims.aud, ("%s/%s/oauth2/v2.0/token"):format(at.origin, at.tenant_text))
end

-- An id names one assertion. Libraries send the same one again until it ends, as Entra lets them; another one of that id is refused, and
-- for an application of single_use_assertions the same one too.
local function check_reuse(at, application, token, text)
  local jti = token.claims.jti
  if jti == nil then return end
  local id, digest = application.client_id .. " " .. tostring(jti), crypto.base64url(crypto.sha256(text))
  local seen = at.world:record("assertion", id)
  if not seen then
    at.world:save("assertion", { id = id, digest = digest, forgotten = math.max(at.now, token.claims.exp) + SKEW })
  elseif application.single_use_assertions or seen.digest ~= digest then
    aadsts.raise(50027, "The identifier 'jti' of the assertion has been used before.")
  end
end

local function check_own(at, application, token, text)
  local claims = token.claims
  check_signature(at, application, token)
  if tostring(claims.sub):lower() ~= application.client_id:lower() then
    aadsts.raise(700021, claims.iss, claims.sub, application.client_id)
  end
  check_audience(at, claims)
  check_times(at, claims)
  check_reuse(at, application, token, text)
end

-- Federation --------------------------------------------------------------------------------------------------------------

local function holds(audience, wanted)
  if type(audience) ~= "table" then return audience == wanted end
  for _, one in ipairs(audience) do
    if one == wanted then return true end
  end
  return false
end

-- The credential that it fits; else the first thing that fits none. Issuer and subject are compared as they stand.
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
  aadsts.raise(missing, ({ [700211] = claims.iss, [700212] = audience, [700213] = claims.sub })[missing])
end

-- Tokens of this emulator's own tenants: a managed identity's, say.
local function is_ours(at, issuer)
  local tenant = issuer:match "^https://sts%.windows%.net/([^/]+)/$" or issuer:match "^https?://[^/]+/([^/]+)/v2%.0$"
  return tenant and at.directory:tenant(tenant) ~= nil
end

local function keys_of(at, issuer)
  local keys = at.directory:keys_of(issuer)
  if keys then return keys end
  if not is_ours(at, issuer) then aadsts.raise(50166, issuer) end
  local _, key = at.tokens:signer()
  return { key.key }
end

local function check_federated(at, application, token)
  local claims = token.claims
  check_credential(application, claims)
  local good = false
  for _, key in ipairs(keys_of(at, claims.iss)) do good = good or jwt.is_signed_by(token, key) end
  if not good then aadsts.raise(700027, "Client assertion failed signature validation.", token.header.kid or "") end
  check_times(at, claims)
end

--- Refuse unless a text proves that an application sent it.
---@param at table            the request: now, origin, url, tenant, tenant_text, world, directory, tokens
---@param application table
---@param text string
function assertion.check(at, application, text)
  local token = jwt.read(text)
  if not token then aadsts.raise(50027, "It is not a JWT signed with RS256 or PS256.") end
  local issuer = token.claims.iss
  if type(issuer) ~= "string" then aadsts.raise(50027, "'iss' must be a text.") end
  if issuer:lower() == application.client_id:lower() then return check_own(at, application, token, text) end
  if not issuer:find "^https?://" then aadsts.raise(700021, issuer, token.claims.sub, application.client_id) end
  check_federated(at, application, token)
end

return assertion
