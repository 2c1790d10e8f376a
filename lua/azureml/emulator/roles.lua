--- Keep roles and their assignments to principals at scopes. A role allows actions, with wildcards.
--- Custom roles and assignments are records of the world, plain data. The principals are in
--- entra/directory.lua.
--- Source: spec/contract/compute-rest.md, section 10; the ids and actions of the built-in roles are
local options = require "azureml.options"
local tables = require "azureml.tool.tables"
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
    not_actions = {
      "Microsoft.Authorization/*/Delete",
      "Microsoft.Authorization/*/Write",
      "Microsoft.Authorization/elevateAccess/Action",
    },
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
    actions = {
      ML .. "workspaces/*/read",
      ML .. "workspaces/*/action",
      ML .. "workspaces/*/delete",
      ML .. "workspaces/*/write",
    },
    not_actions = {
      ML .. "workspaces/delete",
      ML .. "workspaces/write",
      ML .. "workspaces/computes/*/write",
      ML .. "workspaces/computes/*/delete",
      ML .. "workspaces/computes/listKeys/action",
      ML .. "workspaces/listKeys/action",
      ML .. "workspaces/hubs/write",
      ML .. "workspaces/hubs/delete",
      ML .. "workspaces/featurestores/write",
      ML .. "workspaces/featurestores/delete",
    },
  },
}

world.kinds.role = { key = function(record) return record.id:lower() end }
world.kinds.assignment = { key = function(record) return record.id:lower() end }

--- Make the roles of a world.
---@param context { world: table, guid: function }
function roles.new(context)
  local self = setmetatable({ granted = {} }, Roles)
  self.world, self.guid = context.world, context.guid
  self.world:watch(function(kind)
    if kind == "role" or kind == "assignment" then self.granted = {} end
  end)
  return self
end

-- Actions -----------------------------------------------------------------------------------------

-- Return the Lua patterns of an action, where `*` stands for any text. "computes/*/write" includes
-- "computes/write"; otherwise a data scientist could create computes, which the service's documents
-- deny, and "workspaces/write" would need no entry of its own among that role's exceptions.
local function pattern_of(action)
  local escaped = action:lower():gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0")
  local pattern = escaped:gsub("%*", ".*"):gsub("/%.%*/", "/.*")
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

--- Tell whether a role allows an action.
---@param role { actions: string[], not_actions: string[]? }
---@param action string      "Microsoft.MachineLearningServices/workspaces/computes/read"
---@return boolean
function roles.holds(role, action)
  local wanted = action:lower()
  return is_in(role.actions, wanted) and not is_in(role.not_actions, wanted)
end

-- Definitions -------------------------------------------------------------------------------------

local ROLE = {
  id = "string", name = "string", description = "string", actions = "table",
  not_actions = "table",
}

--- Return what is wrong with a custom role; nil if it is valid.
---@param role any
---@return string?
function roles.fault_of(role)
  local wrong = options.fault_of("a role", role, ROLE)
  if wrong then return wrong end
  if not role.name or not role.actions then return "a role needs 'name' and 'actions'" end
  for _, list in ipairs { role.actions, role.not_actions or {} } do
    for _, action in ipairs(list) do
      if type(action) ~= "string" then
        local message = "an action of the role '%s' is a %s, not a text"
        return message:format(role.name, type(action))
      end
    end
  end
end

--- Add a custom role, or replace the role with the same id.
---@param role table
---  id string?, name string, description string?, actions string[], not_actions string[]?
---@return table
function Roles:define(role)
  return self.world:save("role", tables.merge({ id = self.guid() }, role))
end

--- Return a role by its name or its id; nil if it does not exist.
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

--- Tell whether a role is one of the built-in roles.
---@param role table      as `role` or `list` returns it
---@return boolean
function Roles.is_built_in(_, role)
  for _, each in ipairs(built_in) do
    if each == role then return true end
  end
  return false
end

--- List all roles, the built-in roles first.
---@return table[]
function Roles:list()
  local list = table.move(built_in, 1, #built_in, 1, {})
  for _, role in pairs(self.world.records.role) do list[#list + 1] = role end
  return list
end

-- Assignments -------------------------------------------------------------------------------------

--- Assign a role to a principal, at a scope and everything below it.
---@param assignment { id: string?, principal_id: string, role: string, scope: string }
---  principal_id: an object id; role: a name or an id; scope: "/", or "/subscriptions/.." with or
---  without group and workspace
---@return table? assignment, string? fault
function Roles:assign(assignment)
  local role = self:role(assignment.role)
  if not role then return nil, ("there is no role '%s'"):format(assignment.role) end
  return self.world:save("assignment", {
    id = assignment.id or self.guid(),
    principal_id = assignment.principal_id,
    role_id = role.id,
    scope = assignment.scope:gsub("/+$", ""),
  })
end

--- Remove an assignment.
---@param id string
---@return table?      the removed assignment; nil if it does not exist
function Roles:unassign(id)
  local found = self.world:record("assignment", id:lower())
  if found then self.world:drop("assignment", found) end
  return found
end

--- List the assignments of a principal, or all assignments.
---@param principal_id string?
---@return table[]
function Roles:assignments(principal_id)
  local list = {}
  for _, assignment in pairs(self.world.records.assignment) do
    if not principal_id or assignment.principal_id:lower() == principal_id:lower() then
      list[#list + 1] = assignment
    end
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

-- Tell whether a scope equals another or lies below it.
local function is_within(scope, outer)
  return outer == "" or scope == outer or scope:sub(1, #outer + 1) == outer .. "/"
end

-- Return the scopes at which a principal may perform an action. They are cached until a role or an
-- assignment changes.
local function granted(self, principal_id, action)
  local key = principal_id .. " " .. action
  local scopes = self.granted[key]
  if scopes then return scopes end
  scopes = {}
  for _, assignment in ipairs(self:assignments(principal_id)) do
    local role = self:role(assignment.role_id)
    if role and roles.holds(role, action) then scopes[#scopes + 1] = assignment.scope:lower() end
  end
  self.granted[key] = scopes
  return scopes
end

--- List the roles of a principal that apply at a scope, one for each assignment.
---@param principal_id string
---@param scope string
---@return table[]
function Roles:at(principal_id, scope)
  local wanted, list = scope:lower(), {}
  for _, assignment in ipairs(self:assignments(principal_id)) do
    local role = self:role(assignment.role_id)
    if role and is_within(wanted, assignment.scope:lower()) then list[#list + 1] = role end
  end
  return list
end

--- Tell whether a principal may perform an action at a scope.
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

--- Tell whether a principal may perform an action anywhere in a subscription.
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
