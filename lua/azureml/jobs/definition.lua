--- What describes a job: check the options of `jobs:submit` and write them as a request.
--- Source: spec/contract/compute-rest.md, section 13.
local core = require "azureml.core"
local data = require "azureml.jobs.data"
local duration = require "azureml.definition.duration"
local environment = require "azureml.jobs.environment"
local errors = require "azureml.error"
local options = require "azureml.options"
local tables = require "azureml.tool.tables"

local definition = {}

-- Checks: each returns what is wrong with a value, or nil -----------------------------------------

local function fault_of_text(name, value)
  if type(value) ~= "string" then
    return ("%s: a text expected, got %s"):format(name, type(value))
  end
  if not value:find "%S" then return name .. ": it is empty" end
end

local function fault_of_map(name, map)
  if type(map) ~= "table" then
    return ("%s: a table by name expected, got %s"):format(name, type(map))
  end
  for key, value in pairs(map) do
    local kind = type(value)
    if type(key) ~= "string" then
      return ("%s: a table by name expected, not a list"):format(name)
    end
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      return ("%s.%s: a text expected, got %s"):format(name, key, kind)
    end
  end
end

local function fault_of_variables(name, map)
  local fault = fault_of_map(name, map)
  if fault then return fault end
  for key in pairs(map) do
    if not key:find "^[%a_][%w_]*$" then
      return ("%s: '%s' is not the name of a variable"):format(name, key)
    end
  end
end

local function fault_of_name(name, value)
  local fault = fault_of_text(name, value)
  if fault then return fault end
  if value:find "^[%w][%w_.-]*$" and #value <= 255 then return nil end
  return ("name: '%s' is not the name of a job: letters, digits, '-', '_' and '.', beginning with "
    .. "a letter or a digit, at most 255"):format(value:sub(1, 60))
end

-- Return the seconds of a time limit: a number, or a text such as "90m", "2h" or "PT90S".
local function seconds_of(value)
  if type(value) == "number" then return math.tointeger(value) end
  return type(value) == "string" and duration.seconds(value) or nil
end

local function fault_of_timeout(name, value)
  local seconds = seconds_of(value)
  if seconds and seconds > 0 then return nil end
  return ("%s: whole seconds above 0, or a text such as '90m', '2h' or 'PT90S', not '%s'"):format(
    name, tostring(value))
end

local function fault_of_shm_size(name, value)
  if type(value) == "string" and value:find "^[1-9]%d*[bkmg]$" then return nil end
  return ("%s: a size such as '2g' or '512m', not '%s'"):format(name, tostring(value))
end

local function fault_of_docker_args(name, value)
  if type(value) == "string" then return nil end
  for _, word in ipairs(type(value) == "table" and value or { false }) do
    if type(word) ~= "string" then return name .. ": a text or a list of texts expected" end
  end
end

local IDENTITIES = { aml_token = "AMLToken", managed = "Managed" }
local IDENTITY = {
  type = "string", client_id = "string", object_id = "string", resource_id = "string",
}

local function fault_of_identity(name, value)
  local fault = options.fault_of(name, value, IDENTITY)
  if fault then return fault end
  if IDENTITIES[value.type or ""] then return nil end
  return ("%s: the type is one of %s, not '%s'"):format(name,
    table.concat(tables.keys(IDENTITIES), ", "), tostring(value.type))
end

local function fault_of_compute(name, value)
  local compute = type(value) == "table" and value.name or value
  if type(compute) == "string" and compute ~= "" then return nil end
  return name .. ": the name of a compute instance, or an instance expected"
end

-- option -> its check
local CHECKS = {
  name = fault_of_name, display_name = fault_of_text, experiment_name = fault_of_text,
  description = fault_of_text, command = fault_of_text, compute = fault_of_compute,
  environment = function(_, value) return environment.fault(value) end,
  environment_variables = fault_of_variables,
  inputs = function(_, value) return data.fault_of_inputs(value) end,
  outputs = function(_, value) return data.fault_of_outputs(value) end,
  timeout = fault_of_timeout, tags = fault_of_map, properties = fault_of_map,
  shm_size = fault_of_shm_size, docker_args = fault_of_docker_args, identity = fault_of_identity,
}

-- Return what is wrong with the bytes of a text, or of the texts in a table, which have to be JSON
-- and the environment of a process.
local function fault_of_bytes(place, value)
  if type(value) == "string" then
    if value:find("\0", 1, true) then return place .. ": it has a zero byte" end
    if not utf8.len(value) then return place .. ": it is not in UTF-8" end
  elseif type(value) == "table" then
    for key, item in pairs(value) do
      local name = ("%s.%s"):format(place, tostring(key):gsub("[^ -~]", "?"))
      local fault = fault_of_bytes(place, key) or fault_of_bytes(name, item)
      if fault then return fault end
    end
  end
end

local NEEDED = { "command", "environment", "compute" }

