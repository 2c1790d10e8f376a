--- Keep virtual networks and their subnets, which a seed creates: show them, and check the subnet
--- that an instance is to be in. The emulator has no traffic. In a world whose seed describes no
--- network, every network exists: instances can join one without a seed.
--- Source: spec/contract/neighbours.md, section 7.
local answer = require "azureml.emulator.answer"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local regions = require "azureml.emulator.regions"
local seed = require "azureml.emulator.seed"
local world = require "azureml.emulator.world"

local networks = {}

local function key_of(subscription_id, group_name, name)
  return ("%s/%s/%s"):format(subscription_id, group_name, name):lower()
end

world.kinds.network = {
  key = function(record) return key_of(record.subscription_id, record.group_name, record.name) end,
}

-- Seeds -------------------------------------------------------------------------------------------

local rule = seed.rule
local subnet_record = rule.record({ name = rule.text, address_prefix = rule.text }, { "name" })

local function subnet_rule(value, place)
  if type(value) == "string" then return nil end
  return subnet_record(value, place)
end

seed.rules.virtual_networks = rule.list_of(rule.record({
  subscription_id = rule.guid, resource_group = rule.text, name = rule.text, location = rule.text,
  address_prefix = rule.text, subnets = rule.list_of(subnet_rule),
}, { "name" }))

local function subnets_of(given)
  local list = {}
  for index, subnet in ipairs(given or {}) do
    local fields = type(subnet) == "table" and subnet or { name = subnet }
    list[index] = {
      name = fields.name,
      prefix = fields.address_prefix or ("10.0.%d.0/24"):format(index - 1 & 255),
    }
  end
  return list
end

---@class azureml.emulator.NetworkSeed
---@field name string
---@field subnets (string|table)[]?      names, or { name, address_prefix }
---@field resource_group string?         by default the emulator's
---@field subscription_id string?        by default the emulator's
---@field location string?               by default the emulator's
---@field address_prefix string?         "10.0.0.0/16"

--- Add virtual networks, or replace those of the same names.
---@param emulator table
---@param list azureml.emulator.NetworkSeed[]?
function networks.add(emulator, list)
  local names = emulator:settings()
  for _, given in ipairs(list or {}) do
    local group = emulator.world:ensure_group(given.subscription_id or names.subscription_id,
      given.resource_group or names.resource_group)
    emulator.world:save("network", {
      subscription_id = group.subscription.id, group_name = group.name, name = given.name,
      location = regions.plain(given.location or names.location),
      prefix = given.address_prefix or "10.0.0.0/16", subnets = subnets_of(given.subnets),
    })
  end
end

-- Requests ----------------------------------------------------------------------------------------

local function id_of(network)
  return ("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/virtualNetworks/%s")
    :format(network.subscription_id, network.group_name, network.name)
end

local function show_subnet(network, subnet)
  return {
    id = ("%s/subnets/%s"):format(id_of(network), subnet.name),
    name = subnet.name,
    type = "Microsoft.Network/virtualNetworks/subnets",
    properties = {
      provisioningState = "Succeeded",
      addressPrefix = subnet.prefix,
      delegations = json.array {},
      privateEndpointNetworkPolicies = "Disabled",
      privateLinkServiceNetworkPolicies = "Enabled",
    },
  }
end

local function is_any(of_world)
  return next(of_world.records.network) == nil
end

--- Return a group for a request about a network of a world in which every network exists; nil for
--- another request.
---@param request table
---@param name string
---@return table?
function networks.assumed_group(request, name)
  local is_about_network = request.path:lower():find("/microsoft.network/", 1, true)
  if not is_about_network or not is_any(request.world) then return nil end
  return { subscription = request.subscription, name = name }
end

-- Return the network of a request in a world in which every network exists.
local function assumed_network(request)
  local group = request.group
  return {
    subscription_id = group.subscription.id, group_name = group.name, name = request.network_name,
    location = "eastus", prefix = "10.0.0.0/16",
    subnets = subnets_of { request.subnet_name },
  }
end

local function find(request)
  if is_any(request.world) then return assumed_network(request) end
  local name, group = request.network_name, request.group
  local network = request.world:record("network",
    key_of(group.subscription.id, group.name, name))
  return network or refusal.raise("no_network", name, group.name)
end

local function subnet_named(network, name)
  for _, subnet in ipairs(network.subnets) do
    if subnet.name:lower() == name:lower() then return subnet end
  end
end

--- Get a virtual network with its subnets.
function networks.get(request)
  local network, subnets = find(request), json.array {}
  for index, subnet in ipairs(network.subnets) do subnets[index] = show_subnet(network, subnet) end
  return answer.of {
    id = id_of(network),
    name = network.name,
    type = "Microsoft.Network/virtualNetworks",
    location = network.location,
    properties = {
      provisioningState = "Succeeded",
      addressSpace = { addressPrefixes = json.array { network.prefix } },
      subnets = subnets,
    },
  }
end

--- Get a subnet.
function networks.get_subnet(request)
  local network = find(request)
  local subnet = subnet_named(network, request.subnet_name)
  if not subnet then
    refusal.raise("no_subnet", ("%s/subnets/%s"):format(id_of(network), request.subnet_name))
  end
  return answer.of(show_subnet(network, subnet))
end

-- Instances ---------------------------------------------------------------------------------------

local SUBNET = "^/subscriptions/([^/]+)/[rR]esource[gG]roups/([^/]+)/providers/"
  .. "[mM]icrosoft%.[nN]etwork/[vV]irtual[nN]etworks/([^/]+)/[sS]ubnets/([^/]+)$"

--- Refuse a subnet of a virtual network that the world has: one that does not exist, or one in
--- another region. The emulator accepts subnets of networks that no seed has described.
---@param request table
---@param id string      of the subnet
---@raise a refusal
function networks.check(request, id)
  local subscription_id, group_name, name, subnet_name = id:match(SUBNET)
  local network = name
    and request.world:record("network", key_of(subscription_id, group_name, name))
  if not network then return end
  if not subnet_named(network, subnet_name) then refusal.raise("subnet_missing", id) end
  local location = request.workspace.location
  if network.location ~= location then
    refusal.raise("network_elsewhere", name, network.location, location)
  end
end

return networks
