--- Describe an estate: subscriptions that each have as many workspaces with instances that run, and
--- the principals that may stop them. simulation.lua says what it is for.
local estate = {}

local TENANT = "22222222-2222-2222-2222-222222222222"
local SECRET = "a secret of the simulation alone"

---@class azureml.simulation.Estate
---@field subscriptions string[]      their ids
---@field instances integer           of a subscription
---@field groups string[]             the resource groups of each subscription
---@field principals { tenant_id: string, client_id: string, client_secret: string }[]
---@field seed table                  of an emulator that has all of this

--- Return the id of a subscription.
---@param number integer
---@return string
function estate.subscription(number)
  return ("00000000-0000-0000-0000-%012d"):format(number)
end

-- Instances have the names of no others in their region.
local function instances_of(subscription, workspace, count)
  local instances = {}
  for i = 1, count do instances[("ci%d-%d-%d"):format(subscription, workspace, i)] = "Running" end
  return instances
end

local function workspaces_of(subscription, given, groups)
  local list, share = {}, given.instances // given.workspaces
  assert(share * given.workspaces == given.instances, "each workspace has as many instances")
  for workspace = 1, given.workspaces do
    list[workspace] = {
      subscription_id = estate.subscription(subscription),
      resource_group = groups[workspace % #groups + 1], name = "team" .. workspace,
      instances = instances_of(subscription, workspace, share),
    }
  end
  return list
end

local function add_principal(seed, number)
  local client_id = ("33333333-0000-0000-0000-%012d"):format(number)
  local name = "stopper" .. number
  seed.applications[number] = { client_id = client_id, client_secret = SECRET, name = name }
  seed.role_assignments[number] = { principal = name, role = "Contributor", scope = "/" }
  return { tenant_id = TENANT, client_id = client_id, client_secret = SECRET }
end

--- Describe an estate.
---@param given { subscriptions: integer, instances: integer, workspaces: integer, groups: integer,
---  principals: integer }      instances, workspaces and groups: of each subscription
---@return azureml.simulation.Estate
function estate.new(given)
  local self = { subscriptions = {}, instances = given.instances, groups = {}, principals = {} }
  local seed = { tenant_id = TENANT, workspaces = {}, applications = {}, role_assignments = {} }
  for i = 1, given.groups do self.groups[i] = "group" .. i end
  for i = 1, given.principals do self.principals[i] = add_principal(seed, i) end
  for i = 1, given.subscriptions do
    self.subscriptions[i] = estate.subscription(i)
    local list = workspaces_of(i, given, self.groups)
    table.move(list, 1, #list, #seed.workspaces + 1, seed.workspaces)
  end
  self.seed = seed
  return self
end

return estate
