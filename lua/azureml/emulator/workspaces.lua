--- Serve workspaces: get, list, and the token for their notebooks. The computes of a workspace are
--- in computes.lua.
--- Source: spec/contract/compute-rest.md, section 3.18.
local answer = require "azureml.emulator.answer"
local page = require "azureml.emulator.page"
local show = require "azureml.emulator.show"

local workspaces = {}

local function shown(request, workspace)
  return show.workspace(workspace, request.application.tenant_id, request.origin)
end

--- Get a workspace.
function workspaces.get(request)
  return answer.of(shown(request, request.workspace))
end

--- List the workspaces of a subscription or of a resource group, a page at a time.
function workspaces.list(request)
  local all = request.world:workspaces(request.subscription, request.group)
  return page.of(request, all, function(workspace) return shown(request, workspace) end)
end

local NOTEBOOK_TOKEN = 8 * 3600      -- seconds until a token expires

--- Issue a token for the notebooks of a workspace: an opaque text that opens nothing here.
function workspaces.notebook_token(request)
  local info = shown(request, request.workspace).properties.notebookInfo
  return answer.of {
    notebookResourceId = info.resourceId,
    hostName = info.fqdn,
    publicDns = info.fqdn,
    tokenType = "Bearer",
    expiresIn = NOTEBOOK_TOKEN,
    accessToken = request.directory_text(48),
    refreshToken = request.directory_text(48),
    scope = "aznb_identity",
  }
end

return workspaces
