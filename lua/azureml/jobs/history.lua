--- The run history of a workspace: when a job ran, why it failed, where its logs are. It is a
--- service of the region beside Resource Manager, with tokens of an audience of its own.
--- Source: spec/contract/compute-rest.md, section 13.
local json = require "azureml.json"
local resource = require "azureml.resource"

--- What the run history knows of a job.
---@class azureml.JobDetails
---@field status string?  as the run history words it
---@field started_on string?     ISO 8601
---@field ended_on string?       ISO 8601
---@field error { code: string?, message: string? }?     why the job failed or was canceled
---@field warnings string[]  what the run history warns of
---@field log_files table<string, string>     name -> URL: "user_logs/std_log.txt"; a URL opens the
---  file without a token, so it is private
---@field raw table              as the service sends it

local history = {}

local PATH = "/history/v1.0"

local function texts_of(map)
  local texts = {}
  for name, value in pairs(type(map) == "table" and map or {}) do
    if type(name) == "string" and type(value) == "string" then texts[name] = value end
  end
  return texts
end

-- Return the root error of a run; nil: it has none.
local function error_of(raw)
  local code = json.get(raw, "error", "error", "code")
  local message = json.get(raw, "error", "error", "message")
  if type(code) ~= "string" then code = nil end
  if type(message) ~= "string" then message = nil end
  return (code or message) and { code = code, message = message } or nil
end

local function warnings_of(raw)
  local list, found = {}, json.get(raw, "warnings")
  for _, warning in ipairs(type(found) == "table" and found or {}) do
    local message = json.get(warning, "message")
    if type(message) == "string" then list[#list + 1] = message end
  end
  return list
end

--- Get the details of a job's run.
---@param workspace azureml.Workspace
---@param name string
---@return azureml.JobDetails
---@raise an error object if the run history refuses the request, or is not known in this cloud
function history.details(workspace, name)
  local path = PATH .. resource.path(workspace, { path = "runs/{name}/details" }, { name = name })
  local raw = workspace:data_plane():request {
    path = path, label = "get the run history of " .. name,
  }.json
  return {
    status = json.get(raw, "status"), started_on = json.get(raw, "startTimeUtc"),
    ended_on = json.get(raw, "endTimeUtc"), error = error_of(raw), warnings = warnings_of(raw),
    log_files = texts_of(json.get(raw, "logFiles")), raw = raw,
  }
end

return history
