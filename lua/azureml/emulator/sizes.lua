--- List the sizes that the emulated regions offer: a realistic handful of families. A size has the
--- form of spec/contract/compute-rest.md, section 3.16.
local sizes = {}

-- name, family, vCPUs, gpus, GB of memory, MB of temporary disk, USD an hour; and the kinds of
-- compute it is for, if not for all. The families are in the order of the recorded usages and
-- quotas.
local rows = {
  { "Standard_D1", "standardDFamily", 1, 0, 3.5, 51200, 0.077 },
  { "Standard_D2", "standardDFamily", 2, 0, 7, 102400, 0.154 },
  { "Standard_D1_v2", "standardDv2Family", 1, 0, 3.5, 51200, 0.073 },
  { "Standard_D2_v2", "standardDv2Family", 2, 0, 7, 102400, 0.146 },
  { "Standard_D3_v2", "standardDv2Family", 4, 0, 14, 204800, 0.293 },
  { "Standard_D4_v2", "standardDv2Family", 8, 0, 28, 409600, 0.585 },
  { "Standard_D2_v3", "standardDv3Family", 2, 0, 8, 51200, 0.096 },
  { "Standard_D4_v3", "standardDv3Family", 4, 0, 16, 102400, 0.192 },
  { "Standard_DS1_v2", "standardDSv2Family", 1, 0, 3.5, 7168, 0.073 },
  { "Standard_DS2_v2", "standardDSv2Family", 2, 0, 7, 14336, 0.146 },
  { "Standard_DS3_v2", "standardDSv2Family", 4, 0, 14, 28672, 0.293 },
  { "Standard_DS4_v2", "standardDSv2Family", 8, 0, 28, 57344, 0.585 },
  { "Standard_DS5_v2", "standardDSv2Family", 16, 0, 56, 114688, 1.17 },
  { "Standard_DS11_v2", "standardDSv2Family", 2, 0, 14, 28672, 0.185 },
  { "Standard_DS12_v2", "standardDSv2Family", 4, 0, 28, 57344, 0.371 },
  { "Standard_DS13_v2", "standardDSv2Family", 8, 0, 56, 114688, 0.741 },
  { "Standard_DS14_v2", "standardDSv2Family", 16, 0, 112, 229376, 1.482 },
  { "Standard_D2s_v3", "standardDSv3Family", 2, 0, 8, 16384, 0.096 },
  { "Standard_D4s_v3", "standardDSv3Family", 4, 0, 16, 32768, 0.192 },
  { "Standard_D8s_v3", "standardDSv3Family", 8, 0, 32, 65536, 0.384 },
  { "Standard_D16s_v3", "standardDSv3Family", 16, 0, 64, 131072, 0.768 },
  { "Standard_F2s_v2", "standardFSv2Family", 2, 0, 4, 16384, 0.085 },
  { "Standard_F4s_v2", "standardFSv2Family", 4, 0, 8, 32768, 0.169 },
  { "Standard_F8s_v2", "standardFSv2Family", 8, 0, 16, 65536, 0.338 },
  { "Standard_F16s_v2", "standardFSv2Family", 16, 0, 32, 131072, 0.677 },
  { "Standard_NC6", "standardNCFamily", 6, 1, 56, 389120, 0.9 },
  { "Standard_NC12", "standardNCFamily", 12, 2, 112, 696320, 1.8 },
  { "Standard_NC6s_v3", "standardNCSv3Family", 6, 1, 112, 344064, 3.06 },
  { "Standard_NC24rs_v3", "standardNCSv3Family", 24, 4, 448, 1376256, 13.464, { "AmlCompute" } },
  { "Standard_ND6s", "standardNDSFamily", 6, 1, 112, 753664, 2.07 },
  { "Standard_NV6", "standardNVFamily", 6, 1, 56, 389120, 1.14 },
  { "Standard_E4_v3", "standardEv3Family", 4, 0, 32, 102400, 0.252 },
  { "Standard_D4ds_v4", "standardDDSv4Family", 4, 0, 16, 153600, 0.226 },
  { "Standard_D8ds_v4", "standardDDSv4Family", 8, 0, 32, 307200, 0.452 },
  { "Standard_E4s_v3", "standardESv3Family", 4, 0, 32, 65536, 0.252 },
  { "Standard_E8s_v3", "standardESv3Family", 8, 0, 64, 131072, 0.504 },
  { "Standard_E16s_v3", "standardESv3Family", 16, 0, 128, 262144, 1.008 },
  { "Standard_NC4as_T4_v3", "Standard NCASv3_T4 Family", 4, 1, 28, 180224, 0.526 },
}

local function price(retail, os_type, tier)
  return { retailPrice = retail, osType = os_type, vmTier = tier }
end

-- Tell whether a size takes premium disks: DS3, D2s, NC4as have an S behind the letters or the
-- number.
local function takes_premium_disks(name)
  return name:find "_%u*S%d" ~= nil or name:find "%d%l*s" ~= nil
end

local EVERYTHING = { "AmlCompute", "ComputeInstance", "MIR" }

local function size_of(row)
  local name, family, cores, gpus, memory, disk, hour, kinds = table.unpack(row)
  local windows = hour * 1.8
  return {
    name = name,
    family = family,
    vCPUs = cores,
    gpus = gpus,
    memoryGB = memory,
    maxResourceVolumeMB = disk,
    osVhdSizeMB = 1047552,
    lowPriorityCapable = true,
    premiumIO = takes_premium_disks(name),
    estimatedVMPrices = {
      billingCurrency = "USD",
      unitOfMeasure = "OneHour",
      values = {
        price(hour, "Linux", "Standard"),
        price(hour / 5, "Linux", "LowPriority"),
        price(windows, "Windows", "Standard"),
        price(windows / 2.5, "Windows", "LowPriority"),
      },
    },
    supportedComputeTypes = kinds or EVERYTHING,
  }
end

sizes.all = {}
local by_name, families, seen = {}, {}, {}

for index, row in ipairs(rows) do
  local size = size_of(row)
  sizes.all[index], by_name[row[1]:lower()] = size, size
  if not seen[size.family] then
    families[#families + 1] = { name = size.family, gpu = size.gpus > 0 }
  end
  seen[size.family] = true
end

--- Return a size by its name, in any case; nil if it is not offered.
---@param name string
---@return table?
function sizes.find(name)
  return by_name[name:lower()]
end

--- Tell whether a size is offered to a kind of compute.
---@param size table
---@param kind string       "ComputeInstance", "AmlCompute"
---@return boolean
function sizes.serves(size, kind)
  for _, each in ipairs(size.supportedComputeTypes) do
    if each == kind then return true end
  end
  return false
end

--- List the families in order, and whether they have GPUs.
---@return { name: string, gpu: boolean }[]
function sizes.families()
  return families
end

--- Return the title of a family: "Standard DSv2" for "standardDSv2Family". A name with spaces keeps
--- them, so that its title has double spaces, as recorded.
function sizes.family_title(family)
  local middle = family:match "^[sS]tandard(.-)Family$"
  return middle and "Standard " .. middle or family
end

return sizes
