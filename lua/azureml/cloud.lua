--- The Azure clouds: the sign-in authority, the endpoints of Resource Manager and of Microsoft
--- Graph, the token scope, and the hosts of the instances; and which of them is active.
--- Source: spec/contract/auth.md, section 13; spec/contract/neighbours.md, sections 3 and 5.
local later = require "azureml.tool.later"
local azure_cli = later "azureml.azure_cli"
local errors = later "azureml.error"
local tables = require "azureml.tool.tables"

---@class azureml.Cloud
---@field authority string          "https://login.microsoftonline.com"
---@field resource_manager string   "https://management.azure.com"
---@field scope string              "https://management.azure.com/.default"
---@field graph string?             "https://graph.microsoft.com"; a custom cloud may have none
---@field graph_scope string?       default: graph .. "/.default"
---@field data_plane string?        "https://%s.api.azureml.ms", where %s is the region; a custom
---  cloud may have none
---@field data_plane_scope string?  of its tokens: "https://ml.azure.com/.default"
---@field instance_scope string?    of the tokens for the instances' own endpoints; default: scope
---@field instance_suffixes string[]?      what the names of the instances' hosts end in
---@field storage_suffix string?    what the hosts of blobs end in: ".blob.core.windows.net"
---@field studio string?            the studio's pages; a custom cloud may have none
local clouds = {
  AzureCloud = {
    authority = "https://login.microsoftonline.com",
    resource_manager = "https://management.azure.com",
    scope = "https://management.azure.com/.default",
    graph = "https://graph.microsoft.com",
    data_plane = "https://%s.api.azureml.ms",
    data_plane_scope = "https://ml.azure.com/.default",
    instance_scope = "https://management.azure.com/.default",
    instance_suffixes = { ".instances.azureml.ms", ".instances.azureml.net" },
    storage_suffix = ".blob.core.windows.net",
    studio = "https://ml.azure.com",
  },
  AzureUSGovernment = {
    authority = "https://login.microsoftonline.us",
    resource_manager = "https://management.usgovcloudapi.net",
    scope = "https://management.usgovcloudapi.net/.default",
    graph = "https://graph.microsoft.us",
    data_plane = "https://%s.api.ml.azure.us",
    data_plane_scope = "https://ml.azure.us/.default",
    instance_scope = "https://management.usgovcloudapi.net/.default",
    instance_suffixes = { ".instances.azureml.us" },
    storage_suffix = ".blob.core.usgovcloudapi.net",
    studio = "https://ml.azure.us",
  },
  AzureChinaCloud = {
    authority = "https://login.chinacloudapi.cn",
    resource_manager = "https://management.chinacloudapi.cn",
    scope = "https://management.chinacloudapi.cn/.default",
    graph = "https://microsoftgraph.chinacloudapi.cn",
    data_plane = "https://%s.api.ml.azure.cn",
    data_plane_scope = "https://ml.azure.cn/.default",
    instance_scope = "https://management.chinacloudapi.cn/.default",
    instance_suffixes = { ".instances.azureml.cn" },
    storage_suffix = ".blob.core.chinacloudapi.cn",
    studio = "https://studio.ml.azure.cn",
  },
}

-- EMULATED_GRAPH: the path below which the emulator serves Microsoft Graph.
local cloud = { default = "AzureCloud", EMULATED_GRAPH = "/graph" }

--- The names of the clouds, sorted.
---@type string[]
cloud.names = tables.keys(clouds)

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

-- The newer name of an authority.
local ALIASES = { ["https://login.partner.microsoftonline.cn"] = "AzureChinaCloud" }

-- Return the cloud whose sign-in authority AZURE_AUTHORITY_HOST names.
local function cloud_of_authority()
  local authority = (variable "AZURE_AUTHORITY_HOST" or ""):gsub("/+$", ""):lower()
  for name, row in pairs(clouds) do
    if row.authority == authority then return name end
  end
  return ALIASES[authority]
end

-- Each returns the cloud that it names, and how an error calls it. The variables of this package's
-- field come first: AZURE_CLOUD_NAME is the Azure CLI's own.
local SOURCES = {
  function() return variable "AZUREML_CURRENT_CLOUD", "AZUREML_CURRENT_CLOUD" end,
  function() return variable "AZURE_CLOUD_NAME", "AZURE_CLOUD_NAME" end,
  function() return cloud_of_authority(), "AZURE_AUTHORITY_HOST" end,
  function() return azure_cli.cloud() end,
}

