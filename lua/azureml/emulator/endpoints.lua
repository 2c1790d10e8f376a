--- Name the endpoints of the cloud as a client reaches them. They all have the emulator's own
--- origin, unless the client came by one of Azure's names (`--azure-names`): then each endpoint has
--- its own name, as in Azure.
--- Source: spec/contract/auth.md, section 13; spec/contract/sdk-v1.md, section 3.
local endpoints = {}

local RESOURCE_MANAGERS = {
  ["management.azure.com"] = true, ["management.core.windows.net"] = true,
}

--- The hosts of Entra.
endpoints.logins = {
  ["login.microsoftonline.com"] = true, ["login.windows.net"] = true,
  ["login.microsoft.com"] = true, ["sts.windows.net"] = true,
}

local DATA_PLANE = ".api.azureml.ms"

local function is_azures(host)
  return RESOURCE_MANAGERS[host] or endpoints.logins[host] or host:sub(-#DATA_PLANE) == DATA_PLANE
end

---@class azureml.emulator.Endpoints
---@field cloud string                 the name of the cloud
---@field resource_manager string      an origin without a slash at its end, as the next ones
---@field login string
---@field graph string                 Azure AD Graph
---@field microsoft_graph string       Microsoft Graph, which graph.lua serves
---@field data_plane string            of the region

--- Return the endpoints for a client.
---@param origin string       the scheme, host and port by which the client reached the emulator
---@param region string?      needed for `data_plane`
---@return azureml.emulator.Endpoints
function endpoints.of(origin, region)
  local scheme, host, port = origin:lower():match "^(https?://)([^:/]+)(:?%d*)$"
  if not host or not is_azures(host) then
    return {
      cloud = "AzureEmulator",
      resource_manager = origin, login = origin, graph = origin,
      microsoft_graph = origin .. "/graph", data_plane = origin,
    }
  end
  local function at(name) return scheme .. name .. port end
  return {
    cloud = "AzureCloud",
    resource_manager = at "management.azure.com",
    login = at "login.microsoftonline.com",
    graph = at "graph.windows.net",
    microsoft_graph = at "graph.microsoft.com",
    data_plane = region and at(region:lower() .. DATA_PLANE),
  }
end

return endpoints
