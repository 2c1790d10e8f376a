--- Turn what `az ml job create` takes for a command job (a YAML file, --set) into the options of
--- `jobs:submit`. Source: spec/contract/compute-rest.md, section 13.
local definition = require "azureml.cli.az.definition"
local errors = require "azureml.error"
local json = require "azureml.json"
local suggest = require "azureml.cli.suggest"
local tables = require "azureml.tool.tables"

local job = {}

local function misused(message, ...)
  errors.raise { code = "Usage", message = message:format(...) }
end

-- Check a table's members against the known ones.
local function check_members(where, value, known)
  if type(value) ~= "table" then misused("%s must have members", where) end
  for _, name in ipairs(tables.keys(value, function(a, b) return tostring(a) < tostring(b) end)) do
    if not known[name] then
      misused("%s", suggest.unknown(where .. " has no member", tostring(name), tables.keys(known)))
    end
  end
  return value
end

-- Refuse members of a table that a job on an instance cannot have.
local function refuse_members(where, value, reasons)
  for _, name in ipairs(tables.keys(reasons)) do
    if value[name] ~= nil then misused("%s.%s: %s", where, name, reasons[name]) end
  end
end

-- Environments ------------------------------------------------------------------------------------

local ENVIRONMENT = {
  ["$schema"] = true, image = true, conda_file = true, os_type = true, description = true,
  tags = true, name = true, version = true, build = true, inference_config = true,
  properties = true, datastore = true,
}

local NOT_IN_PLACE = "an environment with this is registered first: 'az ml environment create -f'; "
  .. "the job names it as NAME:VERSION"

local NO_ENVIRONMENT = {
  name = NOT_IN_PLACE, version = NOT_IN_PLACE, build = NOT_IN_PLACE,
  inference_config = "it is for deployments", properties = NOT_IN_PLACE, datastore = NOT_IN_PLACE,
}

local MOST_BYTES = 1 << 20

-- Return the text of a conda file: written in place, or a file beside the job's.
local function conda_text(value, directory)
  if type(value) == "table" then return json.encode(value) end      -- JSON is YAML
  if type(value) ~= "string" then
    misused "environment.conda_file is a path, or written in place"
  end
  local path = value:sub(1, 1) == "/" and value or directory .. "/" .. value
  local file, message = io.open(path)
  if not file then misused("environment.conda_file: %s", message) end
  local opened <close> = file
  local text = opened:read(MOST_BYTES + 1)
  if not text then misused("environment.conda_file: %s cannot be read", path) end
  if #text > MOST_BYTES then misused("environment.conda_file: %s is larger than 1 MiB", path) end
  return text
end

local function environment_of(value, directory)
  if type(value) ~= "table" then return value end
  check_members("environment", value, ENVIRONMENT)
  refuse_members("environment", value, NO_ENVIRONMENT)
  return {
    image = value.image, os_type = value.os_type, description = value.description,
    tags = value.tags, conda_file = value.conda_file and conda_text(value.conda_file, directory),
  }
end

-- Members -----------------------------------------------------------------------------------------

local RESOURCES = {
  instance_count = true, shm_size = true, docker_args = true, instance_type = true,
  locations = true, max_instance_count = true, properties = true,
}
local ONE_NODE = "a compute instance is one node, whose size is its own"
local NO_RESOURCES = {
  instance_type = ONE_NODE, locations = ONE_NODE, max_instance_count = ONE_NODE,
  properties = "it is for clusters",
}

local IDENTITY = {
  type = true, client_id = true, object_id = true, msi_resource_id = true, resource_id = true,
}
local IDENTITIES = {
  aml_token = "aml_token", amltoken = "aml_token", managed = "managed",
  managed_identity = "managed",
}

-- Members that a job on an instance cannot have, or that need what this package does not do.
local NO_MEMBERS = {
  code = "files are not uploaded here: copy them to the file share ('azureml cp') and name their "
    .. "path in the command, or use 'az ml job create'",
  distribution = "a compute instance is one node: it runs no distributed job",
  services = "interactive services of a job are not supported here; 'az ml job create' is",
  queue_settings = "it is for serverless compute and clusters",
  parent_job_name = "a command job here is a part of no other job",
}

