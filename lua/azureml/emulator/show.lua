--- Show resources as the service does, with the members of the recordings. Their states come from
--- machine/init.lua.
local clock = require "azureml.emulator.clock"
local discovery = require "azureml.emulator.discovery"
local endpoints = require "azureml.emulator.endpoints"
local identities = require "azureml.emulator.identities"
local json = require "azureml.json"
local machine = require "azureml.emulator.machine"
local mounts = require "azureml.emulator.machine.mounts"
local schedules = require "azureml.emulator.machine.schedules"
local services = require "azureml.emulator.machine.services"
local setup = require "azureml.emulator.machine.setup"
local tables = require "azureml.tool.tables"
local versions = require "azureml.emulator.versions"

local show = {}

-- Image versions as the recordings have them: yy.mm.dd.
local LATEST_IMAGE, OLD_IMAGE = "24.06.10", "23.12.19"

local PROVIDER = "/providers/Microsoft.MachineLearningServices"
local null = json.null

--- Return the ARM id of a workspace.
function show.workspace_id(workspace)
  local group = workspace.group
  return ("/subscriptions/%s/resourceGroups/%s%s/workspaces/%s"):format(
    group.subscription.id, group.name, PROVIDER, workspace.name)
end

--- Return the ARM id of a compute.
function show.compute_id(workspace, name)
  return show.workspace_id(workspace) .. "/computes/" .. name
end

local function applications(compute, location)
  local host = compute.host and compute.host:address(compute)
    or ("https://%s.%s.instances.azureml.ms"):format(compute.name, location)
  local list = json.array {
    { displayName = "Jupyter", endpointUri = host .. "/tree/" },
    { displayName = "Jupyter Lab", endpointUri = host .. "/lab" },
  }
  return tables.append(list, services.applications(compute.services, compute.name, location))
end

local function errors_of(compute)
  return compute.failure and json.array { { error = compute.failure } } or json.array {}
end

local function default_to(value, default)
  if value == nil then return default end
  return value
end

local function root_access_of(compute, version)
  if not versions.shows(version, "enableRootAccess") then return nil end
  return default_to(compute.root_access, true)
end

-- Show the properties of an instance. Like the service, send members that the swagger of the
-- version does not list, and null for unset members. Leave out members that no recording has.
-- Source: spec/contract/compute-rest.md, section 14.
local function inside_instance(compute, location, now, version)
  local has_public_ip = compute.public_ip ~= false
  local seat = compute.seat or {}      -- of a real computer
  return {
    vmSize = compute.vm_size:upper(),
    imageVersion = null,
    subnet = compute.subnet or null,
    sshSettings = {
      sshPublicAccess = compute.ssh.access,
      adminUserName = seat.user or "azureuser",
      sshPort = seat.port or 50000,
      adminPublicKey = compute.ssh.key or null,
    },
    autologgerSettings = compute.autologger and { mlflowAutologger = compute.autologger } or null,
    errors = errors_of(compute),
    connectivityEndpoints = {
      publicIpAddress = has_public_ip and (seat.address or compute.address) or null,
      privateIpAddress = seat.private_address or compute.private_address,
    },
    applications = applications(compute, location),
    state = machine.state(compute, now),
    lastOperation = machine.last_operation(compute, now),
    createdBy = { userOrgId = compute.creator.tenant_id, userId = compute.creator.object_id },
    applicationSharingPolicy = compute.sharing or "Shared",
    computeInstanceAuthorizationType = compute.authorization
      or compute.user and "personal" or null,
    personalComputeInstanceSettings = compute.user and { assignedUser = compute.user } or null,
    setupScripts = setup.show(compute.scripts),
    schedules = schedules.show(compute.schedules),
    enableNodePublicIp = has_public_ip,
    enableBatchPrivateLink = false,
    enableOSPatching = default_to(compute.patching, false),
    releaseQuotaOnStop = default_to(compute.release_quota, false),
    enableSSO = default_to(compute.sso, true),
    enableRootAccess = root_access_of(compute, version),
    dataMounts = mounts.show(compute, now),
    dataDisks = null,
    containers = null,
    updateStatus = null,
    versions = { runtime = "3.0.02755.0006" },
    customServices = services.show(compute.services),
    idleTimeBeforeShutdown = compute.idle,
    osImageMetadata = {
      currentImageVersion = compute.is_outdated and OLD_IMAGE or LATEST_IMAGE,
      latestImageVersion = LATEST_IMAGE,
      isLatestOsImageVersion = not compute.is_outdated,
      osPatchingStatus = null,
    },
  }
end

-- Return the members of a cluster that have values only while no verb runs: the number of nodes,
-- the counts by node state, and the allocation state.
local function nodes_of(compute, now)
  if machine.is_busy(compute, now) then return null, null, null end
  local counts = { idleNodeCount = compute.nodes }
  for _, word in ipairs { "preparing", "running", "unusable", "leaving", "preempted" } do
    counts[word .. "NodeCount"] = 0
  end
  return compute.nodes, counts, "Steady"
end

