--- Refuse requests to Azure AD Graph, as Entra has done since it retired that API. The v1 SDK asks
--- it for the names of users and goes on without them. Microsoft Graph is another API.
--- Source: spec/contract/sdk-v1.md, sections 3 and 6.
local inferred = require "azureml.emulator.inferred"

local retired_graph = {}

--- Tell whether a path is below the users of a tenant: /TENANT/users/ID.
---@param segments string[]
---@return boolean
function retired_graph.concerns(segments)
  return #segments == 3 and segments[2]:lower() == "users"
end

--- Refuse a request.
---@return table response
function retired_graph.refuse()
  local refusal = inferred.retired_graph
  local message = { lang = "en", value = refusal.message }
  return {
    status = refusal.status,
    json = { ["odata.error"] = { code = refusal.code, message = message } },
  }
end

return retired_graph
