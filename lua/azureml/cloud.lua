--- The Azure clouds: where one signs in, where Resource Manager is, what a token is for.
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

--- A cloud by name, or one's own as a table with all three fields.
---@param given string|azureml.Cloud|nil
---@return azureml.Cloud
function cloud.of(given)
  if type(given) == "table" then
    for _, field in ipairs { "authority", "resource_manager", "scope" } do
      if type(given[field]) ~= "string" then errors.mistake("a cloud of one's own needs %s", field) end
    end
    return given
  end
  return clouds[given or cloud.default] or errors.mistake("there is no cloud '%s' (known: %s)", tostring(given), names())
end

return cloud
