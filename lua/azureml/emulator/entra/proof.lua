--- Which application asks Entra, and how it proves it: by a secret, by an assertion, or not at all.
--- Source: spec/contract/auth.md, sections 2 to 4.
local aadsts = require "azureml.emulator.entra.aadsts"
local assertion = require "azureml.emulator.entra.assertion"
local crypto = require("azureml.core").crypto
local form = require "azureml.emulator.entra.form"

local proof = {}

--- A field that must be there.
---@param fields table<string, string>
---@param name string
---@return string
function proof.need(fields, name)
  local value = fields[name]
  if (value or "") == "" then aadsts.raise(900144, name) end
  return value
end

--- HTTP Basic stands for two fields of the form: both parts are encoded as forms are, RFC 6749 section 2.3.1.
---@param request table
---@param fields table      changed
function proof.read_basic(request, fields)
  local text = (request.headers.authorization or ""):match "^[Bb]asic +(%S+)$"
  local id, secret = ((text and crypto.from_base64(text)) or ""):match "^([^:]*):(.*)$"
  if not id then return end
  local decoded = form.read("id=" .. id .. "&secret=" .. secret)
  fields.client_id, fields.client_secret = fields.client_id or decoded.id, fields.client_secret or decoded.secret
end

local function has_proofs(application)
  return #(application.secrets or {}) > 0 or #(application.certificates or {}) > 0 or #(application.federated or {}) > 0
end

local function check_secret(at, application, given)
  local expired = false
  for _, secret in ipairs(application.secrets or {}) do
    if secret.value == given then
      if not secret.expires or secret.expires > at.now then return end
      expired = true
    end
  end
  aadsts.raise(expired and 7000222 or 7000215, application.client_id)
end

--- The application that a form names.
---@param at table
---@return table
function proof.application(at)
  local id = proof.need(at.form, "client_id")
  local application = at.directory:application(at.tenant.id, id)
  if not application then aadsts.raise(700016, id, at.tenant.name or at.tenant.id) end
  if application.disabled then aadsts.raise(7000112, id) end
  return application
end

local function given(fields, name)
  return fields[name] and fields[name] ~= "" and fields[name] or nil
end

--- The application that asks, once it has proved it is the one.
---@param at table              the request: form, tenant, directory, ...
---@param may_be_public boolean     where a person signs in, a public client needs no proof
---@return table application, string proof      "secret", "assertion", "none"
function proof.check(at, may_be_public)
  local application = proof.application(at)
  local secret, text = given(at.form, "client_secret"), given(at.form, "client_assertion")
  if (secret or text) and application.public and not has_proofs(application) then aadsts.raise(700025) end
  if text then
    local kind = proof.need(at.form, "client_assertion_type")
    if kind ~= assertion.TYPE then aadsts.raise(90014, "client_assertion_type") end
    assertion.check(at, application, text)
    return application, "assertion"
  end
  if secret then
    check_secret(at, application, secret)
    return application, "secret"
  end
  if not (may_be_public and application.public) then aadsts.raise(7000218) end
  return application, "none"
end

return proof
