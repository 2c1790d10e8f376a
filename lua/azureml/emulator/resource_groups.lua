--- Serve the resource groups of a subscription: list, get, and tell whether a group exists. What is
--- in a group is in workspaces.lua.
--- Source: Azure Resource Manager's own reference, Microsoft.Resources/resourceGroups.
local answer = require "azureml.emulator.answer"
local json = require "azureml.json"
local page = require "azureml.emulator.page"

local resource_groups = {}

-- A group has no location of its own here: it has that of its first workspace.
local function location_of(request, group)
  local first = request.world:workspaces(request.subscription, group)[1]
  return first and first.location or "eastus"
end

--- Show a resource group.
---@param request table
---@param group table
---@return table
function resource_groups.show(request, group)
  return {
    id = ("/subscriptions/%s/resourceGroups/%s"):format(request.subscription.id, group.name),
    name = group.name,
    type = "Microsoft.Resources/resourceGroups",
    location = location_of(request, group),
    tags = {},
    managedBy = json.null,
    properties = { provisioningState = "Succeeded" },
  }
end

--- Get a resource group.
function resource_groups.get(request)
  return answer.of(resource_groups.show(request, request.group))
end

--- Tell whether a resource group exists: 204. One that does not exist was refused before.
function resource_groups.head()
  return { status = 204 }
end

--- List the resource groups of a subscription by name, a page at a time.
function resource_groups.list(request)
  local all = {}
  for _, group in pairs(request.subscription.groups) do all[#all + 1] = group end
  table.sort(all, function(a, b) return a.name:lower() < b.name:lower() end)
  return page.of(request, all, function(group) return resource_groups.show(request, group) end)
end

return resource_groups
