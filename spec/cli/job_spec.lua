local json = require "azureml.json"
local process = require "spec.process"
local question = require "azureml.cli.question"
local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml job", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open({
      ["ci-ann"] = { state = "Running", vm_size = "Standard_DS1_v2" }, ["ci-off"] = "Stopped",
      cpu = { kind = "AmlCompute", properties = { scaleSettings = { maxNodeCount = 1 } } },
    }, { environments = { "sklearn:3" } })
    stub(question, "is_terminal").returns(false)
  end)
  after_each(function()
    question.is_terminal:revert()
    world.close(emulator, ws)
  end)

  local function submit(...)
    return run("job", "submit", "--compute", "ci-ann", "--environment", "sklearn:3", ...)
  end

  local function put(name, command)
    return ws.jobs:submit { name = name, command = command, environment = "sklearn:3",
      compute = "ci-ann" }
  end

  describe("submit", function()
    it("submits a line for the shell, or words as they are", function()
      local out, err, code = submit("-n", "line", "-o", "json", "--", "a | b")
      assert.equal(0, code, err)
      assert.same({ "line", "a | b", "Preparing" }, { json.decode(out).name,
        json.decode(out).command, json.decode(out).status })
      out = submit("-o", "json", "--", "python", "train.py", "--name", "a b")
      assert.equal("python train.py --name 'a b'", json.decode(out).command)
    end)

    it("takes what describes the job", function()
      local out = submit("-o", "json", "--display-name", "Train", "--experiment-name", "nights",
        "--description", "d", "--time-limit", "90m", "--shm-size", "2g", "--env", "A=b=c",
        "--input", "n=3", "--tags", "team=vision", "--", "echo ${{inputs.n}}")
      local job = json.decode(out)
      assert.same({ "Train", "nights", "d", 5400, { A = "b=c" }, { team = "vision" } },
        { job.display_name, job.experiment_name, job.description, job.timeout,
        job.environment_variables, job.tags })
      assert.equal("3", job.inputs.n.value)
    end)

    it("takes a file of az, and options in place of what it says", function()
      local directory = process.directory()
      local file = assert(io.open(directory .. "/job.yml", "w"))
      file:write "command: echo\nenvironment:\n  image: a/b\ncompute: azureml:ci-ann\nname: x\n"
      file:close()
      local out, err, code = run("job", "submit", "-f", directory .. "/job.yml", "-n", "train",
        "--set", "tags.team=vision", "--env", "A=b", "-o", "json")
      assert.equal(0, code, err)
      local job = json.decode(out)
      assert.same({ "train", "echo", { team = "vision" }, { A = "b" } },
        { job.name, job.command, job.tags, job.environment_variables })
      process.remove(directory)
    end)

    it("waits on request: code 1 and the job's reason when it fails", function()
      local out, err, code = submit("-n", "good", "--wait", "-o", "json", "--", "true")
      assert.same({ 0, "Completed" }, { code, json.decode(out).status }, err)
      out, err, code = submit("-n", "bad", "--wait", "--", "exit 3")
      assert.same({ 1, "" }, { code, out })
      assert.matches("the job bad has failed: .*status code 3", err)
    end)

    it("starts the instance on request, or after a question", function()
      local off = { "job", "submit", "--compute", "ci-off", "--environment", "sklearn:3" }
      local function try(...)
        local words = table.move({ ... }, 1, select("#", ...), #off + 1, { table.unpack(off) })
        return run(table.unpack(words))
      end
      local _, err, code = try("--", "true")
      assert.equal(1, code)
      assert.matches("the instance 'ci%-off' is Stopped, and it must run to take a job", err)
      question.is_terminal.returns(true)
      local asked = stub(question, "is_confirmed").returns(false)
      _, _, code = try("--", "true")
      assert.equal(1, code)
      assert.stub(asked).was_called_with "'ci-off' is stopped. Start it?"
      asked.returns(true)
      _, err, code = try("--", "true")
      asked:revert()
      assert.equal(0, code, err)
      assert.equal("JobRunning", ws.instances:get("ci-off").state)
      ws.instances:stop("ci-off"):wait()
      _, err, code = try("--start", "--", "true")
      assert.equal(0, code, err)
    end)

    for says, words in pairs {
      ["what does it run? Give its command behind --, or a file"] = { "--compute", "a",
        "--environment", "b:1" },
      ["on which instance does it run?"] = { "--environment", "b:1", "--", "true" },
      ["in which environment does it run?"] = { "--compute", "a", "--", "true" },
      ["--timeout has no effect without --wait"] = { "--timeout", "5", "--", "true" },
      ["give either --environment or --image"] = { "--environment", "a:1", "--image", "b" },
      ["--set has no effect without --file"] = { "--set", "a=b" },
      ["--env: 'A' is given twice, as 'b' and as 'c'"] = { "--env", "A=b", "--env", "A=c" },
      ["--input: 'n' is not NAME=VALUE"] = { "--input", "n" },
    } do
      it("refuses wrong usage: " .. says, function()
        local _, err, code = run("job", "submit", table.unpack(words))
        assert.equal(2, code)
        assert.is_truthy(err:find(says, 1, true), err)
      end)
    end

    for says, row in pairs {
      ["there is no compute 'none' in workspace"] = { 3, "--compute", "none" },
      ["'cpu' in workspace 'emulator' is a compute of type AmlCompute"] = { 1, "--compute",
        "cpu" },
      ["there is no environment 'sklearn:4' in workspace"] = { 3, "--environment", "sklearn:4" },
      ["environment: 'x' does not name an environment"] = { 2, "--environment", "x" },
      ["timeout: whole seconds above 0"] = { 2, "--time-limit", "soon" },
    } do
      it("ends with " .. row[1] .. ": " .. says, function()
        local words = { "--compute", "ci-ann", "--environment", "sklearn:3" }
        for i = 1, 4, 2 do if words[i] == row[2] then words[i + 1] = row[3] end end
        if row[2] == "--time-limit" then table.move(row, 2, 3, 5, words) end
        table.move({ "--", "true" }, 1, 2, #words + 1, words)
        local _, err, code = run("job", "submit", table.unpack(words))
        assert.equal(row[1], code, err)
        assert.is_truthy(err:find(says, 1, true), err)
      end)
    end
  end)

  it("list prints a table, filtered", function()
    put("one", "sleep 600")
    put("two", "exit 1")
    local out = run("job", "list")
    assert.matches("^Name +Status +Compute +Display name +Experiment +Age\n"
      .. "two +Preparing +ci%-ann +two +Default +[^\n]+\none +Preparing", out)
    emulator:advance "5m"
    assert.equal("two\n", (run("job", "list", "--status", "Failed,Canceled", "-o", "name")))
    assert.equal("one\n", (run("job", "list", "--status", "active", "-o", "name")))
    assert.equal("two\n", (run("job", "list", "--limit", "1", "-o", "name")))
    local _, err, code = run("job", "list", "--status", "Runing")
    assert.equal(2, code)
    assert.matches("there is no status 'Runing'; did you mean Running", err)
    _, err, code = run("job", "list", "--compute", "")
    assert.equal(2, code)
    assert.matches("a name is empty", err)
  end)

  it("show tells when it ran and why it failed; a refusal of that is a note", function()
    put("bad", "exit 3")
    emulator:advance "5m"
    local job = json.decode((run("job", "show", "bad", "-o", "json")))
    assert.same({ "Failed", "UserError" }, { job.status, job.error.code })
    assert.is_true(job.ended_on > job.started_on)
    emulator:fault { match = { path = "/details$" }, times = 9,
      answer = { status = 403 } }
    local out, err, code = run("job", "show", "bad", "-o", "json")
    assert.same({ 0, "Failed" }, { code, json.decode(out).status })
    assert.matches("note: the run history of bad cannot be read: .*HTTP 403 Forbidden", err)
  end)

  it("cancel waits until the job has ended; twice is no failure", function()
    put("long", "sleep 3600")
    local out, err, code = run("job", "cancel", "long", "--no-wait", "-o", "json")
    assert.same({ 0, "CancelRequested" }, { code, json.decode(out).status }, err)
    out, err, code = run("job", "cancel", "long", "-o", "json")
    assert.same({ 0, "Canceled" }, { code, json.decode(out).status })
    assert.matches("long: it is being canceled already", err)
    local _
    _, err, code = run("job", "cancel", "long")
    assert.equal(0, code)
    assert.matches("long: it was canceled before", err)
  end)

  it("cancel refuses what has ended, and what is not there", function()
    put("done", "true"):wait()
    local _, err, code = run("job", "cancel", "done")
    assert.equal(1, code)
    assert.matches("cannot cancel done: the job has ended: it is Completed", err)
    _, err, code = run("job", "cancel", "none")
    assert.equal(3, code)
    assert.matches("there is no job 'none' in workspace emulator", err)
  end)

  it("cancel and wait take several, and tell what became of each", function()
    put("one", "sleep 3600")
    put("two", "sleep 3600")
    local _, err, code = run("job", "cancel", "one", "two", "none", "--progress", "quiet")
    assert.equal(1, code)
    assert.matches("none: there is no job 'none'", err)
    assert.equal("Canceled", ws.jobs:get("two").status)
    put("three", "exit 2")
    put("four", "true")
    _, err, code = run("job", "wait", "three", "four", "three")
    assert.equal(1, code)
    assert.matches("three: the job three has failed", err)
    assert.matches("wait: 1 done, 1 failed", err)
  end)

  it("wait ends with 5 when its time is over", function()
    put("long", "sleep 3600")
    local _, err, code = run("job", "wait", "long", "--timeout", "30")
    assert.equal(5, code)
    assert.matches("the job long is still Running after 30 s; it goes on", err)
    assert.matches("'azureml job wait long' waits again", err)
  end)
end)

describe("azureml queue", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open({
      ["ci-ann"] = { state = "Running", vm_size = "Standard_DS1_v2" },
    }, { environments = { "sklearn:3" } })
    for i = 1, 3 do
      ws.jobs:submit { name = "job" .. i, command = "sleep 600", environment = "sklearn:3",
        compute = "ci-ann" }
    end
  end)
  after_each(function() world.close(emulator, ws) end)

  it("shows what runs, and what waits with its position", function()
    local out, err, code = run("queue", "ci-ann")
    assert.equal(0, code)
    assert.matches("^Position +Name +Status +Display name +Age\n"
      .. "runs +job1 +Preparing +job1 +[^\n]+\nruns +job2 +Preparing +job2 +[^\n]+\n"
      .. "1 +job3 +Queued +job3 +[^\n]+\n$", out)
    assert.equal("ci-ann: 2 running of 2, 1 waiting\n", err)
    local list = json.decode((run("queue", "ci-ann", "-o", "json")))
    assert.same({ 0, 0, 1 }, { list[1].position, list[2].position, list[3].position })
  end)

  it("tells that the jobs of a stopped instance wait", function()
    ws.instances:stop("ci-ann"):wait()
    local out, err = run("queue", "ci-ann")
    assert.matches("1 +job3 +Queued", out)
    assert.matches("0 running of 2, 1 waiting\nthe instance is Stopped: its jobs wait", err)
  end)
end)
