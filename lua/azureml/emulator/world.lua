--- What there is: subscriptions, groups, workspaces, computes, operations, quotas. Names are compared without case and kept as they
--- were given.
local inferred = require "azureml.emulator.inferred"
local machine = require "azureml.emulator.machine"
local sizes = require "azureml.emulator.sizes"

local world = {}

local World = {}
World.__index = World

--- An empty world.
---@param given { clock: table, guid: function, quotas: table? }
---@return table
function world.new(given)
  return setmetatable({
    clock = given.clock, guid = given.guid, subscriptions = {}, operations = {},
    quotas = setmetatable(given.quotas or {}, { __index = inferred.quotas }), page_size = inferred.page_size,
  }, World)
end

function World:now()
  return self.clock:now()
end

-- Places ------------------------------------------------------------------------------------------------------------------

--- A subscription; nil if there is none of that id.
function World:subscription(id)
  return self.subscriptions[id:lower()]
end

--- A resource group.
function World:group(subscription, name)
  return subscription.groups[name:lower()]
end

--- A workspace.
function World:workspace(group, name)
  return group.workspaces[name:lower()]
end

local function obtain(map, name, make)
  local key = name:lower()
  map[key] = map[key] or make()
  return map[key]
end

--- Make sure that a workspace is there, with all it lies in.
---@param names { subscription_id: string, resource_group: string, workspace_name: string, location: string? }
---@return table workspace
function World:ensure_workspace(names)
  local subscription = obtain(self.subscriptions, names.subscription_id, function()
    return { id = names.subscription_id, groups = {} }
  end)
  local group = obtain(subscription.groups, names.resource_group, function()
    return { name = names.resource_group, subscription = subscription, workspaces = {} }
  end)
  return obtain(group.workspaces, names.workspace_name, function()
    return {
      name = names.workspace_name, group = group, location = names.location or "eastus", id = self.guid(), computes = {}, order = {},
      created = self:now(),
    }
  end)
end

--- Take a workspace away, with all that is in it.
function World:forget_workspace(names)
  local subscription = self:subscription(names.subscription_id)
  local group = subscription and self:group(subscription, names.resource_group)
  if group then group.workspaces[names.workspace_name:lower()] = nil end
end

--- All workspaces of a subscription, or of one group of it, by name.
function World:workspaces(subscription, group)
  local list = {}
  for _, one in pairs(group and { group } or subscription.groups) do
    for _, workspace in pairs(one.workspaces) do list[#list + 1] = workspace end
  end
  table.sort(list, function(a, b) return a.name:lower() < b.name:lower() end)
  return list
end

-- Computes ----------------------------------------------------------------------------------------------------------------

-- What has been deleted goes when somebody looks.
local function sweep(self, workspace)
  local now, kept = self:now(), {}
  for _, compute in ipairs(workspace.order) do
    if machine.is_gone(compute, now) then
      workspace.computes[compute.name:lower()] = nil
    else
      kept[#kept + 1] = compute
    end
  end
  workspace.order = kept
end

--- The computes of a workspace, in the order they were created.
---@return table[]
function World:computes(workspace)
  sweep(self, workspace)
  return workspace.order
end

--- A compute; nil if there is none of that name.
function World:compute(workspace, name)
  sweep(self, workspace)
  return workspace.computes[name:lower()]
end

--- Add a compute; the caller has checked that its name is free.
function World:add_compute(workspace, compute)
  workspace.computes[compute.name:lower()] = compute
  workspace.order[#workspace.order + 1] = compute
  return compute
end

-- Each compute of a region, whatever subscription: names are unique there.
local function each_in_region(self, location, visit)
  for _, subscription in pairs(self.subscriptions) do
    for _, group in pairs(subscription.groups) do
      for _, workspace in pairs(group.workspaces) do
        for _, compute in ipairs(workspace.location == location and self:computes(workspace) or {}) do visit(compute, subscription) end
      end
    end
  end
end

--- Whether a name is taken in a region.
function World:is_taken(location, name)
  local taken = false
  each_in_region(self, location, function(compute) taken = taken or compute.name:lower() == name:lower() end)
  return taken
end

-- Quota -------------------------------------------------------------------------------------------------------------------

--- The limit of a family, in cores.
function World:family_limit(family)
  local own = self.quotas.families and self.quotas.families[family.name]
  return own or family.gpu and self.quotas.gpu_family or self.quotas.family
end

--- What a subscription uses in a region: stopped instances count.
---@return { clusters: integer, total: integer, families: table<string, integer> }
function World:usage(subscription, location)
  local usage = { clusters = 0, total = 0, families = {} }
  each_in_region(self, location, function(compute, owner)
    if owner ~= subscription then return end
    local size = sizes.find(compute.vm_size)
    usage.clusters = usage.clusters + 1
    usage.total = usage.total + size.vCPUs
    usage.families[size.family] = (usage.families[size.family] or 0) + size.vCPUs
  end)
  return usage
end

return world
