-- What `--prometheus FILE` and `--summary FILE` leave behind, however the run ends.
local json = require "azureml.json"
local metrics = require "spec.metrics_text"
local process = require "spec.process"

local INTERRUPTED, KILLED = 130, 137
local VIRTUAL = [[require("azureml.core").clock "virtual"]]

describe("the reports of a run", function()
  local emulator, directory

  before_each(function() directory = process.directory() end)
  after_each(function()
    if emulator then emulator:close() end
    emulator = nil
    process.remove(directory)
  end)

  -- Start an emulator with these instances, name -> state.
  local function serve(instances, speed)
    local seed = process.write(directory .. "/seed.json", json.encode { instances = instances })
    emulator = process.served_emulator { speed = speed or 3000, options = { "--seed", seed } }
  end

  local function fault(rule)
    local client <close> = require "azureml".client { endpoint = emulator.url }
    client:request { method = "POST", path = "/emulator/faults", body = rule }
  end

  local function path_of(name)
    return directory .. "/" .. name
  end

  local function read(name) return process.read(path_of(name)) end

  local function environment()
    return { AZUREML_EMULATOR = emulator and emulator.url or "", XDG_STATE_HOME = directory }
  end

  -- Run the executable with both options. Return its exit code, the metrics, the summary, and what
  -- it printed.
  local function run(...)
    local out, err, code = process.executable({
      "--prometheus", path_of "nightly.prom", "--summary", path_of "summary.json", ...,
    }, environment())
    return code, metrics(read "nightly.prom"), json.decode(read "summary.json"), err, out
  end

  -- Return the value of a sample with all of these labels; nil: there is none.
  local function value(families, name, labels)
    for _, sample in ipairs(families[name] and families[name].samples or {}) do
      local fits = true
      for label, text in pairs(labels or {}) do fits = fits and sample.labels[label] == text end
      if fits then return sample.value end
    end
  end

  local function verbs_of(summary)
    local list = {}
    for i, entry in ipairs(summary.verbs) do
      list[i] = ("%s %s %s"):format(entry.verb, entry.name, entry.outcome)
    end
    table.sort(list)
    return list
  end

  it("tell of a command for many instances", function()
    serve { ann = "Running", bob = "Running", cleo = "Stopped" }
    local code, families, summary, err = run("stop", "--all", "--progress", "quiet")
    assert.same({ 0, "" }, { code, err })
    assert.same({ "stop ann done", "stop bob done", "stop cleo skipped" }, verbs_of(summary))
    assert.same({ done = 2, skipped = 1 }, summary.counts)
    assert.equal(2, value(families, "azureml_verbs", { verb = "stop", outcome = "done" }))
    assert.equal(2, value(families, "azureml_waits", { verb = "stop" }))
    assert.equal(3, value(families, "azureml_instances", { state = "Stopped" }))
    assert.is_nil(value(families, "azureml_instances", { state = "Running" }))
    assert.equal(1, value(families, "azureml_last_run_success", { run = "nightly" }))
    assert.equal(2, value(families, "azureml_requests",
      { method = "POST", purpose = "request", status = "2xx" }))
    assert.is_nil(families.azureml_cost_per_hour)
    assert.is_nil(summary.cost)
    assert.equal("stop --all --progress quiet", table.concat(summary.command, " ", 5))
    assert.same({ "emulator" }, { summary.workspaces[1].name })
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$", summary.started)
    assert.is_true(summary.started <= summary.ended)
  end)

  it("are for all users to read, and have no other file beside them", function()
    serve { ann = "Stopped" }
    run "list"
    local out = process.run({ "stat", "-c", "%n %a", "nightly.prom", "summary.json" }, nil,
      directory)
    assert.equal("nightly.prom 644\nsummary.json 644\n", out)
    out = process.run({ "sh", "-c", "ls | grep -c new" }, nil, directory)
    assert.equal("0\n", out)
  end)

  it("tell of a workflow, and of what an instance costs where the run knows prices", function()
    serve { ann = "Running", bob = "Running" }
    local code, _, stopped = run("run", "nightly")
    assert.equal(0, code)
    assert.same({ "stop ann done", "stop bob done" }, verbs_of(stopped))
    local families = select(2, run "cost")
    assert.equal(0, value(families, "azureml_cost_per_hour", { workspace = "emulator" }))
    run("start", "ann")
    local summary
    code, families, summary = run "cost"
    assert.equal(0, code)
    assert.is_true(value(families, "azureml_cost_per_hour", { currency = "USD" }) > 0)
    assert.same({ 1, 0 }, { summary.cost.an_hour[1].billed, summary.cost.an_hour[1].unpriced })
    assert.matches("an estimate", summary.cost.note)
  end)

  it("tell of a verb that fails, with its error", function()
    serve { ann = "Running", bob = "Running" }
    local refusal = { error = { code = "AuthorizationFailed", message = "no" } }
    fault { match = { verb = "stop", name = "bob" }, answer = { status = 403, json = refusal } }
    local code, families, summary = run("stop", "--all", "--progress", "quiet")
    assert.equal(1, code)
    assert.same({ "stop ann done", "stop bob failed" }, verbs_of(summary))
    assert.equal(1, value(families, "azureml_failures", { code = "AuthorizationFailed" }))
    assert.equal(0, value(families, "azureml_last_run_success"))
    assert.equal(1, summary.exit_code)
    for _, entry in ipairs(summary.verbs) do
      if entry.name == "bob" then
        assert.same({ "AuthorizationFailed", 403 }, { entry.error.code, entry.error.status })
        assert.equal("string", type(entry.error.request_id))
      end
    end
  end)

  it("tell what ended a script, also before any verb", function()
    serve { ann = "Running" }
    local code, families, summary = run("show", "nobody")
    assert.equal(3, code)
    assert.equal("ResourceNotFound", summary.error.code)
    assert.equal(1, value(families, "azureml_failures", { code = "ResourceNotFound" }))
    code, families, summary = run("-e", "error 'it is over'")
    assert.equal(1, code)
    assert.matches("it is over", summary.error.message)
    assert.equal(1, value(families, "azureml_last_run_exit_code"))
  end)

  it("tell how long the service throttled", function()
    serve { ann = "Running" }
    fault { match = { verb = "stop" }, times = 1,
      answer = { status = 429, headers = { ["retry-after"] = "7" },
        json = { error = { code = "TooManyRequests", message = "slow" } } } }
    local code, families, summary = run("-e", VIRTUAL, "stop", "ann", "--progress", "quiet")
    assert.equal(0, code)
    assert.equal(1, summary.throttled_replies)
    assert.is_true(summary.throttled_seconds >= 7 and summary.throttled_seconds < 9)
    assert.equal(summary.throttled_seconds, value(families, "azureml_throttled_seconds"))
    assert.equal(1, value(families, "azureml_requests", { method = "POST", status = "4xx" }))
  end)

  it("are written when a signal ends the run, with what goes on", function()
    serve { ann = "Running" }
    local code, families, summary = run("-e", [[
      local ws = require("azureml").workspace()
      local op = ws.instances:stop "ann"
      io.popen("kill -INT $PPID"):close()      -- os.execute would ignore the signal
      op:wait()
    ]])
    assert.equal(INTERRUPTED, code)
    assert.same({ "stop ann accepted" }, verbs_of(summary))
    assert.equal("Interrupted", summary.error.code)
    assert.same({ "ann", "stop" }, { summary.operations[1].name, summary.operations[1].verb })
    assert.matches("azureml operations wait", summary.next)
    assert.equal(1, value(families, "azureml_running_operations"))
    assert.equal(INTERRUPTED, value(families, "azureml_last_run_exit_code"))
  end)

  it("tell of a wait that timed out: it failed, and the operation goes on", function()
    serve({ ann = "Running" }, 1)
    local code, families, summary = run("-e", VIRTUAL, "stop", "ann", "--timeout", "5",
      "--progress", "quiet")
    assert.equal(5, code)
    assert.same({ "stop ann failed" }, verbs_of(summary))
    assert.same({ "Timeout", "Timeout" }, { summary.verbs[1].error.code, summary.error.code })
    assert.equal(1, #summary.operations)
    assert.equal(1, value(families, "azureml_running_operations"))
    assert.equal(1, value(families, "azureml_failures", { code = "Timeout" }))
  end)

  it("forget an instance that a later list does not show", function()
    serve { ann = "Stopped", bob = "Stopped" }
    local code, families = run("-e", ([[
      local ws = require("azureml").workspace()
      assert(#ws.instances:list():all() == 2)
      assert(os.execute "'%s' delete ann --yes --progress quiet")
      assert(#ws.instances:list():all() == 1)
    ]]):format(process.executable_path))
    assert.equal(0, code)
    assert.equal(1, value(families, "azureml_instances"))
  end)

  it("tell of what is left to the service on purpose", function()
    serve { ann = "Running", bob = "Running" }
    local code, families, summary = run("stop", "--all", "--no-wait", "--progress", "quiet")
    assert.equal(0, code)
    assert.same({ "stop ann accepted", "stop bob accepted" }, verbs_of(summary))
    assert.same({ 2, 2 }, { #summary.operations, value(families, "azureml_running_operations") })
    assert.is_nil(families.azureml_waits)
    assert.is_nil(read("summary.json"):find("poll_url", 1, true))      -- tickets are private
  end)

  it("are written before os.exit ends the run", function()
    for code, text in pairs { [0] = "os.exit(true)", [1] = "os.exit(false)", [7] = "os.exit(7)",
      [3] = "os.exit '3'", [255] = "os.exit(-1)", [2] = "os.exit(258.0)" } do
      local left, families, summary = run("-e", text)
      assert.same({ code, code }, { left, summary.exit_code })
      assert.equal(code, value(families, "azureml_last_run_exit_code"))
    end
    local code, families = run("-e", "os.exit(0, true)")
    assert.same({ 0, 0 }, { code, value(families, "azureml_last_run_exit_code") })
  end)

  it("tell that a script is not there, or cannot be compiled", function()
    local bad = process.write(path_of "bad.lua", "x")
    for name, message in pairs { [path_of "none.lua"] = "No such file", [bad] = "syntax error" } do
      local code, families, summary = run(name)
      assert.same({ 1, 1 }, { code, summary.exit_code })
      assert.matches(message, summary.error.message, 1, true)
      assert.equal(0, value(families, "azureml_last_run_success"))
    end
  end)

  it("tell that the run was refused, in place of what the run before left", function()
    for message, words in pairs {
      ["there is no command and no script 'lits'; did you mean list?"] = { "lits", "s3cret" },
      ["unrecognized option '--key'"] = { "--key", "-e", "s3cret" },
      ["'--speed' sets the emulator's clock: it needs '--emulator'"] = { "--speed", "60", "list" },
      ["unknown option '--key'"] = { "list", "--key" },
    } do
      run("-e", "")
      local code, families, summary, err = run(table.unpack(words))
      assert.same({ 2, 2, "Usage" }, { code, summary.exit_code, summary.error.code })
      assert.equal(message, summary.error.message)
      assert.matches(message, err, 1, true)
      assert.equal(0, value(families, "azureml_last_run_success"))
      assert.is_nil(read("summary.json"):find "s3cret")
    end
  end)

  it("come also where the words that are wrong stand before them", function()
    run("-e", "")
    local _, _, code = process.executable({ "--key", "--speed", "x", "--summary",
      path_of "summary.json", "list" }, environment())
    local summary = json.decode(read "summary.json")
    assert.same({ 2, 2 }, { code, summary.exit_code })
    assert.equal("unrecognized option '--key'", summary.error.message)
    assert.same({ "--key", "--speed", "***", "--summary", "***", "***" }, summary.command)
  end)

  it("tell the error of an os.exit that is refused", function()
    local code, _, summary, err = run("-e", "os.exit 'x'")
    assert.same({ 1, 1 }, { code, summary.exit_code })
    assert.matches("bad argument #1 to 'exit'", summary.error.message, 1, true)
    assert.matches("(command line):1:", err, 1, true)
  end)

  it("are written whatever bytes the words and the error have", function()
    local script = process.write(path_of "a\xFF.lua", "error('\xFE', 0)")
    local code, _, summary = run(script)
    assert.same({ 1, "\u{FFFD}" }, { code, summary.error.message })
    assert.matches("a\u{FFFD}.lua", summary.command[5], 1, true)
  end)

  it("have no instances where the run has seen none", function()
    serve {}
    local code, families, summary = run "list"
    assert.equal(0, code)
    assert.is_nil(families.azureml_instances)
    assert.is_nil(summary.instances)
    assert.same({}, summary.verbs)
  end)

  it("stay as the run before left them, when a process is killed", function()
    run("-e", "")
    local before = read "summary.json"
    local _, _, code = process.executable({
      "--summary", path_of "summary.json", "-e", "os.execute 'kill -9 $PPID'",
    }, environment())
    assert.equal(KILLED, code)
    assert.equal(before, read "summary.json")
  end)

  it("tell no secret of the command line", function()
    local _, _, summary = run("-e", "local key = 's3cret'")
    assert.same({ "-e", "***" }, { table.unpack(summary.command, 5) })
    local script = process.write(path_of "script.lua", "")
    _, _, summary = run(script, "s3cret")
    assert.same({ script, "***" }, { table.unpack(summary.command, 5) })
    assert.is_nil(read("summary.json"):find "s3cret")
  end)

  it("leave -E where it stands", function()
    local _, err, code = process.executable({
      "--summary", path_of "summary.json", "-E", "-e", "",
    }, { LUA_INIT = "error 'it was read'" })
    assert.same({ 0, "" }, { code, err })
  end)

  it("that cannot be written end the run before it begins", function()
    serve { ann = "Running" }
    for reason, path in pairs {
      ["No such file or directory"] = path_of "no/file", ["it is not a regular file"] = directory,
    } do
      local out, err, code = process.executable({ "--summary", path, "stop", "ann" }, environment())
      assert.same({ "", 1 }, { out, code })
      assert.equal(("azureml: the file of --summary, '%s', cannot be written: %s (OutputFailed)\n")
        :format(path, reason), err)
    end
    local _, _, code = process.executable({ "--summary", path_of "summary.json", "--prometheus",
      directory, "stop", "ann" }, environment())
    local other = json.decode(read "summary.json")
    assert.same({ 1, 1, "OutputFailed" }, { code, other.exit_code, other.error.code })
    local client <close> = require "azureml".client { endpoint = emulator.url }
    assert.equal(0, client:request({ path = "/emulator/requests" }).json.stop)
  end)

  -- The file may have no bytes at all: the empty one at the start is written, the report is not.
  it("that the disk has no room for are a failure at the end", function()
    local LIMITED = [[trap '' XFSZ; ulimit -f 0; exec "$@"]]
    local path = path_of "summary.json"
    local function limited(text)
      return process.run({ "sh", "-c", LIMITED, "sh", process.executable_path, "--summary", path,
        "-e", text }, environment())
    end
    os.remove(path)
    for code, text in pairs { [1] = "", [7] = "os.exit(7)" } do
      local left
      left = process.run({ "sh", "-c", LIMITED .. " >/dev/null 2>/dev/null", "sh",
        process.executable_path, "--summary", path, "-e", text }, environment())
      assert.equal("", left)
      assert.is_nil(io.open(path))
      assert.equal(code, select(3, limited(text)))
    end
  end)

  it("count output that is lost as a failure", function()
    local _, _, code = process.run({ "sh", "-c", [[exec "$@" >/dev/full]], "sh",
      process.executable_path, "--summary", path_of "summary.json", "-e", "print 'x'" })
    assert.same({ 1, 1 }, { code, json.decode(read "summary.json").exit_code })
  end)

  it("are refused behind the command in one sentence", function()
    local _, err, code = process.executable { "list", "--summary", "x" }
    assert.equal(2, code)
    assert.matches("unknown option '%-%-summary'; it stands before the command", err)
  end)
end)
