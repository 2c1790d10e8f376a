--- Other spellings of fields, such as those of Python's provisioning_configuration: they become the
--- fields of fields.lua before these are checked.
--- Sources: spec/contract/sdk-v1.md, section 4; spec/contract/compute-rest.md, sections 3.3, 8.3.
local kinds = require "azureml.definition.kinds"
local tables = require "azureml.tool.tables"

local spellings = {}

--- The spelled options -> the field that each stands for.
---@type table<string, string>
spellings.names = {
  vnet_resourcegroup_name = "subnet", vnet_name = "subnet", subnet_name = "subnet",
  assigned_user_object_id = "assigned_user", assigned_user_tenant_id = "assigned_user",
  ssh_key_file = "admin_user_ssh_public_key", ssh_key_id = "admin_user_ssh_public_key",
  generate_ssh_key = "admin_user_ssh_public_key",
}

--- What each of them says, in a sentence.
---@type table<string, string>
spellings.docs = {
  vnet_resourcegroup_name = "The resource group of its virtual network.",
  vnet_name = "The name of its virtual network.",
  subnet_name = "The name of the subnet that it joins.",
  assigned_user_object_id = "The object id of the user for whom it is created.",
  assigned_user_tenant_id = "The tenant id of that user.",
  ssh_key_file = "The file of the public key with which a user logs in by SSH.",
  ssh_key_id = "The ARM id of a stored public key.",
  generate_ssh_key = "The path of a new private key; the public key stands beside it.",
}

--- What is wrong, or worth knowing, about an option.
---@class azureml.Finding
---@field field string  the option
---@field level "error"|"warning"|"note"  how bad it is
---@field text string         one sentence

-- Subnets -----------------------------------------------------------------------------------------

local VNET = { "vnet_resourcegroup_name", "vnet_name", "subnet_name" }
local SUBNET = "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/"
  .. "virtualNetworks/%s/subnets/%s"

-- Return the id of the subnet that three names tell, or nil and a fault.
local function subnet(settings, subscription_id)
  for _, name in ipairs(VNET) do
    local part = settings[name]
    if type(part) ~= "string" or part == "" or part:find "[/%s%c?#]" then
      return nil, ("subnet: a virtual network needs all of %s, each a name; %s is %s"):format(
        table.concat(VNET, ", "), name, part == nil and "missing" or kinds.shown(part))
    end
  end
  return SUBNET:format(subscription_id, settings.vnet_resourcegroup_name, settings.vnet_name,
    settings.subnet_name)
end

-- Users -------------------------------------------------------------------------------------------

local function assigned_user(settings)
  return {
    object_id = settings.assigned_user_object_id, tenant_id = settings.assigned_user_tenant_id,
  }
end

-- SSH keys ----------------------------------------------------------------------------------------

local MOST_KEY_BYTES = 16384

--- Read the file of a public key.
---@param path string
---@return string? text, string? reason
function spellings.read_key(path)
  local file, reason = io.open(path)
  if not file then return nil, reason end
  local open <close> = file
  local text
  text, reason = open:read(MOST_KEY_BYTES + 1)
  if not text then return nil, ("%s: %s"):format(path, reason or "it is empty") end
  if #text > MOST_KEY_BYTES then return nil, path .. ": it is too long for a public key" end
  return text
end

local function key_of_file(path)
  if type(path) ~= "string" or path == "" then
    return nil, "ssh_key_file: must be the path of a public key, not " .. kinds.shown(path)
  end
  local text, reason = spellings.read_key(path)
  return text, reason and "ssh_key_file: " .. reason
end

local KEY_ID = kinds.arm_id("microsoft.compute/sshpublickeys/NAME",
  "must be the ARM id of a stored key: /subscriptions/.../sshPublicKeys/NAME")

local function fault_of_id(id)
  local _, fault = KEY_ID.check(id)
  return fault and "ssh_key_id: " .. fault
end

local function fault_of_new_file(path)
  local _, fault = kinds.line.check(path)
  if fault then return "generate_ssh_key: " .. fault end
  if path:find "/$" or path:find "%.pub$" then
    return "generate_ssh_key: must be the path of a new file for the private key, not "
      .. kinds.shown(path)
  end
end

-- A key in a file is read here. The key that a stored resource or a new pair brings comes last,
-- when all other checks have passed: see change/completing.lua.
local function ssh_key(settings)
  if settings.ssh_key_file ~= nil then return key_of_file(settings.ssh_key_file) end
  if settings.ssh_key_id ~= nil then return nil, fault_of_id(settings.ssh_key_id) end
  return nil, fault_of_new_file(settings.generate_ssh_key)
end

-- All ---------------------------------------------------------------------------------------------

local readers = {
  subnet = subnet, assigned_user = assigned_user, admin_user_ssh_public_key = ssh_key,
}

-- List the options that say a field, the field itself among them.
local function ways_of(settings, field)
  local ways = {}
  if settings[field] ~= nil then ways[#ways + 1] = field end
  for name, target in pairs(spellings.names) do
    if target == field and settings[name] ~= nil then ways[#ways + 1] = name end
  end
  table.sort(ways)
  return ways
end

-- Tell whether ways exclude each other. The three names of a subnet and the two ids of a user
-- belong together; each way of an SSH key stands for itself.
local function are_rivals(field, ways, settings)
  if field == "admin_user_ssh_public_key" then return #ways > 1 end
  return #ways > 1 and settings[field] ~= nil
end

-- Return the value of a field from its other spellings, or nil and a fault.
local function value_of(field, settings, subscription_id)
  local ways = ways_of(settings, field)
  if are_rivals(field, ways, settings) then
    return nil, ("%s: give only one of %s"):format(field, table.concat(ways, ", "))
  end
  if #ways == 0 or settings[field] ~= nil then return settings[field] end
  return readers[field](settings, subscription_id)
end

local KEPT = { ssh_key_id = true, generate_ssh_key = true }

--- Replace other spellings by the fields that they stand for. `ssh_key_id` and `generate_ssh_key`
--- stay: change/completing.lua replaces them.
---@param settings table                the caller's options
---@param subscription_id string?       of a virtual network that is told by names
---@return table canonical              a copy
---@return azureml.Finding[] findings
function spellings.canonical(settings, subscription_id)
  local canonical, findings = tables.copy(settings), {}
  for name in pairs(spellings.names) do
    if not KEPT[name] then canonical[name] = nil end
  end
  for _, field in ipairs(tables.keys(readers)) do
    local value, fault = value_of(field, settings, subscription_id)
    canonical[field] = value
    if fault then findings[#findings + 1] = { field = field, level = "error", text = fault } end
  end
  return canonical, findings
end

return spellings
