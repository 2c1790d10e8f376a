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

    local function path(name)
      return ("%s/jobs/%s"):format(vm.id:match "^(.*)/computes/", name)
    end

    local function submit(name, command, more)
      local properties = {
        jobType = "Command", command = command, environmentId = "e", computeId = vm.id,
      }
      for field, value in pairs(more or {}) do properties[field] = value end
      world.workspace:client():request {
        method = "PUT", path = path(name), query = { ["api-version"] = "2024-04-01" },
        body = { properties = properties },
      }
    end

    local function status(name)
      return world.workspace:client():request({
        path = path(name), query = { ["api-version"] = "2024-04-01" },
      }).json.properties.status
    end

    local function wait(name, wanted)
      local seen
      for _ = 1, 200 do
        seen = status(name)
        if seen == wanted then break end
        azureml.sleep(0.05)
      end
      assert.equal(wanted, seen)
    end

    local function log(name)
      local directory = world.emulator.host.directory
      local file <close> = assert(io.popen(("cat %s/*-ci-jobs/jobs/*-%s/user_logs/std_log.txt")
        :format(directory, name)))
      return file:read "a"
    end

    it("runs, and its output is kept", function()
      submit("good", "echo $AZUREML_RUN_ID $COLOUR", { environmentVariables = { COLOUR = "red" } })
      wait("good", "Completed")
      assert.equal("good red\n", log "good")
    end)

    it("fails with its exit code", function()
      submit("bad", "echo so far; exit 2")
      wait("bad", "Failed")
      assert.equal("so far\n", log "bad")
    end)

    it("is cancelled, with all that it has started", function()
      submit("long", "sh -c ': azureml-job; sleep 600; true' & wait")
      wait("long", "Running")
      for _ = 1, 100 do
        if #hosted.processes "azureml-job" > 0 then break end
        azureml.sleep(0.05)
      end
      assert.equal("JobRunning", vm:refresh().state)
      world.workspace:client():request {
        method = "POST", path = path "long" .. "/cancel",
        query = { ["api-version"] = "2024-04-01" },
      }
      wait("long", "Canceled")
    end)

    it("is ended by its time limit", function()
      submit("limited", "sleep 600", { limits = { jobLimitsType = "Command", timeout = "PT1S" } })
      wait("limited", "Canceled")
    end)
  end)
end)
