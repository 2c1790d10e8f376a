--- The Azure clouds: the sign-in authority, the Resource Manager endpoint and the token scope.
--- Source: spec/contract/auth.md, section 13.
local errors = require "azureml.error"
local tables = require "azureml.tables"

---@class azureml.Cloud
---@field authority string          "https://login.microsoftonline.com"
---@field resource_manager string   "https://management.azure.com"
---@field scope string              "https://management.azure.com/.default"
local clouds = {
  AzureCloud = {
    authority = "https://login.microsoftonline.com",
    resource_manager = "https://management.azure.com",
    scope = "https://management.azure.com/.default",
  },
  AzureUSGovernment = {
    authority = "https://login.microsoftonline.us",
    resource_manager = "https://management.usgovcloudapi.net",
    scope = "https://management.usgovcloudapi.net/.default",
  },
  AzureChinaCloud = {
    authority = "https://login.chinacloudapi.cn",
    resource_manager = "https://management.chinacloudapi.cn",
    scope = "https://management.chinacloudapi.cn/.default",
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

return cloud
