local azureml = require "azureml"
local hosted = require "spec.hosted"
local json = require "azureml.json"

describe("looking into real machines", function()
  local world, vm

  setup(function()
    world = hosted.open()
    vm = world:create("ci-ann", { setup_scripts = {
      creation_script = { text = "for i in $(seq 1 2000); do echo line $i; done" },
      startup_script = { text = "printf 'started\\033[2J'" },
    } })
    world:create "ci-bob"
  end)
  teardown(function() world:close() end)

  it("reads the metrics, over SSH", function()
    local found = vm:metrics()
    assert.equal("ci-ann", found.name)
    assert.is_true(found.cores >= 1 and found.load_1 >= 0 and found.memory.size > 1 << 20)
    local mounts = {}
    for _, disk in ipairs(found.disks) do mounts[disk.mount] = disk end
    assert.is_true(mounts["/"].size > 0)
    assert.matches("^ci%-ann: up for ", tostring(found))
  end)

  it("shows the metrics of all by command", function()
    local output, errors, code = world:azureml "top"
    assert.same({ "", 0 }, { errors, code })
    assert.matches("^Name +Load +Cores +Memory +Fullest disk +GPU\nci%-ann .*\nci%-bob ", output)
    local list = json.decode((world:azureml("top", "-o", "json")))
    assert.same({ "ci-ann", "ci-bob" }, { list[1].name, list[2].name })
  end)

  it("reads the logs of setup scripts", function()
    local logs = vm:logs()
    assert.equal(2, #logs)
    assert.matches("^Logs/ci%-ann/creation_script_.*%.log$", logs[1].path)
    local text = logs[1]:read()
    assert.matches("^line 1\nline 2\n.*\nline 2000\n$", text)
    assert.equal(#text, logs[1].size)
    assert.equal("line 1999\nline 2000\n", logs[1]:read { tail = 2 })
    assert.equal("started\27[2J", logs[2]:read())
  end)

  it("prints the logs by command", function()
    local output, errors, code = world:azureml("logs", "ci-ann", "--tail", "1")
    assert.same({ "", 0 }, { errors, code })
    assert.matches("^==> creation_script_%w+.log <==\nline 2000\n\n==> startup_script_%w+.log <==\n"
      .. "started\27%[2J$", output)
    local list = json.decode((world:azureml("logs", "ci-ann", "--list", "-o", "json")))
    assert.equal(2, #list)
    output = world:azureml("logs", "ci-ann", list[2].name)
    assert.equal("started\27[2J", output)
  end)

  it("follows a log that grows", function()
    local log, seen = vm:logs()[2], {}
    local host = world.emulator.host
    local path
    for _, name in ipairs(require("azureml.core").entries(host.directory)) do
      if name:find "^share%-" then path = ("%s/%s/%s"):format(host.directory, name, log.path) end
    end
    local _, reason = pcall(log.follow, log, function(text)
      seen[#seen + 1] = text
      if #seen > 3 then error("enough", 0) end
      local file <close> = assert(io.open(path, "a"))
      file:write("more", #seen)
    end, { interval = 0.01 })
    assert.equal("enough", reason)
    assert.equal("started\27[2Jmore1more2more3", table.concat(seen))
  end)

  it("follows what a job writes, to its end", function()
    local gate = world.home .. "/gate"
    local job = world.workspace.jobs:submit {
      command = ("echo one; until [ -e %s ]; do sleep 0.05; done; echo two; exit 3"):format(gate),
      compute = "ci-ann", environment = { image = "python" },
    }
    local seen = {}
    job:log():follow(function(text)
      seen[#seen + 1] = text
      io.open(gate, "w"):close()
    end, { interval = 0.05 })
    assert.same({ "one\n", "two\n" }, seen)
    local output, errors, code = world:azureml("job", "logs", job.name, "--follow")
    assert.same({ "one\ntwo\n", 1 }, { output, code })
    assert.matches("has failed: .*status code 3", errors)
    output, errors, code = world:azureml("job", "logs", job.name, "--tail", "1")
    assert.same({ "two\n", "", 0 }, { output, errors, code })
  end)

  it("prints the links of the applications", function()
    local output, errors, code = world:azureml("open", "ci-ann", "jupyter")
    assert.equal(0, code)
    assert.matches("^http://127.0.0.1:%d+/instances/%w+/ci%-ann/tree/?\n$", output)
    assert.matches("with a token only", errors)
    local _, refused
    _, refused, code = world:azureml("open", "ci-ann", "rstudio")
    assert.equal(3, code)
    assert.matches("has no application 'rstudio' %(it has jupyter, jupyter_lab%)", refused)
  end)

  it("says that there are no logs, and where they are while the instance is stopped", function()
    local other = world.workspace.instances:get "ci-bob"
    local _, err = azureml.try(other.logs, other)
    assert.equal("NoLogs", err.code)
    assert.matches("no setup script", err.hint)
    other:stop():wait()
    local _, errors, code = world:azureml("logs", "ci-bob")
    assert.equal(1, code)
    assert.matches("'ci%-bob' is Stopped.* in the folder Logs/ci%-bob of the file share code%-",
      errors)
    assert.matches("Storage File Data Privileged Reader", errors)
  end)
end)
