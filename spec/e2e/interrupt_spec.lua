-- What the executable prints when SIGTERM ends a fleet, and what another process finds of it.
local json = require "azureml.json"
local process = require "spec.process"

-- Run the executable with arguments, and send it SIGTERM once it knows that an operation was
-- accepted, and has written down that it sends bob's.
local RUN = [[
"$@" & pid=$!
journal="$XDG_STATE_HOME"/azureml/operations
until grep -qs accepted "$journal"/* && grep -qs '"name":"bob"' "$journal"/*; do
  kill -0 $pid || exit
  sleep 0.05
done
kill -s TERM $pid
wait $pid
]]

describe("a fleet that SIGTERM ends", function()
  local emulator, state, seed

  before_each(function()
    seed, state = os.tmpname(), process.directory()
    local instances = { ann = "Running", bob = "Running", cleo = "Stopped", dan = "Running" }
    process.write(seed, json.encode { instances = instances })
    emulator = process.served_emulator { speed = 1, options = { "--seed", seed } }
    local client <close> = require "azureml".client { endpoint = emulator.url }
    local fault = { match = { verb = "stop", name = "bob" }, answer = "hang" }
    client:request { method = "POST", path = "/emulator/faults", body = fault }
  end)

  after_each(function()
    emulator:close()
    process.remove(state)
    os.remove(seed)
  end)

  local function environment()
    return { AZUREML_EMULATOR = emulator.url, XDG_STATE_HOME = state }
  end

  local function interrupted(...)
    return process.run({ "sh", "-c", RUN, "sh", process.executable_path, ... }, environment())
  end

  local function pending()
    return (process.executable({ "operations", "list", "--all", "-o", "tsv" }, environment()))
  end

  local REPORT = "^interrupted\nstop: 1 skipped, 2 without a result\n"
    .. "these go on at the service:\n  stop ann: [^\n]+\n"
    .. "these were sent, and their answers have not come:\n  stop bob\n"
    .. "'azureml operations wait' waits for what goes on at the service\n$"

  it("prints a table of the results that are known", function()
    local where = "name ~= 'dan'"
    local out, err, status = interrupted("stop", "--where", where, "--progress", "quiet")
    assert.equal(143, status)
    assert.matches("^Name +Outcome +Why\ncleo +skipped +already Stopped\n$", out)
    assert.matches(REPORT, err)
    assert.matches("stop\tann\temulator\t%S+\ttrue\t", pending())
    assert.matches("stop\tbob\temulator\t%S+\tfalse\t", pending())
  end)

  it("has a summary: what goes on, and what may", function()
    local path = state .. "/summary.json"
    local _, _, status = interrupted("--summary", path, "stop", "--where", "name ~= 'dan'")
    assert.equal(143, status)
    local file <close> = assert(io.open(path))
    local summary = json.decode(file:read "a")
    assert.same({ accepted = 1, unknown = 1, skipped = 1 }, summary.counts)
    assert.equal(2, #summary.operations)
  end)

  it("of a script does the same on standard error", function()
    local out, err, status = interrupted("-e", [[
      local ws = require "azureml".workspace()
      ws.instances:stop_all { where = function(vm) return vm.name ~= "dan" end, keep_going = true }
    ]])
    assert.same({ "", 143 }, { out, status })
    assert.matches(REPORT, err)
  end)

  for place, text in pairs {
    ["the main chunk"] = [[ws.instances:stop "dan" ws.instances:stop "bob"]],
    ["tasks"] = [[azureml.each({ "dan", "bob" }, function(name) ws.instances:stop(name) end)]]
  } do
    it("lists a single verb whose answer is outstanding, in " .. place, function()
      local script = "azureml = require 'azureml' ws = azureml.workspace() " .. text
      local _, err, status = interrupted("-e", script)
      assert.equal(143, status)
      assert.matches("\nthese were sent, and their answers have not come:\n  stop bob\n", err)
    end)
  end

  -- The client's clock is virtual: the timeout passes only while the client waits.
  it("names the command that waits after a timeout, too", function()
    local script = [[
      require "azureml.core".clock "virtual"
      os.exit(require "azureml.cli".main {
        "stop", "ann", "cleo", "--timeout", "5", "--progress", "quiet" })
    ]]
    local out, err, status = process.executable({ "-e", script }, environment())
    assert.same({ 5, "" }, { status, out })
    assert.matches("stop ann: not done after 5 s; it goes on at the service %(Timeout%)\n", err)
    assert.matches("\n  hint: 'azureml operations wait' waits", err)
    assert.matches("stop\tann\temulator\t%S+\ttrue\t", pending())
  end)
end)
