--- Open credentials by name. Tokens stay in the core; a credential fetches its first token when a
--- request needs one. azureml.default_credential selects the default ones.
local later = require "azureml.tool.later"
local cloud = require "azureml.cloud"
local core = require "azureml.core"
local default_credential = later "azureml.default_credential"
local errors = later "azureml.error"
local options = require "azureml.options"
local tables = require "azureml.tool.tables"
local trust = require "azureml.trust"

--- Signs in, and fetches tokens when requests need them.
---@class azureml.Credential
local Credential = {}
local metatable = { __name = "azureml.Credential", __index = Credential }

local credential = {}

local function open(fields)
  local ok, handle, failure = pcall(core.credential, fields)
  if not ok then errors.mistake("%s", handle) end
  if not handle then errors.raise(errors.from_core(failure)) end
  return setmetatable({ handle = handle }, metatable)
end

local function authority_of(settings)
  local from_environment = os.getenv "AZURE_AUTHORITY_HOST"
  if settings.authority then return (settings.authority:gsub("/+$", "")) end
  if not settings.cloud and from_environment and from_environment ~= "" then
    return (from_environment:gsub("/+$", ""))
  end
  return cloud.of(settings.cloud).authority
end

--- Where tokens come from.
---@class azureml.AuthorityOptions
---@field cloud? string|table  the Azure cloud: "AzureCloud", "AzureUSGovernment", or a table
---@field authority? string  the URL of the token endpoint; default: the cloud's
---@field ca_file? string  certificate authorities to trust instead of the system's
---@field proxy? string  the URL of the proxy; default: the environment's

--- Which application signs in.
---@class azureml.ApplicationOptions: azureml.AuthorityOptions
---@field tenant_id? string  the tenant of the application
---@field client_id? string  the id of the application
---@field additionally_allowed_tenants? string[]  other tenants whose tokens it may fetch, for a
---  client with a tenant_id; "*": any

--- An application with a client secret.
---@class azureml.SecretOptions: azureml.ApplicationOptions
---@field client_secret string  the secret of the application

--- An application with a certificate.
---@class azureml.CertificateOptions: azureml.ApplicationOptions
---@field certificate_path? string  the file of the certificate and its private key, in PEM or
---  PKCS#12
---@field certificate? string  instead, the content of such a file
---@field password? string  of the private key
---@field send_certificate_chain? boolean  for applications that trust a subject name and an issuer
---@field algorithm? "PS256"|"RS256"  "RS256" with the SHA-1 thumbprint, which ADFS requires

--- An application with assertions of another issuer.
---@class azureml.AssertionOptions: azureml.ApplicationOptions
---@field assertion? fun(asked: table): string?  returns a signed token; asked has client_id and
---  audience
---@field assertion_file? string  instead, a file with the token, which is read again for each token

--- A workload in Kubernetes.
---@class azureml.WorkloadOptions: azureml.ApplicationOptions
---@field token_file? string  default: AZURE_FEDERATED_TOKEN_FILE

--- A run of Azure Pipelines.
---@class azureml.PipelinesOptions: azureml.ApplicationOptions
---@field service_connection_id string  the id of the service connection
---@field access_token? string  of the run; default: SYSTEM_ACCESSTOKEN, if the pipeline maps it

--- The login of the Azure CLI.
---@class azureml.CliOptions
---@field tenant_id? string  the tenant of the tokens
---@field timeout? number  seconds that the program may take; 13
---@field cache? boolean  false: save no token on disk
---@field subscription? string  whose tenant is meant

--- The login of the Azure Developer CLI.
---@class azureml.DeveloperCliOptions
---@field tenant_id? string  the tenant of the tokens
---@field timeout? number  seconds that the program may take; 13
---@field cache? boolean  false: save no token on disk

--- A user who signs in.
---@class azureml.UserOptions: azureml.ApplicationOptions
---@field tenant_id? string  default: "organizations"
---@field client_id? string  default: the Azure CLI's application
---@field login_hint? string  the user's name: "ann@example.org"
---@field timeout? number  seconds for the user to sign in
---@field cache? boolean  false: save nothing on disk
---@field login? boolean  true: ask in any case, and save the result for `credential.login`

