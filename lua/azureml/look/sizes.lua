--- The sizes that a region offers to compute instances, with their prices and the quota that is
--- left for them.
--- Source: spec/contract/compute-rest.md, sections 3.16 and 9.4.
local errors = require "azureml.error"
local json = require "azureml.json"
local later = require "azureml.tool.later"
local notice = require "azureml.tool.notice"
local once = require "azureml.tool.once"
local options = require "azureml.options"
local quotas = later "azureml.look.quotas"
local region = require "azureml.look.region"
local resource = require "azureml.resource"

--- A size of virtual machines that a region offers.
---@class azureml.Size
---@field name string            "Standard_DS3_v2"
---@field family string          "standardDSv2Family"
---@field vcpus integer  virtual processors
---@field gpus integer  graphics processors
---@field memory_gb number  main memory
---@field disk_gb number?        of the temporary disk
---@field price number?          an hour of an instance, as the service estimates it; nil: unknown
---@field low_priority_price number?      an hour of a low-priority node of a cluster
---@field currency string?       of the prices: "USD"
---@field cores_left integer?    of the quota; nil: not asked for, or no limit
---@field instances_left integer?  more instances for which the quota suffices; nil: as above
---@field raw table              as the service sends it

local sizes = {}

local LIST = { method = "GET", path = "/locations/{location}/vmSizes" }

-- Reading -----------------------------------------------------------------------------------------

-- API version 2021-01-01 calls the list amlCompute.
local function sizes_in(page)
  return json.get(page, "value") or json.get(page, "amlCompute") or {}
end

local function serves_instances(raw)
  local types = json.get(raw, "supportedComputeTypes")
  if not types then return true end
  for _, name in ipairs(types) do
    if name == "ComputeInstance" then return true end
  end
  return false
end

local function number_in(raw, member)
  local number = json.get(raw, member)
  return type(number) == "number" and (math.tointeger(number) or number) or nil
end

-- Return the price of an hour: an instance runs Linux and is never of low priority. The service
-- lists the price of Windows under Linux too for some sizes, so the lowest is the right one.
local function price_of(raw, tier)
  local prices, lowest = json.get(raw, "estimatedVMPrices", "values"), nil
  for _, price in ipairs(type(prices) == "table" and prices or {}) do
    local is_right = json.get(price, "osType") == "Linux" and json.get(price, "vmTier") == tier
    local retail = is_right and number_in(price, "retailPrice")
    if retail and (not lowest or retail < lowest) then lowest = retail end
  end
  return lowest
end

local function text_in(raw, member)
  local text = json.get(raw, member)
  return type(text) == "string" and text or nil
end

local function size_of(raw)
  local disk = number_in(raw, "maxResourceVolumeMB")
  return {
    name = text_in(raw, "name"), family = text_in(raw, "family") or "",
    vcpus = number_in(raw, "vCPUs") or 0, gpus = number_in(raw, "gpus") or 0,
    memory_gb = number_in(raw, "memoryGB") or 0, disk_gb = disk and disk / 1024,
    price = price_of(raw, "Standard"), low_priority_price = price_of(raw, "LowPriority"),
    currency = json.get(raw, "estimatedVMPrices", "billingCurrency"), raw = raw,
  }
end

local function common_prefix(a, b)
  local length = 0
  while length < #a and a:sub(1, length + 1):lower() == b:sub(1, length + 1):lower() do
    length = length + 1
  end
  return length
end

local MOST_ALIKE = 5

