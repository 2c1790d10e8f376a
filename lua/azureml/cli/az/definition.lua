--- Turn what `az ml compute create` takes (a YAML file, flags, --set) into the settings of
--- `instances:create`. Source: spec/contract/sdk-v1.md, section 8.
local command = require "azureml.cli.command"
local errors = require "azureml.error"
local suggest = require "azureml.cli.suggest"
local tables = require "azureml.tool.tables"
local yaml_check = require "azureml.cli.yaml_check"

local definition = {}

local function misused(message, ...)
  command.misused("%s", message:format(...))
end

-- Refuse an unknown name; `key` of the error lets a reader of files find its line.
local function unknown(what, name, known)
  errors.raise { code = "Usage", key = name, message = suggest.unknown(what, name, known) }
end

-- Values ------------------------------------------------------------------------------------------

-- Check a table's members against the known ones.
local function check_members(where, value, known)
  if type(value) ~= "table" then
    errors.raise { code = "Usage", key = where, message = where .. " must have members" }
  end
  for name in pairs(value) do
    if not known[name] then
      unknown(("%s has no member"):format(where), tostring(name), tables.keys(known))
    end
  end
  return value
end

local function set(words)
  local known = {}
  for word in words:gmatch "%S+" do known[word] = true end
  return known
end

local SUBNET_ID = "^/[sS]ubscriptions/([^/]+)/[rR]esource[gG]roups/([^/]+)/providers/"
  .. "Microsoft%.Network/virtualNetworks/([^/]+)/subnets/([^/]+)$"

-- A subnet is an ARM id, or a name within a network of the workspace's resource group.
local function add_network(settings, network, ws)
  check_members("network_settings", network, set "vnet_name subnet")
  local vnet, subnet = network.vnet_name, network.subnet
  if vnet and not subnet then misused "Subnet is required when vnet name is specified." end
  if not subnet then return end
  local subscription, group, id_vnet, id_subnet = subnet:match(SUBNET_ID)
  if not subscription and subnet:find "/" then
    misused("'%s' is not the ARM id of a subnet", subnet)
  end
  if not subscription and not vnet then misused "a subnet's name needs the name of its network" end
  if subscription and subscription:lower() ~= ws.subscription_id:lower() then
    misused "the subnet must be in the workspace's subscription"
  end
  settings.vnet_resourcegroup_name = group or ws.resource_group
  settings.vnet_name, settings.subnet_name = id_vnet or vnet, id_subnet or subnet
end

