--- Keep the quota in cores: what is used, the limits by subscription, family and workspace, and the
--- refusals for lack of quota. The sizes and their families are in sizes.lua.
--- Source: spec/contract/compute-rest.md, sections 3.15, 3.17 and 9.4.
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
    id = id,
    type = PROVIDER .. kind .. "/usages",
    unit = "Count",
    currentValue = used,
    limit = limit,
    name = { value = name, localizedValue = title },
  }
end

--- List the usages of a region, in the rows of the live service.
function quotas.usages(request)
  local world, base = request.world, "/subscriptions/" .. request.subscription.id
  local used, limits = world:usage(request.subscription, request.location), world.quotas
  local rows = json.array {
    usage(base, "totalClusters", "TotalClusters", "Total Clusters", used.clusters, limits.clusters),
    usage(base, "totalDedicatedCores", "TotalDedicatedCores",
      "Total Cluster Dedicated Regional vCPUs", used.total, limits.total),
  }
  for _, family in ipairs(world.sizes:families()) do
    local id, cores = base .. "/usages/" .. segment_of(family), used.families[family.name] or 0
    rows[#rows + 1] = usage(id, "vmFamily/dedicatedCores", family.name, title_of(family), cores,
      world:family_limit(family))
  end
  return answer.of { value = rows }
end

-- Return the cores of a family that the computes of a workspace hold.
local function used_in_workspace(world, workspace, family)
  local sum = 0
  for _, compute in ipairs(world:computes(workspace)) do
    local cores, of = 0, nil
    if not compute.gone then cores, of = quotas.cores_of(compute) end
    if of == family then sum = sum + cores end
  end
  return sum
end

--- Return the cores that a compute holds, and their family. A stopped instance keeps its cores
--- unless it releases its quota on stop. A cluster holds the cores of its nodes; low-priority nodes
--- count zero, because they have a quota of their own.
---@param compute table
---@return integer cores, string? family
function quotas.cores_of(compute)
  local size = sizes.of(compute):find(compute.target or compute.vm_size)
  local is_counted = size and machine.holds_cores(compute) and compute.priority ~= "LowPriority"
  if not is_counted then return 0, size and size.family end
  return size.vCPUs * (compute.nodes or 1), size.family
end

-- What the limits are -----------------------------------------------------------------------------

local function limit_in_workspace(world, workspace, family)
  return workspace.quotas and workspace.quotas[family.name] or world:family_limit(family)
end

local function quota(id, kind, family, limit, location)
  return {
    id = id .. "/quotas/" .. segment_of(family),
    type = PROVIDER .. kind .. "/dedicatedCores/quotas",
    unit = "Count",
    limit = limit,
    location = location,
    name = { value = family.name, localizedValue = title_of(family) },
  }
end

