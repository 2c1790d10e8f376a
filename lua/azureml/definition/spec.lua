--- Check the options of a new instance by the rules of the service and write the request body.
--- Sources: spec/contract/compute-rest.md, sections 3.3, 7.3, 8 and 9.2. Python's
--- provisioning_configuration names the first ten options.
local later = require "azureml.later"
local custom_service = later "azureml.definition.custom_service"
local errors = require "azureml.error"
local json = require "azureml.json"
local options = require "azureml.options"
local resource = require "azureml.resource"
local schedule = later "azureml.definition.schedule"
local setup_script = later "azureml.definition.setup_script"

local refuse = options.refuse

local spec = {}

local DEFAULT_SIZE = "STANDARD_DS3_V2"
local MIN_IDLE, MAX_IDLE = 15, 3 * 24 * 60      -- minutes

local KNOWN = {
  vm_size = "string", ssh_public_access = "boolean", admin_user_ssh_public_key = "string",
  vnet_resourcegroup_name = "string", vnet_name = "string", subnet_name = "string",
  tags = "table", description = "string", assigned_user_object_id = "string",
  assigned_user_tenant_id = "string",
  idle_time_before_shutdown = "string", schedules = "table", enable_node_public_ip = "boolean",
  application_sharing_policy = "string",
  identity = "any", setup_scripts = "table", custom_services = "table", enable_sso = "boolean",
  enable_root_access = "boolean",
  enable_os_patching = "boolean", release_quota_on_stop = "boolean",
}

-- Sizes -------------------------------------------------------------------------------------------

local function common_prefix(a, b)
  local length = 0
  while length < #a and a:sub(1, length + 1):lower() == b:sub(1, length + 1):lower() do
    length = length + 1
  end
  return length
end

