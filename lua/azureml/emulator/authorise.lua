--- May they do that? Denied unless a role says so. Source: spec/contract/compute-rest.md,
--- section 10.
local refusal = require "azureml.emulator.refusal"

local PREFIX = "Microsoft.MachineLearningServices/"
local POLL, READ = PREFIX .. "locations/computeOperationsStatus/read", PREFIX .. "workspaces/computes/read"

-- The status of an operation lies in the region, above the scope of who may act in one workspace alone: who reads computes somewhere in the
-- subscription may poll. The same section calls that inferred.
local function may_poll(roles, principal, scope)
  local subscription = scope:match "^(/[^/]+/[^/]+)" or scope
  return roles:may_somewhere(principal.object_id, READ, subscription)
end

--- Refuse unless a role of whoever asks holds the action there.
---@param roles table
---@param principal table
---@param action string        without a provider's name it is one of Machine Learning's
---@param scope string
return function(roles, principal, action, scope)
  if not action:find("^Microsoft%.") then action = PREFIX .. action end
  if roles:may(principal.object_id, action, scope) then return end
  if action == POLL and may_poll(roles, principal, scope) then return end
  refusal.raise("forbidden", principal.kind == "user" and principal.name or principal.client_id, principal.object_id, action, scope)
end
