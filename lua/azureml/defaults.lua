--- The user's defaults: which workspace commands and scripts use, and how commands print results.
--- `azureml config` writes them to $XDG_CONFIG_HOME/azureml/defaults.json.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local tables = require "azureml.tool.tables"

local defaults = {}

--- The names of the defaults and what they mean.
defaults.meanings = {
  workspace = "the workspace's name",
  group = "the workspace's resource group",
  subscription = "the id of the workspace's subscription",
  output = "the format of results, as for the option -o",
}

--- The fields of a workspace that defaults are values of; config.lua has their rules.
defaults.fields = {
  workspace = "workspace_name", group = "resource_group", subscription = "subscription_id",
}

local FILE = "defaults.json"

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- Return the directory of the file.
---@return string?      nil without a home directory
function defaults.directory()
  local config, home = variable "XDG_CONFIG_HOME", variable "HOME"
  if config and config:sub(1, 1) == "/" then return config .. "/azureml" end
  return home and home .. "/.config/azureml"
end

local function refuse(path, why)
  errors.raise { code = "ConfigInvalid", message = ("%s %s"):format(path, why),
    hint = "correct the file or remove it; 'azureml config set' writes it" }
end

local function check(path, found)
  if type(found) ~= "table" then refuse(path, "is not a JSON object") end
  for name, value in pairs(found) do
    if not defaults.meanings[name] then
      refuse(path, ("has the unknown member '%s' (known: %s)"):format(tostring(name),
        table.concat(tables.keys(defaults.meanings), ", ")))
    end
    if type(value) ~= "string" or value == "" then
      refuse(path, ("has no text in %s"):format(name))
    end
  end
  return found
end

--- Read the defaults.
---@return table<string, string> found      empty when there is no file
---@return string? path                     of the file; nil without a home directory
---@raise an error object `ConfigRefused` for a file that others may change, `ConfigInvalid` for one
---  that is wrong
function defaults.read()
  local directory = defaults.directory()
  if not directory then return {} end
  local path = directory .. "/" .. FILE
  local text, refusal = core.read_trusted(path)
  if refusal then
    errors.raise { code = "ConfigRefused", message = ("%s is not used: %s"):format(path, refusal),
      hint = "make it yours and run chmod o-w on it" }
  end
  if not text then return {}, path end
  return check(path, json.decode(text)), path
end

--- Write the defaults, in place of those in the file.
---@param values table<string, string>
---@raise an error object `ConfigRefused` when the file cannot be written
function defaults.write(values)
  local directory = defaults.directory()
  if not directory then
    errors.raise { code = "ConfigRefused", message = "neither XDG_CONFIG_HOME nor HOME is set" }
  end
  local ok, reason = core.write_private(directory, FILE, json.encode(values) .. "\n")
  if not ok then
    errors.raise { code = "ConfigRefused",
      message = ("%s/%s cannot be written: %s"):format(directory, FILE, reason) }
  end
end

return defaults
