--- What a new instance shall be: a caller's options checked by the rules of the service and written
--- as its body. Sources: spec/contract/compute-rest.md, sections 3.3, 7.3, 8 and 9.2. Python's
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
  tags = "table", description = "string", assigned_user_object_id = "string", assigned_user_tenant_id = "string",
  idle_time_before_shutdown = "string", schedules = "table", enable_node_public_ip = "boolean", application_sharing_policy = "string",
  identity = "any", setup_scripts = "table", custom_services = "table", enable_sso = "boolean", enable_root_access = "boolean",
  enable_os_patching = "boolean", release_quota_on_stop = "boolean",
}

-- Sizes -------------------------------------------------------------------------------------------------------------------

local function common_prefix(a, b)
  local length = 0
  while length < #a and a:sub(1, length + 1):lower() == b:sub(1, length + 1):lower() do length = length + 1 end
  return length
end

-- The offered names that begin most like the one that was asked for.
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

--- Check that the workspace's region offers a size to compute instances. Who may not look at the sizes may still create: then the
--- service says it.
---@param workspace azureml.Workspace
---@param size string
function spec.check_size(workspace, size)
  local offered, wanted = {}, size:lower()
  local sizes, err = errors.try(workspace.vm_sizes, workspace)
  if err and err.status == 403 then return end
  if err then error(err, 0) end
  for _, each in ipairs(sizes) do
    if each.name:lower() == wanted then return end
    offered[#offered + 1] = each.name
  end
  refuse("vm_size '%s' is not offered to compute instances in %s; alike: %s", size, workspace:location(), alike(size, offered))
end

-- Parts of the body -------------------------------------------------------------------------------------------------------

local function check_key(key)
  if key:find "^ssh%-rsa AAAA[%w+/=]+ ?[^\r\n]*$" or key:find "^%-%-%-%-%-BEGIN [%u ]*PUBLIC KEY%-%-%-%-%-" then return end
  refuse("admin_user_ssh_public_key must be an RSA public key: one line 'ssh-rsa AAAA...' or a PEM text%s",
    key:find "PRIVATE KEY" and "; this one is a private key, keep it to yourself" or "")
end

local function ssh_settings(given)
  local key = given.admin_user_ssh_public_key
  if key then
    key = key:gsub("%s+$", "")
    check_key(key)
  elseif given.ssh_public_access then
    refuse "ssh_public_access needs admin_user_ssh_public_key: without a key nobody could log in"
  end
  return { sshPublicAccess = given.ssh_public_access and "Enabled" or "Disabled", adminPublicKey = key }
end

local VNET = { "vnet_resourcegroup_name", "vnet_name", "subnet_name" }

local function subnet(given, subscription_id)
  local set = 0
  for _, name in ipairs(VNET) do
    if given[name] then set = set + 1 end
  end
  if set == 0 then return nil end
  if set < #VNET then refuse("a virtual network needs all of %s", table.concat(VNET, ", ")) end
  return { id = ("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/virtualNetworks/%s/subnets/%s"):format(
    subscription_id, given.vnet_resourcegroup_name, given.vnet_name, given.subnet_name) }
end

local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

local function assigned_user(given)
  local object_id, tenant_id = given.assigned_user_object_id, given.assigned_user_tenant_id
  if not object_id and not tenant_id then return nil end
  for name, value in pairs { assigned_user_object_id = object_id or "", assigned_user_tenant_id = tenant_id or "" } do
    if not value:find(GUID) then refuse("creating on behalf of somebody needs both ids: %s must be a GUID", name) end
  end
  if given.admin_user_ssh_public_key then
    refuse "an instance created on behalf of somebody takes no SSH key: whoever it is assigned to adds one"
  end
  return { assignedUser = { objectId = object_id, tenantId = tenant_id } }
end

local UNITS = { m = 1, h = 60, d = 24 * 60 }

-- "30m", "2h", "1d" or ISO 8601; the service takes 15 minutes to 3 days.
local function idle_time(text)
  if not text then return nil end
  local number, unit = text:match "^(%d+)([mhd])$"
  if not number then number, unit = text:upper():match "^PT(%d+)([MH])$" end
  if not number then number, unit = text:upper():match "^P(%d+)(D)$" end
  local minutes = number and tonumber(number) * UNITS[unit:lower()]
  if not minutes or minutes < MIN_IDLE or minutes > MAX_IDLE then
    refuse("idle_time_before_shutdown is '%s': from 15 minutes to 3 days, as '30m', '2h', '1d' or 'PT30M'", text)
  end
  return ("PT%dM"):format(minutes)
end

local function check_tags(tags)
  for name, value in pairs(tags or {}) do
    if type(name) ~= "string" or type(value) ~= "string" then refuse "tags must be texts by name, such as { team = 'vision' }" end
    if #name > 512 or #value > 256 then refuse("tag '%s' is too long: a name has at most 512 characters, a value 256", name:sub(1, 40)) end
  end
  return tags
end

local POLICIES = { Personal = true, Shared = true }

local function sharing_policy(word)
  if word and not POLICIES[word] then refuse("application_sharing_policy is 'Personal' or 'Shared', not '%s'", word) end
  return word
end

local IDENTITY = "^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft.managedidentity/userassignedidentities/[^/]+$"

-- "SystemAssigned", or a list of those that somebody made; an instance has the one or the others.
local function identity(given)
  if given == nil then return nil end
  if type(given) == "string" and given:lower() == "systemassigned" then return { type = "SystemAssigned" } end
  if type(given) ~= "table" or #given == 0 then
    refuse("identity is 'SystemAssigned' or a list of ids of user-assigned identities, not '%s'", tostring(given))
  end
  local assigned = {}
  for _, id in ipairs(given) do
    if type(id) ~= "string" or not id:lower():find(IDENTITY) then
      refuse("'%s' is not the ARM id of a user-assigned identity: /subscriptions/.../userAssignedIdentities/NAME", tostring(id):sub(1, 100))
    end
    assigned[id] = {}
  end
  return { type = "UserAssigned", userAssignedIdentities = assigned }
end

--- The body of the PUT that creates an instance; its location is the workspace's and added later.
---@param given table?
---@param subscription_id string?      of the virtual network: the workspace's
---@return table
---@raise an error object `InvalidArgument` that says the rule
function spec.body(given, subscription_id)
  given = options.check("create", given, KNOWN)
  local size = given.vm_size or DEFAULT_SIZE
  check_size_form(size)
  return {
    tags = check_tags(given.tags),
    identity = identity(given.identity),
    properties = {
      computeType = "ComputeInstance",
      description = given.description,
      properties = {
        vmSize = size,
        sshSettings = ssh_settings(given),
        subnet = subnet(given, subscription_id),
        personalComputeInstanceSettings = assigned_user(given),
        idleTimeBeforeShutdown = idle_time(given.idle_time_before_shutdown),
        schedules = schedule.body(given.schedules),
        setupScripts = setup_script.body(given.setup_scripts),
        customServices = custom_service.body(given.custom_services),
        enableNodePublicIp = given.enable_node_public_ip,
        enableSSO = given.enable_sso,
        enableRootAccess = given.enable_root_access,
        enableOSPatching = given.enable_os_patching,
        releaseQuotaOnStop = given.release_quota_on_stop,
        applicationSharingPolicy = sharing_policy(given.application_sharing_policy),
      },
    },
  }
end

-- Fitting -----------------------------------------------------------------------------------------------------------------

--- Check that an instance that is there has what cannot be changed after creation.
---@param vm azureml.Instance
---@param given table          the caller's options
---@param body table           as spec.body made it of them
---@raise an error object `DoesNotFit`
function spec.check_fit(vm, given, body)
  local wanted = body.properties.properties
  local user = wanted.personalComputeInstanceSettings
  local differences = {}
  local function compare(what, is, should)
    if tostring(is):lower() ~= tostring(should):lower() then
      differences[#differences + 1] = ("%s is %s, not %s"):format(what, tostring(is), tostring(should))
    end
  end
  if given.vm_size then compare("vm_size", vm.vm_size, wanted.vmSize) end
  if given.ssh_public_access ~= nil then compare("ssh_public_access", vm.ssh.enabled, given.ssh_public_access) end
  if wanted.subnet then compare("subnet", json.get(vm.raw, "properties", "properties", "subnet", "id"), wanted.subnet.id) end
  if user then compare("assigned_user_object_id", vm.assigned_to, user.assignedUser.objectId) end
  if #differences == 0 then return end
  errors.raise {
    code = "DoesNotFit", message = ("'%s' is there, but %s"):format(vm.name, table.concat(differences, "; ")),
    hint = "these cannot be changed: choose another name, or delete it first",
  }
end

return spec
