local command = require "azureml.cli.command"
local core = require "azureml.core"
local ending = require "azureml.cli.ending"
local notebook_server = require "spec.notebook_server"
local process = require "spec.process"
local question = require "azureml.cli.question"
local run = require "spec.command_line"
local world = require "spec.world"

describe("a command that ends busy kernels", function()
  local played, own_workspace, own_width, own_read, questions

  before_each(function()
    core.clock "virtual"
    played = notebook_server.open()
    local kernel = { id = "k-1", name = "python3", execution_state = "busy" }
    played.kernels = { kernel, { id = "k-2", name = "ir", execution_state = "busy" },
      { id = "k-3", name = "python3", execution_state = "idle" } }
    played.sessions = { { id = "s", path = "Users/train\27[31m.ipynb", kernel = kernel } }
    own_workspace, own_width, own_read = command.workspace, core.terminal_width, io.read
    command.workspace = function() return played.workspace end
    questions = 0
  end)
  after_each(function()
    command.workspace, core.terminal_width = own_workspace, own_width
    io.read = own_read      -- luacheck: ignore
    world.finish(played)
  end)

  local function at_terminal(answer)
    core.terminal_width = function() return 80, 24 end
    io.read = function()      -- luacheck: ignore
      questions = questions + 1
      return answer
    end
  end

  local function stop(...)
    return run("stop", "ci-ann", "--progress", "quiet", "-o", "json", ...)
  end

  it("names them on a terminal, and asks", function()
    at_terminal "n"
    local _, errors, code = stop()
    assert.equal(1, code)
    assert.equal("azureml: this stop would end 2 busy kernels of 'ci-ann' "
      .. "(ir, train\u{FFFD}[31m.ipynb)\nStop nevertheless? [y/N] ", errors)
    assert.same({}, played.verbs)
    at_terminal "y"
    assert.equal(0, select(3, stop()))
    assert.same({ "stop" }, played.verbs)
  end)

  it("does not ask with --yes, off a terminal, or when nothing computes", function()
    assert.equal(0, select(3, stop()))
    assert.same({}, played.asked)
    played.state = "Running"
    at_terminal "n"
    assert.equal(0, select(3, stop "--yes"))
    assert.same({}, played.asked)
    played.state, played.kernels[1].execution_state = "Running", "idle"
    played.kernels[2].execution_state = "starting"
    assert.same({ "", 0 }, { select(2, stop()) })
    assert.equal(0, questions)
  end)

  it("is not held up by a check that fails: that is a note", function()
    at_terminal "n"
    played.instead = function() return { status = 403, body = '{"message": "Forbidden"}' } end
    local _, errors, code = stop()
    assert.equal(0, code)
    assert.matches("^azureml: note: cannot look for busy kernels of ci%-ann: .*Forbidden", errors)
    played.state, played.owner = "Running", played.OTHER
    _, errors, code = stop()
    assert.equal(0, code)
    assert.matches("^azureml: note: .*belongs to another user", errors)
    assert.equal(0, questions)
  end)

  it("does not wait for a machine that does not answer", function()
    at_terminal "n"
    played.instead = function() return {} end      -- never answered
    local own = ending.look_timeout
    ending.look_timeout = 0.05
    local _, errors, code = stop()
    ending.look_timeout = own
    assert.equal(0, code)
    assert.matches("^azureml: note: cannot look for busy kernels of ci%-ann: ", errors)
    assert.same({ "stop" }, played.verbs)
  end)

  it("says nothing where no machine can be, and of a stopped instance", function()
    at_terminal "n"
    played.address = "https://ci-ann.westeurope.instances.azureml.ms/tree/"
    assert.same({ "", 0 }, { select(2, stop()) })
    assert.equal(0, questions)
  end)

  it("asks about one instance only", function()
    at_terminal "n"
    run("stop", "--all", "--progress", "quiet")
    assert.same({ "stop" }, played.verbs)
    assert.same({}, played.asked)
  end)

  it("may be a restart", function()
    at_terminal "n"
    local _, errors, code = run("restart", "ci-ann", "--progress", "quiet")
    assert.equal(1, code)
    assert.matches("^azureml: this restart would end 2 busy kernels", errors)
  end)

  it("may be a resize, update, recreate or delete", function()
    at_terminal "n"
    for _, words in ipairs {
      { "resize", "ci-ann", "-s", "STANDARD_DS12_V2", "--stop" },
      { "update", "ci-ann", "-s", "STANDARD_DS12_V2", "--stop" },
      { "recreate", "ci-ann" }, { "delete", "ci-ann" },
    } do
      local _, errors, code = run(table.unpack(words))
      assert.equal(1, code)
      assert.matches("^azureml: this " .. words[1] .. " would end 2 busy kernels", errors)
    end
    assert.equal(4, questions)
    assert.same({}, played.verbs)
  end)
end)

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

  for _, words in ipairs {
    { "delete", "ci-ann" }, { "delete", "--like", "ci-*" }, { "recreate", "ci-ann" },
  } do
    it("is refused off a terminal with the jobs' names: " .. table.concat(words, " "), function()
      local _, err, code = run(table.unpack(words))
      assert.equal(1, code)
      assert.is_truthy(err:find(("this %s would end 2 running jobs of 'ci-ann' (job2, job1); "
        .. "1 waiting job of 'ci-ann' (job3)"):format(words[1]), 1, true), err)
      assert.equal(0, count "^DELETE ")
      words[2], words[3] = "ci-bob", nil
      _, err, code = run(table.unpack(words))
      assert.equal(2, code)
      assert.matches("standard input is not a terminal: add %-%-yes", err)
      assert.equal(0, count "^DELETE ")
    end)
  end

  it("is told by a dry run, which goes on", function()
    for _, words in ipairs {
      { "stop", "ci-ann" }, { "restart", "--like", "ci-a*" }, { "delete", "ci-ann", "ci-bob" },
    } do
      words[#words + 1] = "--dry-run"
      local out, err, code = run(table.unpack(words))
      assert.equal(0, code)
      assert.matches("ci%-ann +planned", out)
      assert.matches(("this %s would end 2 running jobs of 'ci%%-ann'"):format(words[1]), err)
    end
    assert.same({ "", 0 }, { select(2, run("stop", "ci-bob", "--dry-run", "-o", "none")) })
  end)

  it("is not seen in a --stop for a size that the instance has", function()
    for _, words in ipairs {
      { "ensure", "ci-ann", "--size", "Standard_DS1_v2", "--stop" },
      { "ensure", "ci-ann", "--stop" },
      { "resize", "ci-ann", "--size", "STANDARD_DS1_V2", "--stop" },
      { "update", "ci-ann", "ci-ann", "--size", "STANDARD_DS1_V2", "--stop" },
    } do
      local _, err, code = run(table.unpack(words))
      assert.equal(0, code, err)
    end
    ws.instances:resize("ci-off", "STANDARD_DS1_V2"):wait()
    local _, err, code = run("update", "ci-ann", "ci-off", "--size", "STANDARD_DS1_V2", "--stop")
    assert.equal(0, code, err)
    assert.equal("JobRunning", ws.instances:get("ci-ann").state)
  end)

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
    local terminal = stub(question, "can_be_answered").returns(true)
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

  it("knows by the state of the instance of a job that is older than the newest page", function()
    ws.jobs:cancel "job3"
    emulator:set_page_size(1)
    local _, err, code = run("stop", "ci-ann")
    assert.equal(1, code)
    assert.matches("this stop would end a running job of 'ci%-ann', older than the newest", err)
    assert.equal(1, count "^GET .*/jobs%?")
    assert.equal(0, select(3, run("stop", "ci-bob", "--no-wait")))
    for _, words in ipairs {
      { "stop", "--like", "ci-a*" }, { "stop", "--all-workspaces", "--all" },
    } do
      _, err, code = run(table.unpack(words))
      assert.equal(1, code)
      assert.matches("would end a running job of '[%w/]*ci%-ann', older than the newest", err)
    end
  end)

  describe("is asked about by apply", function()
    local function apply(text, ...)
      local directory = process.directory()
      local file = assert(io.open(directory .. "/wanted.json", "w"))
      file:write(text)
      file:close()
      local _, err, code = run("apply", directory .. "/wanted.json", ...)
      process.remove(directory)
      return code, err
    end

    for says, text in pairs {
      ["before it stops an instance for its size"] =
        ('{ "ci-ann": { "vm_size": "%s" }, "ci-bob": {} }'):format(BIGGER),
      ["before it stops an instance"] = '{ "ci-ann": { "state": "Stopped" } }',
      ["before it deletes an instance"] = '{ "ci-ann": { "state": "absent" } }',
    } do
      it(says, function()
        local code, err = apply(text, "--stop")
        assert.equal(1, code)
        assert.matches("this apply would end 2 running jobs of 'ci%-ann' %(job2, job1%)", err)
        assert.equal("JobRunning", ws.instances:get("ci-ann").state)
      end)
    end

    it("only then", function()
      local code, err = apply('{ "ci-ann": { "idle_time_before_shutdown": "2h" } }', "--stop")
      assert.equal(0, code, err)
    end)
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
