--- The api-versions of the service, and what differs between them.
--- Sources: spec/contract/compute-rest.md, sections 1, 2, 7.3 and 14.
local inferred = require "azureml.emulator.inferred"
local tables = require "azureml.tables"

local versions = {}

-- Of each day the suffix that it was published with; those of 2021-04-01 to 2021-07-01 lack what had come with the preview before them.
local PREVIEWS = [[
  2021-03-01 2022-01-01 2022-02-01 2022-06-01 2022-10-01 2022-12-01 2023-02-01 2023-04-01 2023-06-01 2023-08-01 2024-01-01 2024-04-01
  2024-07-01 2024-10-01 2025-01-01 2025-04-01 2025-07-01 2025-10-01 2026-03-15 2026-05-15
]]
local STABLE = [[
  2021-01-01 2021-04-01 2021-07-01 2022-05-01 2022-10-01 2023-04-01 2023-10-01 2024-04-01 2024-10-01 2025-04-01 2025-06-01
  2025-09-01 2025-12-01 2026-03-01 2026-05-01
]]

local known = {}

for day in PREVIEWS:gmatch "%S+" do known[day .. "-preview"] = true end
for day in STABLE:gmatch "%S+" do known[day] = true end

--- All of them, in order.
---@type string[]
versions.list = tables.keys(known)

--- Whether the service has a version.
function versions.is_known(version)
  return known[version] == true
end

local function split(version)
  return version:sub(1, 10), #version > 10
end

-- member of an instance -> the first preview and the first stable version that know it; without one it is in no such version
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

--- Whether a version takes a member in the body of a PUT; one that it does not know it accepts without effect.
---@param version string
---@param member string
---@return boolean
function versions.takes(version, member)
  local row = since[member]
  return not row or is_since(row, version)
end

--- Whether a version has a verb that is not in all of them.
---@param version string
---@param row { [1]: string?, [2]: string?, only: table<string, true>? }      first preview, first stable version, single ones beside them
---@return boolean
function versions.has(version, row)
  return row.only and row.only[version] or is_since(row, version)
end

--- What the array of the sizes is called.
function versions.sizes_member(version)
  return version == "2021-01-01" and "amlCompute" or "value"
end

--- The versions that have each of the verbs that are not in all of them.
versions.verbs = inferred.verbs

--- What a delete of nothing is answered with.
---@return integer status
function versions.nothing_there(version)
  return version == "2021-01-01" and 200 or 204
end

--- Those that have jobs.
versions.jobs = { "2022-02-01", "2022-05-01" }

return versions
