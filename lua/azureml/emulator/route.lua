--- Which request is which: paths, methods, the action that a role must hold, and who acts. Names in paths are compared without case.
local answer = require "azureml.emulator.answer"
local clusters = require "azureml.emulator.clusters"
local computes = require "azureml.emulator.computes"
local instances = require "azureml.emulator.instances"
local jobs = require "azureml.emulator.jobs"
local operations = require "azureml.emulator.operations"
local quotas = require "azureml.emulator.quotas"
local refusal = require "azureml.emulator.refusal"
local regions = require "azureml.emulator.regions"
local sizes = require "azureml.emulator.sizes"
local versions = require "azureml.emulator.versions"
local workspaces = require "azureml.emulator.workspaces"

local route = {}

local places = {}

local function sizes_list(request)
  return answer.of { [versions.sizes_member(request.api_version)] = sizes.all }
end

-- The subscription's part of a path, and what may follow it. {name}: any segment. Each method: the action, and who acts.
local WORKSPACE = "resourcegroups/{group}/providers/microsoft.machinelearningservices/workspaces"
local LOCATION = "providers/microsoft.machinelearningservices/locations/{location}/"
local COMPUTE = WORKSPACE .. "/{workspace}/computes/{compute}"

-- A verb of a compute: a POST. Those that not every api-version has say since when.
local function verb(name, act, since)
  return {
    COMPUTE .. "/" .. name:lower(), verb = name, since = since, POST = { ("workspaces/computes/%s/action"):format(name), act },
  }
end

local function late_verb(name, act)
  return verb(name, act, versions.verbs[name])
end

local routes = {
  { "providers/microsoft.machinelearningservices/workspaces", GET = { "workspaces/read", workspaces.list } },
  { WORKSPACE, GET = { "workspaces/read", workspaces.list } },
  { WORKSPACE .. "/{workspace}", GET = { "workspaces/read", workspaces.get } },
  { WORKSPACE .. "/{workspace}/listnotebookaccesstoken",
    POST = { "workspaces/listNotebookAccessToken/read", workspaces.notebook_token } },
  { WORKSPACE .. "/{workspace}/checkcomputenameavailability",
    POST = { "workspaces/checkComputeNameAvailability/action", computes.check_name } },
  { WORKSPACE .. "/{workspace}/computes", GET = { "workspaces/computes/read", computes.list } },
  { COMPUTE,
    GET = { "workspaces/computes/read", computes.get },
    PUT = { "workspaces/computes/write", computes.put },
    PATCH = { "workspaces/computes/write", computes.patch },
    DELETE = { "workspaces/computes/delete", computes.delete } },
  verb("start", computes.start), verb("stop", computes.stop), verb("restart", computes.restart),
  verb("listNodes", clusters.list_nodes), verb("listKeys", computes.list_keys),
  late_verb("updateIdleShutdownSetting", instances.set_idle), late_verb("customServices", instances.set_services),
  late_verb("updateDataMounts", instances.set_mounts), late_verb("updateSchedules", instances.set_schedules),
  late_verb("enableSso", instances.set_sso), late_verb("resize", instances.resize),
  late_verb("getAllowedVmSizesForResize", instances.sizes_for_resize),
  { WORKSPACE .. "/{workspace}/jobs", since = versions.jobs, GET = { "workspaces/jobs/read", jobs.list } },
  { WORKSPACE .. "/{workspace}/jobs/{job}", since = versions.jobs,
    GET = { "workspaces/jobs/read", jobs.get },
    PUT = { "workspaces/jobs/write", jobs.put } },
  { WORKSPACE .. "/{workspace}/jobs/{job}/cancel", since = versions.jobs, POST = { "workspaces/jobs/cancel/action", jobs.cancel } },
  { LOCATION .. "vmsizes", GET = { "locations/vmSizes/read", sizes_list } },
  { LOCATION .. "usages", GET = { "locations/usages/read", quotas.usages } },
  { LOCATION .. "quotas", GET = { "locations/quotas/read", quotas.list } },
  { LOCATION .. "updatequotas", POST = { "locations/updateQuotas/action", quotas.update } },
  { LOCATION .. "computeoperationsstatus/{operation}", GET = { "locations/computeOperationsStatus/read", operations.status } },
  { LOCATION .. "computeoperationsresult/{operation}", GET = { "locations/computeOperationsStatus/read", operations.result } },
}