local function workspaces_in_region(request)
  local list = {}
  for _, workspace in ipairs(request.world:workspaces(request.subscription)) do
    if workspace.location == request.location then list[#list + 1] = workspace end
  end
  return list
end

local function id_of(workspace)
  local group = workspace.group
  return ("/subscriptions/%s/resourceGroups/%s/providers/%sworkspaces/%s"):format(
    group.subscription.id, group.name, PROVIDER, workspace.name)
end

--- List the limit of each family: for the subscription, then for each workspace of the region.
function quotas.list(request)
  local world, rows, workspaces = request.world, json.array {}, workspaces_in_region(request)
  local subscription_id = "/subscriptions/" .. request.subscription.id
  for _, family in ipairs(world.sizes:families()) do
    local limit = world:family_limit(family)
    rows[#rows + 1] = quota(subscription_id, "vmFamily", family, limit, json.null)
    for _, workspace in ipairs(workspaces) do
      local own = limit_in_workspace(world, workspace, family)
      rows[#rows + 1] = quota(id_of(workspace), "workspaces", family, own, workspace.location)
    end
  end
  return answer.of { value = rows }
end

-- Return a name that "Standard_DSv2_Family_Cluster_Dedicated_vCPUs" and "standardDSv2Family" share.
local function plain_name(text)
  return (text:lower():gsub("[%s_]", ""):gsub("clusterdedicatedvcpus$", ""))
end

local function family_of(world, segment)
  local wanted = plain_name(segment)
  for _, family in ipairs(world.sizes:families()) do
    if plain_name(family.name) == wanted then return family end
  end
end

local WORKSPACE_PATTERN = "^/subscriptions/[^/]+/[rR]esource[gG]roups/([^/]+)/providers/[^/]+"
  .. "/workspaces/([^/]+)/"

local function workspace_of(request, id)
  local group_name, name = id:match(WORKSPACE_PATTERN)
  local group = group_name and request.world:group(request.subscription, group_name)
  return group and request.world:workspace(group, name)
end

-- Set the limit of a workspace, if the service would. Return the result in the service's words.
local function set(request, id, limit)
  local world, workspace = request.world, workspace_of(request, id)
  local family = family_of(world, id:match "/quotas/([^/]+)$" or "")
  if not workspace or not limit or limit < 0 then return "Failure" end
  if workspace.location ~= request.location then return "OperationNotEnabledForRegion" end
  if not family then return "InvalidVMFamilyName" end
  if limit > world:family_limit(family) then return "InvalidQuotaExceedsSubscriptionLimit" end
  if limit < used_in_workspace(world, workspace, family.name) then
    return "InvalidQuotaBelowClusterMinimum"
  end
  workspace.quotas = workspace.quotas or {}
  workspace.quotas[family.name] = limit
  world:save("workspace", workspace)
  return "Success"
end

local function set_row(request, row)
  if type(row) ~= "table" then refusal.raise("wrong_type", "value", "a list of objects") end
  local id = check.required(row.id, "string", "value.id")
  local limit = check.whole(row.limit, "value.limit")
  return {
    id = id,
    type = check.text(row.type, "value.type") or PROVIDER .. "workspaces/quotas",
    limit = limit,
    unit = "Count",
    status = set(request, id, limit),
  }
end

--- Set limits of workspaces. Each has its own result: an answer of 200 can contain failures.
function quotas.update(request)
  local wanted = check.list(check.body(request.body).value, "value")
    or refusal.raise("missing_property", "value")
  local rows = json.array {}
  for index, row in ipairs(wanted) do rows[index] = set_row(request, row) end
  return answer.of { value = rows }
end

-- What is refused ---------------------------------------------------------------------------------

-- Planned refusals, by the name of the trouble: they state the limit as what is used now.
local PLANNED = {}

function PLANNED.quota_count(_, used)
  refusal.raise("quota_clusters", used.clusters)
end

function PLANNED.quota_total(_, used, nodes, wanted)
  refusal.raise("quota_total", used.total, nodes, wanted, used.total)
end

function PLANNED.quota_family(title, _, nodes, wanted, in_family)
  refusal.raise("quota_family", title, in_family, nodes, wanted, in_family)
end

-- Refuse if the workspace has its own limit for the family, and it does not suffice.
local function check_workspace(request, size, nodes, freed)
  local workspace, wanted = request.workspace, size.vCPUs * nodes
  local limit = workspace.quotas and workspace.quotas[size.family]
  if not limit then return end
  local used = used_in_workspace(request.world, workspace, size.family)
  if used - freed + wanted <= limit then return end
  local title = sizes.family_title(size.family)
  refusal.raise("quota_workspace", workspace.name, title, limit, nodes, wanted, used)
end

--- Refuse if the quota does not suffice for more computes.
---@param request table      with world, subscription, workspace and perhaps trouble
---@param size table         as the catalogue's find returns it
---@param more { nodes: integer?, computes: integer?, freed: integer? }?
---  nodes (1); computes (1); freed: cores of the same family that become free (0)
---@raise a refusal
function quotas.check(request, size, more)
  more = more or {}
  local world, nodes, freed = request.world, more.nodes or 1, more.freed or 0
  local used = world:usage(request.subscription, request.workspace.location)
  local wanted, in_family = size.vCPUs * nodes, used.families[size.family] or 0
  local title, limits = sizes.family_title(size.family), world.quotas
  local limit = world:family_limit(world.sizes:family(size.family))
  local planned = request.trouble and PLANNED[request.trouble.name]
  if planned then return planned(title, used, nodes, wanted, in_family) end
  if used.clusters + (more.computes or 1) > limits.clusters then
    refusal.raise("quota_clusters", limits.clusters)
  end
  if used.total - freed + wanted > limits.total then
    refusal.raise("quota_total", limits.total, nodes, wanted, used.total)
  end
  if in_family - freed + wanted > limit then
    refusal.raise("quota_family", title, limit, nodes, wanted, in_family)
  end
  check_workspace(request, size, nodes, freed)
end

--- Return the quota error of a start without a request, of an instance that released its quota on
--- stop; nil if the quota suffices.
---@param world table
---@param compute table
---@return { code: string, message: string }?
function quotas.lack(world, compute)
  if machine.holds_cores(compute) then return nil end
  local workspace = compute.workspace
  local subscription = workspace.group.subscription
  local start = { world = world, workspace = workspace, subscription = subscription }
  local size = world.sizes:find(compute.vm_size)
  local ok, raised = pcall(quotas.check, start, size, { computes = 0 })
  if ok then return nil end
  if not refusal.is(raised) then error(raised, 0) end
  return { code = raised.code, message = raised.message }
end

return quotas
