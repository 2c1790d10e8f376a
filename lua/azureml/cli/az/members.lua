--- Name the fields of an instance as `az ml compute` does, so that pasted queries work. Absent
--- members are left out. Source: spec/contract/sdk-v1.md, section 8.
local json = require "azureml.json"

local members = {}

-- Return a copy of a value with the names of its members in snake_case; nulls are left out.
local function snake_case(value)
  if type(value) ~= "table" then return value end
  local copy = json.is_array(value) and json.array {} or {}
  for key, item in pairs(value) do
    local name = key
    if type(key) == "string" then name = key:gsub("(%l)(%u)", "%1_%2"):lower() end
    if item ~= json.null then copy[name] = snake_case(item) end
  end
  return copy
end

local function list_of(items, write)
  local list = json.array {}
  for i, item in ipairs(type(items) == "table" and items or {}) do list[i] = write(item) end
  return list
end

local function network_of(vm, inner)
  local subnet = json.get(inner("subnet"), "id")
  local network = {
    subnet = subnet, private_ip_address = vm.private_ip_address,
    public_ip_address = vm.public_ip_address,
  }
  return next(network) and network or nil
end

local function ssh_of(inner)
  local settings = inner "sshSettings"
  local ssh = {
    admin_username = json.get(settings, "adminUserName"),
    ssh_key_value = json.get(settings, "adminPublicKey"), ssh_port = json.get(settings, "sshPort"),
  }
  if ssh.ssh_port then ssh.ssh_port = tostring(math.tointeger(ssh.ssh_port)) end
  return next(ssh) and ssh or nil
end

local function operation_of(vm)
  local last = vm.last_operation
  local operation = {
    operation_name = last.name, operation_time = last.time, operation_status = last.status,
    operation_trigger = last.trigger,
  }
  return next(operation) and operation or nil
end

-- az names the two kinds of triggers within `trigger`.
local function schedule_of(item)
  local sent = snake_case(item)
  local trigger = sent.cron or sent.recurrence or {}
  trigger.type = sent.cron and "cron" or "recurrence"
  trigger.frequency = trigger.frequency and trigger.frequency:lower()
  local inner = trigger.schedule or {}
  for i, day in ipairs(inner.week_days or {}) do inner.week_days[i] = day:lower() end
  return {
    action = (sent.action or ""):lower(), schedule_id = sent.id,
    state = sent.status and sent.status:lower() or "enabled", trigger = trigger,
    provisioning_state = sent.provisioning_status,
  }
end

local function schedules_of(inner)
  local schedules = list_of(inner("schedules", "computeStartStop"), schedule_of)
  return #schedules > 0 and { compute_start_stop = schedules } or nil
end

local function script_of(script)
  if type(script) ~= "table" then return nil end
  local minutes = tostring(json.get(script, "timeout") or ""):match "^(%d+)"
  return {
    path = json.get(script, "scriptData"), command = json.get(script, "scriptArguments"),
    timeout_minutes = minutes and math.tointeger(minutes),
  }
end

local function scripts_of(inner)
  local scripts = inner("setupScripts", "scripts")
  local written = {
    creation_script = script_of(json.get(scripts, "creationScript")),
    startup_script = script_of(json.get(scripts, "startupScript")),
  }
  return next(written) and written or nil
end

local function services_of(inner)
  local services = list_of(inner "applications", function(item)
    return {
      display_name = json.get(item, "displayName"), endpoint_uri = json.get(item, "endpointUri"),
    }
  end)
  return #services > 0 and services or nil
end

local function port_of(item)
  return math.tointeger(item) or item
end

local function endpoint_of(item)
  return {
    target = port_of(json.get(item, "target")), published = port_of(json.get(item, "published")),
  }
end

local function mount_of(item)
  return { source = json.get(item, "source"), target = json.get(item, "target") }
end

-- The names of environment variables stay as they are.
local function application_of(item)
  local variables = {}
  for name, variable in pairs(json.get(item, "environmentVariables") or {}) do
    variables[name] = json.get(variable, "value")
  end
  return {
    name = json.get(item, "name"), type = "docker",
    image = { reference = json.get(item, "image", "reference") },
    endpoints = list_of(json.get(item, "endpoints"), endpoint_of),
    environment_variables = variables,
    bind_mounts = list_of(json.get(item, "volumes"), mount_of),
  }