local function inside_cluster(compute, _, now)
  local nodes, counts, allocation = nodes_of(compute, now)
  local is_steady = allocation ~= null
  local settled = is_steady and clock.iso(machine.settled_at(compute), 3) or nil
  return {
    vmSize = compute.vm_size,
    vmPriority = compute.priority,
    subnet = compute.subnet or null,
    scaleSettings = {
      maxNodeCount = compute.scale.most,
      minNodeCount = compute.scale.least,
      nodeIdleTimeBeforeScaleDown = compute.scale.idle or null,
    },
    currentNodeCount = nodes,
    targetNodeCount = nodes,
    nodeStateCounts = counts,
    allocationState = allocation,
    allocationStateTransitionTime = settled,
    errors = compute.failure and errors_of(compute) or null,
    remoteLoginPortPublicAccess = compute.remote_login,
    osType = compute.system,
    virtualMachineImage = compute.image or null,
    isolatedNetwork = default_to(compute.isolated, false),
    enableNodePublicIp = compute.public_ip ~= false,
    enableBatchPrivateLink = false,
    propertyBag = is_steady and {} or nil,
  }
end

local inside = { ComputeInstance = inside_instance, AmlCompute = inside_cluster }

-- The innermost properties in the answer to a PUT, by kind: there is no machine yet.
local newborn = {}

function newborn.ComputeInstance(shown)
  return { vmSize = shown.vmSize, state = null, errors = null }
end

function newborn.AmlCompute(shown)
  -- As recorded.
  shown.vmPriority = shown.vmPriority == "Dedicated" and null or shown.vmPriority
  return shown
end

local CLUSTER_ID = "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.BatchAI/workspaces/%s"
  .. "/clusters/%s"

local function cluster_id(compute, workspace)
  local group = workspace.group
  return CLUSTER_ID:format(group.subscription.id, group.name, workspace.name, compute.name)
end

--- Show a compute as GET and the list do.
---@param compute table
---@param workspace table
---@param now number
---@param version string?      the api-version of the request; nil: without members that some hide
---@return table
function show.compute(compute, workspace, now, version)
  machine.catch_up(compute, now)
  local kind = compute.kind or "ComputeInstance"
  local state = machine.provisioning_state(compute, now)
  local has_failed = state == "Failed" and compute.failure
  return {
    id = show.compute_id(workspace, compute.name),
    name = compute.name,
    type = "Microsoft.MachineLearningServices/workspaces/computes",
    location = workspace.location,
    tags = compute.tags or {},
    identity = identities.show(compute.identity),
    properties = {
      createdOn = clock.iso(compute.created),
      modifiedOn = clock.iso(compute.modified),
      disableLocalAuth = compute.no_local_auth == true,
      description = compute.description or null,
      computeType = kind,
      computeLocation = workspace.location,
      provisioningState = state,
      resourceId = state == "Updating" and cluster_id(compute, workspace) or null,
      provisioningErrors = has_failed and errors_of(compute) or null,
      provisioningWarnings = {},
      isAttachedCompute = false,
      properties = inside[kind](compute, workspace.location, now, version),
    },
  }
end

--- Show a compute as the answer to the PUT that created it: there is no machine yet.
function show.created(compute, workspace, now)
  local shown = show.compute(compute, workspace, now)
  local properties = shown.properties
  shown.tags = compute.tags or null
  properties.provisioningState = "Creating"
  properties.provisioningWarnings, properties.computeLocation = null, nil
  properties.properties = newborn[properties.computeType](properties.properties)
  return shown
end

-- Return the ids of the resources that a workspace stands on. They are names alone: the emulator
-- has no such resources. Their names are made as the portal makes them.
local function companions_of(workspace)
  local group = workspace.group
  local base = ("/subscriptions/%s/resourceGroups/%s/providers/"):format(
    group.subscription.id, group.name)
  local name = workspace.name:lower():gsub("[^%w]", ""):sub(1, 10) .. workspace.id:sub(1, 8)
  return {
    storageAccount = base .. "Microsoft.Storage/storageAccounts/" .. name,
    keyVault = base .. "Microsoft.KeyVault/vaults/" .. name,
    applicationInsights = base .. "Microsoft.Insights/components/" .. name,
    containerRegistry = base .. "Microsoft.ContainerRegistry/registries/" .. name,
  }
end

--- Show a workspace. Source: spec/contract/compute-rest.md, section 3.18.
---@param workspace table
---@param tenant_id string
---@param origin string      by which the client reaches the emulator
---@return table
function show.workspace(workspace, tenant_id, origin)
  local region, name, id = workspace.location, workspace.name, workspace.id
  local data_plane = endpoints.of(origin, region).data_plane
  local mode = workspace.managed_network
  if mode == true then mode = "AllowInternetOutbound" end
  local network = mode and { isolationMode = mode } or nil
  return {
    id = show.workspace_id(workspace),
    name = name,
    type = "Microsoft.MachineLearningServices/workspaces",
    location = region,
    tags = {},
    kind = "Default",
    sku = { name = "Basic", tier = "Basic" },
    properties = tables.merge(companions_of(workspace), {
      workspaceId = id,
      friendlyName = name,
      provisioningState = "Succeeded",
      publicNetworkAccess = "Enabled",
      tenantId = tenant_id,
      discoveryUrl = data_plane .. discovery.path,
      mlFlowTrackingUri = data_plane:gsub("^https?", "azureml") .. "/mlflow/v1.0"
        .. show.workspace_id(workspace),
      notebookInfo = {
        fqdn = ("ml-%s-%s-%s.%s.notebooks.azure.net"):format(name, region, id, region),
        resourceId = id:gsub("-", ""),
        isPrivateLinkEnabled = false,
        notebookPreparationError = null,
      },
      creationTime = clock.iso(workspace.created),
      managedNetwork = network,
    }),
  }
end

return show
