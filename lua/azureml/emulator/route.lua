--- Route requests to Resource Manager: paths, methods, the action that a role must allow, and the
--- handler. Look up what a path names. Names in paths are compared without case. manager.lua calls
--- this.
local answer = require "azureml.emulator.answer"
local clusters = require "azureml.emulator.clusters"
local computes = require "azureml.emulator.computes"
local deployments = require "azureml.emulator.deployments"
local environments = require "azureml.emulator.environments"
local history = require "azureml.emulator.jobs.history"
local instances = require "azureml.emulator.instances"
local jobs = require "azureml.emulator.jobs"
local networks = require "azureml.emulator.networks"
local operations = require "azureml.emulator.operations"
local permissions = require "azureml.emulator.permissions"
local providers = require "azureml.emulator.providers"
local quotas = require "azureml.emulator.quotas"
local refusal = require "azureml.emulator.refusal"
local regions = require "azureml.emulator.regions"
local resource_groups = require "azureml.emulator.resource_groups"
local resources = require "azureml.emulator.resources"
local role_definitions = require "azureml.emulator.role_definitions"
local shorten = require "azureml.emulator.shorten"
local ssh_keys = require "azureml.emulator.ssh_keys"
local versions = require "azureml.emulator.versions"
local workspaces = require "azureml.emulator.workspaces"

local route = {}

local places = {}

local function sizes_list(request)
  return answer.of { [versions.sizes_member(request.api_version)] = request.world.sizes.all }
end

-- Paths below a subscription; {name} stands for any segment. Each method has its action and its
-- handler.
local PROVIDER = "providers/microsoft.machinelearningservices"
local GROUP = "resourcegroups/{group}"
local WORKSPACE = GROUP .. "/" .. PROVIDER .. "/workspaces"
local LOCATION = PROVIDER .. "/locations/{location}/"
local COMPUTE = WORKSPACE .. "/{workspace}/computes/{compute}"
local NETWORK = GROUP .. "/providers/microsoft.network/virtualnetworks/{network}"
local DEPLOYMENTS = GROUP .. "/providers/microsoft.resources/deployments"
local DEPLOYMENT = DEPLOYMENTS .. "/{deployment}"
local SSH_KEY = GROUP .. "/providers/microsoft.compute/sshpublickeys/{key}"

-- Make the route of a compute's verb: a POST. `since` tells which api-versions have it (nil: all).
local function verb(name, act, since)
  local action = ("workspaces/computes/%s/action"):format(name)
  return {
    COMPUTE .. "/" .. name:lower(), verb = name, since = since, POST = { action, act },
  }
end

local function late_verb(name, act)
  return verb(name, act, versions.verbs[name])
end

-- Make the route of a resource of another provider: it can be read alone. Without an action every
-- caller may read it.
local function neighbour(path, act, action)
  return { path, any_version = true, GET = { action, act } }
end

-- Make the route of a path that belongs to Resource Manager itself, which has api-versions of its
-- own.
local function of_manager(path, action, methods)
  local row = { path, any_version = true }
  for method, handler in pairs(methods) do
    row[method] = { "Microsoft.Resources/subscriptions/" .. action, handler }
  end
  return row
end

local ENVIRONMENT = WORKSPACE .. "/{workspace}/environments/{environment}"

-- Make a route of the environments: methods with their actions and handlers.
local function environment(path, methods)
  local row = { path, since = versions.jobs }
  for method, handler in pairs(methods) do
    local action = method == "PUT" and "write" or "read"
    row[method] = { "workspaces/environments/" .. action, handler }
  end
  return row
end

-- Make a route of the run history: methods with their handlers.
local function of_history(path, methods)
  local row = { WORKSPACE .. "/{workspace}/" .. path, is_history = true }
  for method, handler in pairs(methods) do
    local action = method == "PATCH" and "write" or "read"
    row[method] = { "workspaces/experiments/runs/" .. action, handler }
  end
  return row
end

-- Make a route of the deployments in a group: methods with their actions and handlers.
local function deployed(path, methods)
  local row = { path, any_version = true }
  for method, entry in pairs(methods) do
    row[method] = { "Microsoft.Resources/deployments/" .. entry[1], entry[2] }
  end
  return row
end

