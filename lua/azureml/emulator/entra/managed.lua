--- Serve the endpoints where programs on machines in Azure get tokens of a managed identity: the
--- metadata service, App Service, Azure ML and Cloud Shell, each at its own path. The identities of
--- the machine are records of entra/directory.lua.
---
--- Source: spec/contract/auth.md, section 6.
local core = require "azureml.core"
local visitor = require "azureml.emulator.visitor"

local managed = {}

local AUDIENCES = "^https?://%S+$"

local function refuse(status, word, text)
  return { status = status, json = { error = word, error_description = text } }
end

-- Return when a token expires, in real time: the client compares it with its own clock.
local function expiry(request, lifetime)
  local real = request.world.clock:in_real_time(lifetime) or lifetime
  local seconds = math.max(1, math.floor(real))
  return math.floor(core.time()) + seconds, seconds
end

local function issue(request, identity, resource)
  local text, lifetime = request.tokens:issue { principal = identity, audience = resource }
  local expires_on, expires_in = expiry(request, lifetime)
  return text, expires_on, expires_in
end

-- Make a handler that serves programs on this machine alone. A web page whose name was rebound to
-- loopback could otherwise read the machine's tokens.
local function local_only(handler)
  return function(request)
    if visitor.is_foreign(request.http) then
      return refuse(403, "forbidden", "this endpoint is for programs on this machine")
    end
    return handler(request)
  end
end

-- Choosing an identity ----------------------------------------------------------------------------

local function find(request, field, wanted)
  for _, identity in ipairs(request.directory:identities()) do
    if (identity[field] or ""):lower() == wanted:lower() then return identity end
  end
end

-- query parameter -> the field that it names
local PARAMETERS = {
  client_id = "client_id", clientid = "client_id",
  object_id = "object_id", principal_id = "object_id",
  msi_res_id = "resource_id", mi_res_id = "resource_id",
}

local SEVERAL = "Multiple user assigned identities exist, please specify the clientId / resourceId "
  .. "of the identity in the token request"

