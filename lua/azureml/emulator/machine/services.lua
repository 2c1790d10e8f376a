--- Keep the custom services of an instance, containers with ports: read and check them, show them,
--- and list the applications that they offer.
--- Source: spec/contract/compute-rest.md, sections 3.10 and 7.4.
local check = require "azureml.emulator.check"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"

local services = {}

local PROTOCOLS = { tcp = true, udp = true, http = true }
local IMAGES = { docker = true, azureml = true }
local VOLUMES = { bind = true, volume = true, tmpfs = true, npipe = true }
local VARIABLES = { ["local"] = true }

-- The rules for the members of each part. A rule is a type, "port", "texts", "whole", a set of
-- words, { part = rules } for an object, { each = rules } for a map, or { list = rules } for a
-- list.
local BIND = { propagation = "string", createHostPath = "boolean", selinux = "string" }
local VARIABLE = { type = VARIABLES, value = "string" }
local KERNEL = { argv = "texts", displayName = "string", language = "string" }
local ENDPOINT = {
  protocol = PROTOCOLS, name = "string", target = "port", published = "port", hostIp = "string",
}
local VOLUME = {
  type = VOLUMES, readOnly = "boolean", source = "string", target = "string",
  consistency = "string", bind = { part = BIND }, volume = { part = { nocopy = "boolean" } },
  tmpfs = { part = { size = "whole" } },
}
local IMAGE = { type = IMAGES, reference = "string", version = "string" }
local SERVICE = {
  name = "string", image = { part = IMAGE }, docker = { part = { privileged = "boolean" } },
  environmentVariables = { each = VARIABLE }, endpoints = { list = ENDPOINT },
  volumes = { list = VOLUME }, kernel = { part = KERNEL },
}

local function port(value, name)
  local number = check.whole(value, name)
  if number and (number < 1 or number > 65535) then
    refusal.raise("bad_service", ("%s %d is no port"):format(name, number))
  end
end

local function texts(value, name)
  for _, text in ipairs(check.list(value, name) or {}) do check.required(text, "string", name) end
end

local SINGLE = { port = port, texts = texts, whole = check.whole }

local check_part

local function check_member(value, rule, place)
  if type(rule) == "string" then
    if SINGLE[rule] then SINGLE[rule](value, place) else check.typed(value, rule, place) end
  elseif rule.part then
    if check.table(value, place) then check_part(value, rule.part, place) end
  elseif rule.each then
    for _, part in pairs(check.table(value, place) or {}) do
      check_part(check.required(part, "table", place), rule.each, place)
    end
  elseif rule.list then
    for _, part in ipairs(check.list(value, place) or {}) do
      check_part(check.required(part, "table", place), rule.list, place)
    end
  else
    check.one_of(value, rule, place)
  end
end

-- Check the members with a rule; accept all others.
function check_part(value, rules, name)
  for member, rule in pairs(rules) do check_member(value[member], rule, name .. "." .. member) end
end

-- Refuse a name or a port that two services or endpoints claim.
local function claim(taken, value, description)
  if taken[value] then
    refusal.raise("bad_service", ("%s %s is given twice"):format(description, tostring(value)))
  end
  taken[value] = true
end

local function check_service(service, names, ports)
  check_part(check.required(service, "table", "customServices"), SERVICE, "customServices")
  claim(names, check.required(service.name, "string", "customServices.name"), "the name")
  local image = check.required(service.image, "table", "customServices.image")
  check.required(image.reference, "string", "customServices.image.reference")
  for _, endpoint in ipairs(check.list(service.endpoints, "customServices.endpoints") or {}) do
    check.required(endpoint.target, "number", "customServices.endpoints.target")
    local published = check.whole(endpoint.published, "published")
    if published then claim(ports, published, "the published port") end
  end
end

--- Read a list of custom services and keep unknown members. Raise a refusal if one is malformed.
---@param list table?
---@return table[]?      plain data; nil without a list
function services.read(list)
  list = check.list(list, "customServices")
  if not list then return nil end
  local names, ports = {}, {}
  for _, service in ipairs(list) do check_service(service, names, ports) end
  return check.plain(list)
end

--- Return custom services, as the service shows them.
---@param list table[]?
---@return table
function services.show(list)
  return json.array(list or {})
end

--- Return the applications that custom services offer: their HTTP endpoints with a published port.
--- Source: spec/contract/compute-rest.md, section 11, last form but two.
---@param list table[]?
---@param name string          of the instance
---@param location string
---@return { displayName: string, endpointUri: string }[]
function services.applications(list, name, location)
  local found = {}
  for _, service in ipairs(list or {}) do
    for _, endpoint in ipairs(service.endpoints or {}) do
      if endpoint.protocol == "http" and endpoint.published then
        found[#found + 1] = {
          displayName = service.name,
          endpointUri = ("https://%s-%d.%s.instances.azureml.ms")
            :format(name, endpoint.published, location),
        }
      end
    end
  end
  return found
end

return services
