--- Read the settings of the Azure CLI: the active cloud, the default subscription, group and
--- workspace. They are files of the user; this module sends nothing and runs nothing.
--- Source: spec/contract/auth.md, section 13, and Microsoft's page "Azure CLI configuration".
local core = require "azureml.core"
local json = require "azureml.json"

local azure_cli = {}

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- Return the directory of its settings; nil without a home directory.
---@return string?
function azure_cli.directory()
  local directory, home = variable "AZURE_CONFIG_DIR", variable "HOME"
  return directory or home and home .. "/.azure"
end

-- Read a file of settings: sections in brackets, lines "name = value" or "name: value". Names count
-- in any case.
local function settings_in(text)
  local sections = { [""] = {} }
  local section = sections[""]
  for line in text:gsub("^\xEF\xBB\xBF", ""):gmatch "[^\r\n]+" do
    local title = line:match "^%s*%[(.-)%]"
    local name, value = line:match "^%s*([%w_.]+)%s*[=:]%s*(.-)%s*$"
    if title then
      sections[title] = sections[title] or {}
      section = sections[title]
    elseif name and value ~= "" then
      section[name:lower()] = value
    end
  end
  return sections
end

-- Read a file of settings; return {} and a reason where it is there and must not be used.
local function read(path)
  local text, refusal = core.read_trusted(path)
  if text then return settings_in(text) end
  return {}, refusal and ("%s is not used: %s"):format(path, refusal)
end

local function parent_of(directory)
  return directory ~= "/" and (directory:match "^(.+)/[^/]*$" or "/") or nil
end

-- Return the paths of the files ".azure/config" in the working directory and above, nearest first.
-- The search ends at the Azure CLI's own directory. The one in the home directory is not a local
-- one, also where AZURE_CONFIG_DIR names another.
local function local_paths(own)
  local paths, directory = {}, core.directory()
  local in_home = (variable "HOME" or "") .. "/.azure"
  while directory do
    local place = (directory == "/" and "" or directory) .. "/.azure"
    if place == own or place == in_home then break end
    paths[#paths + 1] = place .. "/config"
    directory = parent_of(directory)
  end
  return paths
end

--- Return the default group and workspace: from AZURE_DEFAULTS_GROUP and AZURE_DEFAULTS_WORKSPACE,
--- from .azure/config in the working directory or above, from the user's own settings; each name
--- from the first that has it, as the Azure CLI does.
---@return { group: string?, workspace: string? }
---@return string[] faults      files that are not used, each a sentence
function azure_cli.defaults()
  local own, faults = azure_cli.directory(), {}
  local found = {
    group = variable "AZURE_DEFAULTS_GROUP", workspace = variable "AZURE_DEFAULTS_WORKSPACE",
  }
  local paths = local_paths(own)
  if own then paths[#paths + 1] = own .. "/config" end
  for _, path in ipairs(paths) do
    if found.group and found.workspace then break end
    local sections, fault = read(path)
    local defaults = sections.defaults or {}
    found.group = found.group or defaults.group
    found.workspace = found.workspace or defaults.workspace
    if fault then faults[#faults + 1] = fault end
  end
  return found, faults
end

--- Return the name of the active cloud, as `az cloud set` wrote it into the user's own settings. A
--- file in the working directory cannot name a cloud.
---@return string? name, string? path      nil: it names no cloud
function azure_cli.cloud()
  local own = azure_cli.directory()
  if not own then return nil end
  local sections = read(own .. "/config")
  return sections.cloud and sections.cloud.name, own .. "/config"
end

-- Tell whether a subscription is the default of a cloud: each cloud has one.
local function is_default(subscription, cloud)
  local its_cloud = json.get(subscription, "environmentName")
  return json.get(subscription, "isDefault") == true and (its_cloud == nil or its_cloud == cloud)
end

--- Return the id of the default subscription in a cloud.
---@param cloud string       "AzureCloud"
---@return string? id        nil: there is none
---@return string? fault     what is wrong with the profile
function azure_cli.subscription(cloud)
  local own = azure_cli.directory()
  if not own then return nil end
  local text, refusal = core.read_trusted(own .. "/azureProfile.json")
  if not text then return nil, refusal end
  local subscriptions = json.get(json.decode(text), "subscriptions")
  if type(subscriptions) ~= "table" then return nil, "it has no list of subscriptions" end
  for _, subscription in ipairs(subscriptions) do
    if is_default(subscription, cloud) then
      local id = json.get(subscription, "id")
      if type(id) == "string" and id ~= "" then return id end
      return nil, "its default subscription has no id"
    end
  end
end

return azure_cli
