--- Add principals and their roles: those of the default world, and those of a seed or the control
--- endpoint. entra/directory.lua keeps the principals, emulator/roles.lua keeps the roles.
local core = require "azureml.core"
local directory = require "azureml.emulator.entra.directory"
local options = require "azureml.options"
local roles = require "azureml.emulator.roles"
local seed = require "azureml.emulator.seed"

local people = {}

-- The ids are made up.
people.TENANT = { name = "emulator.onmicrosoft.com" }
local READER = "44444444-4444-4444-4444-444444444444"
local USER = {
  object_id = "55555555-5555-5555-5555-555555555555",
  name = "owner@emulator.onmicrosoft.com", display_name = "Emulator Owner",
  mail = "owner@emulator.onmicrosoft.com",
}
local MACHINE = {
  object_id = "66666666-6666-6666-6666-666666666666",
  client_id = "77777777-7777-7777-7777-777777777777", name = "machine", system = true,
}

-- Microsoft's own public clients, known in every tenant. Users sign in with them.
local CLIENTS = {
  { client_id = "04b07795-8ddb-461a-bbee-02f9e1bf7b46", name = "Microsoft Azure CLI" },
  { client_id = "1950a258-227b-4e31-a9cf-717495945fc2", name = "Microsoft Azure PowerShell" },
  { client_id = "aebc6443-996d-45c2-90f0-388ff96faa56", name = "Visual Studio Code" },
}

local EVERYWHERE = "/"

local function secret()
  return core.crypto.base64url(core.random(30))
end

local function add_clients(known)
  for _, client in ipairs(CLIENTS) do
    known:add_application {
      client_id = client.client_id, name = client.name, public = true, multi_tenant = true,
      family = "1",
    }
  end
end

local function assign(emulator, principal, role)
  local assignment = { principal_id = principal.object_id, role = role, scope = EVERYWHERE }
  assert(emulator.roles:assign(assignment))
end

-- Set the principals that the emulator knows by name; a restored world has them already.
local function remember(emulator, names)
  emulator.owner = emulator.directory:application(names.tenant_id, names.client_id)
  emulator.reader = emulator.directory:application(names.tenant_id, READER)
  emulator.user = emulator.directory:user(USER.object_id)
end

-- Return the secret of the machine's endpoints. It is saved with the world.
local function machine_secret(emulator)
  local kept = emulator.world:record("setting", "machine")
    or emulator.world:save("setting", { id = "machine", secret = secret() })
  return kept.secret
end

--- Add the principals of the default world: an application that may do all ("owner"), one that may
--- only read ("reader"), a user that may do all, a machine's identity that may do all but assign
--- roles, and Microsoft's own clients. In a restored world find them.
---@param emulator table       has world, directory, roles; gets owner, reader, user, machine_secret
---@param names table          tenant_id, client_id, client_secret
function people.settle(emulator, names)
  local known = emulator.directory
  if not known:home() then
    known:add_tenant { id = names.tenant_id, name = people.TENANT.name }
    local owner = known:add_application {
      client_id = names.client_id, client_secret = names.client_secret, name = "owner",
      app_roles = { "User.Read.All" },
    }
    local reader = known:add_application {
      client_id = READER, client_secret = secret(), name = "reader",
    }
    assign(emulator, owner, "Owner")
    assign(emulator, reader, "Reader")
    assign(emulator, known:add_user(USER), "Owner")
    assign(emulator, known:add_identity(MACHINE), "Contributor")
    add_clients(known)
  end
  emulator.machine_secret = machine_secret(emulator)
  remember(emulator, names)
end

-- Seeds -------------------------------------------------------------------------------------------

local ASSIGNMENT = {
  principal = "string", role = "string", scope = "string", subscription_id = "string",
  resource_group = "string", workspace_name = "string", id = "string",
}

local TENANT = { id = "string", name = "string" }

local function fault_of_kind(kind)
  return function(record) return directory.fault_of(kind, record) end
end

