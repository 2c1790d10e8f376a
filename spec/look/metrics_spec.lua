local core = require "azureml.core"
local errors = require "azureml.error"
local metrics = require "azureml.look.metrics"
local process = require "spec.process"
local task = require "azureml.task"

local GOOD = [[
begin
cores 4
load 0.52 0.58 0.59 1/2 3
uptime 60 1
memory MemTotal 1000
memory MemAvailable 400
disk /dev/root 1000 950 40 96% /
end
]]

-- The instance's shell is a function here, or one of this machine with pretended programs. Real
-- machines are in spec/machine.
describe("the metrics of an instance", function()
  local function machine(output, code, printed)
    local vm = { name = "ci-ann" }
    function vm.exec(_, command, settings)
      vm.command, vm.settings = command, settings
      for piece in output:gmatch(("."):rep(math.min(100, #output))) do settings.on_output(piece) end
      settings.on_output(output:sub(#output - #output % math.min(100, #output) + 1))
      settings.on_errors(printed or "")
      return "", code or 0, ""
    end
    return vm
  end

  local function refused(vm, settings)
    local _, err = errors.try(metrics.of, vm, settings)
    return assert(err)
  end

  it("come from one command", function()
    local vm = machine(GOOD)
    local found = metrics.of(vm)
    assert.same({ "ci-ann", 4, 0.52, 96 },
      { found.name, found.cores, found.load_1, found.disks[1].used_percent })
    assert.same({ "sh", 30 }, { vm.command[1], vm.settings.timeout })
    assert.matches("^ci%-ann: up for 1 min\n  load: 0.52 0.58 0.59 on 4 cores\n", tostring(found))
  end)

  it("take the options of exec", function()
    local vm = machine(GOOD)
    metrics.of(vm, { timeout = 5, key = "k", start = true, over = "ssh" })
    assert.same({ 5, "k", true, "ssh" },
      { vm.settings.timeout, vm.settings.key, vm.settings.start, vm.settings.over })
    assert.has_error(function() metrics.of(vm, { tiemout = 1 }) end)
  end)

  it("have a time limit, also where the way to the instance hangs", function()
    core.clock "virtual"
    local vm = { name = "ci-ann", exec = function() task.sleep(1000) end }
    local began = core.now()
    local err = refused(vm, { timeout = 5 })
    assert.same({ "Timeout", "the metrics of 'ci-ann' did not come within 5 s" },
      { err.code, err.message })
    assert.is_true(core.now() - began < 10)
    vm.exec = function() task.sleep(1000) error "it has started" end
    assert.error_matches(function() metrics.of(vm, { timeout = 5, start = true }) end,
      "has started")
    assert.error_matches(function() metrics.of(vm, { timeout = -5 }) end,
      "metrics: timeout must be")
    core.clock "real"
  end)

  it("are refused when they are malformed, with what is wrong", function()
    local err = refused(machine "hello\n")
    assert.equal("MetricsMalformed", err.code)
    assert.matches("'ci-ann' printed something else than its metrics: the beginning", err.message,
      1, true)
    assert.matches("azureml exec ci-ann", err.hint, 1, true)
  end)

  it("are bounded", function()
    local err = refused(machine(("x"):rep(100000)))
    assert.equal("MetricsMalformed", err.code)
    assert.matches("more than 64 KiB", err.message)
  end)

  it("are an error with the exit code when the command fails", function()
    local err = refused(machine("nothing", 127, "\27[1msh: not found\nmore"))
    assert.equal("MetricsFailed", err.code)
    assert.matches("exit code 127:  ?%[1msh: not found$", err.message)
  end)

  describe("on this machine", function()
    local home
    before_each(function() home = process.directory() end)
    after_each(function() process.remove(home) end)

    local function run(programs)
      for name, script in pairs(programs) do
        process.write(home .. "/" .. name, "#!/bin/sh\n" .. script, "755")
      end
      return process.run(metrics.COMMAND, { PATH = home .. ":/usr/bin:/bin" })
    end

    it("are printed by the command", function()
      local output, printed, code = run {
        ["nvidia-smi"] = "echo '0, 5, 10, 100, [N/A], A100'\n",
      }
      assert.same({ "", 0 }, { printed, code })
      local found = metrics.read(output, "x")
      assert.is_true(found.cores >= 1 and found.memory.size > 0 and #found.disks >= 1)
      assert.same({ index = 0, name = "A100", used_percent = 5, memory_used = 10 << 20,
        memory_size = 100 << 20 }, found.gpus[1])
    end)

    it("tell what could not be read", function()
      local output = run {
        ["nvidia-smi"] = "echo 'NVIDIA-SMI has failed: no driver'; echo more; exit 9\n",
        df = "echo 'df: /x: Input/output error' >&2; exit 1\n",
      }
      local found = metrics.read(output, "x")
      assert.same({ {}, {} }, { found.disks, found.gpus })
      assert.same({ "df: it ended with exit code 1", "df: it ended with exit code 1",
        "nvidia-smi: NVIDIA-SMI has failed: no driver" }, found.notes)
    end)
  end)
end)
