--- Scopes: one resource a request, with or without the three words of OpenID Connect.
--- Source: spec/contract/auth.md, section 2.
local aadsts = require "azureml.emulator.entra.aadsts"
local core = require "azureml.core"

local scope = {}

local WORDS = { openid = true, profile = true, email = true, offline_access = true }
local GRAPH = "https://graph.microsoft.com"

-- What a token can be for; an application of the directory too, as api://ID or ID, and whatever a test has on this machine.
local resources = {
  ["https://management.azure.com"] = true, ["https://management.core.windows.net"] = true, [GRAPH] = true,
  ["https://vault.azure.net"] = true, ["https://storage.azure.com"] = true, ["https://ml.azure.com"] = true,
  ["https://database.windows.net"] = true, ["api://azureadtokenexchange"] = true, ["https://graph.windows.net"] = true,
  ["https://batch.core.windows.net"] = true, ["https://management.usgovcloudapi.net"] = true,
  ["https://management.chinacloudapi.cn"] = true,
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

local function check_known(at, resource)
  if not is_known(at.directory, resource) then aadsts.raise(500011, resource, at.tenant.name or at.tenant.id) end
  return resource
end

-- The words of OpenID Connect, and what is left.
local function split(text)
  local words, rest = {}, {}
  for word in text:gmatch "%S+" do
    if WORDS[word:lower()] then words[word:lower()] = true else rest[#rest + 1] = word end
  end
  return words, rest
end

--- What an application asks for in its own name.
---@param at table
---@param text string
---@return string audience
function scope.of_application(at, text)
  local _, rest = split(text)
  if #rest ~= 1 then aadsts.raise(70011, text) end
  local audience = rest[1]:match "^(%S+)/%.default$"
  if not audience then aadsts.raise(1002012, text) end
  return check_known(at, audience)
end

--- What is asked for in a user's name. A scope without a resource is Graph's.
---@param at table
---@param text string
---@return string audience, table<string, boolean> words
function scope.of_user(at, text)
  local words, rest = split(text)
  local audience
  for _, one in ipairs(rest) do
    local resource = resource_of(one) or GRAPH
    if audience and audience ~= resource then aadsts.raise(70011, text) end
    audience = resource
  end
  return check_known(at, audience or GRAPH), words
end

return scope
