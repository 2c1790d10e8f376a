--- Read scopes: each request names one resource, and may add scopes of OpenID Connect.
--- Source: spec/contract/auth.md, section 2.
local aadsts = require "azureml.emulator.entra.aadsts"
local core = require "azureml.core"

local scope = {}

local WORDS = { openid = true, profile = true, email = true, offline_access = true }
local GRAPH = "https://graph.microsoft.com"

-- Resources that a token can be for. Applications of the directory (api://ID or ID) and loopback
-- addresses are resources too.
local resources = {
  ["https://management.azure.com"] = true, ["https://management.core.windows.net"] = true,
  ["https://management.usgovcloudapi.net"] = true, ["https://management.chinacloudapi.cn"] = true,
  [GRAPH] = true, ["https://graph.windows.net"] = true,
  ["https://vault.azure.net"] = true, ["https://storage.azure.com"] = true,
  ["https://ml.azure.com"] = true, ["https://database.windows.net"] = true,
  ["https://batch.core.windows.net"] = true, ["api://azureadtokenexchange"] = true,
}

local function is_known(directory, resource)
  local key = resource:lower():gsub("/+$", "")
  if resources[key] or core.is_loopback(key) then return true end
  local found = directory:principal((key:gsub("^api://", "")))
  return found ~= nil and found.kind == "application"
end

local function resource_of(text)
  return text:match "^(%S+)/%.default$" or text:match "^(%a[%w+.-]*://%S+)/[^/%s]+$"
end

local function check_known(request, resource)
  if not is_known(request.directory, resource) then
    aadsts.raise(500011, resource, request.tenant.name or request.tenant.id)
  end
  return resource
end

-- Separate the scopes of OpenID Connect from the others.
local function split(text)
  local words, rest = {}, {}
  for word in text:gmatch "%S+" do
    if WORDS[word:lower()] then words[word:lower()] = true else rest[#rest + 1] = word end
  end
  return words, rest
end

--- Read the scope of an application's own token. Refuse it unless it is RESOURCE/.default.
---@param request azureml.emulator.EntraRequest
---@param text string
---@return string audience
function scope.of_application(request, text)
  local _, rest = split(text)
  if #rest ~= 1 then aadsts.raise(70011, text) end
  local audience = rest[1]:match "^(%S+)/%.default$"
  if not audience then aadsts.raise(1002012, text) end
  return check_known(request, audience)
end

--- Read the scopes of a user's token. A scope without a resource belongs to Microsoft Graph.
---@param request azureml.emulator.EntraRequest
---@param text string
---@return string audience, table<string, boolean> words      words: the scopes of OpenID Connect
function scope.of_user(request, text)
  local words, rest = split(text)
  local audience
  for _, word in ipairs(rest) do
    local resource = resource_of(word) or GRAPH
    if audience and audience ~= resource then aadsts.raise(70011, text) end
    audience = resource
  end
  return check_known(request, audience or GRAPH), words
end

return scope
