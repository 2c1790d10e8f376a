--- Serve the token endpoint: check each kind of grant and issue its tokens. entra/proof.lua checks
--- the application, entra/access_token.lua signs the tokens.
---
--- Source: spec/contract/auth.md, sections 2, 8 and 9.
local aadsts = require "azureml.emulator.entra.aadsts"
local device = require "azureml.emulator.entra.device"
local json = require "azureml.json"
local crypto = require("azureml.core").crypto
local proof = require "azureml.emulator.entra.proof"
local refresh = require "azureml.emulator.entra.refresh"
local scope = require "azureml.emulator.entra.scope"
local sign_in = require "azureml.emulator.entra.sign_in"
local tables = require "azureml.tool.tables"

local token_endpoint = {}

local TWO_HOURS = 7200

-- Convert seconds of the emulator's clock to seconds of the client's real clock.
local function real(request, seconds)
  return math.max(1, math.floor(request.world.clock:in_real_time(seconds) or seconds))
end

local function answer(request, text, lifetime, more)
  local seconds = real(request, lifetime)
  local body = {
    token_type = "Bearer", expires_in = seconds, ext_expires_in = seconds, access_token = text,
    refresh_in = seconds >= TWO_HOURS and seconds // 2 or nil,
  }
  return { status = 200, json = tables.merge(body, more) }
end

-- Return the claims parameter, which must be a JSON object.
local function claims_of(fields)
  local text = fields.claims
  if not text or text == "" then return nil end
  if type(json.decode(text)) ~= "table" then aadsts.raise(90014, "claims") end
  return text
end

-- Return the scope of a form. Version 1 of the endpoint has a resource, version 2 a scope.
local function scope_of(fields)
  if fields.resource and not fields.scope then return fields.resource .. "/.default" end
  return proof.need(fields, "scope")
end

-- User tokens -------------------------------------------------------------------------------------

local function client_info(user)
  return crypto.base64url(json.encode { uid = user.object_id, utid = user.tenant_id })
end

-- Issue a user's tokens. Libraries need the member `scope`; the refresh token, the id token and
-- client_info are issued on request.
local function for_user(request, application, user, requested, more)
  local audience, words = scope.of_user(request, requested)
  local text, lifetime = request.tokens:issue {
    principal = user, audience = audience, client_id = application.client_id,
    claims = claims_of(request.form) or more.claims,
  }
  local refresh_token, id_token
  if words.offline_access then
    refresh_token = refresh.issue(request, {
      user = user, application = application, scope = requested, code = more.code,
    })
  end
  if words.openid then
    id_token = request.tokens:issue_identity(
      request.origin, user, application.client_id, more.nonce)
  end
  return answer(request, text, lifetime, {
    scope = requested, foci = application.family,
    refresh_token = refresh_token, id_token = id_token,
    client_info = request.form.client_info and client_info(user) or nil,
  })
end

-- Grants ------------------------------------------------------------------------------------------

local grants = {}

function grants.client_credentials(request)
  if request.alias then aadsts.raise(9001023, "client_credentials") end
  local application, how = proof.check(request, false)
  local audience = scope.of_application(request, scope_of(request.form))
  local text, lifetime = request.tokens:issue {
    principal = application, audience = audience, tenant_id = request.tenant.id,
    claims = claims_of(request.form), proof = how,
  }
  return answer(request, text, lifetime)
end

function grants.device_code(request)
  local application, fields = proof.check(request, true), request.form
  local code = fields.device_code or proof.need(fields, "code")
  local user, record = device.redeem(request, application, code)
  return for_user(request, application, user, record.scope, {})
end

grants["urn:ietf:params:oauth:grant-type:device_code"] = grants.device_code

function grants.authorization_code(request)
  local application = proof.check(request, true)
  local user, record = sign_in.redeem(request, application)
  return for_user(request, application, user, request.form.scope or record.scope, {
    nonce = record.nonce, claims = record.claims, code = record.id,
  })
end

function grants.refresh_token(request)
  local application, fields = proof.check(request, true), request.form
  local text = proof.need(fields, "refresh_token")
  local user, record = refresh.redeem(request, application, text)
  local requested = fields.scope or record.scope
  return for_user(request, application, user, requested, { code = record.code })
end

-- Answer a request with a user name and a password. This grant is deprecated, but clients still use
-- it when the environment has both.
function grants.password(request)
  local application, tenant = proof.check(request, true), request.tenant
  local name = proof.need(request.form, "username")
  local password = proof.need(request.form, "password")
  local user = request.directory:user(name)
  if not user then aadsts.raise(50034, name, tenant.name or tenant.id) end
  if user.disabled then aadsts.raise(50057) end
  if not user.password or user.password ~= password then aadsts.raise(50126) end
  return for_user(request, application, user, proof.need(request.form, "scope"), {})
end

--- Answer a request for a token.
---@param request azureml.emulator.EntraRequest
---@return table response
function token_endpoint.answer(request)
  proof.read_basic(request.http, request.form)
  local kind = proof.need(request.form, "grant_type")
  local grant = grants[kind]
  if not grant then aadsts.raise(70003, kind) end
  return grant(request)
end

return token_endpoint
