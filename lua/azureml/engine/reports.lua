--- Let a job write reports of its runs: the options --prometheus and --summary.
local errors = require "azureml.error"
local tables = require "azureml.tool.tables"

local reports = {}

--- The options, in the order in which they are written.
reports.options = { "prometheus", "summary" }

local function paths_of(job)
  return job.reports or {}
end

--- Return the words that the reports need, which stand before the command or script.
---@param job azureml.engine.Job
---@return string[]
function reports.words(job)
  local words = {}
  for _, option in ipairs(reports.options) do
    local path = paths_of(job)[option]
    if path then tables.append(words, { "--" .. option, path }) end
  end
  return words
end

--- List the folders of the reports, each once.
---@param job azureml.engine.Job
---@return string[]
---@raise an error object `Usage` for a relative path: the engine starts a job in no folder of its
---  own
function reports.folders(job)
  local folders = {}
  for option, path in pairs(paths_of(job)) do
    local folder = path:match "^(/.*)/[^/]+$" or path:match "^(/)[^/]+$"
    if not folder then
      errors.raise { code = "Usage",
        message = ("--%s needs an absolute path here, not '%s'"):format(option, path) }
    end
    folders[folder] = true
  end
  return tables.keys(folders)
end

return reports
