local azureml = require "azureml"
local inferred = require "azureml.emulator.inferred"
local world = require "spec.world"

local durations = inferred.durations

describe("the jobs of a workspace", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open({
      ["ci-ann"] = { state = "Running", vm_size = "Standard_DS1_v2" }, ["ci-off"] = "Stopped",
      ["ci-big"] = { state = "Running", vm_size = "Standard_DS5_v2" },
      cpu = { kind = "AmlCompute", properties = { scaleSettings = { maxNodeCount = 1 } } },
    }, { environments = { "sklearn:2", "sklearn:3" } })
  end)
  after_each(function() world.close(emulator, ws) end)

  local function submit(settings)
    local all = { command = "true", environment = "sklearn:3", compute = "ci-ann" }
    for name, value in pairs(settings or {}) do all[name] = value end
    return ws.jobs:submit(all)
  end

  local function failure(f, ...)
    local _, err = azureml.try(f, ...)
    return assert(err, "it succeeded")
  end

  local function count(f)
    local before = emulator:request_count()
    f()
    return emulator:request_count() - before
  end

  it("are submitted, run, and are waited for", function()
    local job = submit { name = "train", timeout = "1h", tags = { team = "vision" } }
    assert.same({ "train", "Preparing", "ci-ann", "sklearn:3", 3600, { team = "vision" } },
      { job.name, job.status, job.compute, job.environment, job.timeout, job.tags })
    assert.equal(job, job:wait())
    assert.equal("Completed", job.status)
    local details = job:details()
    assert.is_true(details.ended_on > details.started_on)
    assert.is_nil(details.error)
  end)

  it("get a name of their own where the caller gives none", function()
    assert.are_not.equal(submit().name, submit().name)
  end)

  it("are refused under a name that another job has", function()
    submit { name = "train" }
    local err = failure(submit, { name = "train", command = "other" })
    assert.equal("JobExists", err.code)
    assert.equal("true", ws.jobs:get("train").command)
  end)

  describe("need an instance that runs", function()
    for compute, row in pairs {
      ["ci-off"] = { "WrongState", "the instance 'ci-off' is Stopped, and it must run" },
      ["ci-none"] = { "ResourceNotFound", "there is no compute 'ci-none' in workspace" },
      cpu = { "AnotherComputeType", "'cpu' in workspace 'emulator' is a compute of type Aml" },
      ["/x/workspaces/other/computes/a"] = { "InvalidArgument", "is not the id of a compute in" },
    } do
      it("and refuse " .. compute, function()
        local err = failure(submit, { compute = compute })
        assert.equal(row[1], err.code)
        assert.is_truthy(err.message:find(row[2], 1, true), err.message)
        assert.equal(0, #ws.jobs:list():all())
      end)
    end

    it("and start it where the caller wants that", function()
      local job = submit { compute = "ci-off", start = true }
      assert.equal("ci-off", job.compute)
      assert.equal("JobRunning", ws.instances:get("ci-off").state)
    end)

    it("and take it by its id, by az's name, and as an object", function()
      local vm = ws.instances:get "ci-ann"
      for _, compute in ipairs { vm.id, "azureml:ci-ann", vm } do
        assert.equal("ci-ann", submit({ compute = compute }).compute)
      end
    end)

    it("and look at an instance in hand only where it did not run", function()
      local vm, off = ws.instances:get "ci-ann", ws.instances:get "ci-off"
      submit()
      assert.equal(1, count(function() submit { compute = vm } end))
      ws.instances:start("ci-off"):wait()
      assert.equal(2, count(function() submit { compute = off } end))
    end)
  end)

  describe("need an environment", function()
    it("that exists", function()
      for _, name in ipairs { "sklearn:4", "none:1", "none@latest" } do
        local err = failure(submit, { environment = name })
        assert.equal("EnvironmentNotFound", err.code)
        assert.is_truthy(err.message:find("there is no environment '" .. name .. "'", 1, true))
      end
    end)

    it("which is the latest one of its name, if the caller says so", function()
      assert.equal("sklearn:3", submit({ environment = "sklearn@latest" }).environment)
    end)

    it("which may be a curated one, or one of a registry", function()
      for _, name in ipairs {
        "azureml:AzureML-minimal@latest",
        "azureml://registries/azureml/environments/sklearn/versions/1",
      } do
        assert.equal(name, submit({ environment = name }).environment_id)
      end
    end)

    it("which is registered once if it is described in place", function()
      local described = { image = "a/b", conda_file = "dependencies: [python=3.10]" }
      local first = submit { environment = described }
      assert.matches("^CliV2AnonymousEnvironment:%x+$", first.environment)
      local second = submit { environment = { image = "a/b",
        conda_file = "dependencies: [python=3.10]" } }
      assert.equal(first.environment, second.environment)
      assert.are_not.equal(first.environment,
        submit({ environment = { image = "a/c" } }).environment)
    end)

    it("which is looked at once", function()
      submit()
      local vm = ws.instances:get "ci-ann"
      assert.equal(1, count(function() submit { compute = vm } end))
    end)
  end)

  it("fail with their own reason", function()
    local job = submit { name = "bad", command = "exit 3" }
    local err = failure(job.wait, job)
    assert.same({ "JobFailed", job }, { err.code, err.job })
    assert.matches("the job bad has failed: Execution failed%. User process exited with status "
      .. "code 3", err.message)
    assert.matches("azureml job logs bad", err.hint)
    assert.equal("UserError", err.innererror.code)
  end)

  it("fail also where the run history cannot be read", function()
    local job = submit { name = "bad", command = "exit 3" }
    emulator:fault { match = { path = "/details$" }, times = 10,
      answer = { status = 403 } }
    local err = failure(job.wait, job)
    assert.equal("JobFailed", err.code)
    assert.matches("its reason cannot be read: .*HTTP 403 Forbidden", err.message)
  end)

  it("are waited for until a time limit; they go on", function()
    local job = submit { name = "long", command = "sleep 3600" }
    local err = failure(job.wait, job, { timeout = 30 })
    assert.equal("Timeout", err.code)
    assert.matches("the job long is still Running after 30 s", err.message)
    assert.equal("Completed", ws.jobs:wait("long", { timeout = 7200 }).status)
  end)

  it("are canceled", function()
    local job = submit { name = "long", command = "sleep 3600" }
    assert.equal("CancelRequested", ws.jobs:cancel("long").status)
    assert.equal("CancelRequested", job:cancel().status)
    assert.equal("JobCanceled", failure(job.wait, job).code)
    assert.equal("Canceled", job:wait({ allow_canceled = true }).status)
    assert.equal("Canceled", job:cancel().status)
  end)

  it("cannot be canceled once they have ended", function()
    submit({ name = "done" }):wait()
    local err = failure(ws.jobs.cancel, ws.jobs, "done")
    assert.equal("JobEnded", err.code)
    assert.matches("cannot cancel done: the job has ended: it is Completed", err.message)
  end)

  it("are not there: one sentence", function()
    for _, verb in ipairs { "get", "cancel", "wait" } do
      local err = failure(ws.jobs[verb], ws.jobs, "none")
      assert.equal("JobNotFound", err.code)
      assert.matches("there is no job 'none' in workspace emulator", err.message)
    end
    assert.is_nil(ws.jobs:find "none")
    assert.error_matches(function() ws.jobs:get(5) end, "name of a job expected, got number")
    assert.error_matches(function() ws.jobs:get "" end, "the name is empty")
  end)

  describe("as a list", function()
    before_each(function()
      for i = 1, 5 do
        submit { name = "job" .. i, command = "sleep 600", tags = { odd = tostring(i % 2 == 1) },
          experiment_name = i > 3 and "late" or nil }
      end
      ws.jobs:cancel "job5"
    end)

    local function names(wanted)
      local found = {}
      for job in ws.jobs:list(wanted) do found[#found + 1] = job.name end
      return table.concat(found, " ")
    end

    it("have the newest first, over all pages", function()
      emulator:set_page_size(2)
      assert.equal("job5 job4 job3 job2 job1", names())
    end)

    it("pass filters", function()
      assert.same({ "job2 job1", "job4 job3", "job4 job3 job2 job1", "job5", "job5 job4",
        "job5 job3 job1", "", "job5 job4 job3 job2 job1" }, {
        names { status = "preparing" }, names { status = { "Queued" } },
        names { status = "active" }, names { status = "Canceled" },
        names { experiment_name = "LATE" }, names { tags = { odd = "true" } },
        names { compute = "ci-off" },
        names { compute = ws.instances:get "ci-ann", type = "command" },
      })
    end)

    it("are read once, and refuse what a list cannot do", function()
      local list = ws.jobs:list()
      assert.equal(5, #list:all())
      assert.equal(0, #list:all())
      assert.error_matches(function() return #list end, "use #list:all%(%)")
      assert.error_matches(function() return list[1] end, "use list:all%(%)")
      assert.error_matches(function() return pairs(list) end, "use list:all%(%)")
      assert.error_matches(function() ws.jobs:list { staus = "x" } end, "no option 'staus'")
      assert.error_matches(function() ws.jobs:list { status = {} } end, "is empty")
      assert.error_matches(function() ws.jobs:list { status = 5 } end, "a string or a list")
      assert.error_matches(function() ws.jobs:list { compute = 5 } end, "the name of a compute")
      local err = failure(ws.jobs.list, ws.jobs, { status = "Runing" })
      assert.matches("there is no status 'Runing'; the statuses are Active, Running", err.message)
    end)

    it("leave out the archived ones, or are these alone", function()
      ws:client():request { method = "PUT", path = ws.jobs:get("job1").id,
        body = { properties = { jobType = "Command", command = "x", isArchived = true,
          environmentId = "azureml:sklearn:3" } } }
      assert.same({ "job5 job4 job3 job2", "job1" }, { names(), names { archived = true } })
      assert.is_true(ws.jobs:get("job1").is_archived)
    end)
  end)

  it("are a queue: two for each core run, the others wait in order", function()
    for i = 1, 4 do submit { name = "job" .. i, command = "sleep 600" } end
    local vm = ws.instances:get "ci-ann"
    local queue = vm:queue()
    assert.equal("ci-ann: 2 running of 2, 2 waiting", tostring(queue))
    assert.same({ 0, 0, 1, 2, nil }, { queue:position "job1", queue:position "job2",
      queue:position "job3", queue:position(ws.jobs:get "job4"), queue:position "none" })
    emulator:advance(durations.job_preparing + durations.job + 600)
    queue = vm:queue()
    assert.same({ "job3", "job4", 0 },
      { queue.running[1].name, queue.running[2].name, #queue.waiting })
  end)

  it("are submitted 200 at a time, and waited for side by side", function()
    local vm, numbers, submitted = ws.instances:get "ci-big", {}, {}
    for i = 1, 200 do numbers[i] = i end
    azureml.each(numbers, function(i)
      submitted[i] = submit { name = "many" .. i, compute = vm, command = "true" }
    end)
    assert.equal(200, #ws.jobs:list({ status = "Active" }):all())
    local first = table.move(submitted, 1, 20, 1, {})
    azureml.each(first, function(job) assert.equal("Completed", job:wait().status) end)
    assert.equal(0, ws.jobs.waits)
  end)

  it("are taken with what was asked, or it is an error", function()
    emulator:fault { match = { method = "PUT", path = "/jobs/" }, answer = { status = 201, body =
      '{"name":"train","properties":{"command":"other","computeId":"x","environmentId":"y"}}' } }
    local err = failure(submit, { name = "train" })
    assert.equal("NotAsAsked", err.code)
    assert.matches("the service has taken the job with another", err.message)
  end)

  it("are submitted once, though the answer is lost", function()
    emulator:fault { match = { method = "PUT", path = "/jobs/" }, trouble = "truncate" }
    local job = submit { name = "train" }
    assert.equal("train", job.name)
    assert.equal(1, #ws.jobs:list():all())
  end)
end)
