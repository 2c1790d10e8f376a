--- Find the application that sends a request and check its proof: a client secret, a client
--- assertion, or nothing for a public client. entra/assertion.lua checks assertions.
---
--- Source: spec/contract/auth.md, sections 2 to 4.
local aadsts = require "azureml.emulator.entra.aadsts"
local assertion = require "azureml.emulator.entra.assertion"
local crypto = require("azureml.core").crypto
local form = require "azureml.emulator.entra.form"

local proof = {}

--- Return a required field of a form. Refuse the request without it.
---@param fields table<string, string>
---@param name string
---@return string
function proof.need(fields, name)
  local value = fields[name]
  if (value or "") == "" then aadsts.raise(900144, name) end
  return value
end

--- Copy the credentials of HTTP Basic to the form's client_id and client_secret. Both parts are
--- form-encoded: RFC 6749, section 2.3.1. Fields of the form take precedence.
---@param http table        the HTTP request
---@param fields table      changed
function proof.read_basic(http, fields)
  local text = (http.headers.authorization or ""):match "^[Bb]asic +(%S+)$"
  local id, secret = ((text and crypto.from_base64(text)) or ""):match "^([^:]*):(.*)$"
  if not id then return end
  local decoded = form.read("id=" .. id .. "&secret=" .. secret)
  fields.client_id = fields.client_id or decoded.id
  fields.client_secret = fields.client_secret or decoded.secret
end

local function has_proofs(application)
  return #(application.secrets or {}) > 0
    or #(application.certificates or {}) > 0
    or #(application.federated or {}) > 0
end

local function check_secret(request, application, value)
  local is_expired = false
  for _, secret in ipairs(application.secrets or {}) do
    if secret.value == value then
      if not secret.expires or secret.expires > request.now then return end
      is_expired = true
    end
  end
  aadsts.raise(is_expired and 7000222 or 7000215, application.client_id)
end

--- Return the application that a form names. Refuse an unknown or disabled application.
---@param request azureml.emulator.EntraRequest
---@return table
function proof.application(request)
  local id, tenant = proof.need(request.form, "client_id"), request.tenant
  local application = request.directory:application(tenant.id, id)
  if not application then aadsts.raise(700016, id, tenant.name or tenant.id) end
  if application.disabled then aadsts.raise(7000112, id) end
  return application
end

local function filled(fields, name)
  return fields[name] and fields[name] ~= "" and fields[name] or nil
end

--- Return the application that sends a request, after checking its proof. Refuse a bad proof.
---@param request azureml.emulator.EntraRequest
---@param may_be_public boolean     true for user sign-ins: a public client needs no proof there
---@return table application, string proof      "secret", "assertion", "none"
function proof.check(request, may_be_public)
  local application = proof.application(request)
  local secret = filled(request.form, "client_secret")
  local text = filled(request.form, "client_assertion")
  if (secret or text) and application.public and not has_proofs(application) then
    aadsts.raise(700025)
  end
  if text then
    local kind = proof.need(request.form, "client_assertion_type")
    if kind ~= assertion.TYPE then aadsts.raise(90014, "client_assertion_type") end
    assertion.check(request, application, text)
    return application, "assertion"
  end
  if secret then
    check_secret(request, application, secret)
    return application, "secret"
  end
  if not (may_be_public and application.public) then aadsts.raise(7000218) end
  return application, "none"
end

return proof
