--- The workspaces of a subscription, or of a resource group, as Resource Manager lists them. They
--- share one client.
local core = require "azureml.core"
local config = require "azureml.config"
local errors = require "azureml.error"
local json = require "azureml.json"
local once = require "azureml.tool.once"
local options = require "azureml.options"
local tables = require "azureml.tool.tables"
local workspace = require "azureml.workspace"

local workspaces = {}

local PROVIDER = "/providers/Microsoft.MachineLearningServices/workspaces"

--- Where to look for workspaces.
---@class azureml.WorkspacesOptions: azureml.ConnectionOptions
---@field subscription_id? string  default: as for azureml.workspace
---@field resource_group? string  only the workspaces of this resource group
---@field journal? boolean  record pending operations on disk, as for azureml.workspace

--- The options of `list` and `open`, with their types.
---@type table<string, string>
workspaces.options = tables.merge(workspace.client_options, {
  subscription_id = "string", resource_group = "string", journal = "boolean",
})

---@class azureml.Place      where workspaces are looked for
---@field subscription_id string
---@field resource_group string?
---@field client azureml.Client
---@field settings table      the caller's options; every workspace gets those of the client

--- Open the client that the workspaces share. Send no request.
---@param owner string        "workspaces", for the message of a mistake
---@param settings? azureml.WorkspacesOptions
---@return azureml.Place
function workspaces.open(owner, settings)
  settings = options.check(owner, settings, workspaces.options)
  local place = {
    subscription_id = config.subscription {
      subscription_id = settings.subscription_id,
      cloud = type(settings.cloud) == "string" and settings.cloud or nil,
    },
    resource_group = settings.resource_group, settings = tables.copy(settings),
  }
  place.client, place.settings.credential = workspace.client_of(settings)
  return place
end

local function path_of(place)
  local path = "/subscriptions/" .. core.escape(place.subscription_id)
  if place.resource_group then
    path = path .. "/resourceGroups/" .. core.escape(place.resource_group)
  end
  return path .. PROVIDER
end

-- Make a workspace from an item of the list. The item is what a GET of the workspace would return.
local function workspace_of(place, item)
  local id, name = json.get(item, "id"), json.get(item, "name")
  local group = type(id) == "string" and id:match "/[rR]esource[gG]roups/([^/]+)/"
  if not group or type(name) ~= "string" then
    errors.raise {
      code = "InvalidReply", message = "list the workspaces: an item has no valid id and name",
    }
  end
  local ws = workspace.new(tables.merge(place.settings, {
    subscription_id = place.subscription_id, resource_group = group, name = name,
    client = place.client,
  }))
  once.keep(ws.facts, "workspace", item)
  return ws
end

--- Read the workspaces of a place.
---@param place azureml.Place
---@return azureml.Workspace[]      in the order of the service
function workspaces.at(place)
  local list = {}
  local label = "list the workspaces of " .. (place.resource_group or place.subscription_id)
  for item in place.client:pages { path = path_of(place), label = label } do
    list[#list + 1] = workspace_of(place, item)
  end
  return list
end

--- List the workspaces of a subscription, or of one of its resource groups.
---@param settings? azureml.WorkspacesOptions
---@return azureml.Workspace[]      in the order of the service; they share one client, which stays
---  open as long as one of them is used
---@raise an error object if the service refuses the list
---@usage for _, ws in ipairs(azureml.workspaces { resource_group = "ml" }) do print(ws.name) end
function workspaces.list(settings)
  return workspaces.at(workspaces.open("workspaces", settings))
end

return workspaces
