--- Managed identities of a compute: the ids are made up, and stay.
--- Source: spec/contract/compute-rest.md, section 7.1.
local check = require "azureml.emulator.check"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local tables = require "azureml.tables"

local identities = {}

local TYPES = { None = true, SystemAssigned = true, UserAssigned = true, ["SystemAssigned,UserAssigned"] = true }

--- Read one, checked; raises a refusal.
---@return { kind: string, users: string[]? }?
function identities.read(given)
  given = check.table(given, "identity")
  if not given then return nil end
  local kind = check.one_of(check.required(given.type, "string", "identity.type"):gsub("%s", ""), TYPES, "identity.type")
  local users = tables.keys(check.table(given.userAssignedIdentities, "userAssignedIdentities"))
  for _, id in ipairs(users) do
    if type(id) ~= "string" then refusal.raise("wrong_type", "userAssignedIdentities", "an object") end
  end
  if kind:find "UserAssigned" and not users[1] then refusal.raise("missing_property", "identity.userAssignedIdentities") end
  return { kind = kind, users = kind:find "UserAssigned" and users or nil }
end

--- What it becomes: with ids.
---@param wanted table?
---@param guid fun(): string
---@param tenant_id string
---@return table?
function identities.make(wanted, guid, tenant_id)
  if not wanted then return nil end
  local made = { kind = wanted.kind }
  if wanted.kind:find "SystemAssigned" then made.principal_id, made.tenant_id = guid(), tenant_id end
  for _, id in ipairs(wanted.users or {}) do
    made.users = made.users or {}
    made.users[#made.users + 1] = { id = id, principal_id = guid(), client_id = guid() }
  end
  return made
end

--- As the service shows it.
function identities.show(one)
  if not one then return nil end
  local users
  for _, user in ipairs(one.users or {}) do
    users = users or {}
    users[user.id] = { principalId = user.principal_id, clientId = user.client_id }
  end
  local shown = { type = one.kind, principalId = one.principal_id, tenantId = one.tenant_id, userAssignedIdentities = users }
  return one.kind == "None" and { type = "None", userAssignedIdentities = json.null } or shown
end

return identities
