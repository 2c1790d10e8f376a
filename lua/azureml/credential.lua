--- Credentials by name: who asks. Tokens stay in the core; a credential fetches the first one when it is needed.
local later = require "azureml.later"
local cloud = require "azureml.cloud"
local core = require "azureml.core"
local default_credential = later "azureml.default_credential"
local errors = require "azureml.error"
local options = require "azureml.options"
local tables = require "azureml.tables"
local trust = require "azureml.trust"

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

local function authority_of(given)
  local from_environment = os.getenv "AZURE_AUTHORITY_HOST"
  if given.authority then return (given.authority:gsub("/+$", "")) end
  if not given.cloud and from_environment and from_environment ~= "" then return (from_environment:gsub("/+$", "")) end
  return cloud.of(given.cloud).authority
end

local AUTHORITY = { authority = "string", cloud = "any", ca_file = "string", proxy = "string" }

local function known(more)
  return tables.merge(AUTHORITY, more)
end

local APPLICATION = { tenant_id = "string", client_id = "string", additionally_allowed_tenants = "table" }

local function application(more)
  return tables.merge(known(APPLICATION), more)
end

-- Whose token endpoint is asked, and how it is reached; with what the kind needs besides.
local function open_application(kind, given, fields)
  fields.kind, fields.authority, fields.ca_file, fields.proxy = kind, authority_of(given), trust.ca_file(given.ca_file), given.proxy
  fields.tenant_id, fields.client_id = given.tenant_id, given.client_id
  fields.additionally_allowed_tenants = given.additionally_allowed_tenants
  return open(fields)
end

--- An application with a client secret.
---@param given table       tenant_id, client_id, client_secret string; cloud, authority, ca_file, proxy string?;
---  additionally_allowed_tenants string[]? (whose tokens it may fetch too, where a client has a tenant_id; "*": any)
---@return azureml.Credential
---@raise an error object for a tenant or an authority that cannot be one
function credential.client_secret(given)
  given = options.check("client_secret", given, application { client_secret = "string" })
  return open_application("client_secret", given, { client_secret = given.client_secret })
end

--- An application with a certificate and its private key, in PEM or PKCS#12. A file is read anew for each token, so that it may be renewed.
---@param given table       tenant_id, client_id string; certificate_path string, or certificate string (its content); password string?;
---  send_certificate_chain boolean? (for applications that trust a subject name and an issuer);
---  algorithm string? "PS256", or "RS256" with the SHA-1 thumbprint, which is what ADFS takes; cloud, authority, ca_file, proxy string?
---@return azureml.Credential
---@raise an error object for a file that cannot be used, with what is wrong with it
---@usage azureml.credential.client_certificate { tenant_id = tenant, client_id = app, certificate_path = "/etc/robot.pem" }
function credential.client_certificate(given)
  given = options.check("client_certificate", given, application {
    certificate_path = "string", certificate = "string", password = "string", send_certificate_chain = "boolean", algorithm = "string",
  })
  return open_application("client_certificate", given, {
    certificate_path = given.certificate_path, certificate = given.certificate, password = given.password,
    send_certificate_chain = given.send_certificate_chain, algorithm = given.algorithm,
  })
end

local function assertion_of(f)
  if not f then return nil end
  return function(asked)
    local assertion, reason = f(asked)
    if assertion == nil then return nil, "the credential's function: " .. tostring(reason or "it gave no assertion") end
    if type(assertion) ~= "string" then errors.mistake("it must return an assertion's text, not a %s", type(assertion)) end
    return { text = assertion }
  end
end

--- An application that proves itself by a signed token of another issuer's which Entra ID trusts (a federated credential). A function is
--- asked each time a token is fetched, and may wait; a file is read each time.
---@param given table       tenant_id, client_id string; assertion fun(asked: { client_id: string, audience: string }): string?, or
---  assertion_file string; cloud, authority, ca_file, proxy string?
---@return azureml.Credential
function credential.client_assertion(given)
  given = options.check("client_assertion", given, application { assertion = "callable", assertion_file = "string" })
  return open_application("client_assertion", given,
    { assertion = assertion_of(given.assertion), assertion_file = given.assertion_file })
