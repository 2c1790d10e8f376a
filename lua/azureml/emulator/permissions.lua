--- List what the caller may do at a scope: an item for each role assignment that applies there.
--- roles.lua keeps the roles. A caller needs no right to ask.
--- Source: spec/contract/neighbours.md, section 1.
local answer = require "azureml.emulator.answer"
local json = require "azureml.json"

local permissions = {}

local SUFFIX = 3      -- segments: providers, Microsoft.Authorization, permissions

local function item_of(role)
  local not_actions = role.not_actions or {}
  return {
    actions = json.array(table.move(role.actions, 1, #role.actions, 1, {})),
    notActions = json.array(table.move(not_actions, 1, #not_actions, 1, {})),
    dataActions = json.array {},
    notDataActions = json.array {},
  }
end

--- List the permissions of the caller at the scope before the path's last segments.
function permissions.list(request)
  local segments, items = request.segments, json.array {}
  local scope = "/" .. table.concat(segments, "/", 1, #segments - SUFFIX)
  for index, role in ipairs(request.roles:at(request.application.object_id, scope)) do
    items[index] = item_of(role)
  end
  return answer.of { value = items, nextLink = json.null }
end

return permissions