-- Return the offered names that share the longest beginning with the requested one.
local function alike(size, offered)
  table.sort(offered, function(a, b)
    local left, right = common_prefix(a, size), common_prefix(b, size)
    if left ~= right then return left > right end
    return a < b
  end)
  return table.concat(offered, ", ", 1, math.min(5, #offered))
end

local function check_size_form(size)
  if not size:find "^[%a][%w_-]+_[%w_-]+$" then
    refuse("'%s' cannot be a vm_size: a size is a name such as %s", size:sub(1, 60), DEFAULT_SIZE)
  end
end

--- Check that the workspace's region offers a size to compute instances. A user without the right
--- to list the sizes may still create instances; then the service checks the size.
---@param workspace azureml.Workspace
---@param size string
---@raise an error object `InvalidArgument` that lists similar sizes
function spec.check_size(workspace, size)
  local offered, wanted = {}, size:lower()
  local sizes, err = errors.try(workspace.vm_sizes, workspace)
  if err and resource.is_forbidden(err) then return end
  if err then error(err, 0) end
  for _, each in ipairs(sizes) do
    if each.name:lower() == wanted then return end
    offered[#offered + 1] = each.name
  end
  refuse("vm_size '%s' is not offered to compute instances in %s; alike: %s", size,
    workspace:location(), alike(size, offered))
end

-- Parts of the body -------------------------------------------------------------------------------

local function check_key(key)
  if key:find "^ssh%-rsa AAAA[%w+/=]+ ?[^\r\n]*$"
    or key:find "^%-%-%-%-%-BEGIN [%u ]*PUBLIC KEY%-%-%-%-%-" then
    return
  end
  refuse("admin_user_ssh_public_key must be an RSA public key: one line 'ssh-rsa AAAA...' "
    .. "or a PEM text%s",
    key:find "PRIVATE KEY" and "; this one is a private key, keep it to yourself" or "")
end

local function ssh_settings(settings)
  local key = settings.admin_user_ssh_public_key
  if key then
    key = key:gsub("%s+$", "")
    check_key(key)
  elseif settings.ssh_public_access then
    refuse "ssh_public_access needs admin_user_ssh_public_key: no user could log in without a key"
  end
  return {
    sshPublicAccess = settings.ssh_public_access and "Enabled" or "Disabled", adminPublicKey = key,
  }
end

local VNET = { "vnet_resourcegroup_name", "vnet_name", "subnet_name" }

local function subnet(settings, subscription_id)
  local count = 0
  for _, name in ipairs(VNET) do
    if settings[name] then count = count + 1 end
  end
  if count == 0 then return nil end
  if count < #VNET then refuse("a virtual network needs all of %s", table.concat(VNET, ", ")) end
  local form = "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/"
    .. "virtualNetworks/%s/subnets/%s"
  return { id = form:format(subscription_id, settings.vnet_resourcegroup_name, settings.vnet_name,
    settings.subnet_name) }
end

local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

local function assigned_user(settings)
  local object_id, tenant_id = settings.assigned_user_object_id, settings.assigned_user_tenant_id
  if not object_id and not tenant_id then return nil end
  for name, value in pairs {
    assigned_user_object_id = object_id or "", assigned_user_tenant_id = tenant_id or "",
  } do
    if not value:find(GUID) then
      refuse("creating on behalf of a user needs both ids: %s must be a GUID", name)
    end
  end
  if settings.admin_user_ssh_public_key then
    refuse "an instance created on behalf of a user takes no SSH key: the assigned user adds one"
  end
  return { assignedUser = { objectId = object_id, tenantId = tenant_id } }
end

local UNITS = { m = 1, h = 60, d = 24 * 60 }

-- Convert "30m", "2h", "1d" or ISO 8601 to ISO 8601. The service accepts 15 minutes to 3 days.
local function idle_time(text)
  if not text then return nil end
  local number, unit = text:match "^(%d+)([mhd])$"
  if not number then number, unit = text:upper():match "^PT(%d+)([MH])$" end
  if not number then number, unit = text:upper():match "^P(%d+)(D)$" end
  local minutes = number and tonumber(number) * UNITS[unit:lower()]
  if not minutes or minutes < MIN_IDLE or minutes > MAX_IDLE then
    refuse("idle_time_before_shutdown is '%s': from 15 minutes to 3 days, "
      .. "as '30m', '2h', '1d' or 'PT30M'", text)
  end
  return ("PT%dM"):format(minutes)
end

local function check_tags(tags)
  for name, value in pairs(tags or {}) do
    if type(name) ~= "string" or type(value) ~= "string" then
      refuse "tags must be texts by name, such as { team = 'vision' }"
    end
    if #name > 512 or #value > 256 then
      refuse("tag '%s' is too long: a name has at most 512 characters, a value 256",
        name:sub(1, 40))
    end
  end
  return tags
end

local POLICIES = { Personal = true, Shared = true }

local function sharing_policy(word)
  if word and not POLICIES[word] then
    refuse("application_sharing_policy is 'Personal' or 'Shared', not '%s'", word)
  end
  return word
end

local IDENTITY = "^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
  .. "microsoft.managedidentity/userassignedidentities/[^/]+$"

-- Return the identity of the request: the system-assigned one, or a list of user-assigned ones.
local function identity(choice)
  if choice == nil then return nil end
  if type(choice) == "string" and choice:lower() == "systemassigned" then
    return { type = "SystemAssigned" }
  end
  if type(choice) ~= "table" or #choice == 0 then
    refuse("identity is 'SystemAssigned' or a list of ids of user-assigned identities, not '%s'",
      tostring(choice))
  end
  local assigned = {}
  for _, id in ipairs(choice) do
    if type(id) ~= "string" or not id:lower():find(IDENTITY) then
      refuse("'%s' is not the ARM id of a user-assigned identity: "
        .. "/subscriptions/.../userAssignedIdentities/NAME", tostring(id):sub(1, 100))
    end
    assigned[id] = {}
  end
  return { type = "UserAssigned", userAssignedIdentities = assigned }
end

--- Return the body of the PUT request that creates an instance. The caller adds the location, which
--- is the workspace's.
---@param settings table?
---@param subscription_id string?      of the virtual network: that of the workspace
---@return table
---@raise an error object `InvalidArgument` that names the rule
function spec.body(settings, subscription_id)
  settings = options.check("create", settings, KNOWN)
  local size = settings.vm_size or DEFAULT_SIZE
  check_size_form(size)
  return {
    tags = check_tags(settings.tags),
    identity = identity(settings.identity),
    properties = {
      computeType = "ComputeInstance",
      description = settings.description,
      properties = {
        vmSize = size,
        sshSettings = ssh_settings(settings),
        subnet = subnet(settings, subscription_id),
        personalComputeInstanceSettings = assigned_user(settings),
        idleTimeBeforeShutdown = idle_time(settings.idle_time_before_shutdown),
        schedules = schedule.body(settings.schedules),
        setupScripts = setup_script.body(settings.setup_scripts),
        customServices = custom_service.body(settings.custom_services),
        enableNodePublicIp = settings.enable_node_public_ip,
        enableSSO = settings.enable_sso,
        enableRootAccess = settings.enable_root_access,
        enableOSPatching = settings.enable_os_patching,
        releaseQuotaOnStop = settings.release_quota_on_stop,
        applicationSharingPolicy = sharing_policy(settings.application_sharing_policy),
      },
    },
  }
end

-- Fitting -----------------------------------------------------------------------------------------

-- What is compared with an existing instance: the option, and the member of the instance's
-- properties. An absent member of a row with `optional` cannot be compared: not every version of
-- the service returns it.
local COMPARED = {
  { "vm_size", "vmSize" },
  { "ssh_public_access", "sshSettings", "sshPublicAccess" },
  { "subnet_name", "subnet", "id" },
  { "assigned_user_object_id", "personalComputeInstanceSettings", "assignedUser", "objectId" },
  { "schedules", "schedules", "computeStartStop" },
  { "idle_time_before_shutdown", "idleTimeBeforeShutdown", change = "update_idle_time" },
  { "custom_services", "customServices", optional = true },
  { "enable_node_public_ip", "enableNodePublicIp", optional = true },
  { "enable_sso", "enableSSO", optional = true },
  { "enable_root_access", "enableRootAccess", optional = true },
  { "enable_os_patching", "enableOSPatching", optional = true },
  { "release_quota_on_stop", "releaseQuotaOnStop", optional = true },
  { "application_sharing_policy", "applicationSharingPolicy", optional = true },
}

local MINUTES = { D = 24 * 60, H = 60, M = 1 }

-- Return the minutes of a duration such as "PT1H30M"; nil for another text.
local function minutes_in(text)
  local days, rest = text:upper():match "^P(%d*D?)T?([%dHM]*)$"
  if not days or text:upper() == "P" then return nil end
  local minutes = 0
  for number, unit in (days .. rest):gmatch "(%d+)([DHM])" do
    minutes = minutes + tonumber(number) * MINUTES[unit]
  end
  return minutes
end

-- Tell whether two values mean the same: texts in any case, durations by their length. The service
-- may add members to a table.
local function is_same(wanted, actual)
  if type(wanted) == "table" then
    if type(actual) ~= "table" or #wanted ~= #actual then return false end
    for key, value in pairs(wanted) do
      if not is_same(value, actual[key]) then return false end
    end
    return true
  end
  if type(wanted) ~= "string" or type(actual) ~= "string" then return wanted == actual end
  if wanted:lower() == actual:lower() then return true end
  local minutes = minutes_in(wanted)
  return minutes ~= nil and minutes == minutes_in(actual)
end

local function text_of(value)
  return type(value) == "table" and json.encode(value) or tostring(value)
end

local function add_difference(list, field, actual, wanted, change)
  list[#list + 1] = {
    field = field, actual = actual, wanted = wanted, change = change,
    text = ("%s is %s, not %s"):format(field, text_of(actual), text_of(wanted)),
  }
end

-- The options that no stable version knows: a stable version would ignore them.
local PREVIEW_VERSION = "2026-03-15-preview"
local PREVIEW_OPTIONS = { "enable_root_access", "enable_os_patching", "release_quota_on_stop" }

--- Return the api-version that knows all options; nil for the workspace's own.
--- Source: spec/contract/compute-rest.md, section 7.3.
---@param settings table
---@return string?
function spec.api_version(settings)
  for _, name in ipairs(PREVIEW_OPTIONS) do
    if settings[name] ~= nil then return PREVIEW_VERSION end
  end
end

--- List how an existing instance differs from the options that the caller gave.
---@param vm azureml.Instance
---@param settings table          the caller's options; an absent option is not compared
---@param body table              the result of spec.body for these options
---@return { field: string, actual: any, wanted: any, text: string, change: string? }[]
---  change: the verb that changes the field; nil: it cannot be changed
function spec.differences(vm, settings, body)
  local list, wanted = {}, body.properties.properties
  local raw = json.get(vm.raw, "properties", "properties")
  for _, row in ipairs(COMPARED) do
    local value = json.get(wanted, table.unpack(row, 2))
    local actual = json.get(raw, table.unpack(row, 2))
    local is_comparable = settings[row[1]] ~= nil and not (row.optional and actual == nil)
    if is_comparable and not is_same(value, actual) then
      add_difference(list, row[1], actual, value, row.change)
    end
  end
  local tags = settings.tags
  if tags and not (is_same(tags, vm.tags) and is_same(vm.tags, tags)) then
    add_difference(list, "tags", vm.tags, settings.tags)
  end
  if settings.description and settings.description ~= vm.description then
    add_difference(list, "description", vm.description, settings.description)
  end
  return list
end

--- Join the texts of differences.
---@param list { text: string }[]
---@return string
function spec.describe(list)
  local texts = {}
  for i, difference in ipairs(list) do texts[i] = difference.text end
  return table.concat(texts, "; ")
end

--- Check that an instance has become what the caller asked for.
---@param vm azureml.Instance
---@param settings table          the caller's options
---@param body table              the result of spec.body for these options
---@raise an error object `NotAsAsked` with the field `instance`
function spec.check_result(vm, settings, body)
  local differences = spec.differences(vm, settings, body)
  if #differences == 0 then return end
  errors.raise {
    code = "NotAsAsked", instance = vm,
    message = ("'%s' was created, but %s"):format(vm.name, spec.describe(differences)),
    hint = "the instance exists and is billed: change it, or delete it",
  }
end

--- Check that an existing instance fits the options, or can be changed to fit.
---@param vm azureml.Instance
---@param settings table          the caller's options
---@param body table              the result of spec.body for these options
---@return table[] changes        the differences that a verb can change
---@raise an error object `DoesNotFit` that lists the other differences
function spec.check_fit(vm, settings, body)
  local fixed, changes = {}, {}
  for _, difference in ipairs(spec.differences(vm, settings, body)) do
    local list = difference.change and changes or fixed
    list[#list + 1] = difference
  end
  if #fixed == 0 then return changes end
  errors.raise {
    code = "DoesNotFit", message = ("'%s' exists, but %s"):format(vm.name, spec.describe(fixed)),
    hint = "these cannot be changed: choose another name, or delete it first",
  }
end

return spec
