--- Log in for all later commands and scripts on this machine, log out, and report the identity.
local browser = require "azureml.tool.browser"
local client = require "azureml.client"
local cloud = require "azureml.cloud"
local config = require "azureml.config"
local core = require "azureml.core"
local credential = require "azureml.credential"
local errors = require "azureml.error"
local options = require "azureml.options"
local tables = require "azureml.tool.tables"
local workspace = require "azureml.workspace"

local login = {}

--- Who the caller is.
---@class azureml.Identity
---@field credential string       the kind that fetched the token: "azure_cli"; of a chain, the kind
---  of its link
---@field tenant_id string?        this and the next fields: from the token, if it is readable
---@field user string?             "ann@example.org"; nil for an application
---@field name string?             of the user, or of the application
---@field application_id string?   of the application that signed in
---@field object_id string?        of the user, or of the application in its tenant
---@field expires_in integer?      seconds until the token expires; nil: the expiry is not known
---@field expires_on string?       the time of expiry: "2026-11-26T04:40:00Z"

-- The claims for each field; the first claim that the token has is used.
local CLAIMS = {
  tenant_id = { "tid" },
  user = { "upn", "preferred_username", "unique_name", "email" },
  name = { "name", "app_displayname" },
  application_id = { "appid", "azp" },
  object_id = { "oid" },
}

local function first_claim(chosen, claims)
  for _, claim in ipairs(claims) do
    local value = chosen:claim(claim)
    if value then return value end
  end
end

local function identity_of(chosen)
  local identity, seconds = { credential = chosen:served() }, chosen:expires_in()
  if seconds then
    identity.expires_in = math.floor(seconds)
    identity.expires_on = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + identity.expires_in)
  end
  for field, claims in pairs(CLAIMS) do identity[field] = first_claim(chosen, claims) end
  return identity
end

--- Whose identity.
---@class azureml.WhoamiOptions
---@field credential? azureml.Credential  default: credential.default
---@field cloud? string|table  the Azure cloud
---@field ca_file? string  certificate authorities to trust instead of the system's
---@field proxy? string  the URL of the proxy

local WHOAMI = { credential = "any", cloud = "any", ca_file = "string", proxy = "string" }

--- Return the identity of the credential, as its token describes it. Fetch a token if the
--- credential has none. Send nothing to the service.
---@param settings? azureml.WhoamiOptions
---@return azureml.Identity
---@raise an error object if the credential can fetch no token
function login.whoami(settings)
  settings = options.check("whoami", settings, WHOAMI)
  local token_client <close>, chosen = workspace.open_client(settings)
  token_client:authenticate()
  return identity_of(chosen)
end

local METHODS = { device_code = credential.device_code, browser = credential.browser }

local function method_of(settings)
  local method = settings.method
    or (METHODS.browser and browser.has_display() and "browser" or "device_code")
  return METHODS[method]
    or errors.mistake("login: there is no method '%s' (known: browser, device_code)", method)
end

-- Make a client that only fetches a token. It sends nothing to its endpoint.
local function client_for(chosen, settings)
  local target = cloud.of(settings.cloud)
  return client.new {
    endpoint = target.resource_manager, scope = target.scope, credential = chosen,
  }
end

-- Return the settings with the authority of the emulator in use, unless the caller names another.
local function in_world(settings)
  local world = config.emulator()
  if not world or settings.cloud or settings.authority then return settings end
  return tables.merge({ authority = world.authority, ca_file = world.ca_file }, settings)
end

--- How the user signs in.
---@class azureml.LoginOptions: azureml.AuthorityOptions
---@field method? "browser"|"device_code"  default: "browser" if the machine has a display
---@field tenant_id? string  default: "organizations"
---@field client_id? string  default: the Azure CLI's application
---@field login_hint? string  the user's name: "ann@example.org"
---@field timeout? number  seconds for the user to sign in
---@field prompt? fun(asked: table)  shows the code, as for credential.device_code
---@field open? fun(asked: table)  opens the page, as for credential.browser

local LOGIN = {
  method = "string", tenant_id = "string", client_id = "string", login_hint = "string",
  timeout = "number", prompt = "callable", open = "callable", cloud = "any", authority = "string",
  ca_file = "string", proxy = "string",
}

--- Log in: ask the user to sign in, and save the tokens on disk, in a private file. Later commands
--- and scripts use them through `credential.login` and the default credential. Each authority has
--- one saved login. While an emulator is in use the user signs in to it.
---@param settings? azureml.LoginOptions
---@return azureml.Identity
---@raise an error object if the user does not sign in, or the login cannot be saved
function login.login(settings)
  settings = options.check("login", settings, LOGIN)
  local open_credential = method_of(settings)
  settings = in_world(settings)
  -- The default method depends on the machine, so the option of the other method is ignored.
  local unused = open_credential == credential.browser and "prompt" or "open"
  local fields = tables.merge(settings, { login = true })
  fields.method, fields[unused] = nil, nil
  local chosen <close> = open_credential(fields)
  local token_client <close> = client_for(chosen, settings)
  token_client:authenticate()
  local identity = identity_of(chosen)
  identity.credential = "azureml_login"
  return identity
end

--- Log out: remove all tokens that this package saved on disk, also those fetched with the Azure
--- command-line tools. The logins of the tools themselves stay.
---@return integer count      the number of removed files
---@raise an error object if a file cannot be removed
function login.logout()
  local count, fault = core.forget_tokens()
  if not count then
    errors.raise { code = "CacheRefused", message = "the token cache cannot be cleared: " .. fault }
  end
  return count
end

return login
