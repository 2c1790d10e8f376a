local azureml = require "azureml"
local hosted = require "spec.hosted"

describe("work on a real machine", function()
  local world

  setup(function() world = hosted.open() end)
  teardown(function() world:close() end)

  local function share()
    local host = world.emulator.host
    for _, name in ipairs(require("azureml.core").entries(host.directory)) do
      if name:find "^share%-" then return host.directory .. "/" .. name end
    end
  end

  local function log_of(instance, script)
    local directory = ("%s/Logs/%s"):format(share(), instance)
    for _, name in ipairs(require("azureml.core").entries(directory)) do
      if name:find("^" .. script) then
        local file <close> = assert(io.open(directory .. "/" .. name))
        return file:read "a"
      end
    end
  end

  it("runs setup scripts with their arguments, and keeps their output on the share", function()
    world:create("ci-setup", { setup_scripts = {
      creation_script = { text = "echo $CI_NAME $CI_WORKSPACE; echo $1-$2; pwd; echo bad >&2",
        arguments = "one 'two three'" },
      startup_script = { text = "echo started" },
    } })
    local log = log_of("ci-setup", "creation_script")
    assert.matches("^ci%-setup emulator\none%-two three\n/.*/Users\nbad\n$", log)
    assert.equal("started\n", log_of("ci-setup", "startup_script"))
  end)

  it("lets a daemon of a script live until the instance stops", function()
    local vm = world:create("ci-daemon", { setup_scripts = {
      creation_script = {
        text = "nohup sh -c ': azureml-daemon; sleep 600; true' >/dev/null 2>&1 &",
      },
    } })
    -- It is a copy of the script's shell for a moment.
    for _ = 1, 200 do
      if #hosted.processes "azureml-daemon" == 1 then break end
      azureml.sleep(0.05)
    end
    assert.equal(1, #hosted.processes "azureml-daemon")
    vm:stop():wait()
    assert.same({}, hosted.processes "azureml-daemon")
  end)

  for _, row in ipairs {
    { "ci-fails", { text = "exit 3" }, "ended with exit code 3" },
    { "ci-slow", { text = "sleep 600", timeout = "1s" }, "did not end within 1s" },
    { "ci-lost", { path = "Users/nothing.sh" }, "file not found" },
    { "ci-climbs", { path = "../../../etc/profile" }, "file not found" },
  } do
    it("fails the creation when the script " .. row[3], function()
      local op = world.workspace.instances:create(row[1], {
        setup_scripts = { creation_script = row[2] },
      })
      local _, err = azureml.try(op.wait, op)
      assert.equal("SetupScriptsError", err.code)
      assert.matches(row[3], err.message)
      assert.equal("UserSetupFailed", world.workspace.instances:get(row[1]).state)
    end)
  end

  it("runs a script of the file share", function()
    world:create "ci-share"
    local path = share() .. "/Users/hello.sh"
    local file = assert(io.open(path, "w"))
    file:write "echo from the share; pwd\n"
    file:close()
    world:create("ci-reads", { setup_scripts = {
      startup_script = { path = "Users/hello.sh" },
    } })
    assert.matches("^from the share\n/.*/Users\n$", log_of("ci-reads", "startup_script"))
  end)

  describe("as a job", function()
    local vm

    setup(function() vm = world:create "ci-jobs" end)

    local function submit(name, command, more)
      local settings = {
        name = name, command = command, environment = "AzureML-minimal@latest", compute = vm,
      }
      for field, value in pairs(more or {}) do settings[field] = value end
      return world.workspace.jobs:submit(settings)
    end

    local function log(job)
      local url = job:details().log_files["user_logs/std_log.txt"]
      local status, text = world:fetch(url)
      assert.equal(200, status)
      return text:match "\r\n\r\n(.*)$"
    end

    local function wait_for(what)
      for _ = 1, 200 do
        if what() then return true end
        azureml.sleep(0.05)
      end
      return false
    end

    it("runs with its variables and inputs, and its output is kept", function()
      local job = submit("good", "echo $AZUREML_RUN_ID $COLOUR ${{inputs.n}}; echo bad >&2", {
        environment_variables = { COLOUR = "red" }, inputs = { n = 7 },
      }):wait()
      assert.equal("good red 7\nbad\n", log(job))
    end)

    it("writes to its outputs", function()
      local job = submit("makes", "echo x > ${{outputs.model}}/a; cat ${{outputs.model}}/a", {
        outputs = { model = { type = "uri_folder" } },
      }):wait()
      assert.equal("x\n", log(job))
    end)

    it("fails with its exit code", function()
      local job = submit("bad", "echo so far; exit 2")
      local _, err = azureml.try(job.wait, job)
      assert.equal("JobFailed", err.code)
      assert.matches("exited with status code 2%. .* Error: so far$", err.message)
      assert.equal("so far\n", log(job))
    end)

    it("waits for its turn: two for each core run at once, in order", function()
      local slots = vm:queue().slots
      local marks = world.home .. "/order"
      local list = {}
      for i = 1, slots + 2 do
        list[i] = submit(("turn%d"):format(i),
          ("echo %d >> %s; while [ ! -e %s/go ]; do sleep 0.02; done"):format(i, marks,
            world.home))
      end
      assert.is_true(wait_for(function() return #vm:queue().running == slots end))
      local queue = vm:queue()
      assert.same({ 1, 2, 0 }, { queue:position(list[slots + 1]), queue:position(list[slots + 2]),
        queue:position "turn1" })
      io.open(world.home .. "/go", "w"):close()
      for _, job in ipairs(list) do job:wait() end
      local text = world:read "order"
      assert.matches(("%d\n"):format(slots + 1), text:sub(2 * slots + 1))
      assert.matches(("%d\n"):format(slots + 2), text:sub(2 * slots + 1))
    end)

    it("is cancelled, with all that it has started", function()
      local job = submit("long", "sh -c ': azureml-job; sleep 600; true' & wait")
      assert.is_true(wait_for(function() return #hosted.processes "azureml-job" > 0 end))
      assert.equal("JobRunning", vm:refresh().state)
      job:cancel():wait { allow_canceled = true }
      assert.equal("Canceled", job.status)
    end)

    it("may have any time limit", function()
      local job = submit("endless", "true", { timeout = 1000000000000 })
      assert.equal("Completed", job:wait().status)
    end)

    it("is ended by its time limit", function()
      local job = submit("limited", "sleep 600", { timeout = 1 })
      local _, err = azureml.try(job.wait, job)
      assert.equal("JobCanceled", err.code)
      assert.matches("exceeded its time limit of PT1S", err.message)
    end)

    it("fails when its instance is stopped under it; its log stays", function()
      local other = world:create "ci-under"
      local job = submit("under", "echo begun; sleep 600", { compute = other })
      assert.is_true(wait_for(function()
        return job:details().log_files["user_logs/std_log.txt"] and log(job) == "begun\n"
      end))
      other:stop():wait()
      local _, err = azureml.try(job.wait, job)
      assert.matches("was stopped while the job ran", err.message)
      other:delete():wait()
      assert.equal("begun\n", log(job))
    end)
  end)
end)
