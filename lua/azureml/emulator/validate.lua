--- Validate the computes that PUT requests describe: names, sizes, tags, networks, scales. The
--- checks of single members are in check.lua.
--- Source: spec/contract/compute-rest.md, sections 3.3, 6, 7.3, 8 and 9.
local check = require "azureml.emulator.check"
local identities = require "azureml.emulator.identities"
local iso8601 = require "azureml.emulator.iso8601"
local refusal = require "azureml.emulator.refusal"
local regions = require "azureml.emulator.regions"
local schedules = require "azureml.emulator.machine.schedules"
local services = require "azureml.emulator.machine.services"
local setup = require "azureml.emulator.machine.setup"
local shorten = require "azureml.emulator.shorten"
local sizes = require "azureml.emulator.sizes"
local versions = require "azureml.emulator.versions"

local validate = {}

local text, flag, object = check.text, check.flag, check.table

-- Names -------------------------------------------------------------------------------------------

--- Check the name of an instance. Source: spec/contract/compute-rest.md, section 8.1.
---@param name string
---@raise a refusal
function validate.name(name)
  local is_short = #name >= 3 and #name <= 24
  if is_short and name:find "^%a[%w-]+$" and not name:find "%-%d*$" then return end
  refusal.raise("name_invalid", name)
end

--- Check the name of a cluster.
---@param name string
---@raise a refusal
function validate.cluster_name(name)
  if #name >= 2 and #name <= 32 and name:find "^%a[%w-]*%w$" then return end
  refusal.raise("cluster_name_invalid", name)
end

-- What both kinds have ----------------------------------------------------------------------------

