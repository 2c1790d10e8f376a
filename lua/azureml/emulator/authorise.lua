--- May they do that? Roles by the actions they hold. Source: compute-rest.md, section 10.
local refusal = require "azureml.emulator.refusal"

local PREFIX = "Microsoft.MachineLearningServices/"

-- role -> patterns of actions
local roles = {
  Owner = { ".*" },
  Contributor = { ".*" },
  Reader = { "/read$" },
  ["AzureML Compute Operator"] = { "/read$", "^workspaces/computes/" },
  ["AzureML Data Scientist"] = { "/read$", "^workspaces/computes/%w+/action$" },
}

local function holds(role, action)
  for _, pattern in ipairs(roles[role] or {}) do
    if action:find(pattern) then return true end
  end
  return false
end

--- Refuse unless the role of whoever asks holds the action.
---@param application table
---@param action string        without the provider's name
---@param scope string
return function(application, action, scope)
  if holds(application.role, action) then return end
  refusal.raise("forbidden", application.client_id, application.object_id, PREFIX .. action, scope)
end