--- What a job does, and where.
---@class azureml.SubmitOptions
---@field command string  what runs; it names inputs and outputs as ${{inputs.NAME}}
---@field environment string|table  "NAME:VERSION", "NAME@latest", the id of an environment, or a
---  table with image, conda_file, os_type, description, tags
---@field compute azureml.InstanceName|azureml.Instance  the instance, which must run
---@field start? boolean  start the instance first if it is stopped, and wait for that
---@field name? string  default: a new one
---@field display_name? string  what people call it
---@field experiment_name? string  of its experiment
---@field description? string  a text for people
---@field environment_variables? table<string, string>  texts by name
---@field inputs? table<string, any>  by name: a value, or a table with type, path, mode
---@field outputs? table<string, any>  by name: a table with type, path, mode
---@field timeout? number|string  seconds, or "2h": the service cancels the job after that time
---@field tags? table<string, string>  texts by name
---@field properties? table<string, string>  texts by name that stay as they are
---@field shm_size? string  shared memory: "2g"
---@field docker_args? string|string[]  further arguments of docker
---@field identity? table  { type = "aml_token" or "managed", ... }
---@field show_output? boolean  print the progress of the start, to standard error
---@field progress? azureml.ProgressStyle  how show_output prints

-- Options that say how `submit` works, and describe no job.
local OWN = { start = "boolean", show_output = "boolean", progress = "string" }

-- Return what is wrong with the placeholders of a command: each names an input or an output.
local function fault_of_placeholders(settings)
  for kind, name in settings.command:gmatch "%${{%s*(%a+)%.([%w_]+)%s*}}" do
    local known = settings[kind]
    if kind ~= "inputs" and kind ~= "outputs" then
      return ("command: '${{%s.%s}}' names neither an input nor an output"):format(kind, name)
    end
    if known == nil or known[name] == nil then
      return ("command: '${{%s.%s}}' is not among the %s (known: %s)"):format(kind, name, kind,
        table.concat(tables.keys(known), ", "))
    end
  end
end

local function faults_of(settings)
  local faults = {}
  for _, name in ipairs(NEEDED) do
    if settings[name] == nil then faults[#faults + 1] = ("it needs option '%s'"):format(name) end
  end
  for _, name in ipairs(tables.keys(settings)) do
    local check = CHECKS[name]
    faults[#faults + 1] = check and check(name, settings[name])
  end
  if #faults > 0 then return faults end
  for _, name in ipairs(tables.keys(CHECKS)) do
    local value = settings[name]
    if name == "compute" and type(value) == "table" then value = value.name end
    faults[#faults + 1] = fault_of_bytes(name, value)
  end
  if #faults == 0 then faults[1] = fault_of_placeholders(settings) end
  return faults
end

local function known_options()
  local known = tables.copy(OWN)
  for name in pairs(CHECKS) do known[name] = "any" end
  return known
end

--- Check the options of `jobs:submit`.
---@param settings table?
---@return table settings
---@raise a mistake for an unknown option; an error object `InvalidArgument` with all that is wrong
function definition.check(settings)
  settings = options.check("submit", settings, known_options())
  local faults = faults_of(settings)
  if #faults > 0 then
    errors.raise { code = "InvalidArgument", message = "submit: " .. table.concat(faults, "; ") }
  end
  return settings
end

-- Writing -----------------------------------------------------------------------------------------

--- Make the name of a new job.
---@return string      "job-20261129-014500-3fa9c1"
function definition.new_name()
  local random = core.random(3):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
  return os.date("!job-%Y%m%d-%H%M%S-", math.floor(core.time())) .. random
end

local function texts_of(map)
  if map == nil or next(map) == nil then return nil end
  local texts = {}
  for name, value in pairs(map) do texts[name] = tostring(value) end
  return texts
end

local function resources_of(settings)
  local arguments = settings.docker_args
  if type(arguments) == "table" then arguments = table.concat(arguments, " ") end
  if not settings.shm_size and not arguments then return nil end
  return { instanceCount = 1, shmSize = settings.shm_size, dockerArgs = arguments }
end

local function identity_of(identity)
  if not identity then return nil end
  return {
    identityType = IDENTITIES[identity.type], clientId = identity.client_id,
    objectId = identity.object_id, resourceId = identity.resource_id,
  }
end

local function limits_of(timeout)
  if not timeout then return nil end
  return { jobLimitsType = "Command", timeout = ("PT%dS"):format(seconds_of(timeout)) }
end

--- Write the body of the request that submits a job.
---@param workspace azureml.Workspace
---@param settings table            checked
---@param compute_id string         the ARM id of the instance
---@param environment_id string
---@return table
function definition.body(workspace, settings, compute_id, environment_id)
  return { properties = {
    jobType = "Command", command = settings.command, computeId = compute_id,
    environmentId = environment_id, displayName = settings.display_name,
    experimentName = settings.experiment_name or "Default", description = settings.description,
    environmentVariables = texts_of(settings.environment_variables),
    inputs = data.write_inputs(workspace, settings.inputs),
    outputs = data.write_outputs(workspace, settings.outputs),
    limits = limits_of(settings.timeout), tags = texts_of(settings.tags),
    properties = texts_of(settings.properties), resources = resources_of(settings),
    identity = identity_of(settings.identity),
  } }
end

return definition
