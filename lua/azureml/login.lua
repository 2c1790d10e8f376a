--- Logging in for all that runs later on this machine, logging out, and who one is.
local client = require "azureml.client"
local cloud = require "azureml.cloud"
local core = require "azureml.core"
local credential = require "azureml.credential"
local errors = require "azureml.error"
local options = require "azureml.options"
local tables = require "azureml.tables"
local workspace = require "azureml.workspace"

local login = {}

---@class azureml.Identity
---@field credential string        the kind that brought the token: "azure_cli"; of a chain, the link that served
---@field tenant_id string?        these as the token tells, where it can be read
---@field user string?             "ann@example.org"; nil for an application
---@field name string?             the person's, or the application's
---@field application_id string?   which application asks
---@field object_id string?        of the person, or of the application in its tenant
---@field expires_in integer       seconds that the token lives; it is renewed before
---@field expires_on string        when that is: "2026-11-26T04:40:00Z"

-- The claims that tell one thing; the first that a token has.
local CLAIMS = {
  tenant_id = { "tid" },
  user = { "upn", "preferred_username", "unique_name", "email" },
  name = { "name", "app_displayname" },
  application_id = { "appid", "azp" },
  object_id = { "oid" },
}

local function told(who, claims)
  for _, claim in ipairs(claims) do
    local value = who:claim(claim)
    if value then return value end
  end
end

local function identity_of(who)
  local seconds = math.floor(who:expires_in())
  local identity = { credential = who:served(), expires_in = seconds, expires_on = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + seconds) }
  for field, claims in pairs(CLAIMS) do identity[field] = told(who, claims) end
  return identity
end

local WHOAMI = { credential = "any", cloud = "any", ca_file = "string", proxy = "string" }

--- Who asks: fetches a token, if there is none yet, and tells what it says of its owner. Nothing is sent to the service.
---@param given? { credential: azureml.Credential?, cloud: string?, ca_file: string?, proxy: string? }      as for azureml.workspace
---@return azureml.Identity
---@raise an error object if there is no token to be had
function login.whoami(given)
  given = options.check("whoami", given, WHOAMI)
  local asker <close>, who = workspace.open_client(given)
  asker:authenticate()
  return identity_of(who)
end

-- Whether a browser could be seen by whoever sits here.
local function has_display()
  for _, name in ipairs { "DISPLAY", "WAYLAND_DISPLAY" } do
    local value = os.getenv(name)
    if value and value ~= "" and not os.getenv "SSH_CONNECTION" then return true end
  end
  return false
end

local METHODS = { device_code = credential.device_code, browser = credential.browser }

local function method_of(given)
  local method = given.method or (METHODS.browser and has_display() and "browser" or "device_code")
  return METHODS[method] or errors.mistake("login: there is no method '%s' (known: browser, device_code)", method)
end

-- For a token alone: nothing is sent there.
local function client_for(who, given)
  local place = cloud.of(given.cloud)
  return client.new { endpoint = place.resource_manager, scope = place.scope, credential = who }
end

local LOGIN = {
  method = "string", tenant_id = "string", client_id = "string", login_hint = "string", timeout = "number",
  prompt = "callable", open = "callable",
  cloud = "any", authority = "string", ca_file = "string", proxy = "string",
}

--- Log in: a person signs in, and what that brings is kept on disk, private, for `credential.login` and with it for the default
--- credential of all that runs later. One login is kept for each authority.
---@param given? table      method string? ("browser" or "device_code"; by default a browser where there is a display);
---  tenant_id, client_id, login_hint string?; timeout number?; prompt, open fun(asked)? (as for the credentials);
---  cloud, authority, ca_file, proxy string?
---@return azureml.Identity
---@raise an error object if nobody signs in, or the login cannot be kept
function login.login(given)
  given = options.check("login", given, LOGIN)
  local how = method_of(given)
  local others = how == credential.browser and "prompt" or "open"      -- which way it is may depend on the machine
  local fields = tables.merge(given, { login = true })
  fields.method, fields[others] = nil, nil
  local who <close> = how(fields)
  local asker <close> = client_for(who, given)
  asker:authenticate()
  local identity = identity_of(who)
  identity.credential = "azureml_login"
  return identity
end

--- Log out: remove all tokens that are kept on disk, those of the command-line tools as well. The tools' own logins stay.
---@return integer count      files that were removed
---@raise an error object if they cannot be
function login.logout()
  local count, why = core.forget_tokens()
  if not count then errors.raise { code = "CacheRefused", message = "the token cache cannot be cleared: " .. why } end
  return count
end

return login
