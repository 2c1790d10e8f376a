--- Serve the resource provider of Azure Machine Learning: its resource types with their
--- api-versions and regions. General tools, such as `az resource show`, choose an api-version by
--- it. No other provider is here.
--- Source: Azure Resource Manager's own reference, Microsoft.Resources/providers.
local answer = require "azureml.emulator.answer"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local regions = require "azureml.emulator.regions"
local versions = require "azureml.emulator.versions"

local providers = {}

local NAMESPACE = "Microsoft.MachineLearningServices"

-- The resource types, each with the versions that have it (nil: all).
local TYPES = {
  { "workspaces" }, { "workspaces/computes" }, { "workspaces/jobs", since = versions.jobs },
  { "workspaces/environments", since = versions.jobs },
  { "locations" }, { "locations/vmSizes" }, { "locations/usages" }, { "locations/quotas" },
  { "locations/updateQuotas" }, { "locations/computeOperationsStatus" },
  { "locations/computeOperationsResult" },
}

-- Return the versions that have a type, the newest first.
local function versions_of(row)
  local list = json.array {}
  for index = #versions.list, 1, -1 do
    local version = versions.list[index]
    if not row.since or versions.has(version, row.since) then list[#list + 1] = version end
  end
  return list
end

local function show_type(row)
  return {
    resourceType = row[1],
    locations = json.array { table.unpack(regions.list) },
    apiVersions = versions_of(row),
    capabilities = row[1] == "workspaces" and "SupportsTags, SupportsLocation" or "None",
  }
end

local function show(request)
  local types = json.array {}
  for index, row in ipairs(TYPES) do types[index] = show_type(row) end
  return {
    id = ("/subscriptions/%s/providers/%s"):format(request.subscription.id, NAMESPACE),
    namespace = NAMESPACE,
    registrationPolicy = "RegistrationRequired",
    registrationState = "Registered",
    resourceTypes = types,
  }
end

--- Get the provider.
function providers.get(request)
  return answer.of(show(request))
end

--- Refuse to get another provider.
function providers.refuse(request)
  refusal.raise("no_provider", request.segments[4])
end

--- List the providers: the only one.
function providers.list(request)
  return answer.of { value = json.array { show(request) } }
end

return providers