--- A user who enters a code at a page.
---@class azureml.DeviceCodeOptions: azureml.UserOptions
---@field prompt? fun(asked: table)  shows the code; asked has message, user_code, verification_uri,
---  expires_in

--- A user who signs in with a browser.
---@class azureml.BrowserOptions: azureml.UserOptions
---@field open? fun(asked: table)  opens the page; asked has url

--- A user whose refresh token the script has.
---@class azureml.RefreshTokenOptions: azureml.ApplicationOptions
---@field refresh_token string  the refresh token

--- A token that the script has fetched.
---@class azureml.TokenOptions
---@field token string  the token

--- Which managed identity of this machine; at most one id.
---@class azureml.ManagedIdentityOptions
---@field client_id? string  of a user-assigned identity
---@field object_id? string  of a user-assigned identity
---@field resource_id? string  of a user-assigned identity
---@field probe? boolean  first check, for at most a second, whether the endpoint exists; for chains
---  on machines that may be outside Azure

local AUTHORITY = { authority = "string", cloud = "any", ca_file = "string", proxy = "string" }

local function known(more)
  return tables.merge(AUTHORITY, more)
end

local APPLICATION = {
  tenant_id = "string", client_id = "string", additionally_allowed_tenants = "table",
}

local function application(more)
  return tables.merge(known(APPLICATION), more)
end

-- Open a credential of an application. `fields` are those that only its kind has.
local function open_application(kind, settings, fields)
  fields.kind, fields.authority, fields.ca_file, fields.proxy =
    kind, authority_of(settings), trust.ca_file(settings.ca_file), settings.proxy
  fields.tenant_id, fields.client_id = settings.tenant_id, settings.client_id
  fields.additionally_allowed_tenants = settings.additionally_allowed_tenants
  return open(fields)
end

--- Open the credential of an application with a client secret.
---@param settings azureml.SecretOptions
---@return azureml.Credential
---@raise an error object if the tenant or the authority is invalid
function credential.client_secret(settings)
  settings = options.check("client_secret", settings, application { client_secret = "string" })
  return open_application("client_secret", settings, { client_secret = settings.client_secret })
end

--- Open the credential of an application with a certificate and its private key, in PEM or PKCS#12.
--- The core reads the file again for each token, so that it may be renewed.
---@param settings azureml.CertificateOptions
---@return azureml.Credential
---@raise an error object that says what is wrong with the certificate
---@usage azureml.credential.client_certificate { tenant_id = tenant, client_id = app,
---    certificate_path = "/etc/robot.pem" }
function credential.client_certificate(settings)
  settings = options.check("client_certificate", settings, application {
    certificate_path = "string", certificate = "string", password = "string",
    send_certificate_chain = "boolean", algorithm = "string",
  })
  return open_application("client_certificate", settings, {
    certificate_path = settings.certificate_path, certificate = settings.certificate,
    password = settings.password,
    send_certificate_chain = settings.send_certificate_chain, algorithm = settings.algorithm,
  })
end

local function assertion_of(f)
  if not f then return nil end
  return function(asked)
    local assertion, reason = f(asked)
    if assertion == nil then
      return nil, "the credential's function: " .. tostring(reason or "it gave no assertion")
    end
    if type(assertion) ~= "string" then
      errors.mistake("it must return an assertion's text, not a %s", type(assertion))
    end
    return { text = assertion }
  end
end

--- Open the credential of an application that signs in with an assertion: a signed token of another
--- issuer, which Entra ID trusts (a federated credential). The core calls the function, which may
--- wait, or reads the file again for each token.
---@param settings azureml.AssertionOptions
---@return azureml.Credential
function credential.client_assertion(settings)
  settings = options.check("client_assertion", settings,
    application { assertion = "callable", assertion_file = "string" })
  return open_application("client_assertion", settings,
    { assertion = assertion_of(settings.assertion), assertion_file = settings.assertion_file })