-- Return the identity that the query names, else the system-assigned identity, else the only
-- identity. Return nil and the reason if there is none to choose.
local function identity_of(request)
  local all = request.directory:identities()
  for name, field in pairs(PARAMETERS) do
    local wanted = request.query[name]
    if wanted and wanted ~= "" then return find(request, field, wanted), "Identity not found" end
  end
  if all[1] and (all[1].system or #all == 1) then return all[1] end
  return nil, #all > 1 and SEVERAL or "Identity not found"
end

-- The endpoints -----------------------------------------------------------------------------------

local function check_resource(resource)
  if not resource or not resource:find(AUDIENCES) then
    return refuse(400, "invalid_resource",
      ("AADSTS500011: The resource principal named %s was not found."):format(resource or ""))
  end
end

local function check_metadata_header(request)
  if (request.http.headers.metadata or ""):lower() ~= "true" then
    return refuse(400, "bad_request_102", "Required metadata header not specified")
  end
end

--- Answer as the metadata service of a virtual machine.
---@param request azureml.emulator.EntraRequest
---@return table response
managed.imds = local_only(function(request)
  local resource = request.query.resource
  local refusal = check_metadata_header(request)
  if refusal then return refusal end
  if not request.query["api-version"] then
    return refuse(400, "invalid_request", "Required query variable 'api-version' is missing")
  end
  refusal = check_resource(resource)
  if refusal then return refusal end
  local identity, why = identity_of(request)
  if not identity then return refuse(400, "invalid_request", why) end
  local text, expires_on, expires_in = issue(request, identity, resource)
  return {
    status = 200,
    json = {
      access_token = text, refresh_token = "", client_id = identity.client_id,
      expires_in = ("%d"):format(expires_in), ext_expires_in = ("%d"):format(expires_in),
      expires_on = ("%d"):format(expires_on),
      not_before = ("%d"):format(expires_on - expires_in),
      resource = resource, token_type = "Bearer",
    },
  }
end)

local function american(time)
  return os.date("!%m/%d/%Y %I:%M:%S %p +00:00", time)
end

local function check_secret(request, secret)
  if secret ~= request.emulator.machine_secret then
    return { status = 401, json = { statusCode = 401, message = "Unauthorized" } }
  end
end

--- Answer as App Service, in the versions of 2017 and 2019. They differ in the header of the secret
--- and in the format of times.
---@param request azureml.emulator.EntraRequest
---@return table response
managed.app_service = local_only(function(request)
  local is_old = request.query["api-version"] == "2017-09-01"
  local resource = request.query.resource
  local secret = request.http.headers[is_old and "secret" or "x-identity-header"]
  local refusal = check_secret(request, secret) or check_resource(resource)
  if refusal then return refusal end
  local identity, why = identity_of(request)
  if not identity then return { status = 400, json = { statusCode = 400, message = why } } end
  local text, expires_on = issue(request, identity, resource)
  return {
    status = 200,
    json = {
      access_token = text, resource = resource, token_type = "Bearer",
      expires_on = is_old and american(expires_on) or ("%d"):format(expires_on),
      client_id = identity.client_id,
    },
  }
end)

local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

-- Make the response of a failure: plain text with status 404, as in Azure ML.
local function internal_error(text)
  return {
    status = 404, headers = { ["Content-Type"] = "text/plain; charset=utf-8" },
    body = "InternalError: " .. text,
  }
end

--- Answer as a compute instance of Azure ML. Without the GUID of an identity in the query the token
--- is for the signed-in user.
---@param request azureml.emulator.EntraRequest
---@return table response
managed.azureml = local_only(function(request)
  local resource, wanted = request.query.resource, request.query.clientid or ""
  local refusal = check_secret(request, request.http.headers.secret) or check_resource(resource)
  if refusal then return refusal end
  local principal = request.emulator.user
  if wanted:find(GUID) then principal = find(request, "client_id", wanted) end
  if not principal then
    return internal_error "the token could not be acquired: no such identity"
  end
  local text, expires_on = issue(request, principal, resource)
  return {
    status = 200,
    json = {
      access_token = text, expires_on = expires_on, resource = resource, token_type = "Bearer",
      client_id = principal.client_id or "",
    },
  }
end)

--- Answer as Cloud Shell: the token is for the user that opened it.
---@param request azureml.emulator.EntraRequest
---@return table response
managed.cloud_shell = local_only(function(request)
  local resource = request.form.resource
  local refusal = check_metadata_header(request) or check_resource(resource)
  if refusal then return refusal end
  local text, expires_on, expires_in = issue(request, request.emulator.user, resource)
  return {
    status = 200,
    json = {
      access_token = text, refresh_token = "", resource = resource, token_type = "Bearer",
      expires_in = ("%d"):format(expires_in), expires_on = ("%d"):format(expires_on),
      not_before = ("%d"):format(expires_on - expires_in),
    },
  }
end)

--- Return the environment variables by which a program finds each endpoint.
---@param emulator table
---@return table<string, table<string, string>>      endpoint -> variable -> value
function managed.environments(emulator)
  local url, secret = emulator.url or "http://127.0.0.1", emulator.machine_secret
  local identity = emulator.directory:identities()[1]
  local app_service = url .. "/appservice/msi/token"
  return {
    imds = { AZURE_POD_IDENTITY_AUTHORITY_HOST = url },
    app_service = { IDENTITY_ENDPOINT = app_service, IDENTITY_HEADER = secret },
    app_service_2017 = { MSI_ENDPOINT = app_service, MSI_SECRET = secret },
    azureml = {
      MSI_ENDPOINT = url .. "/MSI/auth", MSI_SECRET = secret,
      DEFAULT_IDENTITY_CLIENT_ID = identity and identity.client_id,
    },
    cloud_shell = { MSI_ENDPOINT = url .. "/cloudshell/oauth2/token" },
  }
end

return managed
