--- What libraries ask before they trust a token endpoint, and what tells them where Entra is.
--- Source: spec/contract/auth.md, section 13.
local aadsts = require "azureml.emulator.entra.aadsts"
local json = require "azureml.json"
local keys = require "azureml.emulator.entra.keys"

local metadata = {}

--- An issuer's configuration, as OpenID Connect Discovery has it.
---@param at table
---@return table response
function metadata.openid(at)
  local base = at.origin .. "/" .. at.tenant_text
  local issuer = at.origin .. "/" .. (at.alias and "{tenantid}" or at.tenant.id) .. "/v2.0"
  return {
    status = 200,
    json = {
      issuer = issuer, token_endpoint = base .. "/oauth2/v2.0/token", authorization_endpoint = base .. "/oauth2/v2.0/authorize",
      device_authorization_endpoint = base .. "/oauth2/v2.0/devicecode", jwks_uri = base .. "/discovery/v2.0/keys",
      response_types_supported = json.array { "code" }, response_modes_supported = json.array { "query", "fragment", "form_post" },
      token_endpoint_auth_methods_supported = json.array { "client_secret_post", "private_key_jwt", "client_secret_basic" },
      subject_types_supported = json.array { "pairwise" }, id_token_signing_alg_values_supported = json.array { "RS256" },
      scopes_supported = json.array { "openid", "profile", "email", "offline_access" }, request_uri_parameter_supported = false,
      claims_supported = json.array { "sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver" },
      tenant_region_scope = json.null, cloud_instance_name = at.host, cloud_graph_host_name = "graph.windows.net",
      msgraph_host = "graph.microsoft.com", rbac_url = "https://pas.windows.net",
    },
  }
end

--- The keys that sign tokens.
---@param at table
---@return table response
function metadata.keys(at)
  local _, key = at.tokens:signer()
  return { status = 200, json = keys.published(key, at.origin .. "/" .. at.tenant.id .. "/v2.0") }
end

-- Hosts that are Entra's as well: a library that asks this emulator about them is right.
local HOSTS = {
  ["login.microsoftonline.com"] = true, ["login.windows.net"] = true, ["login.microsoft.com"] = true, ["sts.windows.net"] = true,
}

--- Which hosts stand for the same issuer.
---@param at table
---@return table response
function metadata.instance(at)
  local host, path = (at.query.authorization_endpoint or ""):match "^https?://([^/]+)(/[^/]+)/"
  if not host or host:lower() ~= at.host:lower() and not HOSTS[host:lower()] then aadsts.raise(50049) end
  return {
    status = 200,
    json = {
      tenant_discovery_endpoint = at.origin .. path .. "/v2.0/.well-known/openid-configuration", ["api-version"] = "1.1",
      metadata = json.array { { preferred_network = host, preferred_cache = host, aliases = json.array { host } } },
    },
  }
end

--- Where a user's password is checked: here, not at somebody else's.
---@param at table
---@param name string
---@return table response
function metadata.realm(at, name)
  return {
    status = 200,
    json = {
      ver = "1.0", account_type = at.directory:user(name) and "Managed" or "Unknown", domain_name = name:match "@(.*)$" or "",
      cloud_instance_name = at.host, cloud_audience_urn = "urn:federation:MicrosoftOnline",
    },
  }
end

-- Not "AzureCloud": clients that know that one's endpoints would use those.
local function modern(at)
  return {
    name = "AzureEmulator", resourceManager = at.origin .. "/", portal = "https://portal.azure.com",
    authentication = {
      loginEndpoint = at.origin, tenant = "common", identityProvider = "AAD",
      audiences = json.array { "https://management.core.windows.net/", "https://management.azure.com/" },
    },
    graph = "https://graph.windows.net/", graphAudience = "https://graph.windows.net/",
    microsoftGraphResourceId = "https://graph.microsoft.com/",
    suffixes = { storage = "core.windows.net", keyVaultDns = "vault.azure.net", acrLoginServer = "azurecr.io" },
  }
end

local function early(at)
  return {
    galleryEndpoint = "https://gallery.azure.com/", graphEndpoint = "https://graph.windows.net/",
    portalEndpoint = "https://portal.azure.com/",
    authentication = {
      loginEndpoint = at.origin .. "/", audiences = json.array { "https://management.core.windows.net/", "https://management.azure.com/" },
    },
  }
end

--- What Resource Manager tells of its cloud. Its form depends on the version that is asked for: which has which is **inferred**.
---@param at table
---@return table response
function metadata.endpoints(at)
  local version = at.query["api-version"] or ""
  if version < "2018" then return { status = 200, json = early(at) } end
  return { status = 200, json = version < "2022" and json.array { modern(at) } or modern(at) }
end

return metadata
