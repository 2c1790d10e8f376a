--- Custom services of an instance: containers beside Jupyter, such as RStudio.
--- Source: spec/contract/compute-rest.md, section 7.4.
local kinds = require "azureml.definition.kinds"
local shapes = require "azureml.definition.shapes"

local boolean, choice, text = kinds.boolean, kinds.choice, kinds.text
local list, map, record = shapes.list, shapes.map, shapes.record

local LOWEST_PORT, HIGHEST_PORT = 1026, 65534

local function integer(first, last, description)
  return {
    check = function(value)
      if math.type(value) == "integer" and value >= first and value <= last then return value end
      return nil, ("%s from %d to %d, not %s"):format(description, first, last, kinds.shown(value))
    end,
    write = function(value) return value end,
    read = function(member) return math.tointeger(tonumber(member)) end,
    same = function(wanted, actual) return wanted == actual end,
  }
end

local port = integer(LOWEST_PORT, HIGHEST_PORT, "is a port")

local endpoint = record {
  { name = "name", member = "name", kind = text, default = "connect" },
  { name = "protocol", member = "protocol", kind = choice { "http", "tcp", "udp" },
    default = "http" },
  { name = "target", member = "target", kind = port, required = true },
  { name = "published", member = "published", kind = port, required = true },
  { name = "host_ip", member = "hostIp", kind = text },
}

local volume = record {
  { name = "type", member = "type", kind = choice { "bind", "volume", "tmpfs", "npipe" },
    default = "bind" },
  { name = "source", member = "source", kind = text, required = true },
  { name = "target", member = "target", kind = text, required = true },
  { name = "read_only", member = "readOnly", kind = boolean, default = false },
  { name = "consistency", member = "consistency", kind = text },
  { name = "bind", member = "bind", kind = record {
    { name = "propagation", member = "propagation", kind = text },
    { name = "create_host_path", member = "createHostPath", kind = boolean },
    { name = "selinux", member = "selinux", kind = text },
  } },
  { name = "volume", member = "volume", kind = record {
    { name = "nocopy", member = "nocopy", kind = boolean },
  } },
  { name = "tmpfs", member = "tmpfs", kind = record {
    { name = "size", member = "size", kind = integer(0, math.maxinteger, "is a number of bytes") },
  } },
}

local image = record {
  { name = "type", member = "type", kind = choice { "docker", "azureml" }, default = "docker" },
  { name = "reference", member = "reference", kind = text, required = true },
  { name = "version", member = "version", kind = text },
}

-- Let a script give an image as a text, which is its reference.
local check_image = image.check
function image.check(value)
  return check_image(type(value) == "string" and { reference = value } or value)
end

-- An environment variable has a type, which is always "local".
local variable = {
  check = text.check,
  write = function(value) return { type = "local", value = value } end,
  read = function(member)
    local value = type(member) == "table" and member.value
    return type(value) == "string" and value or nil
  end,
  same = text.same,
}

local kernel = record {
  { name = "argv", member = "argv", kind = list(text, "argument"), required = true },
  { name = "display_name", member = "displayName", kind = text, required = true },
  { name = "language", member = "language", kind = text, required = true },
}

local docker = {
  check = boolean.check,
  write = function(is_privileged) return { privileged = is_privileged } end,
  read = function(member)
    if type(member) == "table" then return member.privileged == true end
  end,
  same = boolean.same,
}

local service = record {
  { name = "name", member = "name", kind = text, required = true },
  { name = "image", member = "image", kind = image, required = true },
  { name = "endpoints", member = "endpoints", kind = list(endpoint, "endpoint"), default = {} },
  { name = "environment_variables", member = "environmentVariables", kind = map(variable),
    default = {} },
  { name = "volumes", member = "volumes", kind = list(volume, "volume"), default = {} },
  { name = "privileged", member = "docker", kind = docker, default = false },
  { name = "kernel", member = "kernel", kind = kernel },
}

-- Posit Workbench, which was RStudio Workbench. It needs a licence key. The name of its image is
-- inferred: no source states it, so a preset can name another.
-- Source: spec/contract/compute-rest.md, section 7.4.
local POSIT_IMAGE = "ghcr.io/azure/rstudio-workbench:latest"

local function posit_workbench(preset)
  return {
    name = preset.name or "posit-workbench", image = preset.image or POSIT_IMAGE,
    endpoints = { { name = "connect", target = 8787, published = preset.published or 8787 } },
    environment_variables = { RSP_LICENSE = preset.licence },
    volumes = { { source = "/home/azureuser/cloudfiles", target = "/home/azureuser/cloudfiles" } },
  }
end

local PRESETS = { posit_workbench = posit_workbench }
local PRESET = record {
  { name = "preset", kind = choice { "posit_workbench" }, required = true },
  { name = "licence", kind = text, required = true },
  { name = "name", kind = text },
  { name = "image", kind = text },
  { name = "published", kind = port },
}

-- Replace a preset by the service that it stands for.
local check_service = service.check
function service.check(value)
  if type(value) ~= "table" or value.preset == nil then return check_service(value) end
  local preset, fault = PRESET.check(value)
  if fault then return nil, fault end
  return check_service(PRESETS[preset.preset](preset))
end

-- Return the fault of two services with the same name, or the same port of the instance.
local function twins(services)
  local names, ports = {}, {}
  for _, item in ipairs(services) do
    if names[item.name] then return ("two services are called '%s'"):format(item.name) end
    names[item.name] = true
    for _, exposed in ipairs(item.endpoints) do
      local number = exposed.published
      if ports[number] then return ("two services are published on port %d"):format(number) end
      ports[number] = true
    end
  end
end

--- The kind of a list of custom services: each { name, image = "ghcr.io/rocker-org/rstudio:latest",
--- endpoints = { { target = 8787, published = 8787, name = "connect", protocol = "http" } },
--- environment_variables = { NAME = "value" }, volumes = { { source, target, read_only = false } },
--- privileged = false, kernel = { argv, display_name, language } }; or { preset =
--- "posit_workbench", licence = "..." }.
return list(service, "service", twins)
