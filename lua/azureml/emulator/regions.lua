--- The regions where the service is.
local regions = {}

local NAMES = [[
  australiaeast australiasoutheast brazilsouth canadacentral canadaeast centralindia centralus eastasia eastus eastus2 francecentral
  germanywestcentral israelcentral italynorth japaneast japanwest jioindiawest koreacentral northcentralus northeurope norwayeast
  polandcentral qatarcentral southafricanorth southcentralus southeastasia southindia spaincentral swedencentral switzerlandnorth
  switzerlandwest uaenorth uksouth ukwest westcentralus westeurope westus westus2 westus3
]]

local known = {}

--- All of them, in order.
---@type string[]
regions.list = {}

for name in NAMES:gmatch "%S+" do
  known[name] = true
  regions.list[#regions.list + 1] = name
end

--- A region's name as it is written in ids: "East US" is eastus.
---@param name string
---@return string
function regions.plain(name)
  return (name:lower():gsub(" ", ""))
end

--- Whether the service is there.
---@param name string        as `plain` gives it
---@return boolean
function regions.is_known(name)
  return known[name] == true
end

return regions
