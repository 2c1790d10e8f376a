--- Write a workflow of GitHub Actions, which signs in by OpenID Connect: no secret is stored.
local errors = require "azureml.error"
local reports = require "azureml.engine.reports"
local yaml = require "azureml.cli.yaml"

local github = {}

-- Quote a word for the shell that runs a step.
local function quoted(word)
  if word:find "^[%w_./=:@-]+$" then return word end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function command_line(job)
  local words = { "./azureml" }
  for _, word in ipairs(reports.words(job)) do words[#words + 1] = quoted(word) end
  if job.script then words[#words + 1] = "./" .. quoted(job.script.name) end
  for _, word in ipairs(job.arguments) do words[#words + 1] = quoted(word) end
  return table.concat(words, " ")
end

local function install_step(job)
  local lines = { "curl --fail --silent --show-error --location --output azureml.tar.gz "
    .. quoted(job.release) }
  if job.sha256 then
    lines[2] = ("echo '%s  azureml.tar.gz' | sha256sum --check --strict"):format(job.sha256)
  end
  lines[#lines + 1] = "tar --extract --gzip --file azureml.tar.gz --strip-components 1"
  return { name = "Install azureml", run = table.concat(lines, "\n") }
end

-- Keep the summary, also when the run has failed.
local function upload_step(job)
  return {
    name = "Keep the summary", uses = "actions/upload-artifact@v4", ["if"] = "always()",
    with = { name = job.name .. "-summary", path = job.reports.summary },
  }
end

-- What the default credential needs: the workflow's own token, exchanged for one of Entra ID.
local function environment(job)
  local variables = {
    AZURE_TOKEN_CREDENTIALS = "GitHubActionsCredential",
    AZURE_TENANT_ID = job.tenant_id, AZURE_CLIENT_ID = job.client_id,
  }
  for _, variable in ipairs(job.environment) do variables[variable.name] = variable.value end
  return variables
end

local function steps(job)
  local list = { install_step(job), { name = "Run", run = command_line(job) } }
  if job.script then table.insert(list, 1, { uses = "actions/checkout@v4" }) end
  if job.reports and job.reports.summary then list[#list + 1] = upload_step(job) end
  return list
end

--- Write a job for GitHub Actions.
---@param job azureml.engine.Job
---@return azureml.engine.File[]      the workflow, and the script if there is one
---@raise an error object `Usage` for a time zone: GitHub's schedules are in UTC; and for metrics
function github.files(job)
  if job.reports and job.reports.prometheus then
    errors.raise { code = "Usage",
      message = "a runner of GitHub has no node_exporter, and its files go with it: "
        .. "give --summary, which is kept as an artifact, instead of --prometheus" }
  end
  if job.times.zone ~= "UTC" then
    errors.raise { code = "Usage",
      message = ("GitHub's schedules are in UTC: give the time in UTC, without '%s'"):format(
        job.times.zone) }
  end
  local workflow = {
    name = job.name,
    on = { schedule = { { cron = job.times.cron } }, workflow_dispatch = {} },
    permissions = { ["id-token"] = "write", contents = "read" },
    concurrency = { group = job.name, ["cancel-in-progress"] = false },
    jobs = { [job.name] = {
      ["runs-on"] = "ubuntu-latest", ["timeout-minutes"] = math.max(1, job.timeout // 60),
      env = environment(job), steps = steps(job),
    } },
  }
  local text = yaml.encode(workflow) .. "\n"
  return { { name = job.name .. ".yml", text = text }, job.script }
end

return github
