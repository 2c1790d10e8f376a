--- Custom services: containers that an instance runs beside Jupyter, such as RStudio.
--- Source: spec/contract/compute-rest.md, section 7.4.
local json = require "azureml.json"
local options = require "azureml.options"

local refuse = options.refuse

local custom_service = {}

local LOWEST_PORT, HIGHEST_PORT = 1026, 65534

local SERVICE = {
  name = "string", image = "string", endpoints = "table", environment_variables = "table", volumes = "table", privileged = "boolean",
}
local ENDPOINT = { name = "string", protocol = "string", target = "integer", published = "integer" }
local VOLUME = { source = "string", target = "string", read_only = "boolean" }

local function check_port(name, what, port)
  if port and port >= LOWEST_PORT and port <= HIGHEST_PORT then return port end
  refuse("custom service '%s': %s is a port from %d to %d, not %s", name, what, LOWEST_PORT, HIGHEST_PORT, tostring(port))
end

local function endpoint(name, given)
  options.check("an endpoint", given, ENDPOINT)
  return {
    name = given.name or "connect", protocol = given.protocol or "http", target = check_port(name, "target", given.target),
    published = check_port(name, "published", given.published),
  }
end

local function volume(name, given)
  options.check("a volume", given, VOLUME)
  if not given.source or not given.target then refuse("custom service '%s': a volume needs source and target", name) end
  return { type = "bind", source = given.source, target = given.target, readOnly = given.read_only == true }
end

local function variables(name, given)
  local written = {}
  for variable, value in pairs(given or {}) do
    if type(variable) ~= "string" or type(value) ~= "string" then
      refuse("custom service '%s': environment_variables are texts by name", name)
    end
    written[variable] = { type = "local", value = value }
  end
  return written
end

local function each(list, name, write)
  local written = json.array {}
  for i, one in ipairs(list or {}) do written[i] = write(name, one) end
  return written
end

local function write(given)
  options.check("a custom service", given, SERVICE)
  if not given.name or not given.image then refuse "a custom service needs name and image" end
  return {
    name = given.name, image = { type = "docker", reference = given.image }, docker = { privileged = given.privileged == true },
    environmentVariables = variables(given.name, given.environment_variables), endpoints = each(given.endpoints, given.name, endpoint),
    volumes = each(given.volumes, given.name, volume),
  }
end

-- Names, and ports of the instance, are each one service's.
local function check_unique(services)
  local names, ports = {}, {}
  for _, service in ipairs(services) do
    if names[service.name] then refuse("two custom services are called '%s'", service.name) end
    names[service.name] = true
    for _, one in ipairs(service.endpoints) do
      if ports[one.published] then refuse("two custom services are published on port %d", one.published) end
      ports[one.published] = true
    end
  end
end

--- The custom services of an instance as its body has them.
---@param list table[]?      { name, image = "ghcr.io/rocker-org/rstudio:latest", endpoints = { { target = 8787, published = 8787,
---  name = "connect", protocol = "http" } }, environment_variables = { NAME = "value" }, volumes = { { source, target,
---  read_only = false } }, privileged = false }
---@return table?
---@raise an error object `InvalidArgument` that says the rule
function custom_service.body(list)
  if not list then return nil end
  local written = json.array {}
  for i, given in ipairs(list) do written[i] = write(given) end
  check_unique(written)
  return written
end

return custom_service
