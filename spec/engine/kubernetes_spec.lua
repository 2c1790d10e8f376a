local kubernetes = require "azureml.engine.kubernetes"
local lyaml = require "lyaml"

describe("a job for Kubernetes", function()
  local function documents(change)
    local job = {
      name = "nightly", arguments = { "run", "nightly", "a b" }, timeout = 900,
      times = { cron = "0 19 * * 1-5", zone = "Europe/Amsterdam" },
      environment = { { name = "AZUREML_ARM_WORKSPACE_NAME", value = "no" } },
      client_id = "04b07795", image = "registry.example/azureml:1",
    }
    for name, value in pairs(change or {}) do job[name] = value end
    local files = kubernetes.files(job)
    assert.equal(1, #files)
    assert.equal("nightly.yaml", files[1].name)
    return lyaml.load(files[1].text, { all = true })
  end

  it("is a CronJob that never overlaps, ends in time, and may do little", function()
    local account, cron_job = table.unpack(documents())
    assert.same({ "ServiceAccount", "04b07795" },
      { account.kind, account.metadata.annotations["azure.workload.identity/client-id"] })
    local spec = cron_job.spec
    assert.same({ "CronJob", "0 19 * * 1-5", "Europe/Amsterdam", "Forbid" },
      { cron_job.kind, spec.schedule, spec.timeZone, spec.concurrencyPolicy })
    local job = spec.jobTemplate.spec
    assert.same({ 0, 900 }, { job.backoffLimit, job.activeDeadlineSeconds })
    local pod = job.template
    assert.equal("true", pod.metadata.labels["azure.workload.identity/use"])
    assert.same({ account.metadata.name, "Never", true },
      { pod.spec.serviceAccountName, pod.spec.restartPolicy,
        pod.spec.securityContext.runAsNonRoot })
    local container = pod.spec.containers[1]
    assert.same({ "run", "nightly", "a b" }, container.args)
    assert.same({ { name = "HOME", value = "/tmp" },
      { name = "AZUREML_ARM_WORKSPACE_NAME", value = "no" } }, container.env)
    assert.is_true(container.securityContext.readOnlyRootFilesystem)
    assert.is_string(container.resources.limits.memory)
  end)

  it("writes reports into folders of the node, before a script's own arguments", function()
    local _, _, cron_job = table.unpack(documents {
      script = { name = "mine.lua", text = "x" }, arguments = { "team" },
      reports = { prometheus = "/var/metrics/a.prom", summary = "/var/metrics/a.json" } })
    local pod = cron_job.spec.jobTemplate.spec.template.spec
    assert.same({ "--prometheus", "/var/metrics/a.prom", "--summary", "/var/metrics/a.json",
      "/scripts/mine.lua", "team" }, pod.containers[1].args)
    assert.same({ name = "reports-1", mountPath = "/var/metrics" },
      pod.containers[1].volumeMounts[3])
    assert.same({ name = "reports-1", hostPath = { path = "/var/metrics", type = "Directory" } },
      pod.volumes[3])
  end)

  it("has a script in a ConfigMap, byte for byte, and mounts it", function()
    for _, text in ipairs { "print 'a'\n\nprint \"b: #\"\n", "  x = 1\n", "x = 1\n\n", "no end",
      "tab\there\n - '%d'\n" } do
      local _, map, cron_job = table.unpack(documents {
        script = { name = "mine.lua", text = text }, arguments = { "x" } })
      assert.same({ "ConfigMap", { ["mine.lua"] = text } }, { map.kind, map.data })
      local pod = cron_job.spec.jobTemplate.spec.template.spec
      assert.same({ "/scripts/mine.lua", "x" }, pod.containers[1].args)
      assert.equal("/scripts", pod.containers[1].volumeMounts[2].mountPath)
      assert.equal(map.metadata.name, pod.volumes[2].configMap.name)
    end
  end)
end)