end

local function custom_of(inner)
  local custom = list_of(inner "customServices", application_of)
  return #custom > 0 and custom or nil
end

-- Only the minutes of PT30M become a number.
local function minutes_of(vm)
  return math.tointeger((vm.idle_time_before_shutdown or ""):match "^PT(%d+)M$")
end

local function first_error(vm)
  local first = vm.errors[1]
  return json.get(first, "error", "code") or json.get(first, "code")
end

local function image_of(inner)
  local image = inner "osImageMetadata"
  if not image then return nil end
  return {
    current_image_version = json.get(image, "currentImageVersion"),
    latest_image_version = json.get(image, "latestImageVersion"),
    is_latest_os_image_version = json.get(image, "isLatestOsImageVersion"),
  }
end

local function identity_of(vm)
  local sent = json.get(vm.raw, "identity")
  if not sent then return nil end
  local assigned = json.array {}
  for id in pairs(json.get(sent, "userAssignedIdentities") or {}) do
    assigned[#assigned + 1] = { resource_id = id }
  end
  return {
    type = tostring(json.get(sent, "type")):gsub("(%l)(%u)", "%1_%2"):lower(),
    principal_id = json.get(sent, "principalId"), tenant_id = json.get(sent, "tenantId"),
    user_assigned_identities = #assigned > 0 and assigned or nil,
  }
end

--- Return the members of an instance.
---@param vm azureml.Instance
---@return table
function members.of(vm)
  local function inner(...) return json.get(vm.raw, "properties", "properties", ...) end
  local ssh = inner("sshSettings", "sshPublicAccess")
  return {
    created_on = vm.created_on, custom_applications = custom_of(inner),
    description = vm.description, enable_node_public_ip = inner "enableNodePublicIp",
    enable_os_patching = inner "enableOSPatching", enable_root_access = inner "enableRootAccess",
    enable_sso = inner "enableSSO", id = vm.id, identity = identity_of(vm),
    idle_time_before_shutdown = vm.idle_time_before_shutdown,
    idle_time_before_shutdown_minutes = minutes_of(vm), last_operation = operation_of(vm),
    location = vm.location, name = vm.name, network_settings = network_of(vm, inner),
    os_image_metadata = image_of(inner), provisioning_errors = first_error(vm),
    provisioning_state = vm.provisioning_state, release_quota_on_stop = inner "releaseQuotaOnStop",
    resource_id = json.get(vm.raw, "properties", "resourceId"), schedules = schedules_of(inner),
    services = services_of(inner), setup_scripts = scripts_of(inner), size = vm.vm_size,
    ssh_public_access_enabled = ssh and ssh == "Enabled" or nil, ssh_settings = ssh_of(inner),
    state = vm.state, tags = vm.tags, type = "computeinstance",
  }
end

--- Return the members of an instance for az's first version: the same, and the reply's own
--- `properties`, in which its queries look. Source: spec/contract/sdk-v1.md, section 7.
---@param vm azureml.Instance
---@return table
function members.of_first_version(vm)
  local fields = members.of(vm)
  fields.properties = json.get(vm.raw, "properties")
  return fields
end

--- Return the members of a size.
---@param size azureml.Size
---@return table
function members.of_size(size)
  local sent = size.raw
  return {
    name = size.name, family = size.family, v_cpus = size.vcpus, gpus = size.gpus,
    os_vhd_size_mb = sent.osVhdSizeMB, max_resource_volume_mb = sent.maxResourceVolumeMB,
    memory_gb = size.memory_gb, low_priority_capable = sent.lowPriorityCapable,
    premium_io = sent.premiumIO, supported_compute_types = sent.supportedComputeTypes,
  }
end

--- Return the members of a usage.
---@param usage azureml.Usage
---@return table
function members.of_usage(usage)
  usage = usage.raw
  return {
    id = usage.id, aml_workspace_location = usage.amlWorkspaceLocation, type = usage.type,
    unit = usage.unit, current_value = usage.currentValue, limit = usage.limit,
    name = snake_case(usage.name),
  }
end

return members
