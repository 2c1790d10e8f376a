--- Write a CronJob for Kubernetes, with the service account that Azure's workload identity needs
--- and a ConfigMap of the script.
local reports = require "azureml.engine.reports"
local tables = require "azureml.tool.tables"
local yaml = require "azureml.cli.yaml"

local kubernetes = {}

local USER = 65532           -- of the image
local SCRIPTS = "/scripts"
local LATEST_START = 600     -- seconds after its time at which a run still begins

local function metadata(job)
  return {
    name = job.name, namespace = job.namespace,
    labels = { ["app.kubernetes.io/name"] = "azureml" },
  }
end

local function service_account(job)
  local described = metadata(job)
  described.annotations = {
    ["azure.workload.identity/client-id"] = job.client_id,
    ["azure.workload.identity/tenant-id"] = job.tenant_id,
  }
  return { apiVersion = "v1", kind = "ServiceAccount", metadata = described }
end

local function config_map(job)
  return { apiVersion = "v1", kind = "ConfigMap", metadata = metadata(job),
    data = { [job.script.name] = job.script.text } }
end

local function arguments(job)
  local words = reports.words(job)
  if job.script then words[#words + 1] = SCRIPTS .. "/" .. job.script.name end
  return tables.append(words, job.arguments)
end

-- Append what each folder of the reports needs. They are the node's, whose node_exporter reads
-- them.
local function add_folders(job, list, describe)
  for i, folder in ipairs(reports.folders(job)) do
    list[#list + 1] = describe("reports-" .. i, folder)
  end
end

local function mount_of(name, folder)
  return { name = name, mountPath = folder }
end

local function volume_of(name, folder)
  return { name = name, hostPath = { path = folder, type = "Directory" } }
end

-- A run writes its journal and its tokens below /tmp, which goes with the pod.
local function container(job)
  local mounts = { { name = "tmp", mountPath = "/tmp" } }
  if job.script then
    mounts[2] = { name = "script", mountPath = SCRIPTS, readOnly = true }
  end
  add_folders(job, mounts, mount_of)
  local environment = { { name = "HOME", value = "/tmp" } }
  table.move(job.environment, 1, #job.environment, 2, environment)
  return {
    name = "azureml", image = job.image, args = arguments(job), env = environment,
    resources = {
      requests = { cpu = "50m", memory = "32Mi" }, limits = { cpu = "1", memory = "128Mi" },
    },
    securityContext = {
      allowPrivilegeEscalation = false, readOnlyRootFilesystem = true,
      capabilities = { drop = { "ALL" } },
    },
    volumeMounts = mounts,
  }
end

local function pod(job)
  local volumes = { { name = "tmp", emptyDir = { sizeLimit = "64Mi" } } }
  if job.script then volumes[2] = { name = "script", configMap = { name = job.name } } end
  add_folders(job, volumes, volume_of)
  return {
    metadata = {
      labels = {
        ["azure.workload.identity/use"] = "true", ["app.kubernetes.io/name"] = "azureml",
      },
    },
    spec = {
      serviceAccountName = job.name, restartPolicy = "Never", automountServiceAccountToken = false,
      securityContext = {
        runAsNonRoot = true, runAsUser = USER, runAsGroup = USER,
        seccompProfile = { type = "RuntimeDefault" },
      },
      containers = { container(job) }, volumes = volumes,
    },
  }
end

local function cron_job(job)
  return {
    apiVersion = "batch/v1", kind = "CronJob", metadata = metadata(job),
    spec = {
      schedule = job.times.cron, timeZone = job.times.zone, concurrencyPolicy = "Forbid",
      startingDeadlineSeconds = LATEST_START,
      successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 5,
      jobTemplate = {
        spec = { backoffLimit = 0, activeDeadlineSeconds = job.timeout, template = pod(job) },
      },
    },
  }
end

--- Write a job for Kubernetes.
---@param job azureml.engine.Job
---@return azureml.engine.File[]      one file, of several documents
function kubernetes.files(job)
  local documents = { service_account(job), cron_job(job) }
  if job.script then table.insert(documents, 2, config_map(job)) end
  local texts = {}
  for i, document in ipairs(documents) do texts[i] = yaml.encode(document) .. "\n" end
  return { { name = job.name .. ".yaml", text = table.concat(texts, "---\n") } }
end

return kubernetes
