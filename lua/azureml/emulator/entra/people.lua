--- The people of the default world, and those that a seed or the control endpoint adds: users, applications, machines' identities, what
--- each may do.
local core = require "azureml.core"
local directory = require "azureml.emulator.entra.directory"
local options = require "azureml.options"
local roles = require "azureml.emulator.roles"
local seed = require "azureml.emulator.seed"

local people = {}

-- The ids are nobody's.
people.TENANT = { name = "emulator.onmicrosoft.com" }
local READER = "44444444-4444-4444-4444-444444444444"
local USER = {
  object_id = "55555555-5555-5555-5555-555555555555", name = "owner@emulator.onmicrosoft.com", display_name = "Emulator Owner",
}
local MACHINE = {
  object_id = "66666666-6666-6666-6666-666666666666", client_id = "77777777-7777-7777-7777-777777777777", name = "machine", system = true,
}

-- Microsoft's own clients, which every tenant knows: a person signs in with them, and no proof of theirs is needed.
local CLIENTS = {
  { client_id = "04b07795-8ddb-461a-bbee-02f9e1bf7b46", name = "Microsoft Azure CLI" },
  { client_id = "1950a258-227b-4e31-a9cf-717495945fc2", name = "Microsoft Azure PowerShell" },
  { client_id = "aebc6443-996d-45c2-90f0-388ff96faa56", name = "Visual Studio Code" },
}

local EVERYWHERE = "/"

local function secret()
  return core.crypto.base64url(core.random(30))
end

local function add_clients(people_of)
  for _, client in ipairs(CLIENTS) do
    people_of:add_application { client_id = client.client_id, name = client.name, public = true, multi_tenant = true, family = "1" }
  end
end

local function assign(emulator, principal, role)
  assert(emulator.roles:assign { principal_id = principal.object_id, role = role, scope = EVERYWHERE })
end

-- Who are known by name to the emulator: found again where the world was kept.
local function remember(emulator, names)
  emulator.owner = emulator.directory:application(names.tenant_id, names.client_id)
  emulator.reader = emulator.directory:application(names.tenant_id, READER)
  emulator.user = emulator.directory:user(USER.object_id)
end

-- What the machine's endpoints are opened with, the same as long as the world is kept.
local function machine_secret(emulator)
  local kept = emulator.world:record("setting", "machine") or emulator.world:save("setting", { id = "machine", secret = secret() })
  return kept.secret
end

--- The people of the default world: an application that may do all ("owner"), one that may only look ("reader"), a user who may do all, a
--- machine's identity that may do all but give roles, and Microsoft's own clients. In a world that has people, they are found again.
---@param emulator table       world, directory, roles; given owner, reader, user
---@param names table          tenant_id, client_id, client_secret
function people.settle(emulator, names)
  local all = emulator.directory
  if not all:home() then
    all:add_tenant { id = names.tenant_id, name = people.TENANT.name }
    assign(emulator, all:add_application { client_id = names.client_id, client_secret = names.client_secret, name = "owner" }, "Owner")
    assign(emulator, all:add_application { client_id = READER, client_secret = secret(), name = "reader" }, "Reader")
    assign(emulator, all:add_user(USER), "Owner")
    assign(emulator, all:add_identity(MACHINE), "Contributor")
    add_clients(all)
  end
  emulator.machine_secret = machine_secret(emulator)
  remember(emulator, names)
end

-- What a seed adds --------------------------------------------------------------------------------------------------------

local ASSIGNMENT = {
  principal = "string", role = "string", scope = "string", subscription_id = "string", resource_group = "string", workspace_name = "string",
  id = "string",
}

-- list of the seed -> what checks one of it, what adds one
local kinds = {
  { "tenants", function(one) return options.fault_of("a tenant", one, { id = "string", name = "string" }) end,
    function(emulator, one) emulator.directory:add_tenant(one) end },
  { "users", function(one) return directory.fault_of("user", one) end, function(emulator, one) emulator.directory:add_user(one) end },
  { "applications", function(one) return directory.fault_of("application", one) end,
    function(emulator, one) emulator.directory:add_application(one) end },
  { "identities", function(one) return directory.fault_of("identity", one) end,
    function(emulator, one) emulator.directory:add_identity(one) end },
  { "issuers", function(one) return directory.fault_of("issuer", one) end, function(emulator, one) emulator.directory:add_issuer(one) end },
  { "roles", roles.fault_of, function(emulator, one) emulator.roles:define(one) end },
}

-- What a seed may say of them. Who has a role is looked up when it is sown: it may be the seed's own.
local function rule_of(fault_of)
  return seed.rule.list_of(function(value, place)
    local wrong = fault_of(value)
    return wrong and ("%s: %s"):format(place, wrong)
  end)
end

for _, kind in ipairs(kinds) do seed.rules[kind[1]] = rule_of(kind[2]) end
seed.rules.role_assignments = rule_of(function(one) return options.fault_of("a role assignment", one, ASSIGNMENT) end)

-- Where an assignment holds: as a path, or by names; what is not named lies in the default world.
local function scope_of(emulator, one)
  if one.scope then return one.scope end
  local scope = "/subscriptions/" .. (one.subscription_id or emulator.names.subscription_id)
  if not one.resource_group and not one.workspace_name then return scope end
  scope = scope .. "/resourceGroups/" .. (one.resource_group or emulator.names.resource_group)
  return one.workspace_name and scope .. "/providers/Microsoft.MachineLearningServices/workspaces/" .. one.workspace_name or scope
end

local function fault_of_assignment(emulator, one)
  local wrong = options.fault_of("a role assignment", one, ASSIGNMENT)
  if wrong then return wrong end
  for _, name in ipairs { "principal", "role" } do
    if not one[name] then return ("a role assignment needs '%s'"):format(name) end
  end
  if not emulator.directory:principal(one.principal) then return ("there is nobody called '%s' to give a role to"):format(one.principal) end
  if not emulator.roles:role(one.role) then return ("there is no role '%s'"):format(one.role) end
end

--- Give a role.
---@param emulator table
---@param one table       principal (an object id, client id or name), role (a name or id), and where: scope, or subscription_id,
---  resource_group, workspace_name; without any of them in the whole default subscription
---@return table? assignment, string? fault
function people.assign(emulator, one)
  local wrong = fault_of_assignment(emulator, one)
  if wrong then return nil, wrong end
  return emulator.roles:assign {
    id = one.id, principal_id = emulator.directory:principal(one.principal).object_id, role = one.role, scope = scope_of(emulator, one),
  }
end

--- Add what a seed says: { tenants, users, applications, identities, issuers, roles, role_assignments }, each a list. What each is: the
--- directory's add_..., roles' define and people.assign.
---@param emulator table
---@param given table
---@return string? fault      nil: all was added; else nothing of the list that is wrong, nor of those after it
function people.add(emulator, given)
  for _, kind in ipairs(kinds) do
    local name, fault_of, add = table.unpack(kind)
    for _, one in ipairs(given[name] or {}) do
      local wrong = fault_of(one)
      if wrong then return wrong end
    end
    for _, one in ipairs(given[name] or {}) do add(emulator, one) end
  end
  for _, one in ipairs(given.role_assignments or {}) do
    local _, wrong = people.assign(emulator, one)
    if wrong then return wrong end
  end
end

return people