end

--- The identity of a workload in Kubernetes (AKS). What is not given is what AZURE_TENANT_ID, AZURE_CLIENT_ID and
--- AZURE_FEDERATED_TOKEN_FILE say; the file is read each time a token is fetched.
---@param given? { tenant_id: string?, client_id: string?, token_file: string?, cloud: string?, authority: string?, ca_file: string?,
---  proxy: string? }
---@return azureml.Credential
function credential.workload_identity(given)
  given = options.check("workload_identity", given, application { token_file = "string" })
  return open_application("workload_identity", given, { token_file = given.token_file })
end

--- A workflow of GitHub Actions, which Entra ID trusts for an application by a federated credential. The job needs the permission
--- `id-token: write`. What is not given is what AZURE_TENANT_ID and AZURE_CLIENT_ID say.
---@param given? { tenant_id: string?, client_id: string?, cloud: string?, authority: string?, ca_file: string?, proxy: string? }
---@return azureml.Credential
function credential.github_actions(given)
  given = options.check("github_actions", given, application {})
  return open_application("github_actions", given, {})
end

--- A run of Azure Pipelines, which Entra ID trusts for an application by a service connection.
---@param given table       tenant_id, client_id, service_connection_id string; access_token string? (of the run: SYSTEM_ACCESSTOKEN where
---  it is mapped); cloud, authority, ca_file, proxy string?
---@return azureml.Credential
function credential.azure_pipelines(given)
  given = options.check("azure_pipelines", given, application { service_connection_id = "string", access_token = "string" })
  return open_application("azure_pipelines", given,
    { service_connection_id = given.service_connection_id, access_token = given.access_token })
end

--- Whoever is logged in with the Azure CLI: runs `az account get-access-token`, once a token's life. Tokens are kept on disk, private,
--- until another login; `cache = false` or AZUREML_TOKEN_CACHE=off keeps none.
---@param given? { tenant_id: string?, subscription: string?, timeout: number?, cache: boolean? }    timeout in seconds; 13
---@return azureml.Credential
function credential.azure_cli(given)
  given = options.check("azure_cli", given, { tenant_id = "string", subscription = "string", timeout = "number", cache = "boolean" })
  return open { kind = "azure_cli", tenant_id = given.tenant_id, subscription = given.subscription, timeout = given.timeout,
    uncached = given.cache == false }
end

--- Whoever is logged in with the Azure Developer CLI: runs `azd auth token`, in the same way.
---@param given? { tenant_id: string?, timeout: number?, cache: boolean? }    timeout in seconds; 13
---@return azureml.Credential
function credential.azure_developer_cli(given)
  given = options.check("azure_developer_cli", given, { tenant_id = "string", timeout = "number", cache = "boolean" })
  return open { kind = "azure_developer_cli", tenant_id = given.tenant_id, timeout = given.timeout, uncached = given.cache == false }
end

-- The Azure CLI's own, which every tenant knows and which may sign people in.
-- Source: spec/contract/auth.md, section 8.
local PUBLIC_APPLICATION, ANY_ORGANISATION = "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "organizations"

local function person(more)
  return tables.merge(application { login_hint = "string", timeout = "number", cache = "boolean", login = "boolean" }, more)
end

local function open_person(kind, given, fields)
  fields.uncached, fields.kept, fields.anew = given.cache == false, given.login, given.login
  fields.login_hint, fields.timeout = given.login_hint, given.timeout
  local whose = { tenant_id = given.tenant_id or ANY_ORGANISATION, client_id = given.client_id or PUBLIC_APPLICATION }
  return open_application(kind, setmetatable(whose, { __index = given }), fields)
end

-- A function of a script's that needs to return nothing.
local function done_by(f)
  return f and function(asked)
    f(asked)
    return {}
  end
end

