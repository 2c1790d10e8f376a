--- Keep the catalogue of sizes that a world offers: those of size_table.lua and those of its seed.
--- A size has the form of spec/contract/compute-rest.md, section 3.16. The same catalogue serves
--- all regions of a world.
local groups = require "azureml.emulator.size_table"

local sizes = {}

local Catalogue = {}
Catalogue.__index = Catalogue

local KINDS = { A = "AmlCompute", C = "ComputeInstance", M = "MIR", S = "AmlSpark" }

-- The USD an hour that a core under Windows costs more than under Linux, as recorded; and the part
-- of the price that a low-priority machine costs.
local WINDOWS_CORE, LOW_LINUX, LOW_WINDOWS = 0.046, 0.2, 0.4

local function price(retail, os_type, tier)
  return { retailPrice = retail, osType = os_type, vmTier = tier }
end

-- The sizes for which the service lists the prices of Windows under Linux, too.
local LISTED_TWICE = "^Standard_[DE]%d+ads_v5$"

local function prices(facts)
  local linux = facts.price
  if not linux then return nil end
  local windows = linux + WINDOWS_CORE * facts.vcpus
  local values = {
    price(linux, "Linux", "Standard"),
    price(linux * LOW_LINUX, "Linux", "LowPriority"),
    price(windows, "Windows", "Standard"),
    price(windows * LOW_WINDOWS, "Windows", "LowPriority"),
  }
  if facts.name:find(LISTED_TWICE) then
    table.insert(values, 1, price(windows, "Linux", "Standard"))
    table.insert(values, 2, price(windows * LOW_WINDOWS, "Linux", "LowPriority"))
  end
  return { billingCurrency = "USD", unitOfMeasure = "OneHour", values = values }
end

-- Tell whether a size takes premium disks: DS3, D2s, NC4as have an S behind the letters or the
-- number, and all sizes of the series M take them.
local function takes_premium_disks(name)
  return name:find "_%u*S%d" ~= nil or name:find "%d%l*s" ~= nil or name:find "_M%d" ~= nil
end

-- Tell whether a name has one of the patterns.
local function has(name, patterns)
  for _, pattern in ipairs(patterns) do
    if name:find(pattern) then return true end
  end
  return false
end

-- The machines of the second generation, and those with InfiniBand.
local SECOND = {
  "_FX%d", "_H[BC]%d", "_M%d+m?s_v2$", "_NC%d+.*_[AH]100_", "_ND40", "_ND96",
}
local INFINIBAND = { "_H[BC]%d", "_NC24rs", "_ND40", "_ND96" }

-- Return a size of the facts that a line of the table or a seed gives.
local function size_of(facts)
  return {
    name = facts.name,
    family = facts.family,
    vCPUs = facts.vcpus,
    gpus = facts.gpus or 0,
    memoryGB = facts.memory_gb,
    maxResourceVolumeMB = facts.disk_mb or 0,
    osVhdSizeMB = 1047552,
    lowPriorityCapable = not facts.no_low_priority,
    premiumIO = takes_premium_disks(facts.name),
    estimatedVMPrices = prices(facts),
    supportedComputeTypes = facts.compute_types,
    generation = has(facts.name, SECOND) and "gen2" or "gen1",
    supportsIB = has(facts.name, INFINIBAND),
  }
end

local LINE = "(%S+) (%S+) (%S+) (%S+) (%S+) (%u+)(!?) (%S+)"

local function kinds_of(letters)
  local kinds = {}
  for letter in letters:gmatch "%u" do kinds[#kinds + 1] = KINDS[letter] end
  return kinds
end

-- Read the sizes of the table.
local function recorded()
  local list = {}
  for _, group in ipairs(groups) do
    for name, cores, gpus, memory, disk, kinds, mark, hour in group[2]:gmatch(LINE) do
      list[#list + 1] = size_of {
        name = "Standard_" .. name,
        family = group[1],
        vcpus = math.tointeger(cores),
        gpus = math.tointeger(gpus),
        memory_gb = tonumber(memory),
        disk_mb = math.tointeger(disk),
        no_low_priority = mark == "!",
        compute_types = kinds_of(kinds),
        price = tonumber(hour),
      }
    end
  end
  return list
end

local all_recorded = recorded()

local EVERYTHING = { "AmlCompute", "ComputeInstance", "MIR" }

-- Return the family of a size by the usual rule: "standardEDSv6Family" for "Standard_E4ds_v6".
local function family_of(name)
  local head, version = name:match "^[^_]*_?([^_]+)_?(.-)$"
  return ("standard%s%sFamily"):format(head:gsub("%d", ""):upper(), version)
end

-- Return a size of what a seed gives.
local function seeded(given)
  local facts = {}
  for name, value in pairs(given) do facts[name] = math.tointeger(value) or value end
  facts.family = given.family or family_of(given.name)
  facts.memory_gb = given.memory_gb or facts.vcpus * 4
  facts.compute_types = given.compute_types or EVERYTHING
  return size_of(facts)
end

---@class azureml.emulator.SizeSeed
---@field name string                "Standard_B2s"
---@field vcpus integer
---@field gpus integer?              0
---@field memory_gb number?          4 for each vCPU
---@field disk_mb integer?           of temporary disk; 0
---@field price number?              USD an hour under Linux; nil: the list shows no price
---@field family string?             by default derived from the name
---@field compute_types string[]?    AmlCompute, ComputeInstance and MIR

--- Make a catalogue of the recorded sizes and more. A size of the same name is replaced.
---@param more azureml.emulator.SizeSeed[]?
---@return table catalogue      all: the sizes in order
function sizes.new(more)
  local self = setmetatable({ all = {}, by_name = {}, by_family = {}, order = {} }, Catalogue)
  for _, size in ipairs(all_recorded) do self:add(size) end
  for _, given in ipairs(more or {}) do self:add(seeded(given)) end
  return self
end

--- Add a size, or replace the size of the same name.
---@param size table
function Catalogue:add(size)
  local key = size.name:lower()
  local index = #self.all + 1
  for i, each in ipairs(self.by_name[key] and self.all or {}) do
    if each.name:lower() == key then index = i end
  end
  self.all[index], self.by_name[key] = size, size
  if self.by_family[size.family] then return end
  local family = { name = size.family, gpu = size.gpus > 0 }
  self.by_family[size.family] = family
  self.order[#self.order + 1] = family
end

--- Return a size by its name, in any case; nil if it is not offered.
---@param name string
---@return table?
function Catalogue:find(name)
  return self.by_name[name:lower()]
end

--- List the families in order, and whether they have GPUs.
---@return { name: string, gpu: boolean }[]
function Catalogue:families()
  return self.order
end

--- Return a family by its exact name; nil if no size belongs to it.
---@param name string
---@return { name: string, gpu: boolean }?
function Catalogue:family(name)
  return self.by_family[name]
end

--- The catalogue of a world whose seed adds no sizes.
sizes.recorded = sizes.new()

--- Return the catalogue of a compute's world; the recorded sizes for a record outside of a world.
---@param compute table
---@return table
function sizes.of(compute)
  return compute.sizes or sizes.recorded
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

--- Return the title of a family: "Standard DSv2" for "standardDSv2Family". A name with spaces keeps
--- them, so that its title has double spaces, as recorded.
function sizes.family_title(family)
  local middle = family:match "^[sS]tandard(.-)Family$"
  return middle and "Standard " .. middle or family
end

return sizes