local routes = {
  of_manager("resources", "resources/read", { GET = resources.list }),
  of_manager("resourcegroups", "resourceGroups/read", { GET = resource_groups.list }),
  of_manager(GROUP, "resourceGroups/read",
    { GET = resource_groups.get, HEAD = resource_groups.head }),
  of_manager(GROUP .. "/resources", "resourceGroups/resources/read",
    { GET = resources.list }),
  of_manager("providers", "providers/read", { GET = providers.list }),
  of_manager("providers/{provider}", "providers/read", { GET = providers.refuse }),
  of_manager(PROVIDER, "providers/read", { GET = providers.get }),
  { PROVIDER .. "/workspaces",
    GET = { "workspaces/read", workspaces.list } },
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
  late_verb("updateIdleShutdownSetting", instances.set_idle),
  late_verb("customServices", instances.set_services),
  late_verb("updateDataMounts", instances.set_mounts),
  late_verb("updateSchedules", instances.set_schedules),
  late_verb("enableSso", instances.set_sso), late_verb("resize", instances.resize),
  late_verb("getAllowedVmSizesForResize", instances.sizes_for_resize),
  { WORKSPACE .. "/{workspace}/jobs", since = versions.jobs,
    GET = { "workspaces/jobs/read", jobs.list } },
  { WORKSPACE .. "/{workspace}/jobs/{job}", since = versions.jobs,
    GET = { "workspaces/jobs/read", jobs.get },
    PUT = { "workspaces/jobs/write", jobs.put } },
  { WORKSPACE .. "/{workspace}/jobs/{job}/cancel", since = versions.jobs,
    POST = { "workspaces/jobs/cancel/action", jobs.cancel } },
  environment(WORKSPACE .. "/{workspace}/environments", { GET = environments.list }),
  environment(ENVIRONMENT, { GET = environments.get_container }),
  environment(ENVIRONMENT .. "/versions", { GET = environments.list_versions }),
  environment(ENVIRONMENT .. "/versions/{version}",
    { GET = environments.get, PUT = environments.put }),
  of_history("runs/{job}", { GET = history.get }),
  of_history("runs/{job}/details", { GET = history.details }),
  of_history("runs/{job}/children", { GET = history.children }),
  of_history("experiments/{experiment}/runs/{job}", { GET = history.get, PATCH = history.patch }),
  { LOCATION .. "vmsizes", GET = { "locations/vmSizes/read", sizes_list } },
  { LOCATION .. "usages", GET = { "locations/usages/read", quotas.usages } },
  { LOCATION .. "quotas", GET = { "locations/quotas/read", quotas.list } },
  { LOCATION .. "updatequotas", POST = { "locations/updateQuotas/action", quotas.update } },
  { LOCATION .. "computeoperationsstatus/{operation}",
    GET = { "locations/computeOperationsStatus/read", operations.status } },
  { LOCATION .. "computeoperationsresult/{operation}",
    GET = { "locations/computeOperationsStatus/read", operations.result } },
  deployed(DEPLOYMENTS, { GET = { "read", deployments.list } }),
  deployed(DEPLOYMENT, {
    GET = { "read", deployments.get }, HEAD = { "read", deployments.head },
    PUT = { "write", deployments.put }, DELETE = { "delete", deployments.delete },
  }),
  deployed(DEPLOYMENT .. "/validate", { POST = { "validate/action", deployments.validate } }),
  deployed(DEPLOYMENT .. "/whatif", { POST = { "whatIf/action", deployments.what_if } }),
  deployed(DEPLOYMENT .. "/cancel", { POST = { "cancel/action", deployments.cancel } }),
  deployed(DEPLOYMENT .. "/operations", { GET = { "operations/read", deployments.operations } }),
  deployed(GROUP .. "/deployments/{deployment}/operations",
    { GET = { "operations/read", deployments.operations } }),
  deployed(DEPLOYMENT .. "/operationstatuses/{operation}",
    { GET = { "operationstatuses/read", deployments.status } }),
  deployed(DEPLOYMENT .. "/operationresults/{operation}",
    { GET = { "whatIf/action", deployments.result } }),
  neighbour(SSH_KEY, ssh_keys.get, "Microsoft.Compute/sshPublicKeys/read"),
  neighbour(NETWORK, networks.get, "Microsoft.Network/virtualNetworks/read"),
  neighbour(NETWORK .. "/subnets/{subnet}", networks.get_subnet,
    "Microsoft.Network/virtualNetworks/subnets/read"),
}

-- The scopes at which the roles and the caller's permissions are listed.
local SCOPES = {
  "", GROUP .. "/", WORKSPACE .. "/{workspace}/", COMPUTE .. "/", NETWORK .. "/",
  NETWORK .. "/subnets/{subnet}/",
}

