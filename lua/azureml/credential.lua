--- Credentials by name: who asks. Tokens stay in the core; a credential fetches the first one when it is needed.
local cloud = require "azureml.cloud"
local core = require "azureml.core"
local errors = require "azureml.error"
local options = require "azureml.options"

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
  if given.authority then return given.authority end
  if not given.cloud and from_environment and from_environment ~= "" then return (from_environment:gsub("/+$", "")) end
  return cloud.of(given.cloud).authority
end

local AUTHORITY = { authority = "string", cloud = "any", ca_file = "string", proxy = "string" }

local function known(more)
  local all = {}
  for name, kind in pairs(AUTHORITY) do all[name] = kind end
  for name, kind in pairs(more) do all[name] = kind end
  return all
end

--- An application with a client secret.
---@param given table       tenant_id, client_id, client_secret string; cloud, authority, ca_file, proxy string?
---@return azureml.Credential
---@raise an error object for a tenant or an authority that cannot be one
function credential.client_secret(given)
  given = options.check("client_secret", given, known { tenant_id = "string", client_id = "string", client_secret = "string" })
  return open {
    kind = "client_secret", authority = authority_of(given), tenant_id = given.tenant_id, client_id = given.client_id,
    client_secret = given.client_secret, ca_file = given.ca_file, proxy = given.proxy,
  }
end

--- Whoever is logged in with the Azure CLI: runs `az account get-access-token`, once a token's life.
---@param given? { tenant_id: string?, subscription: string?, timeout: number? }    timeout in seconds; 13
---@return azureml.Credential
function credential.azure_cli(given)
  given = options.check("azure_cli", given, { tenant_id = "string", subscription = "string", timeout = "number" })
  return open { kind = "azure_cli", tenant_id = given.tenant_id, subscription = given.subscription, timeout = given.timeout }
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
---@param f fun(scope: string): string?, number|string?      the token and the seconds that it lives; nil and why there is none
---@return azureml.Credential
---@usage azureml.credential.callback(function(scope) return my_vault:token_for(scope), 3600 end)
function credential.callback(f)
  if type(f) ~= "function" then errors.mistake("bad argument #1 to 'callback' (function expected, got %s)", type(f)) end
  return open { kind = "function", token = function(asked) return grant_of("the credential's function", f(asked.scope)) end }
end

--- What AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET say. The core reads them: the secret does not pass through Lua.
---@param given? { cloud: string?, authority: string?, ca_file: string?, proxy: string? }
---@return azureml.Credential
function credential.environment(given)
  given = options.check("environment", given, AUTHORITY)
  return open { kind = "environment", authority = authority_of(given), ca_file = given.ca_file, proxy = given.proxy }
end

--- The identity that Azure gave to the machine this runs on: IMDS on a virtual machine, App Service, Azure Arc, Cloud Shell, and Azure
--- ML's own endpoint on a compute instance, where it is the signed-in user's unless a client_id says which identity. At most one id: a
--- user-assigned identity; without one the machine's own. Source: auth.md, section 6.
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

--- What is used where none is given: the environment, then the Azure CLI.
---@param given? { cloud: string?, authority: string?, ca_file: string?, proxy: string? }
---@return azureml.Credential
function credential.default(given)
  return credential.chain { credential.environment(given), credential.azure_cli() }
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

metatable.__close = Credential.close

function metatable:__tostring()
  return self.handle and tostring(self.handle) or "credential: none"
end

return credential
