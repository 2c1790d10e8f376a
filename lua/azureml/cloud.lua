--- The Azure clouds: the sign-in authority, the endpoints of Resource Manager and Microsoft Graph,
--- and the scopes of their tokens.
--- Sources: spec/contract/auth.md, section 13; spec/contract/neighbours.md, section 3.
local errors = require "azureml.error"
local tables = require "azureml.tables"

---@class azureml.Cloud
---@field authority string          "https://login.microsoftonline.com"
---@field resource_manager string   "https://management.azure.com"
---@field scope string              "https://management.azure.com/.default"
---@field graph string?             "https://graph.microsoft.com"; a custom cloud may have none
---@field graph_scope string?       default: graph .. "/.default"
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

-- EMULATED_GRAPH: the path below which the emulator serves Microsoft Graph.
local cloud = { default = "AzureCloud", EMULATED_GRAPH = "/graph" }

local function names()
  return table.concat(tables.keys(clouds), ", ")
end

-- Check the fields of a custom cloud.
local function check_custom(choice)
  for _, field in ipairs { "authority", "resource_manager", "scope" } do
    if type(choice[field]) ~= "string" then
      errors.mistake("a custom cloud needs the field '%s', a string", field)
    end
  end
  for _, field in ipairs { "graph", "graph_scope" } do
    if choice[field] ~= nil and type(choice[field]) ~= "string" then
      errors.mistake("the field '%s' of a custom cloud must be a string", field)
    end
  end
  return choice
end

--- Return a cloud by its name. A table with authority, resource_manager and scope is a custom cloud;
--- it may have graph and graph_scope.
---@param choice string|azureml.Cloud|nil      nil: AzureCloud
---@return azureml.Cloud
function cloud.of(choice)
  if type(choice) == "table" then return check_custom(choice) end
  return clouds[choice or cloud.default]
    or errors.mistake("there is no cloud '%s' (known: %s)", tostring(choice), names())
end

--- Return where Microsoft Graph is in a cloud, and the scope of its tokens.
---@param choice string|azureml.Cloud|nil      nil: AzureCloud
---@return string endpoint, string scope
---@raise an error object `NoDirectory` if a custom cloud does not say where it is
function cloud.graph(choice)
  local chosen = cloud.of(choice)
  if not chosen.graph then
    errors.raise { code = "NoDirectory",
      message = "users cannot be found by e-mail address: the custom cloud has no field 'graph', "
        .. "the endpoint of Microsoft Graph",
      hint = "add graph to the cloud, or give assigned_user_object_id and assigned_user_tenant_id" }
  end
  return chosen.graph, chosen.graph_scope or chosen.graph .. "/.default"
end

return cloud