local VERBS = { PUT = "create", PATCH = "update", DELETE = "delete" }

local function segments_of(path)
  local list = {}
  for segment in path:gmatch "[^/]+" do list[#list + 1] = segment end
  return list
end

-- The routes as a tree: a node has its literal segments by name, one that stands for any, and perhaps a row that ends there.
local tree = {}

local function branch(node, segment)
  local name = segment:match "^{(%w+)}$"
  if name then
    node.any = node.any or { name = name }
    return node.any
  end
  node[1] = node[1] or {}
  node[1][segment] = node[1][segment] or {}
  return node[1][segment]
end

for _, row in ipairs(routes) do
  local node = tree
  for _, segment in ipairs(segments_of(row[1])) do node = branch(node, segment) end
  node.row = row
end

local function unescape(text)
  if not text:find("%", 1, true) then return text end
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- Path and query of a target; nothing for a target whose path no resource can have: bytes that are no UTF-8, or control characters.
---@param target string
---@return string[]? segments, table<string, string> query
function route.split(target)
  local mark = target:find("?", 1, true)
  local path, text = target:sub(1, (mark or 0) - 1), mark and target:sub(mark + 1) or ""
  local segments, query = segments_of(path), {}
  for i, segment in ipairs(segments) do segments[i] = unescape(segment) end
  for name, value in text:gmatch "([^&=]+)=?([^&]*)" do query[unescape(name)] = unescape(value) end
  local all = table.concat(segments, "/")
  if not utf8.len(target) or not utf8.len(all) or all:find "%c" then return nil end
  for name, value in pairs(query) do
    if not utf8.len(name) or not utf8.len(value) then return nil end
  end
  return segments, query
end

--- Which route a path takes below its subscription.
---@param segments string[]
---@return table? row, table? found
function route.find(segments)
  local node, found = tree, {}
  for i = 3, #segments do
    local literal = node[1] and node[1][segments[i]:lower()]
    local following = literal or node.any
    if not following then return nil end
    if not literal then found[following.name] = segments[i] end
    node = following
  end
  if node.row then return node.row, found end
end

-- What a route is of, as ARM calls types: "workspaces/computes".
local function type_of(row)
  return row[1]:find("/locations/", 1, true) and "locations/" .. row[1]:match "locations/{location}/([^/]+)"
    or row[1]:find("/computes", 1, true) and "workspaces/computes" or row[1]:find("/jobs", 1, true) and "workspaces/jobs" or "workspaces"
end

--- The api-version that a request names; refuses without one, with one that is none, and with one that has not what is asked for.
---@param at table
---@param row table
---@param location string       where the service is
function route.check_version(request, row, location)
  local version = request.query["api-version"]
  if not version then refusal.raise "no_api_version" end
  if not versions.is_known(version) then
    local known = table.concat(versions.list, ", ")
    refusal.raise("unknown_api_version", location, version:sub(1, 60), type_of(row), known, location)
  end
  if row.since and not versions.has(version, row.since) then refusal.raise("unknown_path", request.path, version) end
  request.api_version = version
end

--- The verb that a request is, for faults: create, update, delete, start, stop, restart, resize and so on, or nil.
function route.verb(row, method)
  if row.verb then return method == "POST" and row.verb or nil end
  return row[1] == COMPUTE and VERBS[method] or nil
end

function places.group(request, name)
  request.group = request.world:group(request.subscription, name)
  if not request.group then refusal.raise("no_group", name) end
end

function places.workspace(request, name, found)
  request.workspace = request.world:workspace(request.group, name)
  if request.workspace then return end
  if found.compute or request.row[1]:find "/{workspace}/" then refusal.raise("no_parent", name) end
  refusal.raise("no_workspace", name, request.group.name)
end

function places.job(request, name) request.job_name = name end
function places.compute(request, name) request.compute_name = name end

function places.location(request, name)
  request.location = regions.plain(name)
  if regions.is_known(request.location) or request.world:has_location(request.location) then return end
  refusal.raise("unknown_api_version", name, request.api_version, type_of(request.row), table.concat(versions.list, ", "),
    table.concat(regions.list, ", "))
end

function places.operation(request, name) request.operation_id = name end

local ORDER = { "group", "workspace", "compute", "job", "location", "operation" }

--- Look up what the path names; refuses what is not there.
function route.resolve(request, found)
  for _, name in ipairs(ORDER) do
    if found[name] then places[name](request, found[name], found) end
  end
end

return route
