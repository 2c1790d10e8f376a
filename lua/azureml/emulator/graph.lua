--- Serve the users of the directory as Microsoft Graph does, below /graph/v1.0, and below /v1.0 for
--- clients that reach the emulator by Graph's own name. Each tenant sees its own users. A user may
--- read them; an application needs an application permission in its `app_roles`.
--- Source: spec/contract/neighbours.md, section 3.
local clock = require "azureml.emulator.clock"
local json = require "azureml.json"
local origin_of = require "azureml.emulator.origin"
local shorten = require "azureml.emulator.shorten"
local trouble = require "azureml.emulator.trouble"

local graph = {}

local Refusal = { __name = "azureml.emulator.GraphRefusal" }

local function refuse(status, code, message, ...)
  error(setmetatable({ status = status, code = code, message = message:format(...) }, Refusal), 0)
end

-- Callers -----------------------------------------------------------------------------------------

local GRAPH_ID = "00000003-0000-0000-c000-000000000000"
local AUDIENCES = {
  ["https://graph.microsoft.com"] = true, ["https://graph.microsoft.us"] = true,
  ["https://microsoftgraph.chinacloudapi.cn"] = true, [GRAPH_ID] = true,
}

-- The application permissions that let an application read users.
local READ_USERS = {
  ["User.Read.All"] = true, ["User.ReadBasic.All"] = true, ["User.ReadWrite.All"] = true,
  ["Directory.Read.All"] = true, ["Directory.ReadWrite.All"] = true,
}

local function is_for_graph(audience, origin)
  local plain = audience:gsub("/+$", "")
  return AUDIENCES[plain] or plain == origin .. "/graph"
end

