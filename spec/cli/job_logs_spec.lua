local errors = require "azureml.error"
local job_logs = require "azureml.cli.job_logs"
local json = require "azureml.json"
local world = require "spec.world"

describe("azureml job logs", function()
  local emulator, ws, own_stdout, own_print, own_errors, written, said

  before_each(function()
    emulator, ws = world.open { ["ci-ann"] = "Running" }
    own_stdout, own_print, own_errors, written, said = io.stdout, print, io.stderr, {}, {}
    local function into(list)
      return {
        write = function(self, ...) list[#list + 1] = table.concat { ... } return self end,
        flush = function(self) return self end,
      }
    end
    io.stdout, io.stderr = into(written), into(said)      -- luacheck: ignore
    _G.print = function(text) written[#written + 1] = text .. "\n" end      -- luacheck: ignore
  end)
  after_each(function()
    io.stdout, io.stderr, _G.print = own_stdout, own_errors, own_print      -- luacheck: ignore
    world.close(emulator, ws)
  end)

  local function submit(command)
    return ws.jobs:submit {
      command = command, compute = "ci-ann", environment = { image = "python" },
    }
  end

  local function run(job, more)
    local args = { job = job.name, output = "table" }
    for name, value in pairs(more or {}) do args[name] = value end
    local _, err = errors.try(job_logs.run, args)
    return table.concat(written), table.concat(said), err
  end

  it("prints what a job has written so far", function()
    local job = submit "echo one; sleep 60; echo two"
    local out, err = run(job)
    assert.equal("", out)
    assert.matches("^the job %S+ is %a+: it has written nothing\n$", err)
    job:wait()
    assert.equal("one\ntwo\n", (run(job)))
  end)

  it("prints the last lines, and one log by its name", function()
    local job = submit("echo one; echo two"):wait()
    assert.equal("two\n", (run(job, { tail = 1 })))
    assert.equal("two\none\ntwo\n", (run(job, { file = "user_logs/std_log.txt" })))
    local _, _, err = run(job, { file = "nothing" })
    assert.equal("NoLogs", err.code)
  end)

  it("says at the job's end that the log to follow was never written", function()
    local job = submit "echo one; sleep 60"
    local out, _, err = run(job, { file = "nothing", follow = true })
    assert.same({ "", "NoLogs" }, { out, err.code })
    job = submit "exit 3"
    _, _, err = run(job, { file = "nothing", follow = true })
    assert.equal("JobFailed", err.code)
  end)

  it("lists the logs", function()
    local job = submit("echo one"):wait()
    local list = json.decode((run(job, { list = true, output = "json" })))
    assert.same({ 1, "user_logs/std_log.txt" }, { #list, list[1].name })
  end)

  it("follows a job from before it runs to its end", function()
    local job = submit "echo one; sleep 60; echo two"
    local out, err, raised = run(job, { follow = true })
    assert.equal("one\ntwo\n", out)
    assert.matches("^the job %S+ is %a+\n$", err)
    assert.is_nil(raised)
    assert.equal("one\ntwo\none\ntwo\n", (run(job, { follow = true })))
  end)

  it("ends with the failure of the job", function()
    local job = submit "echo one; exit 3"
    local out, _, err = run(job, { follow = true })
    assert.same({ "one\n", "JobFailed" }, { out, err.code })
    assert.is_nil(err.hint)
  end)

  it("stops following when the time is over", function()
    local job = submit "echo one; sleep 600"
    local out, _, err = run(job, { follow = true, timeout = 60 })
    assert.same({ "one\n", "Timeout" }, { out, err.code })
  end)

  it("is a command of the group job", function()
    local group = require "azureml.cli.job"
    assert.equal(job_logs, group.subcommands.logs)
  end)

  it("refuses a job that is not there", function()
    local _, _, err = run { name = "nothing" }
    assert.equal("JobNotFound", err.code)
  end)
end)