-- list in the seed, function that checks a member, function that adds a member
local kinds = {
  {
    "tenants",
    function(record) return options.fault_of("a tenant", record, TENANT) end,
    function(emulator, record) emulator.directory:add_tenant(record) end,
  },
  {
    "users", fault_of_kind "user",
    function(emulator, record) emulator.directory:add_user(record) end,
  },
  {
    "applications", fault_of_kind "application",
    function(emulator, record) emulator.directory:add_application(record) end,
  },
  {
    "identities", fault_of_kind "identity",
    function(emulator, record) emulator.directory:add_identity(record) end,
  },
  {
    "issuers", fault_of_kind "issuer",
    function(emulator, record) emulator.directory:add_issuer(record) end,
  },
  { "roles", roles.fault_of, function(emulator, record) emulator.roles:define(record) end },
}

-- Make the rule of a list in a seed. Look up the principal of an assignment later, when the seed is
-- added: the seed may define it.
local function rule_of(fault_of)
  return seed.rule.list_of(function(value, place)
    local fault = fault_of(value)
    return fault and ("%s: %s"):format(place, fault)
  end)
end

for _, kind in ipairs(kinds) do seed.rules[kind[1]] = rule_of(kind[2]) end

seed.rules.role_assignments = rule_of(function(assignment)
  return options.fault_of("a role assignment", assignment, ASSIGNMENT)
end)

-- Return the scope of an assignment, given as a path or by names. Names that are left out are those
-- of the default world.
local function scope_of(emulator, assignment)
  if assignment.scope then return assignment.scope end
  local group, workspace = assignment.resource_group, assignment.workspace_name
  local subscription_id = assignment.subscription_id or emulator.names.subscription_id
  local scope = "/subscriptions/" .. subscription_id
  if not group and not workspace then return scope end
  scope = scope .. "/resourceGroups/" .. (group or emulator.names.resource_group)
  if not workspace then return scope end
  return scope .. "/providers/Microsoft.MachineLearningServices/workspaces/" .. workspace
end

local function fault_of_assignment(emulator, assignment)
  local fault = options.fault_of("a role assignment", assignment, ASSIGNMENT)
  if fault then return fault end
  for _, name in ipairs { "principal", "role" } do
    if not assignment[name] then return ("a role assignment needs '%s'"):format(name) end
  end
  if not emulator.directory:principal(assignment.principal) then
    return ("there is no principal called '%s' to give a role to"):format(assignment.principal)
  end
  if not emulator.roles:role(assignment.role) then
    return ("there is no role '%s'"):format(assignment.role)
  end
end

---@class azureml.emulator.RoleAssignment
---@field principal string          an object id, client id or name
---@field role string               a name or an id
---@field scope string?             a path; or the three names below
---@field subscription_id string?   by default the emulator's
---@field resource_group string?    by default the emulator's, if workspace_name is given; else all
---@field workspace_name string?    by default all workspaces
---@field id string?

--- Assign a role. Without `scope` and names the assignment covers the default subscription.
---@param emulator table
---@param assignment azureml.emulator.RoleAssignment
---@return table? record, string? fault
function people.assign(emulator, assignment)
  local fault = fault_of_assignment(emulator, assignment)
  if fault then return nil, fault end
  return emulator.roles:assign {
    id = assignment.id,
    principal_id = emulator.directory:principal(assignment.principal).object_id,
    role = assignment.role, scope = scope_of(emulator, assignment),
  }
end

--- Add the lists of a seed: tenants, users, applications, identities, issuers, roles,
--- role_assignments. See the add functions of the directory, `define` of roles, and
--- `people.assign` for their members.
---@param emulator table
---@param lists table
---@return string? fault      nil if all was added; else the list with the fault and the lists after
---  it were not added (of role_assignments those before the fault were)
function people.add(emulator, lists)
  for _, kind in ipairs(kinds) do
    local name, fault_of, add = table.unpack(kind)
    for _, record in ipairs(lists[name] or {}) do
      local fault = fault_of(record)
      if fault then return fault end
    end
    for _, record in ipairs(lists[name] or {}) do add(emulator, record) end
  end
  for _, assignment in ipairs(lists.role_assignments or {}) do
    local _, fault = people.assign(emulator, assignment)
    if fault then return fault end
  end
end

return people