local function identity_of(identity)
  check_members("identity", identity, set "type user_assigned_identities")
  local kind = tostring(identity.type or "system_assigned"):gsub("_", ""):lower()
  local ids = {}
  for i, item in ipairs(identity.user_assigned_identities or {}) do
    ids[i] = type(item) == "table" and item.resource_id or item
  end
  if kind == "none" then return nil end
  if kind == "systemassigned" and #ids == 0 then return "SystemAssigned" end
  if kind == "userassigned" and #ids > 0 then return ids end
  misused("identity: '%s' with %s is not supported: give system_assigned, or user_assigned with "
    .. "identities", tostring(identity.type), #ids == 1 and "1 identity" or #ids .. " identities")
end

local TRIGGER = set "type expression start_time time_zone frequency interval schedule"

local function schedule_of(item)
  check_members("a schedule", item, set "action state trigger")
  local trigger = check_members("a schedule's trigger", item.trigger, TRIGGER)
  local written = {
    action = item.action, status = item.state, time_zone = trigger.time_zone,
    start_time = trigger.start_time and tostring(trigger.start_time),
  }
  if trigger.type == "cron" then
    written.cron = trigger.expression
  else
    local inner = check_members("a recurrence's schedule", trigger.schedule or {},
      set "hours minutes week_days month_days")
    written.recurrence = tables.merge({
      frequency = trigger.frequency, interval = trigger.interval,
    }, inner)
  end
  return written
end

local function schedules_of(schedules)
  check_members("schedules", schedules, set "compute_start_stop")
  local list = {}
  for i, item in ipairs(schedules.compute_start_stop or {}) do list[i] = schedule_of(item) end
  return list
end

-- az's members of a script, and ours: az has no name for a script's text and its URL.
local SCRIPT = set "path command timeout_minutes text url arguments timeout"

local function script_of(script)
  if not script then return nil end
  check_members("a setup script", script, SCRIPT)
  local minutes = script.timeout_minutes
  return {
    path = script.path, text = script.text, url = script.url,
    arguments = script.command or script.arguments,
    timeout = minutes and ("%dm"):format(minutes) or script.timeout,
  }
end

local function scripts_of(scripts)
  check_members("setup_scripts", scripts, set "creation_script startup_script")
  return {
    creation_script = script_of(scripts.creation_script),
    startup_script = script_of(scripts.startup_script),
  }
end

local APPLICATION = set "name type image endpoints environment_variables bind_mounts"

local function application_of(item)
  check_members("a custom application", item, APPLICATION)
  if item.type ~= nil and item.type ~= "docker" then
    misused("a custom application's type is docker, not '%s'", tostring(item.type))
  end
  return {
    name = item.name, image = type(item.image) == "table" and item.image.reference or item.image,
    endpoints = item.endpoints, environment_variables = item.environment_variables,
    volumes = item.bind_mounts,
  }
end

local function applications_of(list)
  local written = {}
  for i, item in ipairs(list) do written[i] = application_of(item) end
  return written
end

-- az's key -> our field, where the value stays as it is.
local SAME = {
  size = "vm_size", description = "description", tags = "tags", enable_sso = "enable_sso",
  enable_node_public_ip = "enable_node_public_ip", enable_root_access = "enable_root_access",
  enable_os_patching = "enable_os_patching", release_quota_on_stop = "release_quota_on_stop",
  ssh_public_access_enabled = "ssh_public_access",
  idle_time_before_shutdown = "idle_time_before_shutdown",
}

-- az's key -> function that adds our fields to the settings.
local writers = {}

function writers.name() end
writers["$schema"] = writers.name

function writers.type(_, kind)
  if tostring(kind):lower() == "computeinstance" then return end
  misused("azureml manages compute instances; for '%s' use 'az ml compute create'", tostring(kind))
end

function writers.location()
  command.say "azureml: location is ignored: an instance is created in its workspace's region"
end

function writers.create_on_behalf_of(settings, user)
  check_members("create_on_behalf_of", user, set "user_tenant_id user_object_id")
  settings.assigned_user_object_id = user.user_object_id
  settings.assigned_user_tenant_id = user.user_tenant_id
end

function writers.ssh_settings(settings, ssh)
  check_members("ssh_settings", ssh, set "ssh_key_value admin_username ssh_port")
  settings.admin_user_ssh_public_key = ssh.ssh_key_value
end

function writers.idle_time_before_shutdown_minutes(settings, minutes)
  if math.type(minutes) ~= "integer" then
    misused("idle_time_before_shutdown_minutes is a whole number, not '%s'", tostring(minutes))
  end
  settings.idle_time_before_shutdown = ("%dm"):format(minutes)
end

writers.network_settings = add_network
function writers.identity(settings, value) settings.identity = identity_of(value) end
function writers.schedules(settings, value) settings.schedules = schedules_of(value) end
function writers.setup_scripts(settings, value) settings.setup_scripts = scripts_of(value) end

function writers.custom_applications(settings, value)
  settings.custom_services = applications_of(value)
end

--- Tell whether az has a name for a field of an instance.
---@param name string
---@return boolean
function definition.is_member(name)
  return SAME[name] ~= nil or writers[name] ~= nil
end

--- Turn a definition into settings.
---@param wanted table              with az's keys
---@param ws azureml.Workspace
---@param ours? table<string, any>  names of our own that are taken, too
---@return string name, table settings
---@raise an error object `Usage` for what az does not know, or this package cannot do; its `key` is
---  a name that is not known
function definition.settings(wanted, ws, ours)
  local settings, known = {}, tables.merge(tables.merge(SAME, writers), ours)
  for _, key in ipairs(tables.keys(wanted)) do
    local value = wanted[key]
    if SAME[key] then settings[SAME[key]] = value
    elseif writers[key] then writers[key](settings, value, ws)
    elseif known[key] then settings[key] = value
    else unknown("a compute instance has no member", key, tables.keys(known)) end
  end
  if type(wanted.name) ~= "string" then misused "which name? Give --name, or name in the file" end
  return wanted.name, settings
end

-- Files -------------------------------------------------------------------------------------------

local function yaml_library()
  local is_there, lyaml = pcall(require, "lyaml")
  if is_there then return lyaml end
  misused "--file needs the Lua library lyaml: on Debian install lua-yaml"
end

-- Convert what lyaml reads: whole numbers to integers, its null to nothing.
local function plain(value, lyaml)
  if value == lyaml.null then return nil end
  if type(value) == "number" then return math.tointeger(value) or value end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = plain(item, lyaml) end
  return copy
end

--- Read YAML.
---@param text string
---@param path string      for the message
---@return table value
---@return string[] empty  the outermost names without a value
---@raise an error object `Usage`
function definition.parse(text, path)
  local lyaml = yaml_library()
  local line, fault = yaml_check.fault(text)
  if line then misused("%s:%d: %s", path, line, fault) end
  local ok, value = pcall(lyaml.load, text)
  if not ok and errors.is(value) then error(value, 0) end
  if not ok then misused("%s is not YAML: %s", path, tostring(value)) end
  if type(value) ~= "table" then misused("%s describes nothing", path) end
  local empty = {}
  for name, item in pairs(value) do
    if item == lyaml.null then empty[#empty + 1] = tostring(name) end
  end
  return plain(value, lyaml), empty
end

--- Read a definition from a YAML file.
---@param path string
---@return table
function definition.read(path)
  local file, message = io.open(path)
  if not file then misused("--file: %s", message) end
  local opened <close> = file
  return definition.parse(opened:read "a", "--file: " .. path)
end

local WORDS = { ["true"] = true, ["false"] = false }

-- Return the value of a text in --set: a boolean, a whole number, or the text.
local function value_of(text)
  if WORDS[text:lower()] ~= nil then return WORDS[text:lower()] end
  return math.tointeger(text) or text
end

--- Apply one "path=value" of --set.
---@param wanted table      changed
---@param text string
function definition.set(wanted, text)
  local path, value = text:match "^([%w_.]+)=(.*)$"
  if not path then misused("--set: '%s' is not PATH=VALUE, such as tags.team=vision", text) end
  local target, last = wanted, nil
  for name in path:gmatch "[^.]+" do
    if last then
      if type(target[last]) ~= "table" then target[last] = {} end
      target = target[last]
    end
    last = name
  end
  local is_text = path:find "^tags%." or path:find "_variables%."
  target[last] = is_text and value or value_of(value)
end

return definition
