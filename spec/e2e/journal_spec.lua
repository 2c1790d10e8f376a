-- Nothing that the service accepted is lost: processes that are killed, and others that go on.
local azureml = require "azureml"
local process = require "spec.process"

local SIGKILL = 137

describe("the journal", function()
  local emulator, state

  before_each(function()
    emulator = process.served_emulator { speed = 3000 }
    state = process.directory()
  end)
  after_each(function()
    emulator:close()
    process.remove(state)
  end)

  local function environment(more)
    local all = { AZUREML_EMULATOR = emulator.url, XDG_STATE_HOME = state }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  local function run(...)
    return process.executable({ ... }, environment())
  end

  -- A script that has an instance ci-ann, which is running, before it begins.
  local function script(text)
    return run("-e", [[
      local azureml = require "azureml"
      local ws = azureml.workspace { poll_interval = 0.02 }
      local function kill() os.execute "kill -9 $PPID" end
      local vm = ws.instances:ensure("ci-ann"):wait()
      ]] .. text)
  end

  -- A client that is killed when the answer to a verb has come, before the client reads it.
  local DIES_AT_THE_ANSWER = [[
    local url = os.getenv "AZUREML_EMULATOR"
    local settings = azureml.client { endpoint = url }:request { path = "/emulator/settings" }.json
    local client = azureml.client {
      endpoint = url, scope = "https://management.azure.com/.default", api_version = "2025-12-01",
      credential = azureml.credential.client_secret {
        authority = url, tenant_id = settings.tenant_id,
        client_id = settings.client_id, client_secret = settings.client_secret,
      },
      on_reply = function(seen)
        if seen.method ~= "GET" and not seen.url:find "checkComputeName" then kill() end
      end,
    }
    local ws = azureml.workspace { client = client }
  ]]

  local function files()
    local list = process.run({ "find", state, "-type", "f" })
    return select(2, list:gsub("\n", "")), list
  end

  local function pending(...)
    local words = { "list", "--all", "-o", "tsv" }      -- without asking the service
    if ... then words = { ... } end
    local output, errors, code = run("operations", table.unpack(words))
    return output, code, errors
  end

  local function requests_of(verb)
    local client <close> = azureml.client { endpoint = emulator.url }
    return client:request({ path = "/emulator/requests" }).json[verb]
  end

  local function state_of()
    return (run("-e",
      [[print(require("azureml").workspace().instances:get("ci-ann").state)]]):gsub("\n$", ""))
  end

  it("leaves no file where all is over", function()
    local _, errors, code = script "vm:stop():wait()"
    assert.same({ 0, "" }, { code, errors })
    assert.equal(0, (files()))
  end)

  it("is a private file of private lines while something goes on", function()
    local _, _, code = script "vm:stop() kill()"
    assert.equal(SIGKILL, code)
    local count, list = files()
    assert.equal(1, count)
    local path = list:match "[^\n]+"
    assert.equal("600", process.run({ "stat", "-c", "%a", path }):match "%d+")
    assert.equal("700", process.run({ "stat", "-c", "%a", path:match "^(.*)/" }):match "%d+")
    local file <close> = assert(io.open(path))
    local text = file:read "a"
    assert.is_nil(text:find "Bearer")
    assert.is_nil(text:find "eyJ[%w_-]+%.")      -- how a token begins; a signature has no dots
  end)

  it("lists a stop whose process was killed, and waits for it without a second stop", function()
    script "vm:stop() kill()"
    local output = pending()
    assert.is_truthy(output:find "stop\tci%-ann\temulator\t%S+\ttrue", output)
    assert.equal(output, (pending()))      -- to list them changes nothing
    local _, code, errors = pending "wait"
    assert.same({ 0, true }, { code, errors:find("^wait: 1 done, ") ~= nil })
    assert.equal("Stopped", state_of())
    assert.equal(1, requests_of "stop")
    assert.equal(0, (files()))
  end)

  it("goes on where the answer was not seen, if the instance shows that it was accepted", function()
    local _, _, code = script(DIES_AT_THE_ANSWER .. 'ws.instances:stop "ci-ann"')
    assert.equal(SIGKILL, code)
    assert.is_truthy(pending():find "stop\tci%-ann\temulator\t%S+\tfalse")
    _, code = pending "wait"
    assert.equal(0, code)
    assert.equal("Stopped", state_of())
    assert.equal(1, requests_of "stop")
    assert.equal(0, (files()))
  end)

  it("creates and deletes as well as that", function()
    script(DIES_AT_THE_ANSWER .. 'ws.instances:create "ci-bob"')
    script(DIES_AT_THE_ANSWER .. 'ws.instances:delete "ci-ann"')
    assert.equal(2, select(2, pending():gsub("\tfalse\t", "")))
    local _, code, errors = pending "wait"
    assert.equal(0, code, errors)
    assert.equal("ci-bob", run("list"):match "ci%-%a+")
    -- ci-ann was created before
    assert.same({ 2, 1 }, { requests_of "create", requests_of "delete" })
  end)

  it("says so where nothing shows that the verb was taken on, once", function()
    local client <close> = azureml.client { endpoint = emulator.url }
    client:request { method = "POST", path = "/emulator/faults",
      body = { match = { verb = "stop" }, answer = "hang" } }
    local _, _, code = script [[
      azureml.parallel(function() vm:stop() end, function()
        local client = azureml.client { endpoint = os.getenv "AZUREML_EMULATOR" }
        repeat azureml.sleep(0.02)
        until client:request({ path = "/emulator/requests" }).json.stop
        kill()
      end)
    ]]
    assert.equal(SIGKILL, code)
    local _, again, errors = pending "wait"
    assert.equal(1, again)
    assert.is_truthy(errors:find("stop ci-ann: nothing shows that the service has accepted it", 1,
      true), errors)
    assert.equal("Running", state_of())
    assert.equal(0, (files()))
  end)

  -- A script in which the next requests of the emulator fail.
  local function fleet_script(faults, text)
    return script(([[
      -- Its time limit passes only while it waits.
      require "azureml.core".clock "virtual"
      local client = azureml.client { endpoint = os.getenv "AZUREML_EMULATOR" }
      for _, fault in ipairs { %s } do
        client:request { method = "POST", path = "/emulator/faults", body = fault }
      end
      local result = ws.instances:stop_all({ "ci-ann", keep_going = true, timeout = 1 })[1]
      print(result.outcome, result.error.code, result.error.outcome_unknown)
      %s
    ]]):format(faults, text or ""))
  end

  local LOST = [[{ match = { verb = "stop" }, answer = "close" },
    { match = { method = "GET", path = "/computes/ci.ann$" },
      answer = { status = 403 }, times = 3 }]]

  it("keeps a fleet's verb whose answer was lost until a look shows that it ran", function()
    local output, errors = fleet_script(LOST)
    assert.equal("failed\tConnectionLost\ttrue\n", output, errors)
    assert.is_truthy(pending():find "stop\tci%-ann\temulator\t%S+\tfalse")
    local _, code = pending "wait"
    assert.equal(0, code)
    assert.equal("Stopped", state_of())
    assert.equal(1, requests_of "stop")
    assert.equal(0, (files()))
  end)

  it("keeps a fleet's verb that was not answered in time, not one that was not sent", function()
    local output, errors = fleet_script [[{ match = { verb = "stop" }, answer = "hang" }]]
    assert.equal("failed\tTimeout\ttrue\n", output, errors)
    assert.is_truthy(pending():find "stop\tci%-ann\temulator\t%S+\tfalse")
    local _, _, waited = pending "wait"
    assert.is_truthy(waited:find "nothing shows that the service has accepted it")
    local throttled = [[{ match = { verb = "stop" }, times = 99,
      answer = { status = 429, headers = { ["Retry-After"] = "50" } } }]]
    output, errors = fleet_script(throttled)
    assert.equal("failed\tTimeout\tnil\n", output, errors)
    assert.equal(0, (files()))
  end)

  it("keeps what a script did not wait for, and forgets what it let go", function()
    script "vm:stop()"
    assert.is_truthy(pending():find "stop\tci%-ann")
    pending("forget", "--all")
    assert.equal(0, (files()))
    run("start", "-n", "ci-ann", "--no-wait")
    assert.equal(1, (files()))
    assert.is_truthy(pending():find "start\tci%-ann\temulator\t%S+\ttrue")
  end)

  it("is one a process: the living are left alone", function()
    local output = script [[
      local op = vm:stop()
      local program = io.open "/proc/self/cmdline":read "a":match "^[^\0]+"
      local line = ("'%s' operations list --all"):format(program)
      local file = assert(io.popen(arg[-1] == nil and "" or line))
      local listed = file:read "a"
      file:close()
      op:wait()
      print(listed:find "stop" and "listed" or "not listed")
    ]]
    assert.is_truthy(output:find("not listed", 1, true), output)
    assert.equal(0, (files()))
  end)

  it("of two that were killed at once is two, and both go on", function()
    script 'ws.instances:create("ci-bob") kill()'
    script "vm:stop() kill()"
    assert.equal(2, (files()))
    local _, code = pending "wait"
    assert.equal(0, code)
    assert.equal(0, (files()))
  end)

  it("does not mind a torn last line", function()
    script "vm:stop() kill()"
    local _, list = files()
    local file = assert(io.open(list:match "[^\n]+", "a"))
    file:write '{"event":"intent","id":"x","ver'
    file:close()
    local output, code, errors = pending()
    assert.same({ 0, "" }, { code, errors })
    assert.is_truthy(output:find "stop\tci%-ann")
  end)

  for _, row in ipairs {
    { "no JSON", "hello\n" }, { "another event", '{"event":"begin","id":"1"}\n' },
    { "a line without an id", '{"event":"ended"}\n' },
    { "an acceptance of nothing", '{"event":"accepted","id":"1","progress":null}\n' },
    { "a foreign file", "\0\1\2\n" },
  } do
    it("that holds " .. row[1] .. " is set aside, and the others are read", function()
      script "vm:stop() kill()"
      local _, list = files()
      process.write(list:match "^(.*)/[^/]*\n" .. "/1-x.journal", row[2], "600")
      local output, code, errors = pending()
      assert.equal(0, code)
      assert.is_truthy(output:find "stop\tci%-ann")
      assert.matches("^azureml: a damaged journal was set aside: .*/1%-x%.journal%.damaged\n",
        errors)
      local _, _, none = pending()
      assert.equal("", none)
    end)
  end

  it("is not continued in another world", function()
    script "vm:stop() kill()"
    local other <close> = process.served_emulator {}
    local _, errors, code = process.executable({ "operations", "wait" },
      environment { AZUREML_EMULATOR = other.url })
    assert.equal(1, code)
    assert.is_truthy(errors:find("was sent to " .. emulator.url, 1, true), errors)
    local _, again = pending "wait"
    assert.equal(0, again)
  end)

  it("is not written by an emulator in the process, nor by plain lua5.4 unless asked to", function()
    run("--emulator", "-e",
      [[local ws = require("azureml").workspace() ws.instances:create "ci-ann"]])
    assert.equal(0, (files()))
    local text = [[
      local azureml = require "azureml"
      azureml.workspace { journal = %s }.instances:create "%s"
    ]]
    process.plain_lua({ "-e", text:format("nil", "ci-eve") }, environment())
    assert.equal(0, (files()))
    process.plain_lua({ "-e", text:format("true", "ci-joe") }, environment())
    assert.equal(1, (files()))
  end)

  it("that cannot be written is told once, and stops only who asked for it", function()
    local blocked = process.write(state .. "/file", "")
    local function create(name, journal)
      return process.executable({ "-e", ([[
        local azureml = require "azureml"
        local ws = azureml.workspace { journal = %s }
        ws.instances:create("%s"):wait()
        ws.instances:stop("%s"):wait()
      ]]):format(journal, name, name) }, environment { XDG_STATE_HOME = blocked })
    end
    local _, errors, code = create("ci-ann", "nil")
    assert.equal(0, code)
    local warning = "^azureml: pending operations are not written down: [^\n]*Not a directory\n$"
    assert.matches(warning, errors)
    _, errors, code = create("ci-bob", "true")
    assert.equal(1, code)
    assert.is_truthy(errors:find("the journal of pending operations cannot be written", 1, true),
      errors)
    assert.is_truthy(errors:find("JournalFailed", 1, true), errors)
  end)

  it("in a directory that others may write to is not used", function()
    process.run { "mkdir", "-p", state .. "/azureml/operations" }
    process.run { "chmod", "777", state .. "/azureml/operations" }
    local _, errors, code = script "vm:stop():wait()"
    assert.equal(0, code)
    assert.is_truthy(errors:find("others may write to it", 1, true), errors)
    local _, again, why = pending()
    assert.equal(1, again)
    assert.is_truthy(why:find("others may write to it", 1, true), why)
  end)

  it("goes on from a ticket in another process, and writes that down too", function()
    local ticket = script "print(vm:stop():ticket())"
    pending("forget", "--all")
    local output, errors, code = run("-e", ([[
      local op = require("azureml").resume(%q)
      print(op, io.popen("find '%s' -type f | wc -l"):read "n")
      print(op:wait().state)
    ]]):format(ticket, state))
    assert.same({ 0, "" }, { code, errors })
    assert.is_truthy(output:find "^stop ci%-ann: [^\n]*\t1\nStopped\n$", output)
    assert.equal(0, (files()))
  end)
end)