for _, scope in ipairs(SCOPES) do
  local path = scope .. "providers/microsoft.authorization/"
  routes[#routes + 1] = neighbour(path .. "permissions", permissions.list)
  routes[#routes + 1] = neighbour(path .. "roledefinitions", role_definitions.list,
    "Microsoft.Authorization/roleDefinitions/read")
end

local VERBS = { PUT = "create", PATCH = "update", DELETE = "delete" }

local function segments_of(path)
  local list = {}
  for segment in path:gmatch "[^/]+" do list[#list + 1] = segment end
  return list
end

-- The routes as a tree. A node has its literal segments by name in [1]; `any`, the node for any
-- other segment; and the row of the route that ends there, if there is one.
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

--- Split a target into path and query. Return nil for a target that cannot name a resource: with
--- bytes that are not UTF-8, or with control characters.
---@param target string
---@return string[]? segments, table<string, string> query
function route.split(target)
  local mark = target:find("?", 1, true)
  local path, text = target:sub(1, (mark or 0) - 1), mark and target:sub(mark + 1) or ""
  local segments, query = segments_of(path), {}
  for index, segment in ipairs(segments) do segments[index] = unescape(segment) end
  for name, value in text:gmatch "([^&=]+)=?([^&]*)" do
    query[unescape(name)] = unescape(value)
  end
  local all = table.concat(segments, "/")
  if not utf8.len(target) or not utf8.len(all) or all:find "%c" then return nil end
  for name, value in pairs(query) do
    if not utf8.len(name) or not utf8.len(value) then return nil end
  end
  return segments, query
end

--- Find the route of a path.
---@param segments string[]
---@return table? row        nil if there is no such path
---@return table? found      the segments that names in the route stand for
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

-- Return the type of a route's resource, as Resource Manager calls it: "workspaces/computes".
local function type_of(row)
  local path = row[1]
  local location_type = path:match "/locations/{location}/([^/]+)"
  if location_type then return "locations/" .. location_type end
  if path:find("/computes", 1, true) then return "workspaces/computes" end
  if path:find("/jobs", 1, true) then return "workspaces/jobs" end
  if path:find("/environments", 1, true) then return "workspaces/environments" end
  return "workspaces"
end

local function check_date(version)
  if not version:find "^%d%d%d%d%-%d%d%-%d%d" then
    refusal.raise("bad_api_version", shorten(version))
  end
end

--- Read the api-version of a request. Refuse a request without it, with an unknown version, or with
--- a version that lacks the route.
---@param request table
---@param row table
---@param location string      where the service is
function route.check_version(request, row, location)
  if row.is_history then return end      -- its version is in the path
  local version = request.query["api-version"]
  if not version then refusal.raise "no_api_version" end
  request.api_version = version
  if row.any_version then return check_date(version) end
  if not versions.is_known(version) then
    local known = table.concat(versions.list, ", ")
    local wanted = shorten(version)
    refusal.raise("unknown_api_version", location, wanted, type_of(row), known, location)
  end
  if row.since and not versions.has(version, row.since) then
    refusal.raise("unknown_path", request.path, version)
  end
end

--- Return the verb of a request, for faults: create, update, delete, start, stop, restart, resize
--- and so on; nil for other requests.
function route.verb(row, method)
  if row.verb then return method == "POST" and row.verb or nil end
  return row[1] == COMPUTE and VERBS[method] or nil
end

function places.group(request, name)
  request.group = request.world:group(request.subscription, name)
    or networks.assumed_group(request, name)
  if not request.group then refusal.raise("no_group", name) end
end

function places.workspace(request, name, found)
  request.workspace = request.world:workspace(request.group, name)
  if request.workspace then return end
  if found.compute or request.row[1]:find "/{workspace}/" then refusal.raise("no_parent", name) end
  refusal.raise("no_workspace", name, request.group.name)
end

function places.job(request, name) request.job_name = name end
function places.environment(request, name) request.environment_name = name end
function places.version(request, name) request.environment_version = name end
function places.experiment(request, name) request.experiment_name = name end
function places.compute(request, name) request.compute_name = name end

function places.location(request, name)
  local location = regions.plain(name)
  request.location = location
  if regions.is_known(location) or request.world:has_location(location) then return end
  refusal.raise("unknown_api_version", name, request.api_version, type_of(request.row),
    table.concat(versions.list, ", "), table.concat(regions.list, ", "))
end

function places.operation(request, name) request.operation_id = name end
function places.network(request, name) request.network_name = name end
function places.deployment(request, name) request.deployment_name = name end
function places.subnet(request, name) request.subnet_name = name end
function places.key(request, name) request.key_name = name end

local ORDER = {
  "group", "workspace", "compute", "job", "location", "operation", "network", "subnet", "key",
  "deployment", "environment", "version", "experiment",
}

--- Look up what the path names, and refuse what does not exist.
---@param request table
---@param found table<string, string>      as route.find returns it
function route.resolve(request, found)
  for _, name in ipairs(ORDER) do
    if found[name] then places[name](request, found[name], found) end
  end
end

return route
