--- Serve the metadata that client libraries read: the configuration of an issuer, its keys, the
--- trusted hosts, and the endpoints of the cloud. Source: spec/contract/auth.md, section 13.
local aadsts = require "azureml.emulator.entra.aadsts"
local endpoints = require "azureml.emulator.endpoints"
local json = require "azureml.json"
local keys = require "azureml.emulator.entra.keys"

local metadata = {}

--- Return an issuer's configuration, as OpenID Connect Discovery defines it.
---@param request azureml.emulator.EntraRequest
---@return table response
function metadata.openid(request)
  local base = request.origin .. "/" .. request.tenant_text
  local tenant_id = request.alias and "{tenantid}" or request.tenant.id
  return {
    status = 200,
    json = {
      issuer = request.origin .. "/" .. tenant_id .. "/v2.0",
      token_endpoint = base .. "/oauth2/v2.0/token",
      authorization_endpoint = base .. "/oauth2/v2.0/authorize",
      device_authorization_endpoint = base .. "/oauth2/v2.0/devicecode",
      jwks_uri = base .. "/discovery/v2.0/keys",
      response_types_supported = json.array { "code" },
      response_modes_supported = json.array { "query", "fragment", "form_post" },
      token_endpoint_auth_methods_supported = json.array {
        "client_secret_post", "private_key_jwt", "client_secret_basic",
      },
      subject_types_supported = json.array { "pairwise" },
      id_token_signing_alg_values_supported = json.array { "RS256" },
      scopes_supported = json.array { "openid", "profile", "email", "offline_access" },
      request_uri_parameter_supported = false,
      claims_supported = json.array {
        "sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver",
      },
      tenant_region_scope = json.null, cloud_instance_name = request.host,
      cloud_graph_host_name = "graph.windows.net", msgraph_host = "graph.microsoft.com",
      rbac_url = "https://pas.windows.net",
    },
  }
end

--- Return the public keys that verify tokens.
---@param request azureml.emulator.EntraRequest
---@return table response
function metadata.keys(request)
  local _, key = request.tokens:signer()
  local issuer = request.origin .. "/" .. request.tenant.id .. "/v2.0"
  return { status = 200, json = keys.published(key, issuer) }
end

--- Return the hosts that stand for the same issuer (instance discovery). A library may also ask
--- this emulator about Entra's own hosts.
---@param request azureml.emulator.EntraRequest
---@return table response
function metadata.instance(request)
  local endpoint = request.query.authorization_endpoint or ""
  local host, path = endpoint:match "^https?://([^/]+)(/[^/]+)/"
  if not host or host:lower() ~= request.host:lower() and not endpoints.logins[host:lower()] then
    aadsts.raise(50049)
  end
  local issuer = request.origin .. path .. "/v2.0"
  return {
    status = 200,
    json = {
      tenant_discovery_endpoint = issuer .. "/.well-known/openid-configuration",
      ["api-version"] = "1.1",
      metadata = json.array {
        { preferred_network = host, preferred_cache = host, aliases = json.array { host } },
      },
    },
  }
end

--- Return where a user's password is checked: by Entra itself, never by a federated server.
---@param request azureml.emulator.EntraRequest
---@param name string      of the user
---@return table response
function metadata.realm(request, name)
  return {
    status = 200,
    json = {
      ver = "1.0", account_type = request.directory:user(name) and "Managed" or "Unknown",
      domain_name = name:match "@(.*)$" or "", cloud_instance_name = request.host,
      cloud_audience_urn = "urn:federation:MicrosoftOnline",
    },
  }
end

local function audiences()
  return json.array { "https://management.core.windows.net/", "https://management.azure.com/" }
end

-- Describe the cloud in the form of newer versions. Its name differs from "AzureCloud", whose
-- endpoints clients have built in, unless the client reaches the emulator by Azure's names.
local function modern(request)
  local cloud = endpoints.of(request.origin)
  return {
    name = cloud.cloud, resourceManager = cloud.resource_manager .. "/",
    portal = "https://portal.azure.com",
    authentication = {
      loginEndpoint = cloud.login, tenant = "common", identityProvider = "AAD",
      audiences = audiences(),
    },
    graph = cloud.graph .. "/", graphAudience = cloud.graph .. "/",
    microsoftGraphResourceId = cloud.microsoft_graph .. "/",
    suffixes = {
      storage = "core.windows.net", keyVaultDns = "vault.azure.net",
      acrLoginServer = "azurecr.io",
    },
  }
end

local function early(request)
  local cloud = endpoints.of(request.origin)
  return {
    galleryEndpoint = "https://gallery.azure.com/", graphEndpoint = cloud.graph .. "/",
    portalEndpoint = "https://portal.azure.com/",
    authentication = { loginEndpoint = cloud.login .. "/", audiences = audiences() },
  }
end

--- Return the endpoints of the cloud, as Resource Manager does. The form depends on the API
--- version; which version has which form is **inferred**.
---@param request azureml.emulator.EntraRequest
---@return table response
function metadata.endpoints(request)
  local version = request.query["api-version"] or ""
  if version < "2018" then return { status = 200, json = early(request) } end
  local cloud = modern(request)
  return { status = 200, json = version < "2022" and json.array { cloud } or cloud }
end

return metadata