end

--- Open the credential of a workload in Kubernetes (AKS). Missing options come from
--- AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE. The core reads the file again
--- for each token.
---@param settings? azureml.WorkloadOptions
---@return azureml.Credential
function credential.workload_identity(settings)
  settings = options.check("workload_identity", settings, application { token_file = "string" })
  return open_application("workload_identity", settings, { token_file = settings.token_file })
end

--- Open the credential of a workflow of GitHub Actions, which a federated credential of an
--- application trusts. The job needs the permission `id-token: write`. Missing options come from
--- AZURE_TENANT_ID and AZURE_CLIENT_ID.
---@param settings? azureml.ApplicationOptions
---@return azureml.Credential
function credential.github_actions(settings)
  settings = options.check("github_actions", settings, application {})
  return open_application("github_actions", settings, {})
end

--- Open the credential of a run of Azure Pipelines, which a service connection of an application
--- trusts.
---@param settings azureml.PipelinesOptions
---@return azureml.Credential
function credential.azure_pipelines(settings)
  settings = options.check("azure_pipelines", settings,
    application { service_connection_id = "string", access_token = "string" })
  return open_application("azure_pipelines", settings,
    { service_connection_id = settings.service_connection_id,
      access_token = settings.access_token })
end

--- Open the credential of the user's login with the Azure CLI. It runs `az account
--- get-access-token` once for each lifetime of a token. The core saves the tokens on disk, in
--- private files, until another login; `cache = false` or AZUREML_TOKEN_CACHE=off saves no token.
---@param settings? azureml.CliOptions
---@return azureml.Credential
function credential.azure_cli(settings)
  settings = options.check("azure_cli", settings,
    { tenant_id = "string", subscription = "string", timeout = "number", cache = "boolean" })
  return open {
    kind = "azure_cli", tenant_id = settings.tenant_id, subscription = settings.subscription,
    timeout = settings.timeout, uncached = settings.cache == false,
  }
end

--- Open the credential of the user's login with the Azure Developer CLI. It runs `azd auth token`,
--- and saves tokens as azure_cli does.
---@param settings? azureml.DeveloperCliOptions
---@return azureml.Credential
function credential.azure_developer_cli(settings)
  settings = options.check("azure_developer_cli", settings,
    { tenant_id = "string", timeout = "number", cache = "boolean" })
  return open {
    kind = "azure_developer_cli", tenant_id = settings.tenant_id, timeout = settings.timeout,
    uncached = settings.cache == false,
  }
end

-- The application of the Azure CLI: it exists in every tenant and may sign in users.
-- Source: spec/contract/auth.md, section 8.
local PUBLIC_APPLICATION, ANY_ORGANISATION = "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "organizations"

local function person(more)
  return tables.merge(application {
    login_hint = "string", timeout = "number", cache = "boolean", login = "boolean",
  }, more)
end

local function open_person(kind, settings, fields)
  fields.uncached, fields.kept, fields.ask_first =
    settings.cache == false, settings.login, settings.login
  fields.login_hint, fields.timeout = settings.login_hint, settings.timeout
  local identity = {
    tenant_id = settings.tenant_id or ANY_ORGANISATION,
    client_id = settings.client_id or PUBLIC_APPLICATION,
  }
  return open_application(kind, setmetatable(identity, { __index = settings }), fields)
end

-- Wrap a function of the script that returns nothing.
local function answered_by(f)
  return f and function(asked)
    f(asked)
    return {}
  end
end

--- Open the credential of a user who enters a code at a page, on any device. The code is printed to
--- standard error, or passed to prompt. The core saves the result of the sign-in on disk, in a
--- private file, and reuses it: the user signs in again only when it has expired.
---@param settings? azureml.DeviceCodeOptions
---@return azureml.Credential
---@usage azureml.credential.device_code { tenant_id = "example.org",
---    prompt = function(asked) print(asked.message) end }
function credential.device_code(settings)
  settings = options.check("device_code", settings, person { prompt = "callable" })
  return open_person("device_code", settings, { show = answered_by(settings.prompt) })
end

--- Open the credential of a user who signs in with a browser on this machine. $BROWSER or xdg-open
--- opens the page, and its address is printed to standard error; or open is called with the
--- address. The core saves the result of the sign-in as for device_code.
---@param settings? azureml.BrowserOptions
---@return azureml.Credential
function credential.browser(settings)
  settings = options.check("browser", settings, person { open = "callable" })
  return open_person("browser", settings, { open = answered_by(settings.open) })
end

--- Open the credential of a user whose refresh token the script has. It exchanges the refresh token
--- for access tokens, and renews it with each of them.
---@param settings azureml.RefreshTokenOptions
---@return azureml.Credential
function credential.refresh_token(settings)
  settings = options.check("refresh_token", settings, application { refresh_token = "string" })
  local identity = {
    tenant_id = settings.tenant_id or ANY_ORGANISATION,
    client_id = settings.client_id or PUBLIC_APPLICATION,
  }
  return open_application("refresh_token", setmetatable(identity, { __index = settings }),
    { refresh_token = settings.refresh_token })
end

--- Open the credential of the user's login with `azureml login` or azureml.login.
---@param settings? azureml.AuthorityOptions
---@return azureml.Credential
function credential.login(settings)
  settings = options.check("login", settings, AUTHORITY)
  return open {
    kind = "azureml_login", authority = authority_of(settings),
    ca_file = trust.ca_file(settings.ca_file),
    proxy = settings.proxy,
  }
end

--- Open a credential with a token that the script has fetched. It is not renewed.
---@param settings azureml.TokenOptions
---@return azureml.Credential
function credential.token(settings)
  settings = options.check("token", settings, { token = "string" })
  return open { kind = "token", token = settings.token }
end

--- Open a credential with the token in the variable AZUREML_TOKEN, for machines on which another
--- program fetches tokens. It is not renewed. The core reads the variable: the token does not pass
--- through Lua, and the programs that the core starts do not get it.
---@return azureml.Credential
function credential.token_variable()
  return open { kind = "token_variable" }
end

local function grant_of(name, token, lifetime)
  if token == nil then return nil, ("%s: %s"):format(name, lifetime or "it gave no token") end
  if type(token) ~= "string" then
    errors.mistake("%s: it must return a token's text, not a %s", name, type(token))
  end
  if lifetime ~= nil and type(lifetime) ~= "number" then
    errors.mistake("%s: the token's life must be a number of seconds, not a %s", name,
      type(lifetime))
  end
  return { text = token, expires_in = lifetime }
end

--- Open a credential that gets its tokens from a function. The core calls it when a token is needed
--- and keeps the token for its lifetime. The function may wait (for time, or for requests with
--- another credential); all requests that need the token wait with it. If it returns nil and a
--- reason, the credential does not apply, and a chain tries its next link.
---@param f fun(scope: string, claims: string?, tenant_id: string?): string?, number|string?
---   returns the token and its lifetime in seconds, or nil and a reason. claims: JSON, if the
---  service demands more claims in the token; tenant_id: if the client wants a token of that tenant
---@return azureml.Credential
---@usage azureml.credential.callback(function(scope) return my_vault:token_for(scope), 3600 end)
function credential.callback(f)
  if type(f) ~= "function" then
    errors.mistake("bad argument #1 to 'callback' (function expected, got %s)", type(f))
  end
  local function token(asked)
    return grant_of("the credential's function", f(asked.scope, asked.claims, asked.tenant_id))
  end
  return open { kind = "function", token = token }
end

-- Read the list in AZURE_ADDITIONALLY_ALLOWED_TENANTS ("a.org; b.org"); nil if it is not set.
local function tenants_of_environment()
  local list = {}
  for tenant in (os.getenv "AZURE_ADDITIONALLY_ALLOWED_TENANTS" or ""):gmatch "[^;%s]+" do
    list[#list + 1] = tenant
  end
  return #list > 0 and list or nil
end

--- Open the credential of the application that AZURE_TENANT_ID and AZURE_CLIENT_ID name, with
--- AZURE_CLIENT_SECRET, or else with AZURE_CLIENT_CERTIFICATE_PATH (and
--- AZURE_CLIENT_CERTIFICATE_PASSWORD, AZURE_CLIENT_SEND_CERTIFICATE_CHAIN); and with
--- AZURE_ADDITIONALLY_ALLOWED_TENANTS. The core reads them: the secret does not pass through Lua.
---@param settings? azureml.AuthorityOptions
---@return azureml.Credential
function credential.environment(settings)
  settings = options.check("environment", settings, AUTHORITY)
  return open {
    kind = "environment", authority = authority_of(settings),
    ca_file = trust.ca_file(settings.ca_file),
    proxy = settings.proxy,
    additionally_allowed_tenants = tenants_of_environment(),
  }
end

--- Open the managed identity of this machine: IMDS on a virtual machine, App Service, Azure Arc,
--- Cloud Shell, or the endpoint of Azure ML on a compute instance. On an instance it is the
--- identity of the signed-in user, unless a client_id names another one. At most one id selects a
--- user-assigned identity; without an id it is the machine's own identity. Source:
--- spec/contract/auth.md, section 6.
---@param settings? azureml.ManagedIdentityOptions
---@return azureml.Credential
---@raise an error object for more than one id
function credential.managed_identity(settings)
  settings = options.check("managed_identity", settings,
    { client_id = "string", object_id = "string", resource_id = "string", probe = "boolean" })
  return open {
    kind = "managed_identity", client_id = settings.client_id, object_id = settings.object_id,
    resource_id = settings.resource_id, probe = settings.probe,
  }
end

--- Return a credential without a token: requests are sent without authorization.
---@return azureml.Credential
function credential.none()
  return setmetatable({}, metatable)
end

--- Open a chain of credentials, which are tried in order. If a credential does not apply here, the
--- chain tries the next one. If the service refuses a credential, the chain fails.
---@param links azureml.Credential[]  in the order in which they are tried
---@return azureml.Credential
function credential.chain(links)
  local handles = {}
  if type(links) ~= "table" then
    errors.mistake("chain: a list of credentials expected, got %s", type(links))
  end
  for i, link in ipairs(links) do
    if getmetatable(link) ~= metatable then
      errors.mistake("chain: link %d must be a credential, not a %s", i, type(link))
    end
    handles[i] = link.handle
  end
  return open { kind = "chain", links = handles }
end

--- Open the default credential: a chain of those that azureml.default_credential lists, or of those
--- that AZURE_TOKEN_CREDENTIALS names ("prod", "dev", or the name of a credential).
---@param settings? azureml.AuthorityOptions
---@return azureml.Credential
---@raise an error object if AZURE_TOKEN_CREDENTIALS has an unknown value
function credential.default(settings)
  settings = options.check("default", settings, AUTHORITY)
  return credential.chain(default_credential.links(credential, settings))
end

--- Close the credential. The core wipes its token when the last client that uses it is closed.
function Credential:close()
  if self.handle then self.handle:close() end
end

--- Return a claim of its token. Return nil before it has a token, and if the token is not readable.
---@param name string       "oid"
---@return string?
function Credential:claim(name)
  return self.handle and self.handle:claim(name)
end

--- Return the kind of credential that fetched its token; for a chain, the kind of the link. Return
--- nil before it has a token.
---@return string? kind, string? principal      "azure_cli"; "azureml_login"
function Credential:served()
  if self.handle then return self.handle:served() end
end

--- Return the seconds until its token expires; 0 before it has a token. Return nil for a token that
--- does not tell when it expires.
---@return number?
function Credential:expires_in()
  if not self.handle then return 0 end
  return self.handle:expires_in()
end

options.check_colon(Credential, metatable, "credential")
metatable.__close = Credential.close

function metatable:__tostring()
  return self.handle and tostring(self.handle) or "credential: none"
end

return credential
