--- The token endpoint: each kind of grant, and what is given for it. Source: spec/contract/auth.md,
--- sections 2, 8 and 9.
local aadsts = require "azureml.emulator.entra.aadsts"
local device = require "azureml.emulator.entra.device"
local json = require "azureml.json"
local crypto = require("azureml.core").crypto
local proof = require "azureml.emulator.entra.proof"
local refresh = require "azureml.emulator.entra.refresh"
local scope = require "azureml.emulator.entra.scope"
local sign_in = require "azureml.emulator.entra.sign_in"
local tables = require "azureml.tables"

local token_endpoint = {}

local TWO_HOURS = 7200

-- How long a client's own clock will take: one that runs fast here leaves it behind.
local function real(at, seconds)
  return math.max(1, math.floor(at.world.clock:in_real_time(seconds) or seconds))
end

local function answer(at, text, lifetime, more)
  local seconds = real(at, lifetime)
  local given = {
    token_type = "Bearer", expires_in = seconds, ext_expires_in = seconds, access_token = text,
    refresh_in = seconds >= TWO_HOURS and seconds // 2 or nil,
  }
  return { status = 200, json = tables.merge(given, more) }
end

-- Claims are a JSON object, where there are any.
local function claims_of(fields)
  local text = fields.claims
  if not text or text == "" then return nil end
  if type(json.decode(text)) ~= "table" then aadsts.raise(90014, "claims") end
  return text
end

-- The first version of the endpoint has a resource where the second has a scope.
local function scope_of(fields)
  if fields.resource and not fields.scope then return fields.resource .. "/.default" end
  return proof.need(fields, "scope")
end

-- In a user's name --------------------------------------------------------------------------------------------------------

local function client_info(user)
  return crypto.base64url(json.encode { uid = user.object_id, utid = user.tenant_id })
end

-- Libraries need `scope` as a text; the rest comes where it was asked for.
local function for_user(at, application, user, asked, more)
  local audience, words = scope.of_user(at, asked)
  local text, lifetime = at.tokens:issue {
    principal = user, audience = audience, client_id = application.client_id, claims = claims_of(at.form) or more.claims,
  }
  return answer(at, text, lifetime, {
    scope = asked, foci = application.family,
    refresh_token = words.offline_access and refresh.issue(at, { user = user, application = application, scope = asked, code = more.code })
      or nil,
    id_token = words.openid and at.tokens:issue_identity(at.origin, user, application.client_id, more.nonce) or nil,
    client_info = at.form.client_info and client_info(user) or nil,
  })
end

-- Grants ------------------------------------------------------------------------------------------------------------------

local grants = {}

function grants.client_credentials(at)
  if at.alias then aadsts.raise(9001023, "client_credentials") end
  local application, how = proof.check(at, false)
  local audience = scope.of_application(at, scope_of(at.form))
  local text, lifetime = at.tokens:issue {
    principal = application, audience = audience, tenant_id = at.tenant.id, claims = claims_of(at.form), proof = how,
  }
  return answer(at, text, lifetime)
end

function grants.device_code(at)
  local application = proof.check(at, true)
  local user, one = device.redeem(at, application, at.form.device_code or proof.need(at.form, "code"))
  return for_user(at, application, user, one.scope, {})
end

grants["urn:ietf:params:oauth:grant-type:device_code"] = grants.device_code

function grants.authorization_code(at)
  local application = proof.check(at, true)
  local user, one = sign_in.redeem(at, application)
  return for_user(at, application, user, at.form.scope or one.scope, { nonce = one.nonce, claims = one.claims, code = one.id })
end

function grants.refresh_token(at)
  local application = proof.check(at, true)
  local user, one = refresh.redeem(at, application, proof.need(at.form, "refresh_token"))
  return for_user(at, application, user, at.form.scope or one.scope, { code = one.code })
end

-- Deprecated, and still what a user and a password in the environment lead to.
function grants.password(at)
  local application = proof.check(at, true)
  local name, password = proof.need(at.form, "username"), proof.need(at.form, "password")
  local user = at.directory:user(name)
  if not user then aadsts.raise(50034, name, at.tenant.name or at.tenant.id) end
  if user.disabled then aadsts.raise(50057) end
  if not user.password or user.password ~= password then aadsts.raise(50126) end
  return for_user(at, application, user, proof.need(at.form, "scope"), {})
end

--- Answer a request for a token.
---@param at table         the request: form, request, tenant, tenant_text, alias, origin, now, world, directory, tokens
---@return table response
function token_endpoint.answer(at)
  proof.read_basic(at.request, at.form)
  local kind = proof.need(at.form, "grant_type")
  local grant = grants[kind]
  if not grant then aadsts.raise(70003, kind) end
  return grant(at)
end

return token_endpoint