--- Return the name of the active cloud: from AZUREML_CURRENT_CLOUD, AZURE_CLOUD_NAME,
--- AZURE_AUTHORITY_HOST, or the Azure CLI's settings; else AzureCloud.
---@return string name       which `of` may not know
---@return string? source    what names it; nil: the default
function cloud.active()
  for _, source in ipairs(SOURCES) do
    local name, where = source()
    if name then return name, where end
  end
  return cloud.default
end

-- Return a cloud by its name, in any case.
local function find(name)
  if type(name) ~= "string" then return nil end
  for known, row in pairs(clouds) do
    if known:lower() == name:lower() then return row end
  end
end

local function active_cloud()
  local name, source = cloud.active()
  return find(name) or errors.raise {
    code = "CloudUnknown",
    message = ("%s names the cloud '%s', which is not known (known: %s)"):format(source, name,
      table.concat(cloud.names, ", ")),
    hint = "--cloud or the option 'cloud' names one of them; a script may describe another cloud "
      .. "by a table with authority, resource_manager and scope",
  }
end

-- A suffix names at least a domain of two labels: a token must not go to all hosts of ".com".
local SUFFIX = "^%.[%w-]+%.[%w.-]*%w$"

local function is_suffix_list(list)
  if type(list) ~= "table" then return list == nil end
  for _, suffix in ipairs(list) do
    if type(suffix) ~= "string" or not suffix:find(SUFFIX) then return false end
  end
  return true
end

-- Check the fields of a custom cloud.
local function check_custom(choice)
  for _, field in ipairs { "authority", "resource_manager", "scope" } do
    if type(choice[field]) ~= "string" then
      errors.mistake("a custom cloud needs the field '%s', a string", field)
    end
  end
  for _, field in ipairs {
    "graph", "graph_scope", "data_plane", "data_plane_scope", "instance_scope", "storage_suffix",
    "studio",
  } do
    if choice[field] ~= nil and type(choice[field]) ~= "string" then
      errors.mistake("the field '%s' of a custom cloud must be a string", field)
    end
  end
  if not is_suffix_list(choice.instance_suffixes) then
    errors.mistake("the field 'instance_suffixes' of a custom cloud must be a list of suffixes "
      .. "such as '.instances.azureml.ms'")
  end
  return choice
end

--- Return a cloud by its name. A table with authority, resource_manager and scope is a custom
--- cloud; it may have graph, graph_scope, data_plane, data_plane_scope, instance_scope,
--- instance_suffixes, storage_suffix and studio.
---@param choice string|azureml.Cloud|nil      nil: the active cloud
---@return azureml.Cloud
---@raise an error object `CloudUnknown` if the active cloud is not known
function cloud.of(choice)
  if type(choice) == "table" then return check_custom(choice) end
  if choice == nil then return active_cloud() end
  return find(choice) or errors.mistake("there is no cloud '%s' (known: %s)", tostring(choice),
    table.concat(cloud.names, ", "))
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

--- Return where the data plane of a region is in a cloud, and the scope of its tokens.
---@param choice string|azureml.Cloud|nil      nil: the active cloud
---@param region string                        "westeurope"
---@return string endpoint, string scope
---@raise an error object `NoDataPlane` if a custom cloud does not say where it is
function cloud.data_plane(choice, region)
  local chosen = cloud.of(choice)
  if not chosen.data_plane or not chosen.data_plane_scope then
    errors.raise { code = "NoDataPlane",
      message = "the run history cannot be read: the custom cloud has no fields 'data_plane' and "
        .. "'data_plane_scope'",
      hint = "add data_plane, such as 'https://%s.api.azureml.ms', and data_plane_scope" }
  end
  -- The region comes from the service, and stands in the name of a host that gets a token.
  if not region:find "^%w[%w-]*$" then
    errors.raise { code = "InvalidReply",
      message = ("'%s' is not the name of a region"):format(region:sub(1, 60)) }
  end
  return (chosen.data_plane:gsub("%%s", region:lower())), chosen.data_plane_scope
end

--- Return the scope of the tokens for the instances' own endpoints, such as Jupyter, and what the
--- names of these hosts end in. The scope is inferred: no document names it. The environment
--- variable AZUREML_INSTANCE_SCOPE overrides that of a cloud.
---@param choice string|azureml.Cloud|nil      nil: the active cloud
---@return string scope, string[] suffixes     no suffixes: the custom cloud names none
function cloud.instances(choice)
  local chosen = cloud.of(choice)
  return variable "AZUREML_INSTANCE_SCOPE" or chosen.instance_scope or chosen.scope,
    chosen.instance_suffixes or {}
end

return cloud
