--- The commands start, stop, restart and delete as a shell meets them, and watch:
--- lua/azureml/cli/fleet.lua, lua/azureml/cli/watch.lua.
local json = require "azureml.json"
local process = require "spec.process"

describe("the commands for many", function()
  local emulator, seed

  setup(function()
    seed = os.tmpname()
  end)

  teardown(function() os.remove(seed) end)

  local function serve(instances, speed)
    process.write(seed, json.encode { instances = instances })
    emulator = process.served_emulator { speed = speed or 2000, options = { "--seed", seed } }
  end

  after_each(function()
    if emulator then emulator:close() end
    emulator = nil
  end)

  local function run(...)
    return process.executable({ ... }, { AZUREML_EMULATOR = emulator.url })
  end

  local function states()
    local all = {}
    for _, vm in ipairs(json.decode((run("list", "-o", "json")))) do all[vm.name] = vm.state end
    return all
  end

  local function outcomes(out)
    local all = {}
    for _, row in ipairs(json.decode(out)) do
      all[row.name] = row.outcome .. (row.reason and ", " .. row.reason or "")
    end
    return all
  end

  it("stop the running instances without a tag keep=on, in one line", function()
    serve { ann = "Running", bob = { state = "Running", tags = { keep = "on" } }, cleo = "Stopped" }
    local out, err, code = run("stop", "--where", 'tags.keep ~= "on"', "--state", "Running")
    assert.same({ "", 0 }, { out, code }, err)
    assert.matches("^stop: 1 done, [^\n]+\n$", err)
    assert.same({ ann = "Stopped", bob = "Running", cleo = "Stopped" }, states())
  end)

  it("print what becomes of each with -v, or where columns are chosen", function()
    serve { ann = "Running", bob = "Stopped" }
    local out, err, code = run("stop", "--all", "-v")
    assert.equal(0, code)
    assert.matches("^Name +Outcome +Why\nann +done +%-\nbob +skipped +already Stopped\n$", out)
    assert.matches("stop ann: done", err)
    assert.matches("\nstop: 1 done, 1 skipped, [^\n]+\n$", err)
    assert.equal("name\nann\nbob\n", (run("stop", "--all", "-o", "csv", "--columns", "name")))
  end)

  it("print equal failures as one line with a count, then the summary", function()
    serve { ann = "Stopped" }
    local out, err, code = run("start", "no1", "no2", "ann", "no3")
    assert.same({ "", 1 }, { out, code })
    local failures, hint, summary, rest = err:match "^([^\n]+)\n([^\n]+)\n([^\n]+)\n(.*)$"
    assert.matches("^azureml: 3 instances %(no1, no2, no3%): cannot start NAME: .* was not found%. "
      .. "%(ResourceNotFound, HTTP 404, first request [%x-]+%)$", failures)
    assert.matches("^  hint: check the name", hint)
    assert.matches("^start: 1 done, 3 failed, ", summary)
    assert.equal("", rest)
  end)

  it("take several names, or all", function()
    serve { ann = "Stopped", bob = "Stopped", cleo = "Running" }
    local out, _, code = run("start", "ann", "-n", "bob", "-o", "json", "--progress", "quiet")
    assert.equal(0, code)
    assert.same({ ann = "done", bob = "done" }, outcomes(out))
    out, _, code = run("restart", "--all", "-o", "json")
    assert.equal(0, code)
    assert.same({ ann = "done", bob = "done", cleo = "done" }, outcomes(out))
  end)

  it("return with --no-wait when the service has accepted each, with a ticket for each", function()
    serve { ann = "Stopped", bob = "Stopped" }
    local out, err, code = run("start", "--all", "--no-wait", "-o", "json")
    assert.equal(0, code, err)
    assert.same({ ann = "accepted", bob = "accepted" }, outcomes(out))
    assert.matches("^start: 2 accepted, [^\n]+\n  hint: 'azureml operations wait' ", err)
    local ticket = json.decode(out)[1].ticket
    local script = ("print(require('azureml').resume(%q):wait().state)"):format(ticket)
    assert.equal("Running\n", (run("-e", script)))
    out, err, code = run("stop", "ann", "bob", "--no-wait")
    assert.equal(0, code, err)
    assert.equal("", out)
  end)

  it("fail at once with --no-wait while another operation is active; one and many alike", function()
    serve({ ann = "Running", bob = "Stopped" }, 1)
    assert.equal(0, select(3, run("stop", "ann", "--no-wait")))
    local out, err, code = run("start", "ann", "bob", "--no-wait", "-o", "json")
    assert.equal(1, code, err)
    assert.same({ ann = "failed", bob = "accepted" }, outcomes(out))
    assert.matches("cannot start ann: another operation is active %(Stopping%)", err)
    local busy = json.decode(out)[1].error
    assert.same({ "Busy", "try again later, or leave no_wait away to wait for it" },
      { busy.code, busy.hint })
    out, err, code = run("start", "ann", "--no-wait")
    assert.same({ "", 1 }, { out, code })
    assert.matches("cannot start ann: another operation is active %(Stopping%) %(Busy", err)
  end)

  it("wait for their turn otherwise, within the timeout", function()
    serve { ann = "Running", bob = "Stopped" }
    run("stop", "ann", "--no-wait")
    local out, err, code = run("start", "ann", "bob", "-o", "json", "--progress", "quiet")
    assert.equal(0, code, err)
    assert.same({ ann = "done", bob = "done" }, outcomes(out))
  end)

  it("only say what they would do with --dry-run", function()
    serve { ann = "Running", bob = "Stopped" }
    local out, _, code = run("stop", "--all", "--dry-run", "-o", "json")
    assert.equal(0, code)
    assert.same({ ann = "planned", bob = "skipped, already Stopped" }, outcomes(out))
    assert.same({ ann = "Running", bob = "Stopped" }, states())
  end)

  it("fail with JSON whatever bytes the name of an instance has", function()
    serve {}
    local _, err, code = run("start", "a\xFF", "-o", "json")
    assert.equal(1, code)
    assert.matches("cannot start a\u{FFFD}: ", json.decode(err).error.message, 1, true)
  end)

  it("fail with code 1 when some failed, and the others are done", function()
    serve { ann = "Stopped" }
    local out, err, code = run("start", "ann", "nobody", "-o", "json")
    assert.equal(1, code)
    assert.same({ ann = "done", nobody = "failed" }, outcomes(out))
    local failure = json.decode(err:match "[^\n]+\n$").error
    assert.same({ "SomeFailed", "start: 1 of 2 failed", "ResourceNotFound" },
      { failure.code, failure.message, failure.details[1].code })
    assert.matches("^cannot start nobody: ", failure.details[1].message)
    out, err, code = run("start", "ann", "my_ci", "--keep-going", "-o", "json")
    assert.equal(1, code, err)
    assert.same({ ann = "skipped, already Running", my_ci = "failed" }, outcomes(out))
    out, err, code = run("start", "ann", "my_ci")
    assert.same({ "", 1 }, { out, code })
    assert.matches("my_ci: cannot start my_ci: ", err)
  end)

  it("delete only what they are sure of", function()
    serve { ann = "Running", bob = "Stopped" }
    local out, err, code = run("delete", "--all")
    assert.same({ "", 2 }, { out, code })
    assert.matches("add %-%-yes", err)
    out, err, code = run("delete", "--state", "Stopped", "--yes", "-o", "json")
    assert.equal(0, code, err)
    assert.same({ bob = "done" }, outcomes(out))
    assert.same({ ann = "Running" }, states())
  end)

  it("tell progress as JSON lines on request", function()
    serve { ann = "Stopped", bob = "Stopped" }
    local _, err, code = run("start", "ann", "bob", "--progress", "json")
    assert.equal(0, code)
    local last
    for line in err:gmatch "[^\n]+" do last = assert(json.decode(line)) end
    assert.same({ done = 2, accepted = 0, skipped = 0, failed = 0 }, last.summary)
  end)

  it("watch tells changes, a line each", function()
    serve { ann = "Stopped" }
    local out, err, code = run("watch", "--initial", "--timeout", "0")
    assert.equal(0, code, err)
    assert.matches("^%d+%-%d+%-%d+T[%d:]+Z  ann: Stopped, new\n$", out)
    out = run("watch", "--initial", "--timeout", "0", "-o", "json")
    local change = json.decode(out)
    assert.same({ "ann", "Stopped", json.null }, { change.name, change.state, change.was })
  end)

  it("run nightly, the workflow", function()
    serve { ann = "Running", bob = { state = "Running", tags = { keep = "on" } }, cleo = "Stopped" }
    local out, err, code = run("run", "nightly")
    assert.same({ "", "", 0 }, { out, err, code })
    assert.same({ ann = "Stopped", bob = "Running", cleo = "Stopped" }, states())
  end)

  local misuses = {
    { { "stop" }, "stop: which instances%? Give names, %-%-state, .* or %-%-all" },
    { { "stop", "ann", "--all" }, "stop: give either names, or filters, or %-%-all" },
    { { "stop", "--all", "--limit", "0" }, "'0' is not a number of operations, 1 or more" },
    { { "stop", "--where", "tags.keep ~=" },
      "'tags.keep ~=' is not a valid condition: unexpected symbol near <eof>" },
    { { "list", "--where", "os.exit(" }, "is not a valid condition" },
    { { "stop", "--all", "--progress", "loud" },
      "%-%-progress: there is no 'loud' %(known: auto, lines, json, quiet%)" },
    { { "watch", "--interval", "0" }, "%-%-interval must be more than 0 seconds" },
  }
  for _, row in ipairs(misuses) do
    local words = table.concat(row[1], " ")
    it("refuses wrong usage in one sentence, with exit code 2: " .. words, function()
      local out, err, code = process.executable(row[1])
      assert.equal("", out)
      assert.matches(row[2], err)
      assert.equal(2, code)
    end)
  end

  it("a condition over a field that there is not fails, and lists those that there are", function()
    serve { ann = "Running" }
    local _, err, code = run("stop", "--where", "tag.keep")
    assert.equal(2, code)
    assert.matches("'tag.keep' is not a valid condition: there is no field 'tag' %(known: .*tags",
      err)
  end)
end)
