--- Custom services of an instance: containers beside Jupyter, such as RStudio.
--- Source: spec/contract/compute-rest.md, section 7.4.
local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"
local shapes = require "azureml.definition.shapes"
local tables = require "azureml.tool.tables"

local boolean, choice = kinds.boolean, kinds.choice
local line, text = kinds.line, kinds.text
local list, map, record = shapes.list, shapes.map, shapes.record

--- A container beside Jupyter.
---@class azureml.CustomService
---@field name? string  of the service
---@field image? string|table  its reference; or { type =, reference =, version = }
---@field endpoints? table[]  { target =, published =, name =, protocol =, host_ip = }
---@field volumes? table[]  { source =, target =, type =, read_only = }
---@field environment_variables? table<string, string>  texts by name
---@field kernel? table  a Jupyter kernel: { argv =, display_name =, language = }
---@field privileged? boolean  whether the container may do all
---@field preset? "posit_workbench"  instead of the fields above: a service that is described here
---@field licence? string  of a preset's product
---@field published? integer  the port of a preset

local LOWEST_PORT, HIGHEST_PORT = 1026, 65534
local MOST_BYTES = 1 << 53     -- the largest whole number that every JSON reader takes

local port = kinds.integer(LOWEST_PORT, HIGHEST_PORT, "must be a port")

local endpoint = record {
  { name = "name", member = "name", kind = line, default = "connect" },
  { name = "protocol", member = "protocol", kind = choice { "http", "tcp", "udp" },
    default = "http" },
  { name = "target", member = "target", kind = port, required = true },
  { name = "published", member = "published", kind = port, required = true },
  { name = "host_ip", member = "hostIp", kind = line },
}

local volume = record {
  { name = "type", member = "type", kind = choice { "bind", "volume", "tmpfs", "npipe" },
    default = "bind" },
  { name = "source", member = "source", kind = line, required = true },
  { name = "target", member = "target", kind = line, required = true },
  { name = "read_only", member = "readOnly", kind = boolean, default = false },
  { name = "consistency", member = "consistency", kind = line },
  { name = "bind", member = "bind", kind = record {
    { name = "propagation", member = "propagation", kind = line },
    { name = "create_host_path", member = "createHostPath", kind = boolean },
    { name = "selinux", member = "selinux", kind = line },
  } },
  { name = "volume", member = "volume", kind = record {
    { name = "nocopy", member = "nocopy", kind = boolean },
  } },
  { name = "tmpfs", member = "tmpfs", kind = record {
    { name = "size", member = "size",
      kind = kinds.integer(0, MOST_BYTES, "must be a number of bytes") },
  } },
}

local image = record {
  { name = "type", member = "type", kind = choice { "docker", "azureml" }, default = "docker" },
  { name = "reference", member = "reference", kind = line, required = true },
  { name = "version", member = "version", kind = line },
}

-- Let a script give an image as a text, which is its reference.
local check_image = image.check
function image.check(value)
  return check_image(type(value) == "string" and { reference = value } or value)
end

local variable_name = kinds.formed("^[^=]+$", "must be a name without '='")

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
  { name = "display_name", member = "displayName", kind = line, required = true },
  { name = "language", member = "language", kind = line, required = true },
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
  { name = "name", member = "name", kind = line, required = true },
  { name = "image", member = "image", kind = image, required = true },
  { name = "endpoints", member = "endpoints", kind = list(endpoint, "endpoint"),
    default = json.array {} },
  { name = "environment_variables", member = "environmentVariables",
    kind = map(variable, variable_name), default = {} },
  { name = "volumes", member = "volumes", kind = list(volume, "volume"),
    default = json.array {} },
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
  { name = "licence", kind = line, required = true },
  { name = "name", kind = line },
  { name = "image", kind = line },
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
local custom_services = list(service, "service", twins)

--- Return custom services without the values of their environment variables, which may be secrets.
---@param canonical table[]
---@return table[]
function custom_services.masked(canonical)
  local copies = json.array {}
  for index, item in ipairs(canonical) do
    copies[index] = tables.merge(item, {
      environment_variables = kinds.starred(item.environment_variables),
    })
  end
  return copies
end

return custom_services
