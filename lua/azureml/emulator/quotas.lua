--- Quota in cores: what is used, what the limits are, by subscription, family and workspace, and what is refused for lack of it.
--- Source: compute-rest.md, sections 3.15, 3.17 and 9.4.
local answer = require "azureml.emulator.answer"
local check = require "azureml.emulator.check"
local json = require "azureml.json"
local machine = require "azureml.emulator.machine"
local refusal = require "azureml.emulator.refusal"
local sizes = require "azureml.emulator.sizes"

local quotas = {}

local PROVIDER = "Microsoft.MachineLearningServices/"

local function title_of(family)
  return sizes.family_title(family.name) .. " Family Cluster Dedicated vCPUs"
end

local function segment_of(family)
  return (family.name:gsub(" ", "_"))
end

-- What is used ------------------------------------------------------------------------------------

local function usage(id, kind, name, title, used, limit)
  return {
    id = id, type = PROVIDER .. kind .. "/usages", unit = "Count", currentValue = used, limit = limit,
    name = { value = name, localizedValue = title },
  }
end

--- The rows of the usages, as the live service has them.
function quotas.usages(request)
  local world, base = request.world, "/subscriptions/" .. request.subscription.id
  local used = world:usage(request.subscription, request.location)
  local rows = json.array {
    usage(base, "totalClusters", "TotalClusters", "Total Clusters", used.clusters, world.quotas.clusters),
    usage(base, "totalDedicatedCores", "TotalDedicatedCores", "Total Cluster Dedicated Regional vCPUs", used.total, world.quotas.total),
  }
  for _, family in ipairs(sizes.families()) do
    rows[#rows + 1] = usage(base .. "/usages/" .. segment_of(family), "vmFamily/dedicatedCores", family.name, title_of(family),
      used.families[family.name] or 0, world:family_limit(family))
  end
  return answer.of { value = rows }
end

--- Cores of a family that a workspace's computes hold.
local function used_in_workspace(world, workspace, family)
  local sum = 0
  for _, compute in ipairs(world:computes(workspace)) do
    local cores, of = 0, nil
    if not compute.gone then cores, of = quotas.cores_of(compute) end
    if of == family then sum = sum + cores end
  end
  return sum
end

--- The cores that a compute holds, and of which family. A stopped instance holds its own, unless it gives them back; a cluster holds those
--- of its nodes, unless they are low-priority ones, which have a quota of their own.
---@param compute table
---@return integer cores, string? family
function quotas.cores_of(compute)
  local size = sizes.find(compute.target or compute.vm_size)
  if not size or not machine.holds_cores(compute) or compute.priority == "LowPriority" then return 0, size and size.family end
  return size.vCPUs * (compute.nodes or 1), size.family
end

-- What the limits are -----------------------------------------------------------------------------

local function limit_in_workspace(world, workspace, family)
  return workspace.quotas and workspace.quotas[family.name] or world:family_limit(family)
end

local function quota(id, kind, family, limit, location)
  return {
    id = id .. "/quotas/" .. segment_of(family), type = PROVIDER .. kind .. "/dedicatedCores/quotas", unit = "Count", limit = limit,
    location = location, name = { value = family.name, localizedValue = title_of(family) },
  }
end

