--- Read and show the managed identities of a compute. Their ids are made up once and then kept.
--- Source: spec/contract/compute-rest.md, section 7.1.
local check = require "azureml.emulator.check"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local tables = require "azureml.tool.tables"

local identities = {}

local TYPES = {
  None = true, SystemAssigned = true, UserAssigned = true, ["SystemAssigned,UserAssigned"] = true,
}

--- Read and check the identity of a request's body.
---@param identity any
---@return { kind: string, users: string[]? }?
---@raise a refusal
function identities.read(identity)
  identity = check.table(identity, "identity")
  if not identity then return nil end
  local type_name = check.required(identity.type, "string", "identity.type")
  local kind = check.one_of(type_name:gsub("%s", ""), TYPES, "identity.type")
  local assigned = check.table(identity.userAssignedIdentities, "userAssignedIdentities")
  local users = tables.keys(assigned)
  for _, id in ipairs(users) do
    if type(id) ~= "string" then
      refusal.raise("wrong_type", "userAssignedIdentities", "an object")
    end
  end
  if kind:find "UserAssigned" and not users[1] then
    refusal.raise("missing_property", "identity.userAssignedIdentities")
  end
  return { kind = kind, users = kind:find "UserAssigned" and users or nil }
end

--- Make an identity with ids.
---@param wanted table?
---@param guid fun(): string
---@param tenant_id string
---@return table?
function identities.make(wanted, guid, tenant_id)
  if not wanted then return nil end
  local made = { kind = wanted.kind }
  if wanted.kind:find "SystemAssigned" then
    made.principal_id, made.tenant_id = guid(), tenant_id
  end
  for _, id in ipairs(wanted.users or {}) do
    made.users = made.users or {}
    made.users[#made.users + 1] = { id = id, principal_id = guid(), client_id = guid() }
  end
  return made
end

--- Show an identity as the service does.
---@param identity table?
---@return table?
function identities.show(identity)
  if not identity then return nil end
  if identity.kind == "None" then return { type = "None", userAssignedIdentities = json.null } end
  local users
  for _, user in ipairs(identity.users or {}) do
    users = users or {}
    users[user.id] = { principalId = user.principal_id, clientId = user.client_id }
  end
  return {
    type = identity.kind, principalId = identity.principal_id, tenantId = identity.tenant_id,
    userAssignedIdentities = users,
  }
end

return identities
