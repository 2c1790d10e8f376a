local core = require "azureml.core"
local errors = require "azureml.error"
local process = require "azureml.tool.process"
local raw = require "spec.process"
local world = require "spec.world"

local PATH = { PATH = "/usr/bin:/bin" }

-- Run a shell script; `more` has further settings.
local function shell(script, more)
  local settings = { argv = { "sh", "-c", script }, environment = PATH }
  for name, value in pairs(more or {}) do settings[name] = value end
  return process.start(settings)
end

local function is_running(pid)
  local file = io.open(("/proc/%d/stat"):format(pid))
  if not file then return false end
  local stat <close> = file
  return stat:read("a"):match "%) (%a)" ~= "Z"
end

-- Wait until a process has ended, for half a minute at most.
local function ends(pid)
  for _ = 1, 3000 do
    if not is_running(pid) then return true end
    require("azureml.task").sleep(0.01)
  end
  return false
end

describe("a process", function()
  local running

  after_each(function()
    if running then running:close() end
    running = nil
    assert.equal(0, world.leaks())
  end)

  it("gets its input and gives back its output, its errors and its exit code", function()
    running = shell("cat; echo bad >&2; exit 3", { input = "from here" })
    assert.equal(3, running:wait(10))
    assert.equal("from here", running:text "output")
    assert.equal("bad\n", running:text "errors")
  end)

  it("hands its output on piece by piece", function()
    local pieces = {}
    running = shell("echo a; read line; echo b", {
      input = "x\n", on_output = function(text) pieces[#pieces + 1] = text end,
    })
    running:wait(10)
    assert.equal("a\nb\n", table.concat(pieces))
    assert.equal("", running:text "output")
  end)

  it("passes a long input and a long output", function()
    local text = ("0123456789"):rep(200000)
    running = shell("cat", { input = text })
    assert.equal(0, running:wait(10))
    assert.is_true(running:text "output" == text)
  end)

  it("has only the environment that the caller names", function()
    running = shell("env", { environment = { PATH = "/usr/bin:/bin", COLOUR = "red" } })
    running:wait(10)
    assert.matches("COLOUR=red\n", running:text "output")
    assert.is_nil(running:text("output"):find "HOME=")
  end)

  it("tells of a signal as a shell does", function()
    running = shell "kill -TERM $$"
    assert.equal(143, running:wait(10))
  end)

  it("has SIGINT and SIGPIPE at their defaults", function()
    running = shell "grep SigIgn /proc/self/status"
    running:wait(10)
    local ignored = tonumber(running:text("output"):match "SigIgn:%s+(%x+)", 16)
    assert.equal(0, ignored & (1 << 1 | 1 << 12))
  end)

  it("is missing: the error says so", function()
    local _, err = errors.try(process.start, { argv = { "no-such-program" } })
    assert.equal("ProgramMissing", err.code)
    assert.equal("the program 'no-such-program' is not installed", err.message)
  end)

  it("ends when its time is over and the caller closes it", function()
    running = shell "echo $$; exec sleep 600"
    while running:text "output" == "" do require("azureml.task").sleep(0.01) end
    assert.is_nil(running:wait(0.1))
    local pid = tonumber(running:text "output")
    running:close()
    assert.is_true(ends(pid))
  end)

  it("is stopped at its time limit, which is not its own exit", function()
    running = shell("exec sleep 600", { limit = 0.1 })
    assert.equal(143, running:wait(10))
    assert.is_true(running.is_overdue)
  end)

  it("is killed after its grace time when it ignores SIGTERM", function()
    running = shell("trap '' TERM; echo ready; while :; do sleep 600; done",
      { kept = true, grace = 0.2 })
    while running:text "output" == "" do require("azureml.task").sleep(0.01) end
    running:stop()
    assert.is_true(running:wait_gone(10))
    assert.equal(137, running.status)
  end)

  it("takes its daemons along when it is kept", function()
    running = shell("setsid sh -c 'echo $$; exec sleep 600' & sleep 600", { kept = true })
    local pid
    while not pid do
      pid = tonumber(running:text "output")
      require("azureml.task").sleep(0.01)
    end
    running:stop()
    assert.is_true(running:wait_gone(10))
    assert.is_false(is_running(pid))
  end)

  it("leaves the daemons of an ended program running while it is kept", function()
    -- The substitution ends when the daemon has closed its output.
    running = shell("echo $(setsid sh -c 'echo $$; exec sleep 600 >/dev/null' &)", { kept = true })
    assert.equal(0, running:wait(10))
    local pid = tonumber(running:text "output")
    assert.is_true(is_running(pid))
    running:stop()
    assert.is_true(running:wait_gone(10))
    assert.is_true(ends(pid))
  end)

  it("ends with the process that started it, also when that is killed", function()
    local output = raw.executable { "-e", [[
      local process = require "azureml.tool.process"
      local running = process.start {
        argv = { "sh", "-c", "setsid sh -c 'echo $$; exec sleep 600' & echo $$; sleep 600" },
        environment = { PATH = "/usr/bin:/bin" }, kept = true, grace = 0.1,
      }
      repeat
        require("azureml.task").sleep(0.01)
        local first, second = running:text("output"):match "(%d+)\n(%d+)\n"
        if second then io.write(first, " ", second) io.flush() end
      until second
      os.execute("kill -KILL " .. require("azureml.core").process_id())
    ]] }
    local first, second = output:match "(%d+) (%d+)"
    assert.is_true(ends(tonumber(first)))
    assert.is_true(ends(tonumber(second)))
  end)

  it("is not read while it is held, and loses nothing", function()
    local bytes, most = 0, nil
    running = shell("head -c 500000 /dev/zero", { on_output = function(text)
      bytes = bytes + #text
      if not most then
        most = bytes
        running:hold("output", true)
      end
    end })
    while not most do require("azureml.task").sleep(0.001) end
    require("azureml.task").sleep(0.02)
    assert.equal(most, bytes)
    running:hold("output", false)
    assert.equal(0, running:wait())
    assert.equal(500000, bytes)
  end)

  it("may end while it is held", function()
    local bytes = 0
    running = shell("echo done", { on_output = function(text) bytes = bytes + #text end })
    running:hold("output", true)
    assert.equal(0, running:wait())
    assert.equal(5, bytes)
  end)

  it("stops virtual time while it runs, if it counts", function()
    core.clock "virtual"
    running = shell("sleep 0.05; echo done", { counts = true })
    assert.equal(0, running:wait(1000))
    assert.equal("done\n", running:text "output")
    running:close()
    running = nil
    core.clock "real"
  end)
end)