local function workspaces_there(request)
  local list = {}
  for _, workspace in ipairs(request.world:workspaces(request.subscription)) do
    if workspace.location == request.location then list[#list + 1] = workspace end
  end
  return list
end

local function id_of(workspace)
  return ("/subscriptions/%s/resourceGroups/%s/providers/%sworkspaces/%s"):format(workspace.group.subscription.id, workspace.group.name,
    PROVIDER, workspace.name)
end

--- Each family's limit: for the subscription, then for each workspace.
function quotas.list(request)
  local rows, there = json.array {}, workspaces_there(request)
  for _, family in ipairs(sizes.families()) do
    local limit = request.world:family_limit(family)
    rows[#rows + 1] = quota("/subscriptions/" .. request.subscription.id, "vmFamily", family, limit, json.null)
    for _, workspace in ipairs(there) do
      rows[#rows + 1] = quota(id_of(workspace), "workspaces", family, limit_in_workspace(request.world, workspace, family), workspace.location)
    end
  end
  return answer.of { value = rows }
end

-- "Standard_DSv2_Family_Cluster_Dedicated_vCPUs" and "standardDSv2Family" are the same.
local function plain_name(text)
  return (text:lower():gsub("[%s_]", ""):gsub("clusterdedicatedvcpus$", ""))
end

local function family_of(segment)
  local wanted = plain_name(segment)
  for _, family in ipairs(sizes.families()) do
    if plain_name(family.name) == wanted then return family end
  end
end

local function workspace_of(request, id)
  local group_name, name = id:match "^/subscriptions/[^/]+/[rR]esource[gG]roups/([^/]+)/providers/[^/]+/workspaces/([^/]+)/"
  local group = group_name and request.world:group(request.subscription, group_name)
  return group and request.world:workspace(group, name)
end

-- Whether a limit can be set, by the words of the service; and sets it.
local function set(request, id, limit)
  local family, workspace = family_of(id:match "/quotas/([^/]+)$" or ""), workspace_of(request, id)
  if not workspace or not limit or limit < 0 then return "Failure" end
  if workspace.location ~= request.location then return "OperationNotEnabledForRegion" end
  if not family then return "InvalidVMFamilyName" end
  if limit > request.world:family_limit(family) then return "InvalidQuotaExceedsSubscriptionLimit" end
  if limit < used_in_workspace(request.world, workspace, family.name) then return "InvalidQuotaBelowClusterMinimum" end
  workspace.quotas = workspace.quotas or {}
  workspace.quotas[family.name] = limit
  request.world:save("workspace", workspace)
  return "Success"
end

--- Set limits of workspaces. Each is answered for itself: a 200 can hold failures.
function quotas.update(request)
  local rows = json.array {}
  for i, each in ipairs(check.list(check.body(request.body).value, "value") or refusal.raise("missing_property", "value")) do
    if type(each) ~= "table" then refusal.raise("wrong_type", "value", "a list of objects") end
    local id, limit = check.required(each.id, "string", "value.id"), check.whole(each.limit, "value.limit")
    rows[i] = {
      id = id, type = check.text(each.type, "value.type") or PROVIDER .. "workspaces/quotas", limit = limit, unit = "Count",
      status = set(request, id, limit),
    }
  end
  return answer.of { value = rows }
end

-- What is refused ---------------------------------------------------------------------------------

local function family_named(name)
  for _, family in ipairs(sizes.families()) do
    if family.name == name then return family end
  end
end

-- Refused where that was asked for: there is just as much as is used.
local PLANNED = {}

function PLANNED.quota_count(_, used) refusal.raise("quota_clusters", used.clusters) end
function PLANNED.quota_total(_, used, nodes, wanted) refusal.raise("quota_total", used.total, nodes, wanted, used.total) end

function PLANNED.quota_family(title, _, nodes, wanted, in_family)
  refusal.raise("quota_family", title, in_family, nodes, wanted, in_family)
end

--- Refuse where there is no quota for more.
---@param at table              a request's, with subscription and workspace
---@param size table            as sizes.find gives it
---@param more { nodes: integer?, computes: integer?, freed: integer? }?     nodes (1), computes (1), cores of the family that become free
function quotas.check(request, size, more)
  more = more or {}
  local world, workspace, nodes = request.world, request.workspace, more.nodes or 1
  local used, family = world:usage(request.subscription, workspace.location), family_named(size.family)
  local wanted, freed, in_family = size.vCPUs * nodes, more.freed or 0, used.families[size.family] or 0
  local title, limit = sizes.family_title(size.family), world:family_limit(family)
  local planned = request.trouble and PLANNED[request.trouble.name]
  if planned then return planned(title, used, nodes, wanted, in_family) end
  if used.clusters + (more.computes or 1) > world.quotas.clusters then refusal.raise("quota_clusters", world.quotas.clusters) end
  if used.total - freed + wanted > world.quotas.total then refusal.raise("quota_total", world.quotas.total, nodes, wanted, used.total) end
  if in_family - freed + wanted > limit then refusal.raise("quota_family", title, limit, nodes, wanted, in_family) end
  local own = workspace.quotas and workspace.quotas[size.family]
  if not own then return end
  in_family = used_in_workspace(world, workspace, size.family)
  if in_family - freed + wanted > own then refusal.raise("quota_workspace", workspace.name, title, own, nodes, wanted, in_family) end
end

--- What a start of one that gave its quota back fails with for lack of it; nil where there is enough.
---@param world table
---@param compute table
---@return { code: string, message: string }?
function quotas.lack(world, compute)
  if machine.holds_cores(compute) then return nil end
  local workspace = compute.workspace
  local at = { world = world, workspace = workspace, subscription = workspace.group.subscription }
  local ok, raised = pcall(quotas.check, request, sizes.find(compute.vm_size), { computes = 0 })
  if ok then return nil end
  if not refusal.is(raised) then error(raised, 0) end
  return { code = raised.code, message = raised.message }
end

return quotas
