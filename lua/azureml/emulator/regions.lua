--- List the regions where the service exists.
local regions = {}

local NAMES = [[
  australiaeast australiasoutheast brazilsouth canadacentral canadaeast centralindia centralus
  eastasia eastus eastus2 francecentral germanywestcentral israelcentral italynorth japaneast
  japanwest jioindiawest koreacentral northcentralus northeurope norwayeast polandcentral
  qatarcentral southafricanorth southcentralus southeastasia southindia spaincentral swedencentral
  switzerlandnorth switzerlandwest uaenorth uksouth ukwest westcentralus westeurope westus westus2
  westus3
]]

local known = {}

--- All regions, in order.
---@type string[]
regions.list = {}

for name in NAMES:gmatch "%S+" do
  known[name] = true
  regions.list[#regions.list + 1] = name
end

--- Return a region's name as ids spell it: "East US" becomes "eastus".
---@param name string
---@return string
function regions.plain(name)
  return (name:lower():gsub(" ", ""))
end

--- Tell whether the service exists in a region.
---@param name string      as `plain` returns it
---@return boolean
function regions.is_known(name)
  return known[name] == true
end

return regions
