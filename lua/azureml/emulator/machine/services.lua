--- Custom services: containers with ports on an instance. Source: spec/contract/compute-rest.md,
--- sections 3.10 and 7.4.
local check = require "azureml.emulator.check"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"

local services = {}

local PROTOCOLS, IMAGES = { tcp = true, udp = true, http = true }, { docker = true, azureml = true }
local VOLUMES, VARIABLES = { bind = true, volume = true, tmpfs = true, npipe = true }, { ["local"] = true }

-- What the members of each part are: a type, a port, texts, a set of words, another part, each of a map,
-- or a list.
local BIND = { propagation = "string", createHostPath = "boolean", selinux = "string" }
local VARIABLE = { type = VARIABLES, value = "string" }
local KERNEL = { argv = "texts", displayName = "string", language = "string" }
local ENDPOINT = { protocol = PROTOCOLS, name = "string", target = "port", published = "port", hostIp = "string" }
local VOLUME = {
  type = VOLUMES, readOnly = "boolean", source = "string", target = "string", consistency = "string", bind = { part = BIND },
  volume = { part = { nocopy = "boolean" } }, tmpfs = { part = { size = "whole" } },
}
local IMAGE = { type = IMAGES, reference = "string", version = "string" }
local SERVICE = {
  name = "string", image = { part = IMAGE }, docker = { part = { privileged = "boolean" } }, environmentVariables = { each = VARIABLE },
  endpoints = { list = ENDPOINT }, volumes = { list = VOLUME }, kernel = { part = KERNEL },
}

local function port(value, name)
  local number = check.whole(value, name)
  if number and (number < 1 or number > 65535) then refusal.raise("bad_service", ("%s %d is no port"):format(name, number)) end
end

local function texts(value, name)
  for _, each in ipairs(check.list(value, name) or {}) do check.required(each, "string", name) end
end

local SINGLE = { port = port, texts = texts, whole = check.whole }

-- Members that nobody knows stay as they are.
local function check_part(value, members, name)
  for member, rule in pairs(members) do
    local each, place = value[member], name .. "." .. member
    if type(rule) == "string" then
      if SINGLE[rule] then SINGLE[rule](each, place) else check.typed(each, rule, place) end
    elseif rule.part then
      if check.table(each, place) then check_part(each, rule.part, place) end
    elseif rule.each then
      for _, one in pairs(check.table(each, place) or {}) do check_part(check.required(one, "table", place), rule.each, place) end
    elseif rule.list then
      for _, one in ipairs(check.list(each, place) or {}) do check_part(check.required(one, "table", place), rule.list, place) end
    else
      check.one_of(each, rule, place)
    end
  end
end

-- Two services, or two endpoints, that want the same.
local function claim(taken, value, what)
  if taken[value] then refusal.raise("bad_service", ("%s %s is given twice"):format(what, tostring(value))) end
  taken[value] = true
end

local function check_service(one, names, ports)
  check_part(check.required(one, "table", "customServices"), SERVICE, "customServices")
  claim(names, check.required(one.name, "string", "customServices.name"), "the name")
  check.required(check.required(one.image, "table", "customServices.image").reference, "string", "customServices.image.reference")
  for _, endpoint in ipairs(check.list(one.endpoints, "customServices.endpoints") or {}) do
    check.required(endpoint.target, "number", "customServices.endpoints.target")
    local published = check.whole(endpoint.published, "published")
    if published then claim(ports, published, "the published port") end
  end
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

--- The applications that they are: those that speak HTTP on a published port.
--- Source: spec/contract/compute-rest.md, section 11, last form but two.
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
