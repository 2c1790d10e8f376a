--- Find the settings: arguments, environment, a config.json in this directory or above, the user's
--- defaults, the Azure CLI's defaults; and select the world, an emulator or Azure. A source is used
--- only if it has all fields; explicit arguments override single fields.
--- Source of the search: spec/contract/sdk-v1.md, section 1.
local later = require "azureml.tool.later"
local cloud = require "azureml.cloud"
local core = require "azureml.core"
local errors = later "azureml.error"
local azure_cli = later "azureml.azure_cli"
local defaults = later "azureml.defaults"
local json = require "azureml.json"
local trust = require "azureml.trust"

local config = {}

local FIELDS = { "subscription_id", "resource_group", "workspace_name" }
local DOWNLOAD_AGAIN = "download it again from the studio"

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

-- The rules of the service -----------------------------------------------------------------------

-- What each field can be, how messages call it, and whether a text fits.
-- Source: spec/contract/compute-rest.md, section 1.
local RULES = {
  subscription_id = { "subscription_id", "is a GUID such as 00000000-0000-0000-0000-000000000000",
    function(text) return text:find "^%x+%-%x+%-%x+%-%x+%-%x+$" end },
  resource_group = { "resource_group", "has 1 to 90 letters, digits, '.', '_', '-' or parentheses",
    function(text)
      local length = utf8.len(text)
      return length and length <= 90 and text:find "^[%w._()\x80-\xFF-]+$"
    end },
  workspace_name = { "workspace name",
    "has 3 to 33 letters, digits, '-' or '_', and begins with a letter or digit",
    function(text) return #text >= 3 and #text <= 33 and text:find "^%w[%w_-]+$" end },
}

--- Return what is wrong with the value of a field.
---@param field string      "subscription_id", "resource_group" or "workspace_name"
---@param value string
---@return string?          nil: the field can have the value
function config.fault(field, value)
  local label, rule, fits = table.unpack(RULES[field])
  if fits(value) then return nil end
  return ("'%s' cannot be a %s: it %s"):format(value:sub(1, 100), label, rule)
end

-- config.json -------------------------------------------------------------------------------------

local DIRECTORIES = { ".azureml/", "aml_config/", "" }
local NAMES = { "config.json", "project.json" }

local function parents_of(directory)
  local list = { directory == "/" and "/" or directory .. "/" }
  while directory ~= "/" and directory ~= "" do
    directory = directory:match "^(.*)/[^/]*$"
    list[#list + 1] = directory .. "/"
  end
  return list
end

-- Return a text in UTF-8. PowerShell's Out-File writes UTF-16 with a byte order mark.
local function to_utf8(text)
  local mark = text:sub(1, 2)
  local unit = mark == "\xFF\xFE" and "<I2" or mark == "\xFE\xFF" and ">I2"
  if not unit or #text % 2 ~= 0 then return text end
  local characters, high = {}, nil
  for position = 3, #text, 2 do
    local code = string.unpack(unit, text, position)
    if code >= 0xD800 and code < 0xDC00 then
      high = code
    else
      if high and code >= 0xDC00 and code < 0xE000 then
        code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
      end
      characters[#characters + 1], high = utf8.char(code), nil
    end
  end
  return table.concat(characters)
end

-- Tell whether a file belongs to another program: an object with none of the names of a workspace.
local function is_foreign(content)
  if type(content) ~= "table" or content[1] ~= nil then return false end
  for _, name in ipairs { "Scope", "project_name", table.unpack(FIELDS) } do
    if content[name] ~= nil then return false end
  end
  return true
end

-- Return the path of the nearest file that names a workspace, and what it holds.
local function find_file(directory)
  local parents = parents_of(directory)
  for _, sub in ipairs(DIRECTORIES) do
    for _, name in ipairs(NAMES) do
      for _, parent in ipairs(parents) do
        local path = parent .. sub .. name
        local text, refusal = core.read_trusted(path)
        if refusal then
          errors.raise {
            code = "ConfigRefused", message = ("%s is not used: %s"):format(path, refusal),
            hint = "make it yours and run chmod o-w on it, or name the workspace explicitly",
          }
        end
        local content = text and json.decode(to_utf8(text))
        if text and not is_foreign(content) then return path, content end
      end
    end
  end
end

local function read_scope(scope)
  local parts = {}
  for part in scope:gmatch "[^/]+" do parts[#parts + 1] = part end
  return { subscription_id = parts[2], resource_group = parts[4], workspace_name = parts[8] }
end

local function refuse_file(message)
  errors.raise { code = "ConfigInvalid", message = message, hint = DOWNLOAD_AGAIN }
end

local function read_file(path, content)
  if type(content) ~= "table" then refuse_file(path .. " is not a JSON object") end
  local scope = content.Scope
  local found = type(scope) == "string" and scope ~= "" and read_scope(scope) or content
  local fields = {}
  for _, field in ipairs(FIELDS) do
    local value = json.get(found, field)
    if value == nil and field == "workspace_name" then value = json.get(found, "project_name") end
    if value == nil or value == "" then refuse_file(("%s has no %s"):format(path, field)) end
    if type(value) ~= "string" then
      refuse_file(("%s has a %s that is not a text"):format(path, field))
    end
    fields[field] = value
  end
  return fields
end

-- Sources -----------------------------------------------------------------------------------------

-- Each returns the fields that it has, and its description for an error message.
local sources = {}

function sources.environment()
  return {
    subscription_id = variable "AZUREML_ARM_SUBSCRIPTION",
    resource_group = variable "AZUREML_ARM_RESOURCEGROUP",
    workspace_name = variable "AZUREML_ARM_WORKSPACE_NAME",
  }, "AZUREML_ARM_SUBSCRIPTION, AZUREML_ARM_RESOURCEGROUP and AZUREML_ARM_WORKSPACE_NAME"
end

function sources.file()
  local directory, reason = core.directory()
  if not directory then
    return {}, ("config.json (the working directory cannot be read: %s)"):format(reason)
  end
  local path, content = find_file(directory)
  if not path then return {}, "config.json in " .. directory .. " and above" end
  return read_file(path, content), path
end

-- `azureml config set` writes these.
function sources.defaults()
  local found, path = defaults.read()
  return {
    subscription_id = found.subscription, resource_group = found.group,
    workspace_name = found.workspace,
  }, path or "the user's defaults"
end

function sources.azure_cli(explicit)
  local directory = azure_cli.directory()
  if not directory then return {}, "the Azure CLI's defaults" end
  local name = explicit.cloud or cloud.active()
  local names, faults = azure_cli.defaults()
  local subscription_id, fault = azure_cli.subscription(name)
  local where = "the Azure CLI's defaults in " .. directory
  if fault then faults[#faults + 1] = "azureProfile.json is not used: " .. fault end
  if #faults > 0 then where = ("%s (%s)"):format(where, table.concat(faults, "; ")) end
  return {
    subscription_id = subscription_id,
    resource_group = names.group,
    workspace_name = names.workspace,
  }, where
end

local ORDER = { "environment", "file", "defaults", "azure_cli" }
local EMULATED_ORDER = { "environment", "file" }

-- Complete the explicit fields from a source; return nil if a field is still missing.
local function complete(explicit, found)
  local fields = {}
  for _, field in ipairs(FIELDS) do
    fields[field] = explicit[field] or found[field]
    if not fields[field] then return nil end
  end
  return fields
end

local function not_found(explicit, tried)
  local missing = {}
  for _, field in ipairs(FIELDS) do
    if not explicit[field] then missing[#missing + 1] = field end
  end
  errors.raise {
    code = "WorkspaceUnknown",
    message = ("which workspace? %s not found; tried: arguments; %s"):format(
      table.concat(missing, ", "), table.concat(tried, "; ")),
    hint = "give subscription_id, resource_group and name, put the studio's config.json here, "
      .. "or run 'azureml config set'; --emulator needs none of them",
  }
end

--- Return the three names of the workspace to use.
---@param explicit table     subscription_id, resource_group, workspace_name: those that the caller
---  named; cloud string?: its name, if the caller named it
---@return table fields      all three
---@return string? source     where those come from that the caller did not name
---@raise an error object that lists what was tried, or names the file that is invalid
function config.workspace(explicit)
  local all = complete(explicit, {})
  if all then return all end
  local world, tried = config.emulator(), {}
  for _, name in ipairs(world and EMULATED_ORDER or ORDER) do
    local found, description = sources[name](explicit)
    local fields = complete(explicit, found)
    if fields then return fields, description end
    tried[#tried + 1] = description
  end
  local fields = world and complete(explicit, world:settings())
  return fields or not_found(explicit, tried)
end

--- Return the id of the subscription to use: of the first source that names one.
---@param explicit table     subscription_id, cloud string?: if the caller named them
---@return string
---@raise an error object that lists what was tried, or names the file that is invalid
function config.subscription(explicit)
  if explicit.subscription_id then return explicit.subscription_id end
  local world, tried = config.emulator(), {}
  for _, name in ipairs(world and EMULATED_ORDER or ORDER) do
    local found, description = sources[name](explicit)
    if found.subscription_id then return found.subscription_id end
    tried[#tried + 1] = description
  end
  if world then return world:settings().subscription_id end
  errors.raise {
    code = "SubscriptionUnknown",
    message = "which subscription? no id was found; tried: arguments; "
      .. table.concat(tried, "; "),
    hint = "give subscription_id, or run 'az account set'",
  }
end

-- The world ---------------------------------------------------------------------------------------

local chosen            -- an emulator, or a function that returns one at its first use

--- Use an emulator wherever the script names no cloud.
---@param emulator table
function config.select_emulator(emulator)
  chosen = emulator
end

--- Stop using an emulator, if it is the one in use.
---@param emulator table
function config.deselect_emulator(emulator)
  if chosen == emulator then chosen = nil end
end

--- Start an emulator in this process when it is first needed, and use it: `--emulator` does this.
---@param settings? { speed: number? }      how many times faster than real time its clock runs; 60
function config.use_emulator(settings)
  chosen = function()
    return require("azureml.emulator").start { speed = settings and settings.speed or 60 }
  end
end

-- Return the authorities to trust for a remote emulator. An emulator on this machine has a
-- certificate of its own authority. The bundle that a variable names, often for the whole machine,
-- does not contain that authority.
local function ca_file_of(url)
  local own = url:find "^https:" and core.is_loopback(url)
    and require("azureml.emulator.certificate_authority").trusted()
  return own or trust.ca_file()
end

local function refuse_emulator(message, url)
  errors.raise { code = "InvalidEndpoint", message = message:format(url) }
end

-- Connect to the running emulator that AZUREML_EMULATOR names.
local function remote_emulator(url)
  local client = require "azureml.client"
  if not core.origin(url) then
    refuse_emulator("AZUREML_EMULATOR is '%s', which is not a URL such as http://127.0.0.1:8080",
      core.redacted(url))
  end
  local ca_file = ca_file_of(url)
  local probe <close> = client.new { endpoint = url, retry = { tries = 0 }, ca_file = ca_file }
  local settings = probe:request({
    path = "/emulator/settings", headers = require("azureml.emulator.key_file").headers(url),
    label = "reach the emulator that AZUREML_EMULATOR names",
  }).json
  if type(json.get(settings, "subscription_id")) ~= "string" then
    refuse_emulator("AZUREML_EMULATOR is %s, but no emulator answers there", core.redacted(url))
  end
  return {
    url = url, authority = url, ca_file = ca_file, settings = function() return settings end,
  }
end

--- Return the emulator in use; nil means Azure.
---@return table?
function config.emulator()
  local url = variable "AZUREML_EMULATOR"
  if not chosen and url then
    chosen = function() return remote_emulator((url:gsub("/+$", ""))) end
  end
  if type(chosen) == "function" then
    local start = chosen
    chosen = start() or nil
  end
  return chosen
end

return config
