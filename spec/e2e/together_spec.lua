-- Several runs at once on one workspace, as cron, a colleague and a pipeline make them: each ends
-- well, no instance is changed twice, and the files that the runs share stay whole.
local json = require "azureml.json"
local process = require "spec.process"

local RUNS = 3
local NAMES = { "ann", "bob", "cleo", "dan", "eve", "fay" }

-- Run a command line several times at once; `$STATE` is a directory for each run, or one for all.
local TOGETHER = [[
directory=$1; shared=$2; shift 2
for i in 1 2 3; do
  if [ "$shared" = yes ]; then own="$directory"; else own="$directory/$i"; fi
  mkdir -p "$own/state" "$own/cache"
  (
    XDG_STATE_HOME="$own/state" XDG_CACHE_HOME="$own/cache" "$@" --summary "$directory/$i.json" \
      $COMMAND >"$directory/$i.out" 2>"$directory/$i.err"
    echo $? >"$directory/$i.code"
  ) &
done
wait
]]

for _, shared in ipairs { "no", "yes" } do
  describe(RUNS .. " runs at once, with one state directory: " .. shared, function()
    local emulator, directory

    local function serve(state)
      local instances = {}
      for _, name in ipairs(NAMES) do
        instances[name] = { state = state, tags = { morning = "on" } }
      end
      local seed = process.write(directory .. "/seed.json", json.encode { instances = instances })
      emulator = process.served_emulator { speed = 200, options = { "--seed", seed } }
    end

    before_each(function() directory = process.directory() end)
    after_each(function()
      if emulator then emulator:close() end
      emulator = nil
      process.remove(directory)
    end)

    local function read(name) return process.read(directory .. "/" .. name) end

    -- Let each run wait for its first look, so that all see the same states before one acts.
    local function delay(match)
      local client <close> = require "azureml".client { endpoint = emulator.url }
      client:request { method = "POST", path = "/emulator/faults",
        body = { match = match, trouble = "slow", seconds = 0.5, times = RUNS } }
    end

    -- Run a command in all runs. Return their summaries; each must end with 0.
    local function run(command)
      process.run({ "sh", "-c", TOGETHER, "sh", directory, shared, process.executable_path }, {
        AZUREML_EMULATOR = emulator.url, COMMAND = command,
      })
      local summaries = {}
      for i = 1, RUNS do
        assert.equal("0\n", read(i .. ".code"), read(i .. ".err"))
        assert.is_nil(read(i .. ".err"):find "traceback")
        summaries[i] = json.decode(read(i .. ".json"))
      end
      return summaries
    end

    -- Return how many verbs of all runs have an outcome. No run does one twice to an instance.
    local function count(summaries, verb, outcome)
      local number = 0
      for _, summary in ipairs(summaries) do
        local seen = {}
        for _, entry in ipairs(summary.verbs) do
          assert.is_nil(seen[entry.verb .. entry.name], "twice in one run: " .. entry.name)
          seen[entry.verb .. entry.name] = true
          if entry.verb == verb and entry.outcome == outcome then number = number + 1 end
        end
        assert.same({}, summary.operations)
      end
      return number
    end

    -- Return how many requests of a method the service has accepted or refused in all runs.
    local function requests(summaries, method, status)
      local number = 0
      for _, summary in ipairs(summaries) do
        for _, row in ipairs(summary.requests) do
          local fits = row.purpose == "request" and row.method == method and row.status == status
          if fits then number = number + row.count end
        end
      end
      return number
    end

    local function look()
      local out = process.executable({ "list", "-o", "json" },
        { AZUREML_EMULATOR = emulator.url, XDG_CACHE_HOME = directory })
      local states = {}
      for _, vm in ipairs(json.decode(out)) do states[vm.name] = vm.state end
      return states
    end

    local function all(state, more)
      local states = {}
      for _, name in ipairs(NAMES) do states[name] = state end
      for name, other in pairs(more or {}) do states[name] = other end
      return states
    end

    -- No journal is left, and what else the runs have saved is whole JSON.
    local function assert_clean()
      local left = process.run { "find", directory, "-path", "*/operations/*", "-type", "f" }
      assert.equal("", left)
      local saved = process.run { "find", directory, "-path", "*/cache/*", "-type", "f" }
      for path in saved:gmatch "[^\n]+" do
        local file <close> = assert(io.open(path))
        assert.is_truthy(json.decode(file:read "a"), path)
      end
    end

    it("of the workflow nightly stop each instance once", function()
      serve "Running"
      delay { verb = "list" }
      local summaries = run "run nightly"
      assert.equal(#NAMES, count(summaries, "stop", "done"))
      assert.equal(0, count(summaries, "stop", "failed"))
      assert.equal(#NAMES, requests(summaries, "POST", "2xx"))
      assert.same(all "Stopped", look())
      assert_clean()
    end)

    it("of the workflow morning start each instance once", function()
      serve "Stopped"
      delay { verb = "list" }
      local summaries = run "run morning"
      assert.equal(#NAMES, count(summaries, "start", "done"))
      assert.equal(0, count(summaries, "start", "failed"))
      assert.same(all "Running", look())
      assert_clean()
    end)

    it("of a fleet stop each instance once", function()
      serve "Running"
      delay { verb = "list" }
      local summaries = run "stop --all --progress quiet"
      assert.equal(#NAMES, count(summaries, "stop", "done"))
      assert.equal(2 * #NAMES, count(summaries, "stop", "skipped"))
      assert.equal(#NAMES, requests(summaries, "POST", "2xx"))
      assert.same(all "Stopped", look())
      assert_clean()
    end)

    it("of a restart take turns", function()
      serve "Running"
      local summaries = run "restart --all --progress quiet"
      assert.equal(RUNS * #NAMES, count(summaries, "restart", "done"))
      assert.equal(RUNS * #NAMES, requests(summaries, "POST", "2xx"))
      assert.same(all "Running", look())
      assert_clean()
    end)

    it("of a delete all find the instances gone", function()
      serve "Stopped"
      delay { verb = "list" }
      local summaries = run "delete --all --yes --progress quiet"
      assert.equal(RUNS * #NAMES, count(summaries, "delete", "done"))
      assert.equal(#NAMES, requests(summaries, "DELETE", "2xx"))
      assert.same({}, look())
      assert_clean()
    end)

    it("of ensure create one instance", function()
      serve "Stopped"
      delay { verb = "get", name = "newbie" }
      local summaries = run "ensure newbie --idle-time-before-shutdown 1h"
      assert.equal(1, count(summaries, "create", "done"))
      assert.equal(RUNS - 1, count(summaries, "start", "skipped"))
      assert.equal(0, count(summaries, "create", "failed"))
      assert.same(all("Stopped", { newbie = "Running" }), look())
      assert_clean()
    end)
  end)
end
