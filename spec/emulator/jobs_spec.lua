local door = require "spec.door"
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"

local function open(state)
  return door.open { seed = { environments = { "env:1" },
    instances = { ["ci-ann"] = { state = state or "Running", vm_size = "Standard_DS1_v2" },
    cpu = { kind = "AmlCompute", properties = { scaleSettings = { maxNodeCount = 1 } } } } } }
end

local function job(at, command, more)
  local properties = { jobType = "Command", command = command or "python train.py",
    environmentId = "azureml:env:1",
    computeId = at:path "computes/ci-ann" }
  for name, value in pairs(more or {}) do properties[name] = value end
  return { properties = properties }
end

local function submit(at, name, ...)
  return at:ask("PUT", at:path("jobs/" .. name), job(at, ...))
end

local function status_of(at, name)
  local _, value = at:ask("GET", at:path("jobs/" .. name))
  return json.get(value, "properties", "status")
end

local LONG = inferred.durations.job_preparing + inferred.durations.job

describe("jobs on an instance", function()
  it("are submitted, run, and are done; the instance runs a job meanwhile", function()
    local at = open()
    local status, value = submit(at, "train", nil, {
      displayName = "Train", tags = { a = "1" }, inputs = {},
    })
    assert.same({ 201, "train", "Preparing", "Train" },
      { status, value.name, value.properties.status, value.properties.displayName })
    assert.same({
      Studio = { jobServiceType = "Studio",
        endpoint = "https://ml.azure.com/runs/train?wsid=" .. at:path() },
      Tracking = { jobServiceType = "Tracking",
        endpoint = "azureml://127.0.0.1/mlflow/v1.0" .. at:path() },
    }, value.properties.services)
    local _, instance = at:ask("GET", at:path "computes/ci-ann")
    assert.equal("JobRunning", instance.properties.properties.state)
    at.emulator:advance(LONG)
    assert.equal("Completed", status_of(at, "train"))
    _, instance = at:ask("GET", at:path "computes/ci-ann")
    assert.equal("Running", instance.properties.properties.state)
  end)

  for _, row in ipairs {
    { "exit 1", nil, "Failed" },
    { "sleep 10m", { limits = { jobLimitsType = "Command", timeout = "PT5M" } }, "Canceled" },
    { "sleep 60", nil, "Completed" },
  } do
    it(("end %s by '%s'"):format(row[3], row[1]), function()
      local at = open()
      submit(at, "train", row[1], row[2])
      at.emulator:advance "20m"
      assert.equal(row[3], status_of(at, "train"))
    end)
  end

  it("queue for its cores, two each, and are listed, the newest first", function()
    local at = open()
    for i = 1, 4 do submit(at, "job" .. i) end
    local _, list = at:ask("GET", at:path "jobs")
    local found = {}
    for i, one in ipairs(list.value) do found[i] = one.name .. " " .. one.properties.status end
    assert.same({ "job4 Queued", "job3 Queued", "job2 Preparing", "job1 Preparing" }, found)
    at.emulator:set_page_size(3)
    _, list = at:ask("GET", at:path "jobs")
    assert.equal(3, #list.value)
    _, list = at:ask("GET", (list.nextLink:gsub("^http://[^/]+", "")))
    assert.same({ 1, nil }, { #list.value, list.nextLink })
  end)

  it("are cancelled: accepted, and so after a moment", function()
    local at = open()
    submit(at, "train")
    local status, _, headers = at:ask("POST", at:path "jobs/train/cancel")
    assert.equal(202, status)
    local target = headers.Location:gsub("^http://[^/]+", "")
    assert.same({ 202, "CancelRequested" }, { (at:ask("GET", target)), status_of(at, "train") })
    at.emulator:advance(inferred.durations.job_cancelling)
    assert.same({ 200, "Canceled" }, { (at:ask("GET", target)), status_of(at, "train") })
    assert.equal(200, (at:ask("POST", at:path "jobs/train/cancel")))
  end)

  it("wait on a stopped one, and fail under one that is stopped", function()
    local at = open "Stopped"
    submit(at, "train")
    at.emulator:advance "20m"
    assert.equal("Queued", status_of(at, "train"))
    at:ask("POST", at:path "computes/ci-ann/start")
    at.emulator:advance(inferred.durations.starting)
    assert.equal("Preparing", status_of(at, "train"))
    at:ask("POST", at:path "computes/ci-ann/stop")
    assert.equal("Failed", status_of(at, "train"))
  end)

  it("outlive the instance that they ran on", function()
    local at = open()
    submit(at, "one", "exit 0")
    at.emulator:advance(LONG)
    submit(at, "two")
    at:ask("DELETE", at:path "computes/ci-ann?underlyingResourceAction=Delete")
    at.emulator:advance "10m"
    assert.same({ "Completed", "Canceled" }, { status_of(at, "one"), status_of(at, "two") })
  end)

  it("get a new description by a second PUT, and do not run again", function()
    local at = open()
    submit(at, "train", "exit 1")
    at.emulator:advance "10m"
    local status, value = submit(at, "TRAIN", "exit 0", { displayName = "New" })
    assert.same({ 200, "train", "New", "exit 1", "Failed" },
      { status, value.name, value.properties.displayName, value.properties.command,
      value.properties.status })
  end)

  for says, change in pairs {
    ["'properties.jobType' is required"] = { jobType = json.null },
    ["type 'Sweep' are not served"] = { jobType = "Sweep" },
    ["'properties.command' is required"] = { command = json.null },
    ["'properties.environmentId' is required"] = { environmentId = json.null },
    ["'properties.computeId' is required"] = { computeId = json.null },
    ["'none' of the job was not found"] = { computeId = "none" },
    ["'cpu' is a cluster"] = { computeId = "/x/computes/cpu" },
    ["is one node"] = { resources = { instanceCount = 2 } },
    ["limits.timeout '5m'"] = { limits = { timeout = "5m" } },
    ["The environment 'env' of the job, version '2', was not found"] = {
      environmentId = "azureml:env:2",
    },
    ["'env' of the job is not the id of an environment"] = { environmentId = "env" },
    ["'properties.inputs.a' must be an object"] = { inputs = { a = 1 } },
  } do
    it("are refused where " .. says, function()
      local at = open()
      local status, value = submit(at, "train", nil, change)
      assert.equal(400, status)
      assert.is_truthy(value.error.message:find(says, 1, true), value.error.message)
    end)
  end

  for _, id in ipairs {
    "azureml:AzureML-sklearn-1.0@latest", "azureml:AzureML-minimal:3",
    "azureml://registries/azureml/environments/sklearn-1.5/versions/2",
  } do
    it("run in the environment " .. id, function()
      assert.equal(201, (submit(open(), "train", nil, { environmentId = id })))
    end)
  end

  it("run in an environment of the workspace by its id, in any case", function()
    local at = open()
    local id = at:path "environments/ENV/versions/1"
    assert.equal(201, (submit(at, "train", nil, { environmentId = id })))
    local elsewhere = id:gsub("workspaces/[^/]+", "workspaces/other")
    assert.equal(400, (submit(at, "again", nil, { environmentId = elsewhere })))
  end)

  it("are listed without those that were archived, or these alone; by type and by tag", function()
    local at = open()
    submit(at, "one", nil, { tags = { team = "vision" } })
    submit(at, "two", nil, { tags = { team = "sound" } })
    submit(at, "two", nil, { isArchived = true })
    local function names(query)
      local _, list = at:ask("GET", at:path("jobs" .. query))
      local found = {}
      for i, item in ipairs(list.value) do found[i] = item.name end
      return table.concat(found, " ")
    end
    assert.same({ "one", "two", "two one", "one", "", "one", "" }, {
      names "", names "?listViewType=ArchivedOnly", names "?listViewType=All",
      names "?tag=team%3Dvision", names "?tag=team%3Dsound", names "?jobType=Command",
      names "?jobType=Pipeline",
    })
  end)

  it("are not in the versions before them, and 404 where there is none", function()
    local at = open()
    assert.equal(404, (at:ask("GET", at:path "jobs?api-version=2021-07-01")))
    for _, row in ipairs { { "GET", "jobs/none" }, { "POST", "jobs/none/cancel" } } do
      local status, value = at:ask(row[1], at:path(row[2]))
      assert.same({ 404, "ResourceNotFound" }, { status, value.error.code })
    end
  end)
end)
