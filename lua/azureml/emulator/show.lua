--- Resources as the service shows them, member for member as in the recordings.
local clock = require "azureml.emulator.clock"
local json = require "azureml.json"
local machine = require "azureml.emulator.machine"
local sizes = require "azureml.emulator.sizes"

local show = {}

local PROVIDER = "/providers/Microsoft.MachineLearningServices"
local null = json.null

--- The ARM id of a workspace.
function show.workspace_id(workspace)
  local group = workspace.group
  return ("/subscriptions/%s/resourceGroups/%s%s/workspaces/%s"):format(group.subscription.id, group.name, PROVIDER, workspace.name)
end

--- The ARM id of a compute.
function show.compute_id(workspace, name)
  return show.workspace_id(workspace) .. "/computes/" .. name
end

-- What a compute looks like before there is a machine: the answer to its PUT.
local function newborn(compute)
  return { vmSize = compute.vm_size, state = null, errors = null }
end

local function applications(compute, location)
  local host = ("https://%s.%s.instances.azureml.ms"):format(compute.name, location)
  return json.array {
    { displayName = "Jupyter", endpointUri = host .. "/tree/" },
    { displayName = "Jupyter Lab", endpointUri = host .. "/lab" },
  }
end

local function failure_of(compute)
  return compute.failure and json.array { { error = compute.failure } } or json.array {}
end

local function inner(compute, workspace, now, state)
  return {
    vmSize = compute.vm_size, imageVersion = null, subnet = compute.subnet or null,
    sshSettings = {
      sshPublicAccess = compute.ssh.access, adminUserName = "azureuser", sshPort = 50000, adminPublicKey = compute.ssh.key or null,
    },
    autologgerSettings = null, errors = failure_of(compute),
    connectivityEndpoints = {
      publicIpAddress = compute.public_ip ~= false and compute.address or null, privateIpAddress = compute.private_address,
    },
    applications = applications(compute, workspace.location),
    state = state, lastOperation = machine.last_operation(compute, now),
    createdBy = { userOrgId = compute.creator.tenant_id, userId = compute.creator.object_id },
    applicationSharingPolicy = compute.sharing or "Shared", computeInstanceAuthorizationType = compute.user and "personal" or null,
    personalComputeInstanceSettings = compute.user and { assignedUser = compute.user } or null,
    setupScripts = null, schedules = compute.schedules or { computeStartStop = json.array {} },
    enableNodePublicIp = compute.public_ip ~= false, enableBatchPrivateLink = false, enableOSPatching = false, releaseQuotaOnStop = false,
    enableSSO = true, dataMounts = null, dataDisks = null, containers = null, updateStatus = null,
    versions = { runtime = "3.0.02755.0006" }, customServices = json.array {}, idleTimeBeforeShutdown = compute.idle,
    osImageMetadata = {
      currentImageVersion = "24.06.10", latestImageVersion = "24.06.10", isLatestOsImageVersion = true, osPatchingStatus = null,
    },
  }
end

--- A compute instance, as GET and the list show it.
---@param compute table
---@param workspace table
---@param now number
---@return table
function show.compute(compute, workspace, now)
  local state = machine.state(compute, now)
  return {
    id = show.compute_id(workspace, compute.name), name = compute.name, type = "Microsoft.MachineLearningServices/workspaces/computes",
    location = workspace.location, tags = compute.tags or {}, identity = compute.identity,
    properties = {
      createdOn = clock.iso(compute.created), modifiedOn = clock.iso(compute.modified), disableLocalAuth = false,
      description = compute.description or null, resourceId = null, computeType = "ComputeInstance", computeLocation = workspace.location,
      provisioningState = machine.provisioning_state(state), provisioningErrors = null, provisioningWarnings = {},
      isAttachedCompute = false, properties = inner(compute, workspace, now, state),
    },
  }
end

--- The answer to the PUT that created it: the resource, and not yet a machine.
function show.created(compute, workspace, now)
  local shown = show.compute(compute, workspace, now)
  local properties = shown.properties
  shown.tags = compute.tags or null
  properties.provisioningState, properties.provisioningWarnings, properties.computeLocation = "Creating", null, nil
  properties.properties = newborn(compute)
  return shown
end

--- A workspace. Source: compute-rest.md, section 3.18.
function show.workspace(workspace, directory_tenant)
  local region = workspace.location
  return {
    id = show.workspace_id(workspace), name = workspace.name, type = "Microsoft.MachineLearningServices/workspaces",
    location = region, tags = {}, kind = "Default", sku = { name = "Basic", tier = "Basic" },
    properties = {
      workspaceId = workspace.id, friendlyName = workspace.name, provisioningState = "Succeeded", publicNetworkAccess = "Enabled",
      tenantId = directory_tenant, discoveryUrl = ("https://%s.api.azureml.ms/discovery"):format(region),
      notebookInfo = {
        fqdn = ("ml-%s-%s-%s.%s.notebooks.azure.net"):format(workspace.name, region, workspace.id, region),
        resourceId = workspace.id:gsub("-", ""), isPrivateLinkEnabled = false, notebookPreparationError = null,
      },
      creationTime = clock.iso(workspace.created),
    },
  }
end

--- The rows of the usages. Source: compute-rest.md, section 3.15, live rows.
function show.usages(world, subscription, location)
  local usage = world:usage(subscription, location)
  local base = "/subscriptions/" .. subscription.id
  local prefix = "Microsoft.MachineLearningServices/"
  local function row(id, kind, name, title, used, limit)
    return {
      id = id, type = prefix .. kind .. "/usages", unit = "Count", currentValue = used, limit = limit,
      name = { value = name, localizedValue = title },
    }
  end
  local rows = json.array {
    row(base, "totalClusters", "TotalClusters", "Total Clusters", usage.clusters, world.quotas.clusters),
    row(base, "totalDedicatedCores", "TotalDedicatedCores", "Total Cluster Dedicated Regional vCPUs", usage.total, world.quotas.total),
  }
  for _, family in ipairs(sizes.families()) do
    rows[#rows + 1] = row(base .. "/usages/" .. family.name:gsub(" ", "_"), "vmFamily/dedicatedCores", family.name,
      sizes.family_title(family.name) .. " Family Cluster Dedicated vCPUs", usage.families[family.name] or 0, world:family_limit(family))
  end
  return rows
end

return show
