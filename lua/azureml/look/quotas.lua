--- The quota of a region: what is used, how much is left, and the limits of subscription and
--- workspace. Quota is counted in cores, by family of sizes and in total.
--- Source: spec/contract/compute-rest.md, sections 3.15, 3.17 and 9.4.
local errors = require "azureml.error"
local json = require "azureml.json"
local options = require "azureml.options"
local region = require "azureml.look.region"
local resource = require "azureml.resource"
local tables = require "azureml.tool.tables"

--- What is used of a quota.
---@class azureml.Usage
---@field name string        "standardDSv2Family", "TotalDedicatedCores" or "TotalClusters"
---@field title string       for a person: "Standard DSv2 Family Cluster Dedicated vCPUs"
---@field used integer       cores; of "TotalClusters" instances and clusters
---@field limit integer?     nil: there is no limit
---@field left integer?      nil: there is no limit
---@field raw table          as the service sends it

--- A limit of a quota.
---@class azureml.Quota
---@field name string        the family: "standardDSv2Family"
---@field title string       for a person
---@field limit integer?     cores; nil: there is no limit
---@field workspace string?  whose limit it is; nil: the subscription's
---@field resource_group string?      of that workspace
---@field id string          the ARM id of the limit
---@field raw table          as the service sends it

local quotas = {}

local verbs = {
  usages = { method = "GET", path = "/locations/{location}/usages" },
  list = { method = "GET", path = "/locations/{location}/quotas" },
  set = { method = "POST", path = "/locations/{location}/updateQuotas" },
}

local NO_LIMIT = -1

-- Reading -----------------------------------------------------------------------------------------

local function refuse_row(label, what)
  errors.raise {
    code = "InvalidReply", message = ("%s: a row of the reply has no valid %s"):format(label, what),
  }
end

local function integer_in(row, member, label)
  local number = json.get(row, member)
  local integer = type(number) == "number" and math.tointeger(number)
  return integer or refuse_row(label, member)
end

local function text_in(row, label, ...)
  local text = json.get(row, ...)
  return type(text) == "string" and text or refuse_row(label, (...))
end

local function limit_in(row, label)
  local limit = integer_in(row, "limit", label)
  return limit ~= NO_LIMIT and limit or nil
end

local function usage_of(row, label)
  local used, limit = integer_in(row, "currentValue", label), limit_in(row, label)
  local name = text_in(row, label, "name", "value")
  return {
    name = name, title = json.get(row, "name", "localizedValue") or name,
    used = used, limit = limit, left = limit and math.max(0, limit - used), raw = row,
  }
end

local function quota_of(row, label)
  local id, name = text_in(row, label, "id"), text_in(row, label, "name", "value")
  local group, workspace = id:match "/[rR]esource[gG]roups/([^/]+)/.*/workspaces/([^/]+)/"
  return {
    name = name, title = json.get(row, "name", "localizedValue") or name,
    limit = limit_in(row, label), workspace = workspace, resource_group = group, id = id, raw = row,
  }
end

