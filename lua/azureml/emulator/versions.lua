--- List the api-versions of the service and what differs between them. What no source states comes
--- from inferred.lua.
--- Source: spec/contract/compute-rest.md, sections 1, 2, 7.3 and 14.
local inferred = require "azureml.emulator.inferred"
local tables = require "azureml.tool.tables"

local versions = {}

-- A version is a day with or without "-preview". The stable versions 2021-04-01 to 2021-07-01 lack
-- what the preview before them had. 2020-02-02 is in no specification: the v1 SDK sends it.
local PREVIEWS = [[
  2020-02-18 2020-04-01 2020-05-01 2020-05-15 2020-09-01
  2021-03-01 2022-01-01 2022-02-01 2022-06-01 2022-10-01 2022-12-01 2023-02-01 2023-04-01
  2023-06-01 2023-08-01 2024-01-01 2024-04-01 2024-07-01 2024-10-01 2025-01-01 2025-04-01
  2025-07-01 2025-10-01 2026-03-15 2026-05-15
]]
local STABLE = [[
  2018-11-19 2019-05-01 2019-06-01 2019-11-01 2020-01-01 2020-02-02 2020-03-01 2020-04-01
  2020-06-01 2020-08-01
  2021-01-01 2021-04-01 2021-07-01 2022-05-01 2022-10-01 2023-04-01 2023-10-01 2024-04-01
  2024-10-01 2025-04-01 2025-06-01 2025-09-01 2025-12-01 2026-03-01 2026-05-01
]]

local known = {}

for day in PREVIEWS:gmatch "%S+" do known[day .. "-preview"] = true end
for day in STABLE:gmatch "%S+" do known[day] = true end

--- All api-versions, in order.
---@type string[]
versions.list = tables.keys(known)

--- Tell whether the service has an api-version.
function versions.is_known(version)
  return known[version] == true
end

local function split(version)
  return version:sub(1, 10), #version > 10
end

-- member of an instance -> the first preview and the first stable version that know it. Without a
-- stable version, no stable version knows it.
local since = {
  setupScripts = { "2020-09-01", "2021-01-01" },
  schedules = { "2021-03-01", "2022-05-01" },
  enableNodePublicIp = { "2021-03-01", "2022-05-01" },
  customServices = { "2022-06-01", "2023-04-01" },
  idleTimeBeforeShutdown = { "2022-06-01", "2025-12-01" },
  autologgerSettings = { "2022-10-01" },
  enableSSO = { "2023-08-01", "2025-12-01" },
  enableOSPatching = { "2023-08-01" },
  enableRootAccess = { "2023-08-01" },
  releaseQuotaOnStop = { "2023-08-01" },
}

local function is_since(row, version)
  local day, is_preview = split(version)
  local first = row[is_preview and 1 or 2]
  return first ~= nil and day >= first
end

--- Tell whether a version knows a member in the body of a PUT. The service ignores unknown members.
---@param version string
---@param member string
---@return boolean
function versions.takes(version, member)
  local row = since[member]
  return not row or is_since(row, version)
end

--- Tell whether an answer shows a member in a version.
---@param version string?      nil: a version without preview members
---@param member string
---@return boolean
function versions.shows(version, member)
  return not inferred.hidden[member] or version ~= nil and versions.takes(version, member)
end

--- Tell whether a version has a verb that some versions lack.
---@param version string
---@param row { [1]: string?, [2]: string?, only: table<string, true>? }
---  the first preview, the first stable version, and single versions besides
---@return boolean
function versions.has(version, row)
  return row.only and row.only[version] or is_since(row, version)
end

-- The first specifications differ from the later ones in what follows. 2021-01-01 is the last with
-- some of it, 2021-03-01-preview with the rest.
local LAST_AML_COMPUTE, LAST_EARLY = "2021-01-01", "2021-03-01-preview"

--- Return the name of the array in the list of sizes.
function versions.sizes_member(version)
  return version <= LAST_AML_COMPUTE and "amlCompute" or "value"
end

--- The versions that have each of the verbs that some versions lack.
versions.verbs = inferred.verbs

--- Return the status of a DELETE of a compute that does not exist.
---@return integer status
function versions.nothing_there(version)
  return version <= LAST_EARLY and 200 or 204
end

--- Tell whether the list of a cluster's nodes says of which type the compute is.
---@return boolean
function versions.tells_type_of_nodes(version)
  return version <= LAST_EARLY
end

--- Return the status of an accepted start, stop or restart.
---@param version string
---@param verb string
---@return integer status
function versions.accepted(version, verb)
  if version < "2021-01-01" then return 200 end
  return verb == "restart" and version == LAST_EARLY and 200 or 202
end

--- The first preview and the first stable version with jobs.
versions.jobs = { "2022-02-01", "2022-05-01" }

return versions