local function offered(catalogue, kind)
  local names = {}
  for _, size in ipairs(catalogue.all) do
    if sizes.serves(size, kind) then names[#names + 1] = size.name end
  end
  return table.concat(names, ", ")
end

--- Return a size that is offered to a kind of compute.
---@param name string
---@param kind string
---@param request table      with world and workspace
---@return table size
---@raise a refusal
function validate.size(name, kind, request)
  local catalogue = request.world.sizes
  local size = catalogue:find(name)
  if size and sizes.serves(size, kind) then return size end
  local details = { { code = "SupportedVMSizes", message = offered(catalogue, kind) } }
  refusal.raise_with(details, "unknown_size", name, request.workspace.location)
end

local MOST_TAGS, LONGEST_NAME, LONGEST_VALUE = 50, 512, 256

local function tags_of(body)
  local tags, count = check.plain(object(body.tags, "tags")), 0
  for name, value in pairs(tags or {}) do
    local shown = shorten(tostring(name))
    count = count + 1
    check.required(value, "string", "tags." .. shown)
    if #tostring(name) > LONGEST_NAME or #value > LONGEST_VALUE then
      refusal.raise("long_tag", shown)
    end
  end
  if count > MOST_TAGS then refusal.raise("many_tags", MOST_TAGS, count) end
  return tags
end

-- Read the subnet. The official examples of 2021 have a text, the id alone.
local function subnet_of(properties)
  if type(properties.subnet) == "string" then return { id = properties.subnet } end
  local subnet = object(properties.subnet, "subnet")
  return subnet and { id = check.required(subnet.id, "string", "subnet.id") }
end

local KINDS = { ComputeInstance = true, AmlCompute = true }

--- Read the envelope of a PUT.
---@param body table
---@param workspace table
---@return string kind
---@return table common          the members that all kinds of computes have
---@return table properties      the innermost object, with the members of this kind
---@raise a refusal
function validate.envelope(body, workspace)
  local outer = check.required(body.properties, "table", "properties")
  local kind = check.required(outer.computeType, "string", "properties.computeType")
  if not KINDS[kind] then refusal.raise("wrong_compute_type", kind) end
  local inner = check.required(outer.properties, "table", "properties.properties")
  local location = check.required(body.location, "string", "location")
  if regions.plain(location) ~= workspace.location then
    refusal.raise("wrong_location", workspace.location, location)
  end
  return kind, {
    tags = tags_of(body),
    description = text(outer.description, "description"),
    identity = identities.read(body.identity),
    no_local_auth = flag(outer.disableLocalAuth, "disableLocalAuth"),
  }, inner
end

-- Instances ---------------------------------------------------------------------------------------

local function user_of(properties)
  local members = properties.personalComputeInstanceSettings
  local settings = object(members, "personalComputeInstanceSettings")
  local user = settings and object(settings.assignedUser, "assignedUser")
  if not user then return nil end
  local object_id, tenant_id = text(user.objectId, "objectId"), text(user.tenantId, "tenantId")
  if not object_id or not tenant_id then refusal.raise "half_user" end
  check.guid(object_id, "objectId")
  check.guid(tenant_id, "tenantId")
  return { objectId = object_id, tenantId = tenant_id }
end

local ACCESS = { Enabled = true, Disabled = true, NotSpecified = true }

local KEYS = {
  "^ssh%-rsa AAAA[%w+/]+=*",
  "^ssh%-dss AAAA[%w+/]+=*",
  "^%-%-%-%-%-BEGIN [%u ]*PUBLIC KEY%-%-%-%-%-",
}

local function is_key(key)
  for _, pattern in ipairs(KEYS) do
    if key:find(pattern) then return true end
  end
  return false
end

local function ssh_of(properties)
  local settings = object(properties.sshSettings, "sshSettings") or {}
  local key = text(settings.adminPublicKey, "adminPublicKey")
  if key == "" then key = nil end
  if key and not is_key(key) then refusal.raise("ssh_key", shorten(key, 40)) end
  local access = check.one_of(settings.sshPublicAccess, ACCESS, "sshPublicAccess")
  return { access = access == "Enabled" and "Enabled" or "Disabled", key = key }
end

local SHORTEST_IDLE, LONGEST_IDLE = 15 * 60, 3 * 24 * 3600

--- Read an idle time before shutdown: 15 minutes to 3 days.
---@param value any      an ISO 8601 duration
---@return string?
---@raise a refusal
function validate.idle(value)
  local duration = text(value, "idleTimeBeforeShutdown")
  if not duration then return nil end
  local seconds = iso8601.seconds(duration)
  if not seconds or seconds < SHORTEST_IDLE or seconds > LONGEST_IDLE then
    refusal.raise("bad_idle", duration)
  end
  return duration
end

local POLICIES = { Personal = true, Shared = true }
local AUTHORIZATIONS = { personal = true }
local LOGGING = { Enabled = true, Disabled = true }

local function logging_of(properties)
  local settings = object(properties.autologgerSettings, "autologgerSettings")
  return settings and check.one_of(settings.mlflowAutologger, LOGGING, "mlflowAutologger")
end

-- Return the members that a version knows; it ignores the others.
local function known_to(properties, version)
  local known = {}
  for name, value in pairs(properties) do
    if versions.takes(version, name) then known[name] = value end
  end
  return known
end

-- Check that the network fits the workspace's.
-- Source: spec/contract/compute-rest.md, section 7.3, the note on enableNodePublicIp.
local function check_network(wanted, workspace)
  local is_private = wanted.public_ip == false
  if is_private and not wanted.subnet and not workspace.managed_network then
    refusal.raise "no_public_ip"
  end
  if wanted.subnet and workspace.managed_network then refusal.raise "two_networks" end
end

--- Check the properties of an instance in a PUT.
---@param properties table      properties.properties of the body
---@param request table         with workspace, api_version, now and world
---@return table wanted
---@raise a refusal
function validate.instance(properties, request)
  local known = known_to(properties, request.api_version)
  local vm_size = check.required(known.vmSize, "string", "properties.properties.vmSize")
  local wanted = {
    vm_size = vm_size,
    size = validate.size(vm_size, "ComputeInstance", request),
    user = user_of(known),
    ssh = ssh_of(known),
    subnet = subnet_of(known),
    idle = validate.idle(known.idleTimeBeforeShutdown),
    schedules = schedules.read(known.schedules, request.now, request.world.guid),
    sharing = check.one_of(known.applicationSharingPolicy, POLICIES, "applicationSharingPolicy"),
    authorization = check.one_of(known.computeInstanceAuthorizationType, AUTHORIZATIONS,
      "computeInstanceAuthorizationType"),
    public_ip = flag(known.enableNodePublicIp, "enableNodePublicIp"),
    scripts = setup.read(known.setupScripts),
    services = services.read(known.customServices),
    autologger = logging_of(known),
    sso = flag(known.enableSSO, "enableSSO"),
    patching = flag(known.enableOSPatching, "enableOSPatching"),
    root_access = flag(known.enableRootAccess, "enableRootAccess"),
    release_quota = flag(known.releaseQuotaOnStop, "releaseQuotaOnStop"),
  }
  if wanted.user and wanted.ssh.key then refusal.raise "ssh_on_behalf" end
  check_network(wanted, request.workspace)
  return wanted
end

-- Clusters ----------------------------------------------------------------------------------------

local MOST_NODES = 100

--- Read how a cluster scales.
---@param value any
---@param old table?      the current scale, which fills in absent members
---@return table
---@raise a refusal
function validate.scale(value, old)
  local settings = object(value, "scaleSettings") or {}
  old = old or {}
  local most = check.whole(settings.maxNodeCount, "maxNodeCount") or old.most
  local least = check.whole(settings.minNodeCount, "minNodeCount") or old.least or 0
  local idle = text(settings.nodeIdleTimeBeforeScaleDown, "nodeIdleTimeBeforeScaleDown") or old.idle
  if not most then refusal.raise("missing_property", "scaleSettings.maxNodeCount") end
  if least < 0 or most < least or most > MOST_NODES then
    refusal.raise("bad_scale", least, most, MOST_NODES)
  end
  if idle and not iso8601.seconds(idle) then
    refusal.raise("bad_duration", "nodeIdleTimeBeforeScaleDown", idle)
  end
  return { most = most, least = least, idle = idle }
end

local function image_of(properties)
  local image = object(properties.virtualMachineImage, "virtualMachineImage")
  return image and { id = check.required(image.id, "string", "virtualMachineImage.id") }
end

local SYSTEMS = { Linux = true, Windows = true }
local PRIORITIES = { Dedicated = true, LowPriority = true }

--- Check the properties of a cluster in a PUT.
---@param properties table
---@param request table
---@param old table?      the existing cluster
---@return table wanted
---@raise a refusal
function validate.cluster(properties, request, old)
  local name = text(properties.vmSize, "vmSize") or old and old.vm_size
  check.required(name, "string", "properties.properties.vmSize")
  return {
    vm_size = name,
    size = validate.size(name, "AmlCompute", request),
    subnet = subnet_of(properties),
    scale = validate.scale(properties.scaleSettings),
    priority = check.one_of(properties.vmPriority, PRIORITIES, "vmPriority") or "Dedicated",
    system = check.one_of(properties.osType, SYSTEMS, "osType") or "Linux",
    image = image_of(properties),
    isolated = flag(properties.isolatedNetwork, "isolatedNetwork"),
    public_ip = flag(properties.enableNodePublicIp, "enableNodePublicIp"),
    remote_login = check.one_of(properties.remoteLoginPortPublicAccess, ACCESS,
      "remoteLoginPortPublicAccess") or "NotSpecified",
  }
end

return validate
