--- List the roles of the emulator, built-in and custom, as Resource Manager does. roles.lua keeps
--- them; what the caller may do is in permissions.lua.
--- Source: spec/contract/neighbours.md, section 1.
local answer = require "azureml.emulator.answer"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local shorten = require "azureml.emulator.shorten"

local role_definitions = {}

local function list_of(actions)
  local list = json.array {}
  for index, action in ipairs(actions or {}) do list[index] = action end
  return list
end

local function show(request, role)
  local subscription = "/subscriptions/" .. request.subscription.id
  return {
    id = ("%s/providers/Microsoft.Authorization/roleDefinitions/%s"):format(subscription, role.id),
    name = role.id,
    type = "Microsoft.Authorization/roleDefinitions",
    properties = {
      roleName = role.name,
      type = request.roles:is_built_in(role) and "BuiltInRole" or "CustomRole",
      description = role.description or "",
      assignableScopes = json.array { request.roles:is_built_in(role) and "/" or subscription },
      permissions = json.array { {
        actions = list_of(role.actions), notActions = list_of(role.not_actions),
        dataActions = json.array {}, notDataActions = json.array {},
      } },
    },
  }
end

-- Return the name that a filter asks for: roleName eq 'Reader'. Nil stands for every role.
local function name_in(filter)
  if not filter then return nil end
  local name = filter:match "^%s*roleName%s+eq%s+'(.*)'%s*$"
  return name and name:gsub("''", "'"):lower() or refusal.raise("bad_filter", shorten(filter))
end

--- List the roles that can be assigned at a scope, by their names.
function role_definitions.list(request)
  local wanted, value = name_in(request.query["$filter"]), json.array {}
  for _, role in ipairs(request.roles:list()) do
    if not wanted or role.name:lower() == wanted then value[#value + 1] = show(request, role) end
  end
  table.sort(value, function(a, b) return a.properties.roleName < b.properties.roleName end)
  return answer.of { value = value }
end

return role_definitions
