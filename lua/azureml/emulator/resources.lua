--- List the resources of a subscription or of a group as Resource Manager does, whatever their
--- type: `az resource list` and the v1 SDK's list of workspaces read them. The only resources here
--- are workspaces.
--- Source: Azure Resource Manager's own reference, Microsoft.Resources/resources.
local clock = require "azureml.emulator.clock"
local page = require "azureml.emulator.page"
local refusal = require "azureml.emulator.refusal"
local show = require "azureml.emulator.show"

local resources = {}

local TYPE = "Microsoft.MachineLearningServices/workspaces"

-- What a filter can compare, by name in lower case.
local compared = {
  resourcetype = function() return TYPE end,
  resourcegroup = function(workspace) return workspace.group.name end,
  name = function(workspace) return workspace.name end,
  location = function(workspace) return workspace.location end,
}

local MOST_SHOWN = 200      -- characters of a filter that a refusal repeats

local function refuse(filter)
  local last = (utf8.offset(filter, MOST_SHOWN + 1) or #filter + 1) - 1
  refusal.raise("bad_resource_filter", filter:sub(1, last))
end

-- Read a filter such as "name eq 'a' and location eq 'b'" as a list of { member, value }.
local function read(filter)
  local conditions = {}
  for condition in (filter .. " and "):gmatch "(.-)%s+[aA][nN][dD]%s+" do
    local name, value = condition:match "^%s*(%a+)%s+eq%s+'([^']*)'%s*$"
    local member = name and compared[name:lower()]
    if not member then refuse(filter) end
    conditions[#conditions + 1] = { member, value:lower() }
  end
  return conditions
end

local function passes(workspace, conditions)
  for _, condition in ipairs(conditions) do
    if condition[1](workspace):lower() ~= condition[2] then return false end
  end
  return true
end

-- The members that are shown only if `$expand` names them.
local expanded = {
  createdTime = function(workspace) return clock.iso(workspace.created) end,
  changedTime = function(workspace) return clock.iso(workspace.created) end,
  provisioningState = function() return "Succeeded" end,
}

local function show_resource(workspace, more)
  local shown = {
    id = show.workspace_id(workspace),
    name = workspace.name,
    type = TYPE,
    kind = "Default",
    location = workspace.location,
    sku = { name = "Basic", tier = "Basic" },
    tags = {},
  }
  for name, value in pairs(expanded) do
    if more:find(name, 1, true) then shown[name] = value(workspace) end
  end
  return shown
end

--- List the resources of a subscription or of a group, a page at a time.
function resources.list(request)
  local filter = request.query["$filter"] or ""
  local conditions = filter ~= "" and read(filter) or {}      -- the Azure CLI sends an empty filter
  local all, more = {}, request.query["$expand"] or ""
  for _, workspace in ipairs(request.world:workspaces(request.subscription, request.group)) do
    if passes(workspace, conditions) then all[#all + 1] = workspace end
  end
  return page.of(request, all, function(workspace) return show_resource(workspace, more) end)
end

return resources
