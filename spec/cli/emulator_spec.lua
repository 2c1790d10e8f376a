local azureml = require "azureml"
local process = require "spec.process"

describe("azureml emulator", function()
  local directory

  before_each(function() directory = process.directory() end)
  after_each(function() process.remove(directory) end)

  local function read(name) return process.read(directory .. "/" .. name) end

  -- Serve until a signal ends it. Return the URL, its output, its errors and its exit code.
  local function serve(signal, ...)
    local words = table.concat({ ... }, " ")
    local port = process.free_port()
    local command = ("env --default-signal=INT '%s' emulator --port %d %s"):format(
      process.executable_path, port, words)
    local text = "cd '%s'; %s >out 2>err & pid=$!; read line; kill -%s $pid; wait $pid; "
      .. "echo $? >code\n"
    local script = process.write(directory .. "/serve", text:format(directory, command, signal))
    local shell = assert(io.popen("sh " .. script, "w"))
    local url = "http://127.0.0.1:" .. port
    local client <close> = azureml.client { endpoint = url,
      retry = { tries = 100, delay = 0.02, max_delay = 0.02 } }
    client:request { path = "/emulator/settings" }
    azureml.try(client.request, client, { path = "/nothing?secret=1" })
    shell:write "\n"
    shell:close()
    return url, read "out", read "err", tonumber(read "code")
  end

  it("prints the URL alone on standard output, and what to export on standard error", function()
    local url, out, err = serve "TERM"
    assert.equal(url .. "\n", out)
    for _, name in ipairs { "AZUREML_EMULATOR=" .. url, "AZURE_AUTHORITY_HOST=" .. url,
      "AZURE_TENANT_ID=", "AZURE_CLIENT_SECRET=" } do
      assert.is_truthy(err:find(name, 1, true), name)
    end
  end)

  it("logs requests, without their queries", function()
    local _, _, err = serve "TERM"
    assert.is_truthy(err:find "%d%d:%d%d:%d%d GET    /nothing 404 %d+%.%d ms  NotFound\n")
    assert.is_nil(err:find "secret=1")
  end)

  it("speaks TLS with --tls, and says what is to be trusted", function()
    local state = { XDG_STATE_HOME = directory }
    local running <close> = process.served_emulator { options = { "--tls" }, environment = state }
    assert.is_truthy(running.url:find "^https://127%.0%.0%.1:")
    local ca_file = directory .. "/azureml/emulator/ca.pem"
    local said, _, code = process.run { "curl", "-sS", "--cacert", ca_file,
      running.url .. "/emulator/state" }
    assert.equal(0, code)
    assert.is_truthy(said:find '"requests"')
    local listed, errors, ended = process.executable({ "list" },
      { AZUREML_EMULATOR = running.url, XDG_STATE_HOME = directory, SSL_CERT_FILE = "/dev/null" })
    assert.same({ 0, "" }, { ended, errors })
    assert.is_truthy(listed)
    local _, refused = process.executable({ "list" },
      { AZUREML_EMULATOR = running.url, XDG_STATE_HOME = directory .. "/none",
        SSL_CERT_FILE = "/dev/null" })
    assert.is_truthy(refused:find "certificate", refused)
  end)

  it("warns where others can reach it, also with --quiet, and only there", function()
    local _, out, err = serve("TERM", "--quiet", "--address", "0.0.0.0")
    assert.is_truthy(out:find "^http://127%.0%.0%.1:")
    assert.is_truthy(err:find("any program that reaches 0.0.0.0 can use this emulator", 1, true),
      err)
    _, out, err = serve("TERM", "--quiet")
    assert.is_truthy(out)
    assert.is_nil(err:find "reaches")
  end)

  it("begins with a seed, keeps its state, and says so when it takes that up", function()
    process.write(directory .. "/seed.lua",
      'return { workspace_name = "team", instances = { ["ci-ann"] = "Stopped" } }')
    local _, _, err = serve("TERM", "--seed", "seed.lua", "--state", "state")
    assert.is_truthy(err:find("workspace team; state kept in state\n", 1, true), err)
    _, _, err = serve("TERM", "--seed", "seed.lua", "--state", "state")
    assert.is_truthy(err:find("state taken up from state\n", 1, true), err)
    assert.is_truthy(err:find("the state of state is restored; the seed is ignored", 1, true), err)
  end)

  it("says what is wrong with a seed, and exits with 1", function()
    local path = process.write(directory .. "/seed.lua",
      'return { instances = { ["ci-ann"] = "Off" } }')
    local out, err, code = process.executable { "emulator", "--seed", path }
    assert.same({ "", 1 }, { out, code })
    assert.is_truthy(err:find("azureml: the seed " .. path
      .. ": instances.ci-ann is 'Off', which is no state", 1, true), err)
  end)

  it("says nothing more with --quiet", function()
    local _, out, err = serve("TERM", "--quiet")
    assert.is_truthy(out:find "^http")
    assert.is_nil(err:find "AZURE")
    assert.is_nil(err:find "GET")
  end)

  for signal, code in pairs { INT = 130, TERM = 143 } do
    it(("ends by SIG%s without a traceback"):format(signal), function()
      local _, _, err, ended = serve(signal, "--quiet")
      assert.equal(code, ended)
      assert.is_nil(err:find "traceback")
    end)
  end

  it("says in one sentence that a port is in use, and exits with 1", function()
    local running <close> = process.served_emulator {}
    local port = running.url:match "%d+$"
    local out, err, code = process.executable { "emulator", "--port", port }
    assert.same({ "", 1 }, { out, code })
    assert.is_truthy(err:find(("^azureml: port %s on 127%%.0%%.0%%.1 is in use"):format(port)), err)
    assert.is_nil(err:find "traceback")
  end)

  it("replays what a command recorded, and says what it cannot replay", function()
    local path = directory .. "/report"
    local recorded, err, code = process.executable {
      "--emulator", "--speed", "10000", "--record", path, "run", "lifecycle",
    }
    assert.equal(0, code, err)
    local replayed <close> = process.served_emulator {
      speed = 10000, options = { "--replay", path },
    }
    local out
    out, err, code = process.executable({ "run", "lifecycle" },
      { AZUREML_EMULATOR = replayed.url })
    assert.equal(0, code, err)
    assert.equal(recorded, out)
    out, err, code = process.executable { "emulator", "--replay", directory .. "/nothing" }
    assert.same({ "", 1 }, { out, code })
    assert.is_truthy(err:find("cannot be replayed: it cannot be read", 1, true), err)
  end)

  for _, row in ipairs {
    { { "--port", "99999" }, "'99999' is not a port from 0 to 65535" },
    { { "--port", "x" }, "'x' is not a port" },
    { { "--speed", "0" }, "'0' is not a number above 0" },
    { { "--speed", "fast" }, "'fast' is not a number above 0" },
    { { "--azure-names" }, "'%-%-azure%-names' is for certificates: it needs '%-%-tls'" },
    { { "--address", "localhost" }, "'localhost' is not an IP address such as 127.0.0.1 or ::1" },
    { { "--machine", "remote" }, "local" },
    { { "--machine", "local", "--address", "::" }, "gives a shell: it needs a loopback address" },
    { { "--prot", "1" }, "%-%-prot" },
    { { "--replay", "x", "--state", "y" }, "'%-%-replay' takes all from the recording" },
  } do
    it(("refuses %s, and exits with 2"):format(table.concat(row[1], " ")), function()
      local out, err, code = process.executable { "emulator", table.unpack(row[1]) }
      assert.same({ "", 2 }, { out, code })
      assert.is_truthy(err:find(row[2]), err)
    end)
  end
end)
