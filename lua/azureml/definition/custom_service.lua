--- Write the custom services of an instance: containers beside Jupyter, such as RStudio.
--- Source: spec/contract/compute-rest.md, section 7.4.
local json = require "azureml.json"
local options = require "azureml.options"

local refuse = options.refuse

local custom_service = {}

local LOWEST_PORT, HIGHEST_PORT = 1026, 65534

local SERVICE = {
  name = "string", image = "string", endpoints = "table", environment_variables = "table",
  volumes = "table", privileged = "boolean",
}
local ENDPOINT = { name = "string", protocol = "string", target = "integer", published = "integer" }
local VOLUME = { source = "string", target = "string", read_only = "boolean" }

local function check_port(name, field, port)
  if port and port >= LOWEST_PORT and port <= HIGHEST_PORT then return port end
  refuse("custom service '%s': %s is a port from %d to %d, not %s", name, field, LOWEST_PORT,
    HIGHEST_PORT, tostring(port))
end

local function endpoint(name, settings)
  options.check("an endpoint", settings, ENDPOINT)
  return {
    name = settings.name or "connect", protocol = settings.protocol or "http",
    target = check_port(name, "target", settings.target),
    published = check_port(name, "published", settings.published),
  }
end

local function volume(name, settings)
  options.check("a volume", settings, VOLUME)
  if not settings.source or not settings.target then
    refuse("custom service '%s': a volume needs source and target", name)
  end
  return {
    type = "bind", source = settings.source, target = settings.target,
    readOnly = settings.read_only == true,
  }
end

local function variables(name, settings)
  local written = {}
  for variable, value in pairs(settings or {}) do
    if type(variable) ~= "string" or type(value) ~= "string" then
      refuse("custom service '%s': environment_variables are texts by name", name)
    end
    written[variable] = { type = "local", value = value }
  end
  return written
end

local function each(list, name, write)
  local written = json.array {}
  options.check_list(("custom service '%s': endpoints and volumes"):format(name), list or {})
  for index, item in ipairs(list or {}) do written[index] = write(name, item) end
  return written
end

local function write(settings)
  options.check("a custom service", settings, SERVICE)
  if not settings.name or not settings.image then refuse "a custom service needs name and image" end
  return {
    name = settings.name, image = { type = "docker", reference = settings.image },
    docker = { privileged = settings.privileged == true },
    environmentVariables = variables(settings.name, settings.environment_variables),
    endpoints = each(settings.endpoints, settings.name, endpoint),
    volumes = each(settings.volumes, settings.name, volume),
  }
end

-- Check that no two services have the same name or the same port of the instance.
local function check_unique(services)
  local names, ports = {}, {}
  for _, service in ipairs(services) do
    if names[service.name] then refuse("two custom services are called '%s'", service.name) end
    names[service.name] = true
    for _, exposed in ipairs(service.endpoints) do
      if ports[exposed.published] then
        refuse("two custom services are published on port %d", exposed.published)
      end
      ports[exposed.published] = true
    end
  end
end

--- Check the custom services of an instance and return them as the request body has them.
---@param list table[]?      each { name, image = "ghcr.io/rocker-org/rstudio:latest",
---  endpoints = { { target = 8787, published = 8787, name = "connect", protocol = "http" } },
---  environment_variables = { NAME = "value" },
---  volumes = { { source, target, read_only = false } }, privileged = false }
---@return table?
---@raise an error object `InvalidArgument` that names the rule
function custom_service.body(list)
  if not list then return nil end
  local written = json.array {}
  options.check_list("custom_services", list)
  for index, service in ipairs(list) do written[index] = write(service) end
  check_unique(written)
  return written
end

return custom_service
