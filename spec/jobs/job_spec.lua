local job = require "azureml.jobs.job"
local json = require "azureml.json"

local function of(properties, more)
  local raw = { name = "train", properties = properties }
  for name, value in pairs(more or {}) do raw[name] = value end
  return job.new({ name = "ws" }, raw)
end

describe("a job", function()
  it("has typed fields over the service's reply", function()
    local it = of({
      status = "Running", jobType = "Command", displayName = "Train", experimentName = "nights",
      command = "true", computeId = "/a/computes/ci-ann",
      environmentId = "/subscriptions/s/x/workspaces/w/environments/sklearn/versions/3",
      limits = { timeout = "PT1H30M" }, tags = { a = "1", b = json.null }, isArchived = true,
      services = { Studio = { endpoint = "https://ml.azure.com/runs/train" } },
      parentJobName = json.null,
    }, { systemData = { createdAt = "2026-11-28T17:00:00Z", createdBy = "ann" }, id = "/id" })
    assert.same({ "train", "/id", "Running", "Command", "Train", "nights", "true", "ci-ann" },
      { it.name, it.id, it.status, it.type, it.display_name, it.experiment_name, it.command,
      it.compute })
    assert.same({ "sklearn:3", 5400, true, "https://ml.azure.com/runs/train", nil },
      { it.environment, it.timeout, it.is_archived, it.studio_url, it.parent })
    assert.same({ "2026-11-28T17:00:00Z", "ann" }, { it.created_on, it.created_by })
    assert.same({ { a = "1" }, {}, {} }, { it.tags, it.inputs, it.environment_variables })
    assert.equal("train: Running, on ci-ann", tostring(it))
  end)

  it("names an environment of a registry by its id, a curated one by its short name", function()
    local id = "azureml://registries/azureml/environments/a/versions/1"
    assert.equal(id, of({ environmentId = id }).environment)
    assert.equal("AzureML-x@latest", of({ environmentId = "azureml:AzureML-x@latest" }).environment)
  end)

  it("reads nothing from members of other types", function()
    local it = of { computeId = 5, environmentId = {}, limits = { timeout = 5 }, tags = "x" }
    assert.same({ nil, nil, nil, {} }, { it.compute, it.environment, it.timeout, it.tags })
    assert.equal("train: nil, on nil", tostring(it))
  end)

  it("refuses fields that it does not have, and to be changed", function()
    local it = of { status = "Running" }
    assert.error_matches(function() return it.stauts end, "a job has no field 'stauts' %(known:")
    assert.error_matches(function() it.status = "x" end, "the field 'status' of a job cannot be")
    assert.error_matches(function() it.wait() end, "call it with a colon: job:wait")
  end)

  it("shows its fields to pairs and to JSON", function()
    local seen = {}
    for name, value in pairs(of { status = "Running" }) do seen[name] = value end
    assert.same({ "train", "Running" }, { seen.name, seen.status })
    assert.equal("Running", job.summary(of { status = "Running" }).status)
    assert.is_false(job.is_one { name = "x" })
  end)
end)
