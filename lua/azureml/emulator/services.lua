--- Custom services: containers with ports on an instance. Source: compute-rest.md, sections 3.10 and 7.4.
local check = require "azureml.emulator.check"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"

local services = {}

local PROTOCOLS, IMAGES = { tcp = true, udp = true, http = true }, { docker = true, azureml = true }
local VOLUMES = { bind = true, volume = true, tmpfs = true, npipe = true }

local function check_port(port, name)
  if port and (port < 1 or port > 65535) then refusal.raise("bad_service", ("%s %d is no port"):format(name, port)) end
end

-- Two services, or two endpoints, that want the same.
local function claim(taken, value, what)
  if taken[value] then refusal.raise("bad_service", ("%s %s is given twice"):format(what, tostring(value))) end
  taken[value] = true
end

local function check_endpoint(one, ports)
  if type(one) ~= "table" then refusal.raise("wrong_type", "endpoints", "a list of objects") end
  check.one_of(one.protocol, PROTOCOLS, "protocol")
  check_port(check.whole(check.required(one.target, "number", "endpoints.target"), "target"), "target")
  local published = check.whole(one.published, "published")
  check_port(published, "published")
  if published then claim(ports, published, "the published port") end
end

local function check_volume(one)
  if type(one) ~= "table" then refusal.raise("wrong_type", "volumes", "a list of objects") end
  check.one_of(one.type, VOLUMES, "volumes.type")
  check.flag(one.readOnly, "volumes.readOnly")
  check.text(one.source, "volumes.source")
  check.text(one.target, "volumes.target")
end

local function check_service(one, names, ports)
  if type(one) ~= "table" then refusal.raise("wrong_type", "customServices", "a list of objects") end
  claim(names, check.required(one.name, "string", "customServices.name"), "the name")
  local image = check.required(one.image, "table", "customServices.image")
  check.one_of(image.type, IMAGES, "image.type")
  check.required(image.reference, "string", "image.reference")
  check.table(one.environmentVariables, "environmentVariables")
  for _, endpoint in ipairs(check.list(one.endpoints, "endpoints") or {}) do check_endpoint(endpoint, ports) end
  for _, volume in ipairs(check.list(one.volumes, "volumes") or {}) do check_volume(volume) end
end

--- Read a list of them, checked; members that nobody knows stay. Raises a refusal.
---@param list table?
---@return table[]?      plain
function services.read(list)
  list = check.list(list, "customServices")
  if not list then return nil end
  local names, ports = {}, {}
  for _, one in ipairs(list) do check_service(one, names, ports) end
  return check.plain(list)
end

--- As the service shows them.
function services.show(list)
  return json.array(list or {})
end

--- The applications that they are: those that speak HTTP on a published port. Source: compute-rest.md, section 11, last form but two.
---@return { displayName: string, endpointUri: string }[]
function services.applications(list, name, location)
  local found = {}
  for _, one in ipairs(list or {}) do
    for _, endpoint in ipairs(one.endpoints or {}) do
      if endpoint.protocol == "http" and endpoint.published then
        found[#found + 1] = {
          displayName = one.name, endpointUri = ("https://%s-%d.%s.instances.azureml.ms"):format(name, endpoint.published, location),
        }
      end
    end
  end
  return found
end

return services