--- A person, who enters a code at a page, on any device. What is shown goes to standard error, or to prompt. What the sign-in brought is
--- kept on disk, private, and gone on with: the person is asked again only when it has ended.
---@param given? table      tenant_id string? ("organizations"), client_id string? (the Azure CLI's);
---  prompt fun(asked: { message: string, user_code: string, verification_uri: string, expires_in: number })?;
---  timeout number? (seconds that the person may take; by default as long as the code lives); cache boolean? (false: keep nothing on
---  disk), login boolean? (ask in any case, and keep it for `credential.login`);
---  cloud, authority, ca_file, proxy string?
---@return azureml.Credential
---@usage azureml.credential.device_code { tenant_id = "example.org", prompt = function(asked) print(asked.message) end }
function credential.device_code(given)
  given = options.check("device_code", given, person { prompt = "callable" })
  return open_person("device_code", given, { show = done_by(given.prompt) })
end

--- A person, who signs in with a browser on this machine: the page is opened with $BROWSER or xdg-open, and its address told on standard
--- error; or open is called with it. What the sign-in brought is kept as for device_code.
---@param given? table      tenant_id string? ("organizations"), client_id string? (the Azure CLI's);
---  login_hint string? ("ann@example.org");
---  open fun(asked: { url: string })?; timeout number? (seconds that the person may take; 600);
---  cache boolean?, login boolean? (as for device_code); cloud, authority, ca_file, proxy string?
---@return azureml.Credential
function credential.browser(given)
  given = options.check("browser", given, person { open = "callable" })
  return open_person("browser", given, { open = done_by(given.open) })
end

--- A person's refresh token that a script has; it is exchanged for access tokens, and renewed with each of them.
---@param given table       refresh_token string; tenant_id string? ("organizations"), client_id string? (the Azure CLI's: it must be the
---  application that the token was made for); cloud, authority, ca_file, proxy string?
---@return azureml.Credential
function credential.refresh_token(given)
  given = options.check("refresh_token", given, application { refresh_token = "string" })
  local whose = { tenant_id = given.tenant_id or ANY_ORGANISATION, client_id = given.client_id or PUBLIC_APPLICATION }
  return open_application("refresh_token", setmetatable(whose, { __index = given }), { refresh_token = given.refresh_token })
end

--- Whoever is logged in with `azureml login`, or azureml.login.
---@param given? { cloud: string?, authority: string?, ca_file: string?, proxy: string? }
---@return azureml.Credential
function credential.login(given)
  given = options.check("login", given, AUTHORITY)
  return open { kind = "azureml_login", authority = authority_of(given), ca_file = trust.ca_file(given.ca_file), proxy = given.proxy }
end

--- A token that somebody else fetched; it is not renewed.
---@param given { token: string }
---@return azureml.Credential
function credential.token(given)
  given = options.check("token", given, { token = "string" })
  return open { kind = "token", token = given.token }
end

local function grant_of(name, token, life)
  if token == nil then return nil, ("%s: %s"):format(name, life or "it gave no token") end
  if type(token) ~= "string" then errors.mistake("%s: it must return a token's text, not a %s", name, type(token)) end
  if life ~= nil and type(life) ~= "number" then
    errors.mistake("%s: the token's life must be a number of seconds, not a %s", name, type(life))
  end
  return { text = token, expires_in = life }
end

--- A token that a function finds each time one is needed: it is kept as long as it lives. The function may wait (for requests with
--- another credential, for time); all who need the token wait with it. Where it returns nil and a reason it does not apply here, and a
--- chain goes on.
---@param f fun(scope: string, claims: string?, tenant_id: string?): string?, number|string?      the token and the seconds that it
---  lives; nil and why there is none. claims: JSON, where the service demands a token with more in it; tenant_id: where the client wants
---  that tenant's
---@return azureml.Credential
---@usage azureml.credential.callback(function(scope) return my_vault:token_for(scope), 3600 end)
function credential.callback(f)
  if type(f) ~= "function" then errors.mistake("bad argument #1 to 'callback' (function expected, got %s)", type(f)) end
  local function token(asked)
    return grant_of("the credential's function", f(asked.scope, asked.claims, asked.tenant_id))
  end
  return open { kind = "function", token = token }
end

-- "a.org; b.org" of AZURE_ADDITIONALLY_ALLOWED_TENANTS; nil where it is not set.
local function tenants_of_environment()
  local list = {}
  for tenant in (os.getenv "AZURE_ADDITIONALLY_ALLOWED_TENANTS" or ""):gmatch "[^;%s]+" do list[#list + 1] = tenant end
  return #list > 0 and list or nil
end

--- The application that AZURE_TENANT_ID and AZURE_CLIENT_ID name, with AZURE_CLIENT_SECRET, else AZURE_CLIENT_CERTIFICATE_PATH (and
--- AZURE_CLIENT_CERTIFICATE_PASSWORD, AZURE_CLIENT_SEND_CERTIFICATE_CHAIN); and
--- AZURE_ADDITIONALLY_ALLOWED_TENANTS. The core reads them: the secret does not pass through Lua.
---@param given? { cloud: string?, authority: string?, ca_file: string?, proxy: string? }
---@return azureml.Credential
function credential.environment(given)
  given = options.check("environment", given, AUTHORITY)
  return open {
    kind = "environment", authority = authority_of(given), ca_file = trust.ca_file(given.ca_file), proxy = given.proxy,
    additionally_allowed_tenants = tenants_of_environment(),
  }
end

--- The identity that Azure gave to the machine this runs on: IMDS on a virtual machine, App
--- Service, Azure Arc, Cloud Shell, and Azure ML's own endpoint on a compute instance, where it is
--- the signed-in user's unless a client_id says which identity. At most one id: a user-assigned
--- identity; without one the machine's own. Source: spec/contract/auth.md, section 6.
---@param given? { client_id: string?, object_id: string?, resource_id: string?, probe: boolean? }    probe: look first, for a second at
---       most, whether anybody is there; for chains on machines that may not be in Azure
---@return azureml.Credential
---@raise an error object for more than one id
function credential.managed_identity(given)
  given = options.check("managed_identity", given,
    { client_id = "string", object_id = "string", resource_id = "string", probe = "boolean" })
  return open { kind = "managed_identity", client_id = given.client_id, object_id = given.object_id, resource_id = given.resource_id,
    probe = given.probe }
end

--- Nobody: requests go out without a token.
---@return azureml.Credential
function credential.none()
  return setmetatable({}, metatable)
end

--- Several credentials, tried in turn: one that does not apply here lets the next be tried; one that is refused ends the search.
---@param links azureml.Credential[]
---@return azureml.Credential
function credential.chain(links)
  local handles = {}
  if type(links) ~= "table" then errors.mistake("chain: a list of credentials expected, got %s", type(links)) end
  for i, link in ipairs(links) do
    if getmetatable(link) ~= metatable then errors.mistake("chain: link %d must be a credential, not a %s", i, type(link)) end
    handles[i] = link.handle
  end
  return open { kind = "chain", links = handles }
end

--- What is used where none is given: the credentials of `azureml.default_credential`, in their order, or those that AZURE_TOKEN_CREDENTIALS
--- names ("prod", "dev", or one).
---@param given? { cloud: string?, authority: string?, ca_file: string?, proxy: string? }
---@return azureml.Credential
---@raise an error object for an AZURE_TOKEN_CREDENTIALS that means nothing
function credential.default(given)
  given = options.check("default", given, AUTHORITY)
  return credential.chain(default_credential.links(credential, given))
end

--- Close it; its token is wiped when the last client that uses it is closed.
function Credential:close()
  if self.handle then self.handle:close() end
end

--- What its token says of whom it belongs to: "oid". Nil before it has one, and where the token cannot be read.
---@param name string
---@return string?
function Credential:claim(name)
  return self.handle and self.handle:claim(name)
end

--- The kind of credential that brought its token: of a chain, the link's. Nil before it has one.
---@return string? kind, string? principal      "azure_cli"; "azureml_login"
function Credential:served()
  if self.handle then return self.handle:served() end
end

--- Seconds that its token lives; 0 before it has one.
---@return number
function Credential:expires_in()
  return self.handle and self.handle:expires_in() or 0
end

metatable.__close = Credential.close

function metatable:__tostring()
  return self.handle and tostring(self.handle) or "credential: none"
end

return credential
