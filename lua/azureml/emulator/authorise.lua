--- Decide whether a principal may perform an action at a scope: denied unless a role allows it.
--- Roles and assignments are kept in roles.lua.
--- Source: spec/contract/compute-rest.md, section 10.
local refusal = require "azureml.emulator.refusal"

local PREFIX = "Microsoft.MachineLearningServices/"
local POLL = PREFIX .. "locations/computeOperationsStatus/read"
local READ = PREFIX .. "workspaces/computes/read"

-- Tell whether a principal may poll an operation: it may if it can read computes anywhere in the
-- subscription. The status lies in the region, above the scope of a role in one workspace.
-- Source: spec/contract/compute-rest.md, section 10, which marks this as inferred.
local function may_poll(roles, principal, scope)
  local subscription = scope:match "^(/[^/]+/[^/]+)" or scope
  return roles:may_somewhere(principal.object_id, READ, subscription)
end

--- Refuse unless a role of the principal allows the action at the scope.
---@param roles table
---@param principal table
---@param action string      an action without a provider's name belongs to Machine Learning
---@param scope string
---@raise a refusal
return function(roles, principal, action, scope)
  if not action:find("^Microsoft%.") then action = PREFIX .. action end
  if roles:may(principal.object_id, action, scope) then return end
  if action == POLL and may_poll(roles, principal, scope) then return end
  local client = principal.kind == "user" and principal.name or principal.client_id
  refusal.raise("forbidden", client, principal.object_id, action, scope)
end
