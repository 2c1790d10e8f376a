--- List the api-versions of the resource providers whose resources the emulator serves beside those
--- of Machine Learning, whose versions are in versions.lua.
--- Source: the folders of the providers in Azure/azure-rest-api-specs.

local providers = {}

local DAYS = {
  ["Microsoft.Authorization"] = [[
    2015-07-01 2018-01-01-preview 2018-07-01 2022-04-01 2022-05-01-preview
  ]],
  ["Microsoft.Compute"] = [[
    2019-12-01 2020-06-01 2020-12-01 2021-03-01 2021-04-01 2021-07-01 2021-11-01 2022-03-01
    2022-08-01 2022-11-01 2023-03-01 2023-07-01 2023-09-01 2024-03-01 2024-07-01 2024-11-01
    2025-04-01
  ]],
  ["Microsoft.Network"] = [[
    2019-11-01 2020-03-01 2020-05-01 2020-06-01 2020-11-01 2021-02-01 2021-03-01 2021-05-01
    2021-08-01 2022-01-01 2022-05-01 2022-07-01 2022-09-01 2022-11-01 2023-02-01 2023-04-01
    2023-05-01 2023-06-01 2023-09-01 2023-11-01 2024-01-01 2024-03-01 2024-05-01 2024-07-01
    2024-10-01
  ]],
}

local lists = {}

for provider, days in pairs(DAYS) do
  local list = {}
  for day in days:gmatch "%S+" do
    list[#list + 1] = day
    list[day] = true
  end
  lists[provider] = list
end

--- Return the api-versions of a provider.
---@param provider string      "Microsoft.Network"
---@return string[] list
function providers.versions(provider)
  return lists[provider]
end

--- Tell whether a provider has an api-version.
---@param provider string
---@param version string
---@return boolean
function providers.has(provider, version)
  return lists[provider][version] == true
end

return providers
