--- Route requests to Entra and to the token endpoints of machines: find the handler and the tenant,
--- and turn a raised refusal into a response. The handlers are in the other files of this folder.
local aadsts = require "azureml.emulator.entra.aadsts"
local control = require "azureml.emulator.control"
local device = require "azureml.emulator.entra.device"
local form = require "azureml.emulator.entra.form"
local managed = require "azureml.emulator.entra.managed"
local metadata = require "azureml.emulator.entra.metadata"
local origin_of = require "azureml.emulator.origin"
local retired_graph = require "azureml.emulator.entra.retired_graph"
local sign_in = require "azureml.emulator.entra.sign_in"
local tables = require "azureml.tool.tables"
local token_endpoint = require "azureml.emulator.entra.token_endpoint"
local trouble = require "azureml.emulator.trouble"

local entra = {}

-- path below a tenant -> method -> handler
local below_tenant = {
  ["oauth2/v2.0/token"] = { POST = token_endpoint.answer },
  ["oauth2/token"] = { POST = token_endpoint.answer },
  ["oauth2/v2.0/devicecode"] = { POST = device.begin },
  ["oauth2/v2.0/authorize"] = { GET = sign_in.page, POST = sign_in.page },
  ["v2.0/.well-known/openid-configuration"] = { GET = metadata.openid },
  [".well-known/openid-configuration"] = { GET = metadata.openid },
  ["discovery/v2.0/keys"] = { GET = metadata.keys },
  ["discovery/keys"] = { GET = metadata.keys },
}

-- path without a tenant -> method -> handler
local without_tenant = {
  ["common/discovery/instance"] = { GET = metadata.instance },
  ["devicelogin"] = { GET = sign_in.device_page, POST = sign_in.device_page },
  ["metadata/endpoints"] = { GET = metadata.endpoints },
  ["metadata/identity/oauth2/token"] = { GET = managed.imds },
  ["appservice/msi/token"] = { GET = managed.app_service },
  ["msi/auth"] = { GET = managed.azureml },
  ["cloudshell/oauth2/token"] = { POST = managed.cloud_shell },
}

-- Each stands for the tenant of the user that signs in. An application cannot use them.
local ALIASES = { common = true, organizations = true, consumers = true }

local function set_tenant(request, text)
  request.tenant_text, request.alias = text, ALIASES[text:lower()] ~= nil
  local directory = request.directory
  request.tenant = request.alias and directory:home() or directory:tenant(text)
  if request.tenant then return end
  if not text:find "^[%w.-]+$" then aadsts.raise(900023, text) end
  aadsts.raise(90002, text)
end

local function fields_of(http, query)
  if http.method == "GET" then return tables.copy(query) end
  return form.read(http.body or "")
end

--- What handlers know about a request.
---@class azureml.emulator.EntraRequest
---@field http table              the HTTP request: method, target, headers, body
---@field query table<string, string>
---@field form table<string, string>      the fields of the body, or of the query of a GET
---@field origin string           scheme, host and port by which the client reaches the emulator
---@field host string             host and port of the origin
---@field url string              the emulator's own URL
---@field now number              seconds since 1970
---@field tenant table?           the record of the tenant in the path
---@field tenant_text string?     the tenant as the path spells it
---@field alias boolean?          the path has "common", "organizations" or "consumers"
---@field emulator table
---@field world table
---@field directory table
---@field tokens table

local function open(emulator, http, query)
  local origin, host = origin_of(emulator, http)
  return {
    http = http, query = query, form = fields_of(http, query), origin = origin, host = host,
    url = emulator.url or origin, now = emulator.clock:now(),
    emulator = emulator, world = emulator.world, directory = emulator.directory,
    tokens = emulator.tokens,
  }
end

local TRANSIENT = 90033      -- the refusal that a trouble without a number means

-- Take the trouble of a request. It names a refusal by its number:
-- { trouble = { name = "entra", code = 50057 } }.
local function take_trouble(emulator, http, path)
  local taken = emulator.faults:take { method = http.method, path = path, entra = true }
  if taken and taken.name == "entra" then
    error(aadsts.made(math.tointeger(taken.code or TRANSIENT)), 0)
  end
  if taken and taken.name == "expire_token" then emulator.tokens:expire() end
  return taken
end

local function act(request, handler, tenant, path)
  request.world:settle()      -- delete expired records
  request.trouble = take_trouble(request.emulator, request.http, path)
  local instead = trouble.instead(request.trouble)
  if instead then return instead end
  if tenant then set_tenant(request, tenant) end
  return handler(request)
end

local UNCACHED = { ["Cache-Control"] = "no-store, no-cache", Pragma = "no-cache" }

local function finish(response)
  response.headers = tables.merge(response.headers, response.status and UNCACHED)
  return response
end

-- Return the handlers of a path by method, and the tenant in the path.
local function find(segments)
  local path = table.concat(segments, "/"):lower()
  if without_tenant[path] then return without_tenant[path] end
  local user = path:match "^common/userrealm/[^/]+$" and segments[3]
  if user then return { GET = function(request) return metadata.realm(request, user) end } end
  if retired_graph.concerns(segments) then return { GET = retired_graph.refuse } end
  return below_tenant[table.concat(segments, "/", 2):lower()], segments[1]
end

-- The handlers that give tokens without a secret. Where the emulator has a key, they need it: in
-- its header, or as emulator_key in the address that the user opens.
local WITHOUT_SECRET = {
  [sign_in.page] = true, [sign_in.device_page] = true, [managed.imds] = true,
  [managed.cloud_shell] = true,
}

local function lacks_key(emulator, http, query)
  if not emulator.key or control.has_key(emulator, http) then return nil end
  if query.emulator_key and control.is_key(emulator, query.emulator_key) then return nil end
  local description = "This emulator gives a shell, so signing in without a secret needs its key: "
    .. "add &emulator_key=KEY to the address, with the key that the emulator printed."
  return { status = 403, json = { error = "access_denied", error_description = description } }
end

--- Answer a request to Entra or to a machine's token endpoint.
---@param emulator table
---@param http table              the HTTP request
---@param segments string[]       of its path
---@param query table<string, string>
---@return table? response        nil if the path belongs to neither
---@raise an internal error of the emulator; refusals become responses
function entra.answer(emulator, http, segments, query)
  local handlers, tenant = find(segments)
  if not handlers then return nil end
  local handler = handlers[http.method]
  if not handler then
    local description = "The method is not allowed here."
    return {
      status = 405, json = { error = "invalid_request", error_description = description },
    }
  end
  local lacking = WITHOUT_SECRET[handler] and lacks_key(emulator, http, query)
  if lacking then return lacking end
  local request = open(emulator, http, query)
  local path = http.target:match "^[^?]*"
  local ok, response = pcall(act, request, handler, tenant, path)
  if not ok then
    if not aadsts.is(response) then error(response, 0) end
    response = aadsts.answer(response, emulator.world, http.headers["client-request-id"])
  end
  return finish(trouble.mark(request.trouble, response))
end

return entra
