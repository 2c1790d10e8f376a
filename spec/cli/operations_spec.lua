local azureml = require "azureml"
local json = require "azureml.json"
local process = require "spec.process"

describe("azureml operations", function()
  local emulator, seed, state, environment

  -- Let the emulator's clock pass the end of each operation, and run fast from then on.
  local function hurry()
    local client <close> = azureml.client { endpoint = emulator.url }
    client:request { method = "POST", path = "/emulator/clock",
      body = { advance = "1h", speed = 5000 } }
  end

  before_each(function()
    seed, state = os.tmpname(), process.directory()
    process.write(seed, '{"instances":{"ci-ann":"Running"}}')
    emulator = process.served_emulator { speed = 1, options = { "--seed", seed } }
    environment = { AZUREML_EMULATOR = emulator.url, XDG_STATE_HOME = state, HOME = state }
    process.executable({ "-e",
      'VM = require("azureml").workspace().instances:stop "ci-ann"; os.exit(1, false)' },
      environment)
  end)

  after_each(function()
    emulator:close()
    process.remove(state)
    os.remove(seed)
  end)

  local function operations(...)
    return process.executable({ "operations", ... }, environment)
  end

  it("lists what an exited process left, with its endpoint, until it was waited for", function()
    local out, err, code = operations()
    assert.same({ "", 0 }, { err, code })
    assert.matches("^Verb +Name +Workspace +Age +Accepted +State +Endpoint\n", out)
    assert.matches("stop +ci%-ann +emulator +[%w ]- +yes +Stopping +http", out)
    local entry = json.decode((operations("list", "-o", "json")))[1]
    assert.same({ "stop", "ci-ann", true, emulator.url, "Stopping" },
      { entry.verb, entry.name, entry.accepted, entry.endpoint, entry.state })
    hurry()
    out, err, code = operations("wait", "-v")
    assert.equal(0, code, err)
    assert.matches("^Name +Outcome +Why\nci%-ann +done", out)
    assert.matches("\nwait: 1 done, ", err)
    assert.equal("[]\n", (operations("list", "--all", "-o", "json")))
  end)

  it("drops what has ended, and says so", function()
    hurry()
    local out, err, code = operations("list", "-o", "json")
    assert.same({ "[]\n", "stop ci-ann has ended: Stopped\n", 0 }, { out, err, code })
    assert.same({ "[]\n", "" }, { (operations("list", "--all", "-o", "json")), "" })
  end)

  it("says in one line what has ended in the same way", function()
    hurry()
    operations("forget", "--all")
    local _, err, code = process.executable({ "create", "ci-one-x", "ci-two-x", "--no-wait",
      "--idle-time-before-shutdown", "1d" }, environment)
    assert.equal(0, code, err)
    hurry()
    _, err = operations()
    assert.matches("^create of 2 instances %(ci%-%w+%-x, ci%-%w+%-x%) has ended: Running\n$", err)
  end)

  it("takes up what a command left with --no-wait, by name", function()
    hurry()
    operations("forget", "--all")
    process.executable({ "start", "ci-ann", "--no-wait" }, environment)
    hurry()
    local out, err, code = operations("resume", "ci-ann", "-o", "json")
    assert.equal(0, code, err)
    assert.equal("Running", json.decode(out).state)
    assert.same({ "", 3 }, { (operations("wait", "ci-ann")), (select(3, operations("wait", "x"))) })
  end)

  it("goes on with a ticket, from a file or standard input", function()
    hurry()
    local out = process.executable({ "start", "ci-ann", "--no-wait", "-o", "json" }, environment)
    hurry()
    local path = process.write(state .. "/ticket", out)
    local shown, err, code = operations("resume", "--ticket", path, "-o", "name")
    assert.same({ "ci-ann\n", 0 }, { shown, code }, err)
    shown, err, code = process.executable({ "wait", "--ticket", "-", "-o", "name" }, environment,
      nil, out)
    assert.same({ "ci-ann\n", 0 }, { shown, code }, err)
    shown, err, code = operations("resume", "--ticket", process.write(state .. "/none", "[]"))
    assert.same({ "", 2 }, { shown, code })
    assert.matches("there is no ticket in ", err)
  end)

  it("forgets what it is told to", function()
    local _, err, code = operations "forget"
    assert.equal(2, code)
    assert.matches("which operations%? Give names, or %-%-all", err)
    assert.equal("forgotten: stop ci-ann\n", (select(2, operations("forget", "ci-ann"))))
    assert.equal("[]\n", (operations("list", "--all", "-o", "json")))
  end)

  it("tells of a damaged journal, and sets it aside", function()
    process.write(state .. "/azureml/operations/1-x.journal", "nonsense\n", "600")
    local _, err, code = operations()
    assert.equal(0, code)
    assert.matches("a damaged journal was set aside: ", err)
    assert.equal("", select(2, operations()))
  end)

  it("keeps what it cannot look at, and says why", function()
    emulator:close()
    local out, err, code = operations("list", "-o", "tsv")
    assert.equal(0, code)
    assert.matches("stop\tci%-ann\t", out)
    assert.matches("^azureml: the states are not known: ", err)
  end)

  it("suggests a command for a mistyped one", function()
    local _, err, code = operations "wiat"
    assert.equal(2, code)
    assert.matches("there is no command 'operations wiat'; did you mean wait%?", err)
    assert.matches("\n  hint: 'azureml operations %-%-help' lists its commands\n$", err)
  end)

  it("gives scripts entries that azureml.each takes", function()
    local out, errors, code = process.executable({ "-e", [[
      local azureml = require "azureml"
      local entries = azureml.pending()
      azureml.each(entries, function(entry) print(entry.verb, entry.name) end)
      print(select(2, pcall(function() entries[1].ended() end)))
      entries[1]:ended()
      print(#azureml.pending())]] }, environment)
    assert.same({ "", 0 }, { errors, code })
    assert.matches("^stop\tci%-ann\n", out)
    assert.matches("call it with a colon: entry:ended%(%.%.%.%)\n0\n$", out)
  end)
end)
