--- Workspaces: looked at, listed, and the token that opens their notebooks. Source: compute-rest.md, section 3.18.
local answer = require "azureml.emulator.answer"
local page = require "azureml.emulator.page"
local show = require "azureml.emulator.show"

local workspaces = {}

--- One.
function workspaces.get(request)
  return answer.of(show.workspace(request.workspace, request.application.tenant_id))
end

--- Those of a subscription or of one group of it, by pages.
function workspaces.list(request)
  return page.of(request, request.world:workspaces(request.subscription, request.group), function(workspace)
    return show.workspace(workspace, request.application.tenant_id)
  end)
end

local NOTEBOOK_TOKEN = 8 * 3600      -- seconds that one lives

--- A token for the workspace's notebooks: opaque, and good for nothing here.
function workspaces.notebook_token(request)
  local info = show.workspace(request.workspace, request.application.tenant_id).properties.notebookInfo
  return answer.of {
    notebookResourceId = info.resourceId, hostName = info.fqdn, publicDns = info.fqdn, tokenType = "Bearer", expiresIn = NOTEBOOK_TOKEN,
    accessToken = request.directory_text(48), refreshToken = request.directory_text(48), scope = "aznb_identity",
  }
end

return workspaces
