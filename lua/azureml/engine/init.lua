--- Write what runs a script at fixed times: a CronJob of Kubernetes, a timer of systemd, a workflow
--- of GitHub Actions. Each writer is a file of this folder; it gets a job and returns files.
local errors = require "azureml.error"
local times = require "azureml.engine.times"

local engine = {}

---@class azureml.engine.Job
---@field name string              of what is written: letters, digits, "-"
---@field arguments string[]       of azureml: { "run", "nightly", "team" }, or the script's
---@field script { name: string, text: string }?      a script of the user; nil: a workflow
---@field times azureml.engine.Times
---@field timeout integer          seconds after which the engine ends the run
---@field environment { name: string, value: string }[]      the workspace
---@field client_id string?        of the application, or the managed identity
---@field tenant_id string?
---@field image string?            that contains azureml
---@field namespace string?        of Kubernetes
---@field program string?          path of azureml
---@field release string?          URL of the release's archive
---@field sha256 string?           of that archive
---@field reports table<string, string>?      "prometheus", "summary" -> the file that a run writes

---@alias azureml.engine.File { name: string, text: string }

--- The engines by name.
---@type table<string, fun(job: azureml.engine.Job): azureml.engine.File[]>
engine.writers = {
  kubernetes = require("azureml.engine.kubernetes").files,
  systemd = require("azureml.engine.systemd").files,
  github = require("azureml.engine.github").files,
}

--- The names of the engines.
engine.names = { "github", "kubernetes", "systemd" }

local LONGEST_NAME = 52      -- a CronJob's: Kubernetes adds 11 characters

local function refuse(message, ...)
  errors.raise { code = "Usage", message = message:format(...) }
end

-- Refuse what an engine cannot do without, by the option that gives it.
local NEEDED = {
  kubernetes = { image = "--image IMAGE, which contains azureml",
    client_id = "--client-id ID, of the identity that the cluster federates" },
  systemd = {},
  github = { release = "--release URL, of the archive of azureml",
    client_id = "--client-id ID, of the application that trusts the repository",
    tenant_id = "--tenant ID, of that application" },
}

local function check_name(name)
  if #name <= LONGEST_NAME and name:find "^%l[%l%d-]*$" and not name:find "%-$" then return end
  refuse("--name is 1 to %d lower-case letters, digits and '-', and begins with a letter: '%s'",
    LONGEST_NAME, name:sub(1, 80))
end

--- Write the files of a job.
---@param name string      of the engine
---@param job azureml.engine.Job      times: the text of --at
---@return azureml.engine.File[]
---@raise an error object `Usage` that names what is missing or cannot be
function engine.files(name, job)
  check_name(job.name)
  for field, option in pairs(NEEDED[name]) do
    if not job[field] then refuse("--as %s needs %s", name, option) end
  end
  job.times = times.read(job.times)
  return engine.writers[name](job)
end

return engine
