--- Entra's side: which request is which, in which tenant, and how a refusal is answered.
local aadsts = require "azureml.emulator.entra.aadsts"
local device = require "azureml.emulator.entra.device"
local form = require "azureml.emulator.entra.form"
local managed = require "azureml.emulator.entra.managed"
local metadata = require "azureml.emulator.entra.metadata"
local origin_of = require "azureml.emulator.origin"
local sign_in = require "azureml.emulator.entra.sign_in"
local tables = require "azureml.tables"
local token_endpoint = require "azureml.emulator.entra.token_endpoint"
local trouble = require "azureml.emulator.trouble"

local entra = {}

-- Below a tenant. Each method: who answers.
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

-- Of no tenant.
local apart = {
  ["common/discovery/instance"] = { GET = metadata.instance },
  ["devicelogin"] = { GET = sign_in.device_page, POST = sign_in.device_page },
  ["metadata/endpoints"] = { GET = metadata.endpoints },
  ["metadata/identity/oauth2/token"] = { GET = managed.imds },
  ["appservice/msi/token"] = { GET = managed.app_service },
  ["msi/auth"] = { GET = managed.azureml },
  ["cloudshell/oauth2/token"] = { POST = managed.cloud_shell },
}

-- Not tenants, but the tenant of whoever signs in. A sign-in without a person has none.
local ALIASES = { common = true, organizations = true, consumers = true }

local function set_tenant(at, text)
  at.tenant_text, at.alias = text, ALIASES[text:lower()] ~= nil
  at.tenant = at.alias and at.directory:home() or at.directory:tenant(text)
  if at.tenant then return end
  if not text:find "^[%w.-]+$" then aadsts.raise(900023, text) end
  aadsts.raise(90002, text)
end

local function fields_of(request, query)
  if request.method == "GET" then return tables.copy(query) end
  return form.read(request.body or "")
end

local function open(emulator, request, query)
  local origin, host = origin_of(emulator, request)
  return {
    emulator = emulator, request = request, query = query, form = fields_of(request, query), origin = origin, host = host,
    url = emulator.url or origin, now = emulator.clock:now(), world = emulator.world, directory = emulator.directory,
    tokens = emulator.tokens,
  }
end

-- A refusal of a sign-in is asked for by its number: { trouble = { name = "entra", code = 90033 } }.
local function take_trouble(emulator, request, path)
  local one = emulator.faults:take { method = request.method, path = path, entra = true }
  if one and one.name == "entra" then error(aadsts.made(math.tointeger(one.code)), 0) end
  if one and one.name == "expire_token" then emulator.tokens:expire() end
  return one
end

local function act(at, request, handler, tenant, path)
  at.world:settle()      -- what has ended is forgotten
  at.trouble = take_trouble(at.emulator, request, path)
  local instead = trouble.instead(at.trouble)
  if instead then return instead end
  if tenant then set_tenant(at, tenant) end
  return handler(at)
end

local SECRETIVE = { ["Cache-Control"] = "no-store, no-cache", Pragma = "no-cache" }

local function finish(given)
  given.headers = tables.merge(given.headers, given.status and SECRETIVE)
  return given
end

local function find(segments)
  local whole = table.concat(segments, "/"):lower()
  if apart[whole] then return apart[whole] end
  local user = whole:match "^common/userrealm/[^/]+$" and segments[3]
  if user then return { GET = function(at) return metadata.realm(at, user) end } end
  return below_tenant[table.concat(segments, "/", 2):lower()], segments[1]
end

--- Answer a request, if it is one to Entra or to a machine's endpoint.
---@param emulator table
---@param request table
---@param segments string[]
---@param query table<string, string>
---@return table? given
---@raise what went wrong here, and is no refusal
function entra.answer(emulator, request, segments, query)
  local entry, tenant = find(segments)
  if not entry then return nil end
  local handler = entry[request.method]
  if not handler then
    return { status = 405, json = { error = "invalid_request", error_description = "The method is not allowed here." } }
  end
  local at = open(emulator, request, query)
  local ok, given = pcall(act, at, request, handler, tenant, (request.target:match "^[^?]*"))
  if not ok then
    if not aadsts.is(given) then error(given, 0) end
    given = aadsts.answer(given, emulator.world, request.headers["client-request-id"])
  end
  return finish(trouble.mark(at.trouble, given))
end

return entra
