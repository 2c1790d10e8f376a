--- Is that a compute instance that the service would take on? Sources: compute-rest.md, sections 3.3, 6, 8 and 9.4.
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local sizes = require "azureml.emulator.sizes"

local validate = {}

--- A body as a table. What is taken over from it is shown as it came: an empty list as one, an integer as one.
function validate.body(text)
  local body, fault = json.decode_exact(text)
  if type(body) ~= "table" then refusal.raise("not_json", fault or "a JSON object was expected") end
  return body
end

local function typed(value, kind, name)
  if value == nil or value == json.null then return nil end
  if type(value) ~= kind then refusal.raise("wrong_type", name, kind == "table" and "object" or kind) end
  return value
end

local function required(value, kind, name)
  if typed(value, kind, name) == nil then refusal.raise("missing_property", name) end
  return value
end

--- The name rule of section 8.1.
function validate.name(name)
  if #name >= 3 and #name <= 24 and name:find "^%a[%w-]+$" and not name:find "%-%d*$" then return end
  refusal.raise("name_invalid", name)
end

local function offered()
  local names = {}
  for i, size in ipairs(sizes.all) do names[i] = size.name end
  return table.concat(names, ", ")
end

local function size_of(properties, location)
  local name = required(properties.vmSize, "string", "properties.properties.vmSize")
  local size = sizes.find(name)
  if not size then refusal.raise_with({ { code = "SupportedVMSizes", message = offered() } }, "unknown_size", name, location) end
  return name, size
end

local function user_of(properties)
  local settings = typed(properties.personalComputeInstanceSettings, "table", "personalComputeInstanceSettings")
  local user = settings and typed(settings.assignedUser, "table", "assignedUser")
  if not user then return nil end
  local object_id, tenant_id = typed(user.objectId, "string", "objectId"), typed(user.tenantId, "string", "tenantId")
  if not object_id or not tenant_id then refusal.raise "half_user" end
  return { objectId = object_id, tenantId = tenant_id }
end

local function ssh_of(properties)
  local given = typed(properties.sshSettings, "table", "sshSettings") or {}
  local key = typed(given.adminPublicKey, "string", "adminPublicKey")
  if key and not key:find "^ssh%-rsa AAAA[%w+/]+=*" and not key:find "^%-%-%-%-%-BEGIN" then refusal.raise("ssh_key", key:sub(1, 40)) end
  return { access = json.get(given, "sshPublicAccess") == "Enabled" and "Enabled" or "Disabled", key = key }
end

-- The official examples of 2021 have the id alone.
local function subnet_of(properties)
  if type(properties.subnet) == "string" then return { id = properties.subnet } end
  local subnet = typed(properties.subnet, "table", "subnet")
  if subnet then required(subnet.id, "string", "subnet.id") end
  return subnet
end

--- What a PUT asks for, checked; raises a refusal.
---@param body table
---@param workspace table
---@return table wanted
function validate.compute(body, workspace)
  local outer = required(body.properties, "table", "properties")
  local kind = required(outer.computeType, "string", "properties.computeType")
  if kind ~= "ComputeInstance" then refusal.raise("wrong_compute_type", kind) end
  local inner = required(outer.properties, "table", "properties.properties")
  local location = required(body.location, "string", "location")
  if location:lower():gsub(" ", "") ~= workspace.location then refusal.raise("wrong_location", workspace.location, location) end
  local vm_size, size = size_of(inner, workspace.location)
  local user, ssh = user_of(inner), ssh_of(inner)
  if user and ssh.key then refusal.raise "ssh_on_behalf" end
  return {
    vm_size = vm_size, size = size, user = user, ssh = ssh,
    tags = typed(body.tags, "table", "tags"),
    description = typed(outer.description, "string", "description"),
    identity = typed(body.identity, "table", "identity"),
    subnet = subnet_of(inner),
    idle = typed(inner.idleTimeBeforeShutdown, "string", "idleTimeBeforeShutdown"),
    schedules = typed(inner.schedules, "table", "schedules"),
    sharing = typed(inner.applicationSharingPolicy, "string", "applicationSharingPolicy"),
    public_ip = typed(inner.enableNodePublicIp, "boolean", "enableNodePublicIp"),
  }
end

--- Is there quota for a size?
---@param world table
---@param subscription table
---@param location string
---@param size table
function validate.quota(world, subscription, location, size)
  local usage, quotas = world:usage(subscription, location), world.quotas
  local family
  for _, each in ipairs(sizes.families()) do
    if each.name == size.family then family = each end
  end
  local used = usage.families[size.family] or 0
  if usage.clusters + 1 > quotas.clusters then refusal.raise("quota_clusters", quotas.clusters) end
  if usage.total + size.vCPUs > quotas.total then refusal.raise("quota_total", quotas.total, size.vCPUs, usage.total) end
  if used + size.vCPUs > world:family_limit(family) then
    refusal.raise("quota_family", sizes.family_title(size.family), world:family_limit(family), size.vCPUs, used)
  end
end

return validate
