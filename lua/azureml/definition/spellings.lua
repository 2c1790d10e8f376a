--- Other spellings of fields, such as those of Python's provisioning_configuration: they become the
--- fields of fields.lua before these are checked.
--- Sources: spec/contract/sdk-v1.md, section 4; spec/contract/compute-rest.md, sections 3.3, 8.3.
local tables = require "azureml.tables"

local spellings = {}

--- The spelled options -> the field that each stands for.
---@type table<string, string>
spellings.names = {
  vnet_resourcegroup_name = "subnet", vnet_name = "subnet", subnet_name = "subnet",
  assigned_user_object_id = "assigned_user", assigned_user_tenant_id = "assigned_user",
  ssh_key_file = "admin_user_ssh_public_key", ssh_key_id = "admin_user_ssh_public_key",
  generate_ssh_key = "admin_user_ssh_public_key",
}

---@class azureml.Finding
---@field field string
---@field level "error"|"warning"|"note"
---@field text string         one sentence

local VNET = { "vnet_resourcegroup_name", "vnet_name", "subnet_name" }
local SUBNET = "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/"
  .. "virtualNetworks/%s/subnets/%s"

-- Return the id of the subnet that three names tell, or nil and a fault.
local function subnet(settings, subscription_id)
  for _, name in ipairs(VNET) do
    local part = settings[name]
    if type(part) ~= "string" or part == "" or part:find "/" then
      return nil, ("a virtual network needs all of %s, each a name"):format(
        table.concat(VNET, ", "))
    end
  end
  return SUBNET:format(subscription_id, settings.vnet_resourcegroup_name, settings.vnet_name,
    settings.subnet_name)
end

local function assigned_user(settings)
  return {
    object_id = settings.assigned_user_object_id, tenant_id = settings.assigned_user_tenant_id,
  }
end

local MOST_KEY_BYTES = 16384

local function key_of_file(path)
  if type(path) ~= "string" then return nil, "ssh_key_file must be a path" end
  local file, message = io.open(path)
  if not file then return nil, "ssh_key_file: " .. message end
  local open <close> = file
  return open:read(MOST_KEY_BYTES) or ""
end

-- The key that a stored resource or a new pair brings is not known before the definition is
-- resolved: see completing.lua.
local function ssh_key(settings)
  if settings.ssh_key_file then return key_of_file(settings.ssh_key_file) end
  return nil
end

local readers = {
  subnet = subnet, assigned_user = assigned_user, admin_user_ssh_public_key = ssh_key,
}

-- The spellings of a field that exclude each other.
local function rivals(settings, field)
  local ways = {}
  if settings[field] ~= nil then ways[#ways + 1] = field end
  for name, target in pairs(spellings.names) do
    if target == field and settings[name] ~= nil then ways[#ways + 1] = name end
  end
  table.sort(ways)
  return ways
end

local function are_rivals(field, ways, settings)
  if field == "admin_user_ssh_public_key" then return #ways > 1 end
  return #ways > 1 and settings[field] ~= nil
end

--- Replace other spellings by the fields that they stand for.
---@param settings table                the caller's options
---@param subscription_id string?       of a virtual network that is told by names
---@return table canonical              a copy
---@return azureml.Finding[] findings
function spellings.canonical(settings, subscription_id)
  local canonical, findings = tables.copy(settings), {}
  for _, field in ipairs(tables.keys(readers)) do
    local ways = rivals(settings, field)
    if are_rivals(field, ways, settings) then
      findings[#findings + 1] = { field = field, level = "error",
        text = ("give only one of %s"):format(table.concat(ways, ", ")) }
    elseif #ways > 0 and settings[field] == nil then
      local value, fault = readers[field](settings, subscription_id)
      canonical[field] = value
      if fault then findings[#findings + 1] = { field = field, level = "error", text = fault } end
    end
  end
  for name in pairs(spellings.names) do
    if name ~= "ssh_key_id" and name ~= "generate_ssh_key" then canonical[name] = nil end
  end
  return canonical, findings
end

return spellings