local function read(workspace, verb, place, label, convert)
  local rows = {}
  for row in resource.list(workspace, verb, { location = place }, { label = label }) do
    rows[#rows + 1] = convert(row, label)
  end
  return rows
end

--- Which region to ask.
---@class azureml.RegionOptions
---@field location? string  another region than the workspace's: "westeurope"

local LOCATION = { location = "string" }

--- List what is used of the quota of a region.
---@param workspace azureml.Workspace
---@param settings? { location: string? }      default: the workspace's region
---@return azureml.Usage[]
function quotas.usages(workspace, settings)
  settings = options.check("usages", settings, LOCATION)
  local place = region.of(workspace, settings.location)
  return read(workspace, verbs.usages, place, "list the usages of " .. place, usage_of)
end

--- List the limits of a region: each family for the subscription, and for each workspace there.
---@param workspace azureml.Workspace
---@param settings? { location: string? }      default: the workspace's region
---@return azureml.Quota[]
function quotas.list(workspace, settings)
  settings = options.check("quotas", settings, LOCATION)
  local place = region.of(workspace, settings.location)
  return read(workspace, verbs.list, place, "list the quotas of " .. place, quota_of)
end

-- Setting -----------------------------------------------------------------------------------------

local function is_of(quota, workspace)
  return quota.workspace ~= nil and quota.workspace:lower() == workspace.name:lower()
    and quota.resource_group:lower() == workspace.resource_group:lower()
end

-- Return the limits of the workspace by the family's name in lower case.
local function own_limits(workspace, list)
  local own = {}
  for _, quota in ipairs(list) do
    if is_of(quota, workspace) then own[quota.name:lower()] = quota end
  end
  return own
end

local function check_limit(family, limit)
  if type(family) ~= "string" then
    errors.mistake("set_quotas: limits by family expected, as { standardDSv2Family = 24 }")
  end
  if math.type(limit) ~= "integer" or limit < 0 then
    options.refuse("the limit of %s must be a whole number of cores, 0 or more, not %s", family,
      tostring(limit))
  end
end

-- Return the rows of the request. The ids come from the list: they spell some families in another
-- way than the families' names.
local function rows_of(workspace, limits, own)
  local rows = json.array {}
  for _, family in ipairs(tables.keys(limits)) do
    local quota = own[family:lower()]
    if not quota then
      options.refuse("'%s' is not a family of this region; there are %s", family,
        tables.excerpt(tables.keys(own), 40))
    end
    rows[#rows + 1] = {
      id = quota.id, type = quota.raw.type, limit = limits[family], unit = quota.raw.unit,
    }
  end
  if #rows == 0 then errors.mistake("set_quotas: no limit is given for %s", tostring(workspace)) end
  return rows
end

-- What the statuses of a refused row mean.
local MEANINGS = {
  InvalidQuotaBelowClusterMinimum = "the computes of the workspace use more than that",
  InvalidQuotaExceedsSubscriptionLimit = "the limit of the subscription is lower",
  InvalidVMFamilyName = "the service does not know this family",
  OperationNotSupportedForSku = "this family has no limits for workspaces",
  OperationNotEnabledForRegion = "this region has no limits for workspaces",
  Failure = "the service gives no reason",
  Undefined = "the service gives no reason",
}

local function failures_in(rows, wanted)
  local failures, answered = {}, {}
  for _, row in ipairs(rows) do
    local id, status = tostring(json.get(row, "id")), json.get(row, "status")
    answered[id:lower()] = status
  end
  for _, row in ipairs(wanted) do
    local status = answered[row.id:lower()] or "Undefined"
    if status ~= "Success" then
      failures[#failures + 1] = {
        code = status, target = row.id,
        message = ("%s = %d: %s (%s)"):format(row.id:match "[^/]+$", row.limit,
          MEANINGS[status] or "refused", status),
      }
    end
  end
  return failures
end

--- Set limits of the workspace.
---@param workspace azureml.Workspace
---@param limits table<string, integer>        cores by family: { standardDSv2Family = 24 }
---@param settings? { location: string? }      default: the workspace's region
---@return azureml.Quota[]       the limits of the workspace afterwards, in the order of their names
---@raise an error object `QuotaRefused` with a detail for each limit that the service refused; the
---  other limits are set
function quotas.set(workspace, limits, settings)
  settings = options.check("set_quotas", settings, LOCATION)
  if type(limits) ~= "table" then
    errors.mistake("set_quotas: limits by family expected, got %s", type(limits))
  end
  for family, limit in pairs(limits) do check_limit(family, limit) end
  local place = region.of(workspace, settings.location)
  local rows = rows_of(workspace, limits, own_limits(workspace, quotas.list(workspace, settings)))
  local label = ("set the quotas of %s"):format(workspace.name)
  local came, reply = resource.call(workspace, verbs.set, { location = place },
    { label = label, body = { value = rows } })
  local failures = failures_in(json.get(came, "value") or {}, rows)
  if #failures > 0 then
    errors.raise {
      code = "QuotaRefused", details = failures, request_id = reply.headers["x-ms-request-id"],
      message = ("%s: %d of %d refused"):format(label, #failures, #rows),
    }
  end
  return tables.values(own_limits(workspace, quotas.list(workspace, settings)), function(a, b)
    return a.name < b.name
  end)
end

-- Room for more -----------------------------------------------------------------------------------

local COMPUTES = { method = "GET", path = "computes" }

-- Return the size and the number of nodes for which a compute holds quota.
local function held_by(compute)
  local properties = json.get(compute, "properties", "properties")
  local kind = json.get(compute, "properties", "computeType")
  local size = json.get(properties, "vmSize")
  if kind == "ComputeInstance" then
    local releases = json.get(properties, "releaseQuotaOnStop") == true
    return size, releases and json.get(properties, "state") == "Stopped" and 0 or 1
  end
  local is_counted = kind == "AmlCompute" and json.get(properties, "vmPriority") ~= "LowPriority"
  return size, is_counted and json.get(properties, "currentNodeCount") or 0
end

-- Return the cores that the computes of the workspace hold, by the family's name in lower case.
local function cores_held(workspace, sizes)
  local by_size, held = {}, {}
  for _, size in ipairs(sizes) do by_size[size.name:lower()] = size end
  local label = "list the computes of " .. workspace.name
  for compute in resource.list(workspace, COMPUTES, {}, { label = label }) do
    local name, nodes = held_by(compute)
    local size = type(name) == "string" and by_size[name:lower()]
    if size and math.tointeger(nodes) then
      local family = size.family:lower()
      held[family] = (held[family] or 0) + size.vcpus * math.tointeger(nodes)
    end
  end
  return held
end

local function least(...)
  local found
  for i = 1, select("#", ...) do
    local number = select(i, ...)
    if number and (not found or number < found) then found = number end
  end
  return found
end

local function by_name(list)
  local named = {}
  for _, row in ipairs(list) do
    if not row.workspace then named[row.name:lower()] = row end
  end
  return named
end

-- Return what the limits of the workspace leave, by family. Only a limit below the subscription's
-- can be the narrower one; the computes of the workspace are listed if there is such a limit.
local function left_to_workspace(workspace, place, sizes)
  local list, left, held = quotas.list(workspace, { location = place }), {}, nil
  local general = by_name(list)
  for family, own in pairs(own_limits(workspace, list)) do
    local limit = general[family] and general[family].limit
    if own.limit and (not limit or own.limit < limit) then
      held = held or cores_held(workspace, sizes)
      left[family] = math.max(0, own.limit - (held[family] or 0))
    end
  end
  return left
end

--- Return a function that tells for how many more instances of a size the quota suffices: of the
--- family, of the region in total, of the number of computes, and of the workspace.
---@param workspace azureml.Workspace
---@param place string                   the region
---@param sizes azureml.Size[]           all sizes of the region
---@return fun(size: azureml.Size): integer?, integer?      instances, and cores left; nil: no limit
function quotas.room(workspace, place, sizes)
  local usages = by_name(quotas.usages(workspace, { location = place }))
  local own = left_to_workspace(workspace, place, sizes)
  local function left_of(name) return usages[name] and usages[name].left end
  local total, computes = left_of "totaldedicatedcores", left_of "totalclusters"
  return function(size)
    local family = size.family:lower()
    local cores = least(left_of(family), total, own[family])
    return least(cores and cores // math.max(1, size.vcpus), computes), cores
  end
end

return quotas
