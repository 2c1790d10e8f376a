--- The endpoints that machines in Azure ask for a token of their managed identity: the metadata
--- service, App Service, Azure ML and Cloud Shell, each at a path of its own. Which identities the
--- machine has: the directory's. Source: spec/contract/auth.md, section 6.
local core = require "azureml.core"

local managed = {}

local AUDIENCES = "^https?://%S+$"

local function refuse(status, word, text)
  return { status = status, json = { error = word, error_description = text } }
end

-- Times of an answer are a client's: its clock is the real one.
local function expiry(at, lifetime)
  local seconds = math.max(1, math.floor(at.world.clock:in_real_time(lifetime) or lifetime))
  return math.floor(core.time()) + seconds, seconds
end

local function issue(at, identity, resource)
  local text, lifetime = at.tokens:issue { principal = identity, audience = resource }
  local expires_on, expires_in = expiry(at, lifetime)
  return text, expires_on, expires_in
end

-- Which identity ------------------------------------------------------------------------------------------------------------

local function find(at, field, wanted)
  for _, identity in ipairs(at.directory:identities()) do
    if (identity[field] or ""):lower() == wanted:lower() then return identity end
  end
end

-- query parameter -> the field that it names
local PARAMETERS = {
  client_id = "client_id", clientid = "client_id", object_id = "object_id", principal_id = "object_id", msi_res_id = "resource_id",
  mi_res_id = "resource_id",
}

-- The one that is asked for, else the machine's own, else the only one. Nil and why not.
local function identity_of(at)
  local all = at.directory:identities()
  for name, field in pairs(PARAMETERS) do
    local wanted = at.query[name]
    if wanted and wanted ~= "" then return find(at, field, wanted), "Identity not found" end
  end
  if all[1] and (all[1].system or #all == 1) then return all[1] end
  return nil, #all > 1 and "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the "
    .. "token request" or "Identity not found"
end

-- The endpoints -------------------------------------------------------------------------------------------------------------

local function check_resource(resource)
  if not resource or not resource:find(AUDIENCES) then
    return refuse(400, "invalid_resource", ("AADSTS500011: The resource principal named %s was not found."):format(resource or ""))
  end
end

--- The metadata service of a virtual machine.
---@param at table
---@return table response
function managed.imds(at)
  if (at.request.headers.metadata or ""):lower() ~= "true" then
    return refuse(400, "bad_request_102", "Required metadata header not specified")
  end
  if not at.query["api-version"] then return refuse(400, "invalid_request", "Required query variable 'api-version' is missing") end
  local wrong = check_resource(at.query.resource)
  if wrong then return wrong end
  local identity, why = identity_of(at)
  if not identity then return refuse(400, "invalid_request", why) end
  local text, expires_on, expires_in = issue(at, identity, at.query.resource)
  return {
    status = 200,
    json = {
      access_token = text, refresh_token = "", client_id = identity.client_id, expires_in = ("%d"):format(expires_in),
      expires_on = ("%d"):format(expires_on), ext_expires_in = ("%d"):format(expires_in),
      not_before = ("%d"):format(expires_on - expires_in), resource = at.query.resource, token_type = "Bearer",
    },
  }
end

local function american(time)
  return os.date("!%m/%d/%Y %I:%M:%S %p +00:00", time)
end

local function check_secret(at, given)
  if given ~= at.emulator.machine_secret then return { status = 401, json = { statusCode = 401, message = "Unauthorized" } } end
end

--- App Service, in the versions of 2017 and 2019: they differ in the secret's header and in how a time is written.
---@param at table
---@return table response
function managed.app_service(at)
  local old = at.query["api-version"] == "2017-09-01"
  local wrong = check_secret(at, at.request.headers[old and "secret" or "x-identity-header"]) or check_resource(at.query.resource)
  if wrong then return wrong end
  local identity, why = identity_of(at)
  if not identity then return { status = 400, json = { statusCode = 400, message = why } } end
  local text, expires_on = issue(at, identity, at.query.resource)
  return {
    status = 200,
    json = {
      access_token = text, expires_on = old and american(expires_on) or ("%d"):format(expires_on), resource = at.query.resource,
      token_type = "Bearer", client_id = identity.client_id,
    },
  }
end

local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

-- Its failures come as text, with a status that elsewhere means another thing.
local function internal_error(text)
  return { status = 404, headers = { ["Content-Type"] = "text/plain; charset=utf-8" }, body = "InternalError: " .. text }
end

--- A compute instance of Azure ML: without the GUID of an identity the token is that of the user who signed in.
---@param at table
---@return table response
function managed.azureml(at)
  local wrong = check_secret(at, at.request.headers.secret) or check_resource(at.query.resource)
  if wrong then return wrong end
  local wanted = at.query.clientid or ""
  local principal = at.emulator.user
  if wanted:find(GUID) then principal = find(at, "client_id", wanted) end
  if not principal then return internal_error "the token could not be acquired: no such identity" end
  local text, expires_on = issue(at, principal, at.query.resource)
  return {
    status = 200,
    json = {
      access_token = text, expires_on = expires_on, resource = at.query.resource, token_type = "Bearer",
      client_id = principal.client_id or "",
    },
  }
end

--- Cloud Shell: whoever opened it.
---@param at table
---@return table response
function managed.cloud_shell(at)
  if (at.request.headers.metadata or ""):lower() ~= "true" then
    return refuse(400, "bad_request_102", "Required metadata header not specified")
  end
  local wrong = check_resource(at.form.resource)
  if wrong then return wrong end
  local text, expires_on, expires_in = issue(at, at.emulator.user, at.form.resource)
  return {
    status = 200,
    json = {
      access_token = text, refresh_token = "", expires_in = ("%d"):format(expires_in), expires_on = ("%d"):format(expires_on),
      not_before = ("%d"):format(expires_on - expires_in), resource = at.form.resource, token_type = "Bearer",
    },
  }
end

--- What a program's environment must hold to ask each of them.
---@param emulator table
---@return table<string, table<string, string>>
function managed.environments(emulator)
  local url, identity = emulator.url or "http://127.0.0.1", emulator.directory:identities()[1]
  return {
    imds = { AZURE_POD_IDENTITY_AUTHORITY_HOST = url },
    app_service = { IDENTITY_ENDPOINT = url .. "/appservice/msi/token", IDENTITY_HEADER = emulator.machine_secret },
    app_service_2017 = { MSI_ENDPOINT = url .. "/appservice/msi/token", MSI_SECRET = emulator.machine_secret },
    azureml = {
      MSI_ENDPOINT = url .. "/MSI/auth", MSI_SECRET = emulator.machine_secret, DEFAULT_IDENTITY_CLIENT_ID = identity and identity.client_id,
    },
    cloud_shell = { MSI_ENDPOINT = url .. "/cloudshell/oauth2/token" },
  }
end

return managed
