--- The environment of a job: find the id of an environment that is told by name, and register an
--- environment that is described in place. Source: spec/contract/compute-rest.md, section 13.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local once = require "azureml.tool.once"
local options = require "azureml.options"
local resource = require "azureml.resource"

local environment = {}

local verbs = {
  latest = { method = "GET", path = "environments/{name}" },
  get = { method = "GET", path = "environments/{name}/versions/{version}" },
  put = { method = "PUT", path = "environments/{name}/versions/{version}", is_repeatable = true },
}

-- The name under which the Azure CLI registers environments that are described in place.
local ANONYMOUS = "CliV2AnonymousEnvironment"

local MEMBERS = {
  image = "string", conda_file = "string", description = "string", os_type = "string",
  tags = "table",
}

local OS_TYPES = { linux = "Linux", windows = "Windows" }

local HOW = "name it as NAME:VERSION, NAME@latest or "
  .. "azureml://registries/REGISTRY/environments/NAME/versions/VERSION, or describe it by a table "
  .. "with image"

-- Checking ----------------------------------------------------------------------------------------

local function fault_of_description(value)
  local fault = options.fault_of("environment", value, MEMBERS)
  if fault then return fault end
  if not value.image then return "environment: it needs option 'image'" end
  if not value.image:find "%S" then return "environment: the image is empty" end
  if value.os_type and not OS_TYPES[value.os_type:lower()] then
    return ("environment: os_type is linux or windows, not '%s'"):format(value.os_type)
  end
end

-- Split the text that names an environment. Return its id where it needs no look; else its name and
-- its version, or the label "latest".
local function parse(text)
  if text:find "^azureml://registries/[^/]+/environments/[^/]+/%a+/[^/]+$" then return text end
  if text:lower():find "^/subscriptions/.+/environments/[^/]+/versions/[^/]+$" then return text end
  local short = text:gsub("^azureml:", "")
  -- The service knows the curated environments by their short names.
  if short:find "^AzureML%-[^/]+$" then return "azureml:" .. short end
  local name, label = short:match "^([%w][%w._-]*)@(%w+)$"
  if name and label == "latest" then return nil, name end
  local version
  name, version = short:match "^([%w][%w._-]*):([%w][%w._-]*)$"
  return nil, name, version
end

--- Return what is wrong with the environment that a caller wants; nil: nothing.
---@param value any
---@return string?
function environment.fault(value)
  if type(value) == "table" then return fault_of_description(value) end
  if type(value) ~= "string" then
    return ("environment: a text or a table expected, got %s"):format(type(value))
  end
  local id, name = parse(value)
  if id or name then return nil end
  return ("environment: '%s' does not name an environment: %s"):format(value, HOW)
end

-- Looking -----------------------------------------------------------------------------------------

local function label_of(name, version)
  return version and name .. ":" .. version or name .. "@latest"
end

local function raise_missing(workspace, name, version)
  errors.raise { code = "EnvironmentNotFound", status = 404,
    message = ("there is no environment '%s' in %s"):format(label_of(name, version),
      tostring(workspace)),
    hint = "'az ml environment list' shows what there is; " .. HOW }
end

local function look(workspace, verb, name, version)
  local label = "get the environment " .. label_of(name, version)
  local found, err = errors.try(resource.call, workspace, verb, { name = name, version = version },
    { label = label })
  if found then return found end
  if err.status == 404 and resource.is_missing(err) then raise_missing(workspace, name, version) end
  error(err, 0)
end

local function latest_version(workspace, name)
  local found = look(workspace, verbs.latest, name)
  local version = json.get(found, "properties", "latestVersion")
  if type(version) == "string" then return version end
  raise_missing(workspace, name)
end

-- Return the id of an environment that the workspace has.
local function id_of(workspace, name, version)
  version = version or latest_version(workspace, name)
  local found = look(workspace, verbs.get, name, version)
  local id = json.get(found, "id")
  if type(id) == "string" then return id end
  return resource.path(workspace, verbs.get, { name = name, version = version })
end

-- Registering -------------------------------------------------------------------------------------

-- Register the environment under a version that is made of its content: the same description has
-- the same id.
local function register(workspace, value)
  local content = table.concat({ value.image, value.conda_file or "", value.os_type or "" }, "\n")
  local version = core.crypto.sha256(content):gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end):sub(1, 32)
  local values = { name = ANONYMOUS, version = version }
  local properties = {
    image = value.image, condaFile = value.conda_file, description = value.description,
    osType = OS_TYPES[(value.os_type or "linux"):lower()], tags = value.tags, isAnonymous = true,
  }
  local found = resource.call(workspace, verbs.put, values, {
    label = "register the environment with the image " .. value.image,
    body = { properties = properties },
  })
  return json.get(found, "id") or resource.path(workspace, verbs.put, values)
end

--- Return the id of the environment that a caller wants. The service is asked once for each.
---@param workspace azureml.Workspace
---@param value string|table      without a fault
---@return string
---@raise an error object `EnvironmentNotFound`; what the service refuses
function environment.id(workspace, value)
  if type(value) == "table" then
    local key = "environment " .. json.encode(value)
    return once.get(workspace.facts, key, function() return register(workspace, value) end)
  end
  local id, name, version = parse(value)
  if id then return id end
  if not version then return id_of(workspace, name) end      -- the latest may change
  return once.get(workspace.facts, "environment " .. label_of(name, version), function()
    return id_of(workspace, name, version)
  end)
end

return environment
