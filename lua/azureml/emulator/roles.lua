--- Roles and who has them: what a role may do by actions with wildcards, and assignments of roles to principals at a scope. Custom roles
--- and assignments are records of the world, plain data. Source: compute-rest.md, section 10; ids and actions of the built-in roles are
--- Azure's.
local options = require "azureml.options"
local tables = require "azureml.tables"
local world = require "azureml.emulator.world"

local roles = {}

local Roles = {}
Roles.__index = Roles

local ML = "Microsoft.MachineLearningServices/"

local built_in = {
  {
    id = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", name = "Owner", actions = { "*" },
  },
  {
    id = "b24988ac-6180-42a0-ab88-20f7382dd24c", name = "Contributor", actions = { "*" },
    not_actions = { "Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action" },
  },
  {
    id = "acdd72a7-3385-48ef-bd42-f606fba81ae7", name = "Reader", actions = { "*/read" },
  },
  {
    id = "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815", name = "AzureML Compute Operator",
    actions = { ML .. "workspaces/computes/*", ML .. "workspaces/notebooks/vm/*" },
  },
  {
    id = "f6c7c914-8db3-469d-8ca1-694a8f32e121", name = "AzureML Data Scientist",
    actions = { ML .. "workspaces/*/read", ML .. "workspaces/*/action", ML .. "workspaces/*/delete", ML .. "workspaces/*/write" },
    not_actions = {
      ML .. "workspaces/delete", ML .. "workspaces/write", ML .. "workspaces/computes/*/write", ML .. "workspaces/computes/*/delete",
      ML .. "workspaces/computes/listKeys/action", ML .. "workspaces/listKeys/action", ML .. "workspaces/hubs/write",
      ML .. "workspaces/hubs/delete", ML .. "workspaces/featurestores/write", ML .. "workspaces/featurestores/delete",
    },
  },
}

world.kinds.role = { key = function(record) return record.id:lower() end }
world.kinds.assignment = { key = function(record) return record.id:lower() end }

--- Who has which role in a world.
---@param given { world: table, guid: function }
function roles.new(given)
  local self = setmetatable({ world = given.world, guid = given.guid, granted = {} }, Roles)
  given.world:watch(function(kind)
    if kind == "role" or kind == "assignment" then self.granted = {} end
  end)
  return self
end

-- Actions -----------------------------------------------------------------------------------------

-- `*` stands for any text. "computes/*/write" is also "computes/write": else a data scientist could create computes, which the service's
-- documents deny, and "workspaces/write" would need no line of its own among that role's exceptions.
local function pattern_of(action)
  local pattern = action:lower():gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", ".*"):gsub("/%.%*/", "/.*")
  return "^" .. pattern .. "$", "^" .. pattern:gsub("/%.%*/", "/") .. "$"
end

local patterns = setmetatable({}, { __mode = "k" })

local function is_in(list, action)
  for _, each in ipairs(list or {}) do
    patterns[each] = patterns[each] or { pattern_of(each) }
    if action:find(patterns[each][1]) or action:find(patterns[each][2]) then return true end
  end
  return false
end

--- Whether a role holds an action.
---@param role { actions: string[], not_actions: string[]? }
---@param action string      "Microsoft.MachineLearningServices/workspaces/computes/read"
---@return boolean
function roles.holds(role, action)
  local wanted = action:lower()
  return is_in(role.actions, wanted) and not is_in(role.not_actions, wanted)
end

-- Definitions -------------------------------------------------------------------------------------

local ROLE = { id = "string", name = "string", description = "string", actions = "table", not_actions = "table" }

--- What is wrong with a custom role; nil if nothing is.
---@param role any
---@return string?
function roles.fault_of(role)
  local wrong = options.fault_of("a role", role, ROLE)
  if wrong then return wrong end
  if not role.name or not role.actions then return "a role needs 'name' and 'actions'" end
  for _, list in ipairs { role.actions, role.not_actions or {} } do
    for _, action in ipairs(list) do
      if type(action) ~= "string" then return ("an action of the role '%s' is a %s, not a text"):format(role.name, type(action)) end
    end
  end
end

--- Add a custom role, or replace the one of that id.
---@param role { id: string?, name: string, description: string?, actions: string[], not_actions: string[]? }
---@return table
function Roles:define(role)
  return self.world:save("role", tables.merge({ id = self.guid() }, role))
end

--- A role by its name or its id; nil if there is none.
---@param text string
---@return table?
function Roles:role(text)
  local wanted = text:lower()
  for _, role in ipairs(built_in) do
    if role.id == wanted or role.name:lower() == wanted then return role end
  end
  for _, role in pairs(self.world.records.role) do
    if role.id:lower() == wanted or role.name:lower() == wanted then return role end
  end
end

--- All roles, the built-in ones first.
---@return table[]
function Roles:list()
  local list = table.move(built_in, 1, #built_in, 1, {})
  for _, role in pairs(self.world.records.role) do list[#list + 1] = role end
  return list
end

-- Assignments -------------------------------------------------------------------------------------

--- Give a principal a role at a scope and all that is below it.
---@param assignment { id: string?, principal_id: string, role: string, scope: string }
---  principal_id: an object id; role: a name or an id; scope: "/subscriptions/.." with or without group and workspace, or "/"
---@return table? assignment, string? fault
function Roles:assign(assignment)
  local role = self:role(assignment.role)
  if not role then return nil, ("there is no role '%s'"):format(assignment.role) end
  return self.world:save("assignment", {
    id = assignment.id or self.guid(), principal_id = assignment.principal_id, role_id = role.id, scope = assignment.scope:gsub("/+$", ""),
  })
end

--- Take an assignment away.
---@param id string
---@return table?      what it was; nil if there was none
function Roles:unassign(id)
  local found = self.world:record("assignment", id:lower())
  if found then self.world:drop("assignment", found) end
  return found
end

--- The assignments of a principal, or of all.
---@param principal_id string?
---@return table[]
function Roles:assignments(principal_id)
  local list = {}
  for _, one in pairs(self.world.records.assignment) do
    if not principal_id or one.principal_id:lower() == principal_id:lower() then list[#list + 1] = one end
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

-- Whether a scope is another or lies below it.
local function is_within(scope, outer)
  return outer == "" or scope == outer or scope:sub(1, #outer + 1) == outer .. "/"
end

-- Where a principal holds an action: found once, until a role or an assignment changes.
local function granted(self, principal_id, action)
  local key = principal_id .. " " .. action
  local scopes = self.granted[key]
  if scopes then return scopes end
  scopes = {}
  for _, one in ipairs(self:assignments(principal_id)) do
    local role = self:role(one.role_id)
    if role and roles.holds(role, action) then scopes[#scopes + 1] = one.scope:lower() end
  end
  self.granted[key] = scopes
  return scopes
end

--- Whether a principal may do that there.
---@param principal_id string
---@param action string
---@param scope string
---@return boolean
function Roles:may(principal_id, action, scope)
  local wanted = scope:lower()
  for _, outer in ipairs(granted(self, principal_id, action)) do
    if is_within(wanted, outer) then return true end
  end
  return false
end

--- Whether a principal may do that anywhere in a subscription.
---@param principal_id string
---@param action string
---@param subscription string      its scope
---@return boolean
function Roles:may_somewhere(principal_id, action, subscription)
  local wanted = subscription:lower()
  for _, scope in ipairs(granted(self, principal_id, action)) do
    if is_within(scope, wanted) or is_within(wanted, scope) then return true end
  end
  return false
end

return roles
