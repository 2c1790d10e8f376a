--- Serve the run history of a workspace: what became of a job, why it failed, where its logs are.
--- It is a part of the data plane, below a prefix of its own; clients reach it through the
--- discovery map.
--- Source: spec/contract/compute-rest.md, section 13.
local answer = require "azureml.emulator.answer"
local check = require "azureml.emulator.check"
local clock = require "azureml.emulator.clock"
local jobs = require "azureml.emulator.jobs"
local json = require "azureml.json"
local logs = require "azureml.emulator.jobs.logs"
local refusal = require "azureml.emulator.refusal"

local history = {}

--- The prefix of the run history's paths.
history.PREFIX = "/history/v1.0"

local function find(request)
  return jobs.find(request) or refusal.raise("no_run", request.job_name)
end

-- What ended a job --------------------------------------------------------------------------------

-- reason -> the code and the text of the error that the run shows
local REASONS = {
  exit = { "UserError", "Execution failed. User process exited with status code %d. Please check "
    .. "log file '" .. logs.NAME .. "' for error details." },
  timeout = { "JobTimedOut", "The job was canceled because it exceeded its time limit of %s." },
  stopped = { "ComputeStopped", "The compute instance '%s' was stopped while the job ran." },
  deleted = { "ComputeDeleted", "The compute instance '%s' was deleted." },
  lost = { "ServiceError", "The compute instance '%s' has lost the job." },
}

local values = {
  exit = function(job) return job.exit_code end,
  timeout = function(job) return job.properties.limits.timeout end,
}

-- Return the error of a run; nil: it has none.
local function error_of(request, job)
  local row = REASONS[job.reason]
  if not row then return nil end
  local value = (values[job.reason] or function() return job.compute end)(job)
  local message = row[2]:format(value)
  local line = job.reason == "exit" and logs.last_line(request, job)
  if line then message = ("%s Error: %s"):format(message, line) end
  return {
    error = { code = row[1], message = message, details = json.array {} },
    time = clock.iso(job.ended), location = request.workspace.location, environment = json.null,
  }
end

-- Shown -------------------------------------------------------------------------------------------

local function time(seconds)
  return seconds and clock.iso(seconds) or nil
end

local function show(request, job)
  local properties, entry = job.properties, jobs.entry_of(request, job)
  return {
    runId = job.name, runNumber = job.number, rootRunId = job.name, runType = "azureml.scriptrun",
    status = jobs.status_of(request, job), target = job.compute, hidden = job.archived == true,
    createdUtc = time(job.created), startTimeUtc = time(entry and entry.began or job.began),
    endTimeUtc = time(job.ended), error = error_of(request, job), warnings = json.array {},
    displayName = properties.displayName or job.name, description = properties.description,
    tags = properties.tags or json.decode_exact "{}",
    properties = properties.properties or json.decode_exact "{}",
    userId = job.creator,
  }
end

-- Return the logs of a run, name -> URL; there is none before it runs.
local function log_files(request, job)
  if not logs.is_there(request, job) then return json.decode_exact "{}" end
  return { [logs.NAME] = logs.url(request, job) }
end

--- Get a run.
function history.get(request)
  return answer.of(show(request, find(request)))
end

--- Get the details of a run, with its logs.
function history.details(request)
  local job = find(request)
  local shown = show(request, job)
  shown.createdTimeUtc, shown.logFiles = shown.createdUtc, log_files(request, job)
  shown.inputDatasets, shown.outputDatasets = json.array {}, json.array {}
  return answer.of(shown)
end

--- List the runs that belong to a run: a command has none.
function history.children(request)
  find(request)
  return answer.of { value = json.array {} }
end

-- Changed -----------------------------------------------------------------------------------------

-- The members of a run that a PATCH changes.
local DESCRIBES = { displayName = "string", description = "string" }

--- Change the description of a run, or archive it.
function history.patch(request)
  local job, body = find(request), check.plain(check.body(request.body))
  for name, kind in pairs(DESCRIBES) do
    if type(body[name]) == kind then job.properties[name] = body[name] end
  end
  for _, name in ipairs { "tags", "properties" } do
    local changed = check.table(body[name], name)
    if changed then
      local merged = {}
      for _, map in ipairs { job.properties[name] or {}, changed } do
        for key, value in pairs(map) do merged[key] = value end
      end
      job.properties[name] = merged
    end
  end
  local hidden = check.flag(body.hidden, "hidden")
  if hidden ~= nil then job.archived = hidden end
  request.world:save("job", job)
  return answer.of(show(request, job))
end

return history
