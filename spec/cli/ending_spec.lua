local question = require "azureml.cli.question"
local run = require "spec.command_line"
local world = require "spec.world"

describe("a command that would end running jobs", function()
  local emulator, ws, log

  before_each(function()
    emulator, ws = world.open({
      ["ci-ann"] = { state = "Running", vm_size = "Standard_DS1_v2" }, ["ci-bob"] = "Running",
      ["ci-off"] = "Stopped",
    }, { environments = { "sklearn:3" } })
    for i = 1, 3 do
      ws.jobs:submit { name = "job" .. i, command = "sleep 600", environment = "sklearn:3",
        compute = "ci-ann" }
    end
    log = {}
    emulator.log = function(request) log[#log + 1] = request.method .. " " .. request.target end
    stub(question, "is_terminal").returns(false)
  end)
  after_each(function()
    question.is_terminal:revert()
    world.close(emulator, ws)
  end)

  local function count(pattern)
    local found = 0
    for _, line in ipairs(log) do
      if line:find(pattern) then found = found + 1 end
    end
    return found
  end

  local BIGGER = "STANDARD_DS2_V2"

  for says, words in pairs {
    ["this stop would end 2 running jobs of 'ci-ann' (job2, job1)"] = { "stop", "ci-ann" },
    ["this restart would end 2 running jobs of 'ci-ann' (job2, job1)"] = { "restart", "ci-ann" },
    ["this stop would end 2 running jobs of 'ci-ann'"] = { "stop", "--all" },
    ["this restart would end 2 running jobs of 'ci-ann'"] = { "restart", "ci-bob", "ci-ann" },
    ["this stop would end 2 running jobs of 'emulator/ci-ann'"] = { "stop", "--all",
      "--all-workspaces" },
    ["this resize would end 2 running jobs"] = { "resize", "ci-ann", "-s", BIGGER, "--stop" },
    ["this update would end 2 running jobs"] = { "update", "ci-ann", "ci-bob", "--size", BIGGER,
      "--stop" },
    ["this ensure would end 2 running jobs"] = { "ensure", "ci-ann", "--size", BIGGER, "--stop" },
  } do
    it("is refused off a terminal: " .. table.concat(words, " "), function()
      local _, err, code = run(table.unpack(words))
      assert.equal(1, code)
      assert.is_truthy(err:find(says, 1, true), err)
      assert.matches("hint: add %-%-yes to end them", err)
      assert.equal(0, count "^POST .*/stop" + count "^POST .*/restart")
      assert.equal(1, count "^GET .*/jobs%?")
      assert.equal("Running Running Queued", ("%s %s %s"):format(
        ws.jobs:get("job1").status:gsub("Preparing", "Running"),
        ws.jobs:get("job2").status:gsub("Preparing", "Running"), ws.jobs:get("job3").status))
    end)
  end

  it("is done with --yes, without a look", function()
    local _, err, code = run("stop", "ci-ann", "--yes", "--progress", "quiet")
    assert.equal(0, code, err)
    assert.equal(0, count "/jobs")
  end)

  it("asks on a terminal", function()
    question.is_terminal.returns(true)
    local asked = stub(question, "is_confirmed").returns(false)
    for _, words in ipairs { { "stop", "ci-ann" }, { "stop", "--all" } } do
      local _, err, code = run(table.unpack(words))
      assert.equal(1, code)
      assert.matches("azureml: this stop would end 2 running jobs of 'ci%-ann' %(job2, job1%)\n",
        err)
      assert.stub(asked).was_called_with "Stop nevertheless?"
      assert.equal("JobRunning", ws.instances:get("ci-ann").state)
    end
    asked.returns(true)
    local _, err, code = run("stop", "--all", "--progress", "quiet")
    asked:revert()
    assert.equal(0, code, err)
    assert.same({ "Stopped", "Stopped" },
      { ws.instances:get("ci-ann").state, ws.instances:get("ci-bob").state })
  end)

  it("says before a delete which jobs run and which wait", function()
    question.is_terminal.returns(true)
    local terminal = stub(question, "check_terminal")
    local asked = stub(question, "is_confirmed").returns(false)
    for _, words in ipairs {
      { "delete", "ci-ann" }, { "delete", "--all" }, { "recreate", "ci-ann" },
    } do
      local _, err, code = run(table.unpack(words))
      assert.equal(1, code)
      assert.matches("would end 2 running jobs of 'ci%-ann' %(job2, job1%)\n", err)
      assert.matches("would end 1 waiting job of 'ci%-ann' %(job3%)\n", err)
    end
    asked:revert()
    terminal:revert()
    assert.equal("JobRunning", ws.instances:get("ci-ann").state)
  end)

  it("asks nothing for instances without running jobs", function()
    for _, words in ipairs {
      { "stop", "ci-bob" }, { "stop", "ci-off" }, { "stop", "--state", "Stopped" },
      { "stop", "--like", "ci-b*" }, { "restart", "ci-bob", "--all-workspaces" },
    } do
      if words[1] == "restart" then run("start", "ci-bob", "--progress", "quiet") end
      local _, err, code = run(table.unpack(words))
      assert.equal(0, code, err)
    end
  end)

  it("costs one request more, sent beside the look at the instance", function()
    ws.instances:get "ci-bob"      -- the token is there
    log = {}
    run("stop", "ci-bob", "--no-wait")
    table.sort(log)
    assert.equal(1, count "^GET .*/jobs%?")
    assert.equal(1, count "^GET .*/computes/ci%-bob%?")
    assert.equal(1, count "^POST .*/computes/ci%-bob/stop%?")
    log = {}
    run("stop", "--like", "ci-b*", "--no-wait")
    assert.equal(1, count "^GET .*/jobs%?")
    assert.equal(1, count "^GET .*/computes%?")
  end)

  it("goes on with a note where the list is refused", function()
    emulator:fault { match = { path = "/jobs$" }, times = 3,
      answer = { status = 403 } }
    for _, words in ipairs {
      { "stop", "ci-bob" }, { "restart", "--state", "JobRunning" },
      { "stop", "ci-ann", "--all-workspaces" },
    } do
      local _, err, code = run(table.unpack(words))
      assert.equal(0, code, err)
      assert.matches("azureml: note: cannot look for running jobs of .*HTTP 403", err)
    end
  end)

  it("asks nothing where a script speaks", function()
    ws.instances:stop("ci-ann"):wait()
    assert.equal("Failed", ws.jobs:get("job1").status)
    assert.equal(0, count "^GET .*/jobs%?")
  end)
end)
