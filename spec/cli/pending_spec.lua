local json = require "azureml.json"
local process = require "spec.process"

describe("azureml pending", function()
  local emulator, state, environment

  before_each(function()
    emulator = process.served_emulator { speed = 5000 }
    state = process.directory()
    environment = { AZUREML_EMULATOR = emulator.url, XDG_STATE_HOME = state, HOME = state }
    assert.equal(0, select(3, process.executable({ "create", "-n", "ci-ann" }, environment)))
    process.executable({ "-e",
      'VM = require("azureml").workspace().instances:stop "ci-ann"; os.exit(1, false)' },
      environment)
  end)

  after_each(function()
    emulator:close()
    process.remove(state)
  end)

  local function pending(...)
    return process.executable({ "pending", ... }, environment)
  end

  it("lists what an exited process left, until it has been waited for", function()
    local out, _, code = pending()
    assert.equal(0, code)
    assert.matches("^Verb +Name +Workspace +Began +Accepted", out)
    assert.matches("stop +ci%-ann +emulator +%S+ +yes", out)
    local entry = json.decode((pending("-o", "json")))[1]
    assert.same({ "stop", "ci-ann", true, emulator.url },
      { entry.verb, entry.name, entry.accepted, entry.endpoint })
    local errors
    out, errors, code = pending "--wait"
    assert.same({ "", 0 }, { out, code })
    assert.matches("stop ci%-ann: Stopped", errors)
    assert.equal("[]\n", (pending("-o", "json")))
  end)

  it("forgets with --forget", function()
    assert.matches("ci%-ann", (pending "--forget"))
    assert.equal("[]\n", (pending("-o", "json")))
  end)

  it("tells of a damaged journal, and sets it aside", function()
    process.write(state .. "/azureml/operations/1-x.journal", "nonsense\n", "600")
    local _, errors, code = pending()
    assert.equal(0, code)
    assert.matches("a damaged journal was set aside: ", errors)
    assert.equal("", select(2, pending()))
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

  it("cannot both wait and forget", function()
    assert.equal(2, select(3, pending("--wait", "--forget")))
  end)
end)
