--- The Azure clouds: the sign-in authority, the endpoints of Resource Manager and of Microsoft
--- Graph, and the token scope.
--- Source: spec/contract/auth.md, section 13; spec/contract/neighbours.md, section 3.
local errors = require "azureml.error"
local tables = require "azureml.tables"

---@class azureml.Cloud
---@field authority string          "https://login.microsoftonline.com"
---@field resource_manager string   "https://management.azure.com"
---@field scope string              "https://management.azure.com/.default"
---@field graph string?             "https://graph.microsoft.com"; a custom cloud may have none
local clouds = {
  AzureCloud = {
    authority = "https://login.microsoftonline.com",
    resource_manager = "https://management.azure.com",
    scope = "https://management.azure.com/.default",
    graph = "https://graph.microsoft.com",
  },
  AzureUSGovernment = {
    authority = "https://login.microsoftonline.us",
    resource_manager = "https://management.usgovcloudapi.net",
    scope = "https://management.usgovcloudapi.net/.default",
    graph = "https://graph.microsoft.us",
  },
  AzureChinaCloud = {
    authority = "https://login.chinacloudapi.cn",
    resource_manager = "https://management.chinacloudapi.cn",
    scope = "https://management.chinacloudapi.cn/.default",
    graph = "https://microsoftgraph.chinacloudapi.cn",
  },
}

local cloud = { default = "AzureCloud" }

local function names()
  return table.concat(tables.keys(clouds), ", ")
end

--- Return a cloud by its name. A table with all three fields is a custom cloud.
---@param choice string|azureml.Cloud|nil      nil: AzureCloud
---@return azureml.Cloud
function cloud.of(choice)
  if type(choice) == "table" then
    for _, field in ipairs { "authority", "resource_manager", "scope" } do
      if type(choice[field]) ~= "string" then
        errors.mistake("a custom cloud needs the field '%s', a string", field)
      end
    end
    return choice
  end
  return clouds[choice or cloud.default]
    or errors.mistake("there is no cloud '%s' (known: %s)", tostring(choice), names())
end

--- Return the endpoint of Microsoft Graph and the scope of its tokens. An emulator serves Graph
--- below its own URL and accepts the tokens of the public cloud's Graph.
---@param choice string|azureml.Cloud|nil      as for `of`
---@param emulator { url: string }?             the emulator in use
---@return string? endpoint      nil: the cloud has no Graph that we know
---@return string? scope
function cloud.graph(choice, emulator)
  local graph = cloud.of(choice).graph
  if emulator then return emulator.url .. "/graph", clouds.AzureCloud.graph .. "/.default" end
  return graph, graph and graph .. "/.default"
end

return cloud