--- Join the offered names that share the longest beginning with a name.
---@param name string
---@param offered string[]      sorted anew
---@return string
function sizes.alike(name, offered)
  table.sort(offered, function(a, b)
    local left, right = common_prefix(a, name), common_prefix(b, name)
    if left ~= right then return left > right end
    return a < b
  end)
  return table.concat(offered, ", ", 1, math.min(MOST_ALIKE, #offered))
end

-- Ask the service for the sizes of a region, cheapest first. Sizes without a price come last.
local function ask(workspace, place)
  local label = "list the sizes of " .. place
  local page = resource.call(workspace, LIST, { location = place }, { label = label })
  local found, order = {}, {}
  for _, raw in ipairs(sizes_in(page)) do
    if type(json.get(raw, "name")) ~= "string" then
      errors.raise {
        code = "InvalidReply", message = label .. ": a size of the reply has no name",
      }
    end
    if serves_instances(raw) then found[#found + 1] = size_of(raw) end
  end
  for index, size in ipairs(found) do order[size] = index end
  table.sort(found, function(a, b)
    local left, right = a.price or math.huge, b.price or math.huge
    if left ~= right then return left < right end
    return order[a] < order[b]
  end)
  return found
end

-- The sizes by client, then by subscription and region: they rarely change, and the workspaces of a
-- subscription share a client.
local kept = setmetatable({}, { __mode = "k" })

-- Return all sizes of a region.
local function all_of(workspace, place)
  local client = workspace:client()
  kept[client] = kept[client] or {}
  local name = workspace.subscription_id .. " " .. place
  return once.get(kept[client], name, function() return ask(workspace, place) end)
end

--- Return the sizes that a workspace's client has fetched so far; send nothing.
---@param workspace azureml.Workspace
---@return azureml.Size[]
function sizes.known(workspace)
  local _, slot = next(kept[workspace:client()] or {})
  return slot and slot.value or {}
end

-- Choosing ----------------------------------------------------------------------------------------

local passes_filter = {
  min_gpus = function(size, least) return size.gpus >= least end,
  max_gpus = function(size, most) return size.gpus <= most end,
  min_vcpus = function(size, least) return size.vcpus >= least end,
  max_vcpus = function(size, most) return size.vcpus <= most end,
  min_memory_gb = function(size, least) return size.memory_gb >= least end,
  max_price = function(size, most) return size.price ~= nil and size.price <= most end,
  family = function(size, text) return size.family:lower():find(text:lower(), 1, true) ~= nil end,
  available = function(size, wanted)
    return not wanted or size.instances_left == nil or size.instances_left > 0
  end,
}

--- Which sizes to list.
---@class azureml.SizeOptions
---@field location? string  another region: "westeurope"
---@field min_gpus? integer  the fewest GPUs
---@field max_gpus? integer  the most GPUs
---@field min_vcpus? integer  the fewest virtual processors
---@field max_vcpus? integer  the most virtual processors
---@field min_memory_gb? number  the least memory
---@field max_price? number  of an hour; leaves out sizes without a price
---@field family? string  a part of the family's name
---@field available? boolean  only sizes for which the quota suffices
---@field quota? boolean  fill in cores_left and instances_left; implied by available

local KNOWN = {
  location = "string", min_gpus = "number", max_gpus = "number", min_vcpus = "number",
  max_vcpus = "number", min_memory_gb = "number", max_price = "number", family = "string",
  available = "boolean", quota = "boolean",
}

local function passes(size, wanted)
  for name, value in pairs(wanted) do
    local filter = passes_filter[name]
    if filter and not filter(size, value) then return false end
  end
  return true
end

-- Copy the sizes and add what the quota leaves of each: it changes from call to call.
local function with_quota(workspace, place, list)
  local room_for, joined = quotas.room(workspace, place, list), {}
  for index, size in ipairs(list) do
    local copy = {}
    for name, value in pairs(size) do copy[name] = value end
    copy.instances_left, copy.cores_left = room_for(size)
    joined[index] = copy
  end
  return joined
end

--- List the sizes that a region offers to compute instances, cheapest first. The service is asked
--- for the sizes at the first call only, and for the quota at each call that needs it.
---@param workspace azureml.Workspace
---@param settings? azureml.SizeOptions
---@return azureml.Size[]
function sizes.list(workspace, settings)
  settings = options.check("vm_sizes", settings, KNOWN)
  local place, chosen = region.of(workspace, settings.location), {}
  local list = all_of(workspace, place)
  if not settings.location then notice.tell("priced", workspace, list) end
  if settings.quota or settings.available then list = with_quota(workspace, place, list) end
  for _, size in ipairs(list) do
    if passes(size, settings) then chosen[#chosen + 1] = size end
  end
  return chosen
end

--- Return a size of the workspace's region by its name, in any case; nil if it is not offered.
---@param workspace azureml.Workspace
---@param name string?
---@return azureml.Size?
function sizes.find(workspace, name)
  local list = all_of(workspace, region.of(workspace))
  notice.tell("priced", workspace, list)
  for _, size in ipairs(list) do
    if name and size.name:lower() == name:lower() then return size end
  end
end

--- List the names of the sizes in the same family as a size.
---@param workspace azureml.Workspace
---@param name string?       of the size
---@return string[]          names, without `name`
function sizes.like(workspace, name)
  local size, names = sizes.find(workspace, name), {}
  for _, each in ipairs(size and all_of(workspace, region.of(workspace)) or {}) do
    if each.family == size.family and each ~= size then names[#names + 1] = each.name end
  end
  return names
end

return sizes