-- Return the token of a request, and its principal.
local function identify(emulator, http, origin)
  local text = (http.headers.authorization or ""):match "^[bB][eE][aA][rR][eE][rR] +(%S+)$"
  if not text then
    refuse(401, "InvalidAuthenticationToken", "Access token is empty.")
  end
  local token = emulator.tokens:check(text)
  local principal = token and emulator.directory:principal(token.object_id)
  if not principal then
    refuse(401, "InvalidAuthenticationToken", "IDX14100: JWT is not well formed.")
  end
  if not is_for_graph(token.audience, origin) then
    refuse(401, "InvalidAuthenticationToken",
      "Access token validation failure. Invalid audience.")
  end
  if token.expires <= emulator.clock:now() then
    refuse(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
  end
  return token, principal
end

local function deny()
  refuse(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
end

local function check_rights(principal)
  if principal.kind == "user" then return end
  for _, permission in ipairs(principal.app_roles or {}) do
    if READ_USERS[permission] then return end
  end
  deny()
end

-- Users -------------------------------------------------------------------------------------------

-- property -> how it is read from the record of a user. Properties without a value are null.
local PROPERTIES = {
  id = function(user) return user.object_id end,
  displayName = function(user) return user.display_name or user.name end,
  userPrincipalName = function(user) return user.name end,
  mail = function(user) return user.mail end,
  accountEnabled = function(user) return not user.disabled end,
  userType = function(user) return user.name:find("#EXT#", 1, true) and "Guest" or "Member" end,
  businessPhones = function() return json.array {} end,
}

for _, name in ipairs {
  "givenName", "surname", "jobTitle", "mobilePhone", "officeLocation", "preferredLanguage",
} do
  PROPERTIES[name] = function() return nil end
end

-- The properties of an answer to a request without $select.
local DEFAULT = {
  "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
  "officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id",
}

local function selected(request)
  local text = request.query["$select"]
  if not text then return DEFAULT end
  local list = {}
  for name in text:gmatch "[^,%s]+" do
    if not PROPERTIES[name] then
      refuse(400, "BadRequest", "Parsing OData Select and Expand failed: Could not find a "
        .. "property named '%s' on type 'microsoft.graph.user'.", shorten(name))
    end
    list[#list + 1] = name
  end
  return list
end

local function show(user, names)
  local shown = {}
  for _, name in ipairs(names) do
    local value = PROPERTIES[name](user)
    if value == nil then value = json.null end
    shown[name] = value
  end
  return shown
end

local function users_of(request)
  local list = {}
  for _, user in pairs(request.emulator.world.records.user) do
    if user.tenant_id:lower() == request.tenant_id then list[#list + 1] = user end
  end
  table.sort(list, function(a, b) return a.name:lower() < b.name:lower() end)
  return list
end

local function context(request, below)
  return ("%s/v1.0/$metadata#%s"):format(request.base, below)
end

local FILTERED = { mail = true, userPrincipalName = true, displayName = true, id = true }

-- Read a filter such as mail eq 'ann@contoso.com', without "and" and "or". Return what it compares.
local function filter_of(text)
  local name, value = text:match "^%s*(%a+)%s+[eE][qQ]%s+'(.*)'%s*$"
  local is_single = name and not value:gsub("''", ""):find("'", 1, true)
  if not is_single or not FILTERED[name] then
    refuse(400, "Request_UnsupportedQuery",
      "Unsupported or invalid query filter clause specified: '%s'.", shorten(text))
  end
  return name, (value:gsub("''", "'")):lower()
end

local function matching(list, text)
  if not text then return list end
  local name, wanted = filter_of(text)
  local kept = {}
  for _, user in ipairs(list) do
    if (PROPERTIES[name](user) or ""):lower() == wanted then kept[#kept + 1] = user end
  end
  return kept
end

local MOST, PAGE = 999, 100      -- users on a page: at most, and by default
local LAST = 1e9                 -- the most users that a $skiptoken can pass over

local function whole(text, low, high, name)
  local number = text and math.tointeger(tonumber(text))
  if text and (not number or number < low or number > high) then
    refuse(400, "Request_BadRequest", "Invalid value specified for '%s'.", name)
  end
  return number
end

local function escape(text)
  return (text:gsub("[^%w._~-]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- Return the URL of the next page of a list of users. `following` counts the users before it.
local function link(request, following)
  local query = {}
  for _, name in ipairs { "$select", "$top", "$filter" } do
    local value = request.query[name]
    if value then query[#query + 1] = name .. "=" .. escape(value) end
  end
  query[#query + 1] = "$skiptoken=" .. following
  return ("%s/v1.0/users?%s"):format(request.base, table.concat(query, "&"))
end

local resources = {}

function resources.users(request)
  local names, query = selected(request), request.query
  local all = matching(users_of(request), query["$filter"])
  local top = whole(query["$top"], 1, MOST, "$top") or PAGE
  local first = whole(query["$skiptoken"], 0, LAST, "$skiptoken") or 0
  local value = json.array {}
  for index = first + 1, math.min(first + top, #all) do
    value[#value + 1] = show(all[index], names)
  end
  local following = first + #value
  local has_more = #value > 0 and following < #all
  return {
    ["@odata.context"] = context(request, "users"),
    ["@odata.nextLink"] = has_more and link(request, following) or nil,
    value = value,
  }
end

function resources.user(request, key)
  local user = request.emulator.directory:user(key)
  if not user or user.tenant_id:lower() ~= request.tenant_id then
    refuse(404, "Request_ResourceNotFound", "Resource '%s' does not exist or one of its queried "
      .. "reference-property objects are not present.", shorten(key))
  end
  local shown = show(user, selected(request))
  shown["@odata.context"] = context(request, "users/$entity")
  return shown
end

function resources.me(request)
  if request.principal.kind ~= "user" then
    refuse(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
  end
  return resources.user(request, request.principal.object_id)
end

function resources.organization(request)
  local tenant = request.emulator.directory:tenant(request.tenant_id)
  return {
    ["@odata.context"] = context(request, "organization"),
    value = json.array { {
      id = tenant.id,
      displayName = tenant.name or tenant.id,
      verifiedDomains = json.array { { name = tenant.name or json.null, isDefault = true } },
    } },
  }
end

-- Requests ----------------------------------------------------------------------------------------

-- Return the segments below the version, and whether the path begins with /graph.
local function below_version(segments)
  local is_prefixed = (segments[1] or ""):lower() == "graph"
  return table.move(segments, is_prefixed and 3 or 2, #segments, 1, {}), is_prefixed
end

local function find(segments)
  local name = (segments[1] or ""):lower()
  if name == "users" and segments[2] and not segments[3] then return resources.user, segments[2] end
  local is_list = name == "users" or name == "me" or name == "organization"
  if is_list and not segments[2] then return resources[name] end
  refuse(400, "BadRequest", "Resource not found for the segment '%s'.",
    shorten(segments[3] or segments[2] or segments[1] or ""))
end

local OPEN = { [resources.me] = true, [resources.organization] = true }      -- to every caller

local function act(emulator, http, segments, query, planned)
  local below, is_prefixed = below_version(segments)
  local origin, trouble_name = origin_of(emulator, http), planned and planned.name
  if trouble_name == "expire_token" then emulator.tokens:expire() end
  local token, principal = identify(emulator, http, origin)
  if http.method ~= "GET" then
    refuse(405, "Request_BadRequest",
      "Specified HTTP method is not allowed for the request target.")
  end
  local resource, key = find(below)
  if trouble_name == "forbidden" then deny() end
  if not OPEN[resource] then check_rights(principal) end
  local shown = resource({
    emulator = emulator, query = query, principal = principal, tenant_id = token.tenant_id:lower(),
    base = origin .. (is_prefixed and "/graph" or ""),
  }, key)
  return { status = 200, json = shown, headers = { ["OData-Version"] = "4.0" } }
end

local function answer_of(refused, emulator, http)
  local id = emulator.world.guid()
  return {
    status = refused.status,
    headers = { ["request-id"] = id },
    json = { error = {
      code = refused.code, message = refused.message,
      innerError = {
        date = clock.iso(emulator.clock:now()):sub(1, 19), ["request-id"] = id,
        ["client-request-id"] = http.headers["client-request-id"] or id,
      },
    } },
  }
end

--- Tell whether a path belongs to Microsoft Graph.
---@param segments string[]
---@return boolean
function graph.concerns(segments)
  local first, second = (segments[1] or ""):lower(), (segments[2] or ""):lower()
  return first == "v1.0" or first == "graph" and second == "v1.0"
end

--- Answer a request to Microsoft Graph. A fault rule matches it only by its path.
---@param emulator table
---@param http table              the HTTP request
---@param segments string[]       of its path
---@param query table<string, string>
---@return table reply
function graph.answer(emulator, http, segments, query)
  local path = http.target:match "^[^?]*"
  local planned = emulator.faults:take { method = http.method, path = path, entra = true }
  local reply = trouble.instead(planned)
  if not reply then
    local ok, value = pcall(act, emulator, http, segments, query, planned)
    if not ok and getmetatable(value) ~= Refusal then error(value, 0) end
    reply = ok and value or answer_of(value, emulator, http)
  end
  reply.headers = reply.headers or {}
  return trouble.mark(planned, reply)
end

return graph
