--- Which request is which: paths, methods, the action that a role must hold, and who acts. Names in paths are compared without case.
local answer = require "azureml.emulator.answer"
local computes = require "azureml.emulator.computes"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local show = require "azureml.emulator.show"
local sizes = require "azureml.emulator.sizes"

local route = {}

local places = {}

local function workspace_get(at)
  return answer.of(show.workspace(at.workspace, at.application.tenant_id))
end

local function workspaces_list(at)
  local list = json.array {}
  for i, workspace in ipairs(at.world:workspaces(at.subscription, at.group)) do
    list[i] = show.workspace(workspace, at.application.tenant_id)
  end
  return answer.of { value = list }
end

local function sizes_list(at)
  return answer.of { [at.api_version == "2021-01-01" and "amlCompute" or "value"] = sizes.all }
end

local function usages_list(at)
  return answer.of { value = show.usages(at.world, at.subscription, at.location) }
end

-- The subscription's part of a path, and what may follow it. {name}: any segment. Each method: the action, and who acts.
local WORKSPACE = "resourcegroups/{group}/providers/microsoft.machinelearningservices/workspaces"
local LOCATION = "providers/microsoft.machinelearningservices/locations/{location}/"
local COMPUTE = WORKSPACE .. "/{workspace}/computes/{compute}"

local routes = {
  { "providers/microsoft.machinelearningservices/workspaces", GET = { "workspaces/read", workspaces_list } },
  { WORKSPACE, GET = { "workspaces/read", workspaces_list } },
  { WORKSPACE .. "/{workspace}", GET = { "workspaces/read", workspace_get } },
  { WORKSPACE .. "/{workspace}/computes", GET = { "workspaces/computes/read", computes.list } },
  { WORKSPACE .. "/{workspace}/checkcomputenameavailability",
    POST = { "workspaces/checkComputeNameAvailability/action", computes.check_name } },
  { COMPUTE,
    GET = { "workspaces/computes/read", computes.get },
    PUT = { "workspaces/computes/write", computes.put },
    DELETE = { "workspaces/computes/delete", computes.delete } },
  { COMPUTE .. "/start", verb = "start", POST = { "workspaces/computes/start/action", computes.start } },
  { COMPUTE .. "/stop", verb = "stop", POST = { "workspaces/computes/stop/action", computes.stop } },
  { COMPUTE .. "/restart", verb = "restart", POST = { "workspaces/computes/restart/action", computes.restart } },
  { LOCATION .. "vmsizes", GET = { "locations/vmSizes/read", sizes_list } },
  { LOCATION .. "usages", GET = { "locations/usages/read", usages_list } },
  { LOCATION .. "computeoperationsstatus/{operation}", GET = { "locations/computeOperationsStatus/read", computes.status } },
}

local VERBS = { PUT = "create", DELETE = "delete" }

local function segments_of(path)
  local list = {}
  for segment in path:gmatch "[^/]+" do list[#list + 1] = segment end
  return list
end

for _, each in ipairs(routes) do each.segments = segments_of(each[1]) end

local function match(pattern, segments)
  if #pattern ~= #segments then return nil end
  local found = {}
  for i, wanted in ipairs(pattern) do
    local name = wanted:match "^{(%w+)}$"
    if name then found[name] = segments[i] elseif wanted ~= segments[i]:lower() then return nil end
  end
  return found
end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- Path and query of a target.
---@param target string
---@return string[] segments, table<string, string> query
function route.split(target)
  local path, text = target:match "^([^?]*)%??(.*)$"
  local segments, query = segments_of(path), {}
  for i, segment in ipairs(segments) do segments[i] = unescape(segment) end
  for name, value in text:gmatch "([^&=]+)=?([^&]*)" do query[unescape(name)] = unescape(value) end
  return segments, query
end

--- Which route a path takes below its subscription.
---@param segments string[]
---@return table? row, table? found
function route.find(segments)
  local rest = table.move(segments, 3, #segments, 1, {})
  for _, row in ipairs(routes) do
    local found = match(row.segments, rest)
    if found then return row, found end
  end
end

--- The verb that a request is, for faults: create, delete, start, stop, restart, or nil.
function route.verb(row, method)
  if row.verb then return method == "POST" and row.verb or nil end
  return row[1] == COMPUTE and VERBS[method] or nil
end

function places.group(at, name)
  at.group = at.world:group(at.subscription, name)
  if not at.group then refusal.raise("no_group", name) end
end

function places.workspace(at, name, found)
  at.workspace = at.world:workspace(at.group, name)
  if at.workspace then return end
  if found.compute or at.row[1]:find "/{workspace}/" then refusal.raise("no_parent", name) end
  refusal.raise("no_workspace", name, at.group.name)
end

function places.compute(at, name) at.compute_name = name end
function places.location(at, name) at.location = name:lower() end
function places.operation(at, name) at.operation_id = name end

local ORDER = { "group", "workspace", "compute", "location", "operation" }

--- Look up what the path names; refuses what is not there.
function route.resolve(at, found)
  for _, name in ipairs(ORDER) do
    if found[name] then places[name](at, found[name], found) end
  end
end

return route
