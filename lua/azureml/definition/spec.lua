--- Check the options of a new instance by the rules of the service and write the request body.
--- Sources: spec/contract/compute-rest.md, sections 3.3, 7.3, 8 and 9.2. Python's
--- provisioning_configuration names the first ten options.
local later = require "azureml.later"
local custom_service = later "azureml.definition.custom_service"
local errors = require "azureml.error"
local json = require "azureml.json"
local options = require "azureml.options"
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
  if err and err.status == 403 then return end
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

-- An instance has either the system-assigned identity or a list of user-assigned identities.
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

--- Check that an existing instance has the requested properties that cannot be changed later.
---@param vm azureml.Instance
---@param settings table          the caller's options
---@param body table           the result of spec.body for these options
---@raise an error object `DoesNotFit` that lists the differences
function spec.check_fit(vm, settings, body)
  local wanted = body.properties.properties
  local user = wanted.personalComputeInstanceSettings
  local differences = {}
  local function compare(field, is, should)
    if tostring(is):lower() ~= tostring(should):lower() then
      differences[#differences + 1] = ("%s is %s, not %s"):format(field, tostring(is),
        tostring(should))
    end
  end
  if settings.vm_size then compare("vm_size", vm.vm_size, wanted.vmSize) end
  if settings.ssh_public_access ~= nil then
    compare("ssh_public_access", vm.ssh.enabled, settings.ssh_public_access)
  end
  if wanted.subnet then
    compare("subnet", json.get(vm.raw, "properties", "properties", "subnet", "id"),
      wanted.subnet.id)
  end
  if user then compare("assigned_user_object_id", vm.assigned_to, user.assignedUser.objectId) end
  if #differences == 0 then return end
  errors.raise {
    code = "DoesNotFit",
    message = ("'%s' exists, but %s"):format(vm.name, table.concat(differences, "; ")),
    hint = "these cannot be changed: choose another name, or delete it first",
  }
end

return spec
