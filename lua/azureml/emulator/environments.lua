--- Keep the environments of a workspace, in which jobs run: show, create and list them. Only their
--- descriptions are kept: no image is built.
---
--- An environment exists after a PUT, or if the seed names it. The curated environments of Azure
--- (AzureML-...) and those of registries exist in any version.
--- Source: spec/contract/compute-rest.md, section 13.
local answer = require "azureml.emulator.answer"
local check = require "azureml.emulator.check"
local clock = require "azureml.emulator.clock"
local json = require "azureml.json"
local page = require "azureml.emulator.page"
local refusal = require "azureml.emulator.refusal"
local seed = require "azureml.emulator.seed"
local show = require "azureml.emulator.show"
local tables = require "azureml.tool.tables"
local world = require "azureml.emulator.world"

local environments = {}

local CURATED = "^AzureML%-"

local function key_of(place, name, version)
  return ("%s/environments/%s/%s"):format(place, name:lower(), version:lower())
end

world.kinds.environment = {
  key = function(record) return key_of(record.place, record.name, record.version) end,
}

-- Seeds -------------------------------------------------------------------------------------------

local NAME = "^([%w][%w._-]*):([%w][%w._-]*)$"

function seed.rules.environments(value, place)
  local wrong = seed.rule.list_of(seed.rule.text)(value, place)
  if wrong then return wrong end
  for index, text in ipairs(value) do
    if not text:find(NAME) then
      return ("%s[%d] is '%s', which is no NAME:VERSION"):format(place, index, text)
    end
  end
end

--- Add environments to a workspace.
---@param the_world table
---@param workspace table
---@param list string[]?      "sklearn:3"
---@param creator table       the principal
function environments.add(the_world, workspace, list, creator)
  for _, text in ipairs(list or {}) do
    local name, version = text:match(NAME)
    the_world:save("environment", {
      place = workspace.place, number = the_world:next_number(), name = name, version = version,
      created = the_world:now(), creator = creator.object_id,
      properties = { image = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04" },
    })
  end
end

-- Looking -----------------------------------------------------------------------------------------

-- List the versions of an environment, or all environments of a workspace, the newest first.
local function versions_of(request, name)
  local list = {}
  for _, record in pairs(request.world.records.environment) do
    local is_here = record.place == request.workspace.place
    if is_here and (not name or record.name:lower() == name:lower()) then
      list[#list + 1] = record
    end
  end
  table.sort(list, function(a, b) return a.number > b.number end)
  return list
end

-- Return the name and version of an environment's ARM id in this workspace.
local function names_in(request, id)
  local place = show.workspace_id(request.workspace) .. "/environments/"
  if id:sub(1, #place):lower() ~= place:lower() then return nil end
  return id:sub(#place + 1):match "^([^/]+)/versions/([^/]+)$"
end

--- Refuse the environment of a job that does not exist.
---@param request table
---@param id string
function environments.check(request, id)
  if id:find "^azureml://registries/[^/]+/environments/[^/]+/%a+/[^/]+$" then return end
  local short = id:match "^azureml:([^/]+)$"
  if short and short:find(CURATED) then return end
  local name, version = names_in(request, id)
  if not name then name, version = (short or ""):match(NAME) end
  if not name then refusal.raise("bad_environment", id) end
  if name:find(CURATED) then return end
  if request.world:record("environment", key_of(request.workspace.place, name, version)) then
    return
  end
  refusal.raise("no_job_environment", name, version)
end

-- Shown -------------------------------------------------------------------------------------------

local function system_data(record)
  local created = clock.iso(record.created)
  return {
    createdAt = created, createdBy = record.creator, createdByType = "Application",
    lastModifiedAt = created,
  }
end

local TYPE = "Microsoft.MachineLearningServices/workspaces/environments"

local function show_version(request, record)
  local properties = record.properties
  return {
    id = ("%s/environments/%s/versions/%s"):format(show.workspace_id(request.workspace),
      record.name, record.version),
    name = record.version,
    type = TYPE .. "/versions",
    properties = tables.merge({
      autoRebuild = "Disabled", environmentType = "UserCreated", osType = "Linux",
      isAnonymous = false, isArchived = false, provisioningState = "Succeeded",
      tags = json.decode_exact "{}", properties = json.decode_exact "{}",
    }, properties),
    systemData = system_data(record),
  }
end

-- Return the version that follows: the number after a number, else the first.
local function following(version)
  local number = math.tointeger(tonumber(version))
  return number and ("%d"):format(number + 1) or "1"
end

local function show_container(request, versions)
  local newest = versions[1]
  return {
    id = ("%s/environments/%s"):format(show.workspace_id(request.workspace), newest.name),
    name = newest.name,
    type = TYPE,
    properties = {
      latestVersion = newest.version, nextVersion = following(newest.version), isArchived = false,
      provisioningState = "Succeeded", tags = json.decode_exact "{}",
      properties = json.decode_exact "{}",
    },
    systemData = system_data(versions[#versions]),
  }
end

-- Requests ----------------------------------------------------------------------------------------

local function find(request)
  local name, version = request.environment_name, request.environment_version
  local key = key_of(request.workspace.place, name, version)
  local record = request.world:record("environment", key)
  if record then return record end
  refusal.raise("no_environment", request.workspace.name, name .. "/versions/" .. version,
    request.workspace.group.name)
end

--- Get a version of an environment.
function environments.get(request)
  return answer.of(show_version(request, find(request)))
end

--- Get an environment: its latest version.
function environments.get_container(request)
  local versions = versions_of(request, request.environment_name)
  if #versions > 0 then return answer.of(show_container(request, versions)) end
  refusal.raise("no_environment", request.workspace.name, request.environment_name,
    request.workspace.group.name)
end

--- List the versions of an environment.
function environments.list_versions(request)
  return page.of(request, versions_of(request, request.environment_name), function(record)
    return show_version(request, record)
  end)
end

--- List the environments of a workspace. Those that jobs describe in place are left out.
function environments.list(request)
  local containers, seen = {}, {}
  for _, record in ipairs(versions_of(request)) do
    local name = record.name:lower()
    if not seen[name] and not record.properties.isAnonymous then
      containers[#containers + 1] = versions_of(request, record.name)
    end
    seen[name] = true
  end
  return page.of(request, containers, function(versions)
    return show_container(request, versions)
  end)
end

-- The members of a version that a second PUT cannot change.
local FIXED = { "image", "condaFile", "build", "osType" }

local function check_unchanged(record, properties)
  for _, name in ipairs(FIXED) do
    local old, new = record.properties[name], properties[name]
    if new ~= nil and json.encode { new } ~= json.encode { old or json.null } then
      refusal.raise("environment_fixed", record.name, record.version, name)
    end
  end
end

--- Create a version of an environment, or change its description.
function environments.put(request)
  local sent = check.required(check.body(request.body).properties, "table", "properties")
  local properties = check.plain(sent)
  local image = check.text(properties.image, "properties.image")
  if not image and not properties.build then
    refusal.raise("missing_property", "properties.image")
  end
  local name, version = request.environment_name, request.environment_version
  local key = key_of(request.workspace.place, name, version)
  local old = request.world:record("environment", key)
  if old then
    check_unchanged(old, properties)
    old.properties = tables.merge(old.properties, properties)
    request.world:save("environment", old)
    return { status = 200, json = show_version(request, old) }
  end
  local record = request.world:save("environment", {
    place = request.workspace.place, number = request.world:next_number(), name = name,
    version = version, properties = properties, created = request.now,
    creator = request.application.object_id,
  })
  return { status = 201, json = show_version(request, record) }
end

return environments
