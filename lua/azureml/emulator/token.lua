--- The token endpoint, as Entra's: client credentials with a secret. Source: auth.md, section 2.
local token = {}

-- name -> status, error, code, text
local rows = {
  no_tenant = { 400, "invalid_request", 90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID." },
  no_application = { 400, "unauthorized_client", 700016, "Application with identifier '%s' was not found in the directory '%s'." },
  wrong_secret = { 401, "invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the "
    .. "client secret value, not the client secret ID, for a secret added to app '%s'." },
  no_field = { 400, "invalid_request", 900144, "The request body must contain the following parameter: '%s'." },
  wrong_grant = { 400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '%s'." },
  wrong_scope = { 400, "invalid_scope", 1002012, "The provided value for scope %s is not valid. Client credential flows must have a scope "
    .. "value with /.default suffixed to the resource identifier (application ID URI)." },
}

local function refuse(world, name, ...)
  local status, word, code, text = table.unpack(rows[name])
  local trace, correlation = world.guid(), world.guid()
  local stamp = os.date("!%Y-%m-%d %H:%M:%SZ", math.floor(world.clock:now()))
  local description = ("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s"):format(
    code, text:format(...), trace, correlation, stamp)
  return {
    status = status,
    json = {
      error = word, error_codes = { code }, timestamp = stamp, trace_id = trace, correlation_id = correlation,
      error_description = description,
      error_uri = ("https://login.microsoftonline.com/error?code=%d"):format(code),
    },
  }
end

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function read_form(body)
  local form = {}
  for field in body:gmatch "[^&]+" do
    local name, value = field:match "^([^=]*)=(.*)$"
    if name then form[unescape(name)] = unescape(value) end
  end
  return form
end

local FIELDS = { "grant_type", "client_id", "scope", "client_secret" }

--- Answer a request for a token.
---@param state table         world, directory
---@param tenant string
---@param body string         the form
---@return table response
function token.answer(state, tenant, body)
  local world, directory = state.world, state.directory
  local form = read_form(body)
  if not directory:has_tenant(tenant) then return refuse(world, "no_tenant", tenant) end
  for _, field in ipairs(FIELDS) do
    if (form[field] or "") == "" then return refuse(world, "no_field", field) end
  end
  if form.grant_type ~= "client_credentials" then return refuse(world, "wrong_grant", form.grant_type) end
  local application = directory:application(tenant, form.client_id)
  if not application then return refuse(world, "no_application", form.client_id, tenant) end
  if application.client_secret ~= form.client_secret then return refuse(world, "wrong_secret", form.client_id) end
  local audience = form.scope:match "^(%S+)/%.default$"
  if not audience then return refuse(world, "wrong_scope", form.scope) end
  local text, lifetime = directory:issue(application, audience)
  local seconds = math.max(1, math.floor(world.clock:in_real_time(lifetime) or lifetime))
  return { status = 200, json = { token_type = "Bearer", expires_in = seconds, ext_expires_in = seconds, access_token = text } }
end

--- The metadata that libraries ask for before they trust a token endpoint.
---@param origin string
---@param tenant string
---@return table response
function token.metadata(origin, tenant)
  local base = origin .. "/" .. tenant
  return {
    status = 200,
    json = {
      issuer = base .. "/v2.0", token_endpoint = base .. "/oauth2/v2.0/token", authorization_endpoint = base .. "/oauth2/v2.0/authorize",
      device_authorization_endpoint = base .. "/oauth2/v2.0/devicecode", jwks_uri = base .. "/discovery/v2.0/keys",
      response_types_supported = { "code" }, token_endpoint_auth_methods_supported = { "client_secret_post" },
    },
  }
end

return token