-- az's key -> our option, where the value stays as it is.
local SAME = {
  name = "name", display_name = "display_name", description = "description", tags = "tags",
  experiment_name = "experiment_name", command = "command", inputs = "inputs",
  outputs = "outputs", environment_variables = "environment_variables", compute = "compute",
  properties = "properties",
}

-- az's key -> function that adds our options to the settings.
local writers = {}

writers["$schema"] = function() end

function writers.type(_, kind)
  if tostring(kind):lower() == "command" then return end
  misused("azureml submits command jobs; for '%s' use 'az ml job create'", tostring(kind))
end

function writers.environment(settings, value, directory)
  settings.environment = environment_of(value, directory)
end

function writers.limits(settings, limits)
  check_members("limits", limits, { timeout = true })
  settings.timeout = limits.timeout
end

function writers.resources(settings, resources)
  check_members("resources", resources, RESOURCES)
  refuse_members("resources", resources, NO_RESOURCES)
  if resources.instance_count ~= nil and resources.instance_count ~= 1 then
    misused("resources.instance_count: a compute instance is one node, not %s",
      tostring(resources.instance_count))
  end
  settings.shm_size, settings.docker_args = resources.shm_size, resources.docker_args
end

function writers.identity(settings, identity)
  check_members("identity", identity, IDENTITY)
  local kind = IDENTITIES[tostring(identity.type):lower()]
  if not kind then
    misused("identity: the type is aml_token or managed, not '%s'", tostring(identity.type))
  end
  settings.identity = {
    type = kind, client_id = identity.client_id, object_id = identity.object_id,
    resource_id = identity.resource_id or identity.msi_resource_id,
  }
end

-- Reading -----------------------------------------------------------------------------------------

--- Turn a job as az describes it into options of `jobs:submit`.
---@param wanted table            with az's keys
---@param directory string        of files that it names
---@return table settings
---@raise an error object `Usage` for what az does not know, or this package cannot do
function job.settings(wanted, directory)
  local settings = {}
  if wanted.type ~= nil then writers.type(settings, wanted.type) end      -- it decides the others
  refuse_members("the job", wanted, NO_MEMBERS)
  for _, key in ipairs(tables.keys(wanted, function(a, b) return tostring(a) < tostring(b) end)) do
    local value = wanted[key]
    if SAME[key] then settings[SAME[key]] = value
    elseif writers[key] then writers[key](settings, value, directory)
    else
      local known = tables.keys(tables.merge(SAME, writers))
      misused("%s", suggest.unknown("a command job has no member", tostring(key), known))
    end
  end
  return settings
end

--- Read a job from a YAML file.
---@param path string             "-": standard input
---@param changes string[]        each as --set has it: "tags.team=vision"
---@return table settings         options of `jobs:submit`
---@raise an error object `Usage` with the name of the file
function job.read(path, changes)
  local file, message = io.stdin, nil
  if path ~= "-" then file, message = io.open(path) end
  if not file then misused("--file: %s", message) end
  local text = file:read(MOST_BYTES + 1)
  if path ~= "-" then file:close() end
  if not text then misused("--file: %s cannot be read, or is empty", path) end
  if #text > MOST_BYTES then misused("--file: %s is larger than 1 MiB", path) end
  local wanted, empty = definition.parse(text, path)
  if empty[1] then misused("%s: '%s' has no value", path, empty[1]) end
  for _, change in ipairs(changes) do definition.set(wanted, change) end
  local ok, raised = pcall(job.settings, wanted, path:match "^(.*)/" or ".")
  if ok then return raised end
  if errors.is(raised) and raised.code == "Usage" then
    raised.message = ("%s: %s"):format(path, raised.message)
  end
  error(raised, 0)
end

return job
