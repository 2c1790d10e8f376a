-- Tests the plan of steps, with stand-ins for the modules of the executable alone.
-- e2e/executable_spec.lua tests the executable itself.

local STAND_INS = { "azureml.signals", "azureml.edit", "azureml.cli", "azureml.config",
  "azureml.interpreter", "azureml.host" }

describe("the interpreter", function()
  local saved, calls, pending_signal, terminal, path, cpath, task_loader, global_arg
  local httpd_loader

  before_each(function()
    saved, calls, pending_signal, terminal = {}, {}, nil, false
    path, cpath, task_loader, global_arg = package.path, package.cpath,
      package.preload["azureml.task"], _G.arg
    httpd_loader = package.preload["azureml.httpd"]
    for _, name in ipairs(STAND_INS) do saved[name] = package.loaded[name] end
    package.loaded["azureml.console.interpreter"] = nil
    package.loaded["azureml.signals"] = { fd = -1, drain = function() return pending_signal end }
    package.loaded["azureml.edit"] = { columns = function() return terminal and 80 or nil end }
    package.loaded["azureml.config"] = {
      use_emulator = function(given) table.insert(calls, "emulator " .. given.speed) end,
    }
    package.loaded["azureml.cli"] = {
      commands = { stop = { summary = "stop one" } },
      main = function(words)
        table.insert(calls, table.concat(words, " "))
        return 3
      end,
    }
  end)

  after_each(function()
    for _, name in ipairs(STAND_INS) do package.loaded[name] = saved[name] end
    package.path, package.cpath, package.preload["azureml.task"], _G.arg = path, cpath, task_loader,
      global_arg
    package.preload["azureml.httpd"] = httpd_loader
  end)

  local function start(argv, program)
    argv[0] = "azureml"
    local interpreter = require "azureml.console.interpreter"
    interpreter.start { argv = argv, program = program, version = "1.2.3",
      copyright = "Lua 5.4.4  Copyright" }
    return interpreter
  end

  -- As main.c does it.
  local function run(...)
    local interpreter = start { ... }
    while true do
      local step = table.pack(interpreter.next())
      if step.n == 0 then return interpreter.exit_code end
      step[1](table.unpack(step, 2, step.n))
    end
  end

  it("runs a command, and leaves with its exit code", function()
    assert.equal(3, run("stop", "-n", "x"))
    assert.same({ "stop -n x" }, calls)
  end)

  it("chooses the emulator before anything runs", function()
    _G.calls_of_spec = calls
    run("-e", "table.insert(calls_of_spec, 'text')", "--emulator", "--speed", "30", "stop")
    _G.calls_of_spec = nil
    assert.same({ "emulator 30", "text", "stop" }, calls)
  end)

  local function record_errors()
    local recorder = {}
    function recorder.write(_, ...) table.insert(calls, table.concat { ... }) end
    io.stderr = recorder      -- luacheck: ignore 122
  end

  it("takes a path for a script even if a command is called so", function()
    local interpreter = start { "-E", "./spec/fixtures/nothing-here/stop" }
    local stderr = io.stderr
    record_errors()
    local step = interpreter.next()
    io.stderr = stderr      -- luacheck: ignore 122
    step()
    assert.is_nil(interpreter.next())
    assert.equal(1, interpreter.exit_code)
    assert.matches("^azureml: cannot open ./spec/fixtures/nothing%-here/stop", calls[1])
  end)

  it("numbers the arguments from the script's name on", function()
    start { "-e", "", "stop", "-n", "x" }
    assert.same({ [-3] = "azureml", [-2] = "-e", [-1] = "", [0] = "stop", "-n", "x" }, _G.arg)
    package.loaded["azureml.console.interpreter"] = nil
    start { "-e", "" }
    assert.same({ [0] = "azureml", "-e", "" }, _G.arg)
  end)

  it("searches the tree that it is installed in, last", function()
    start({ "-e", "" }, "/opt/rocks/bin/azureml")
    assert.equal(path .. ";/opt/rocks/share/lua/5.4/?.lua;/opt/rocks/share/lua/5.4/?/init.lua",
      package.path)
    assert.equal(cpath .. ";/opt/rocks/lib/lua/5.4/?.so", package.cpath)
  end)

  it("searches no tree when it lies in none", function()
    start({ "-e", "" }, "/src/azureml/build/azureml")
    assert.equal(path, package.path)
    assert.equal(cpath, package.cpath)
  end)

  it("ends with 130 or 143 when a signal comes between two steps", function()
    local stderr = io.stderr
    record_errors()
    local codes = {}
    for i, number in ipairs { 2, 15 } do
      package.loaded["azureml.console.interpreter"] = nil
      local interpreter = start { "stop" }
      pending_signal = number
      local step = table.pack(interpreter.next())
      codes[i] = step.n == 0 and interpreter.exit_code
      pending_signal = nil
    end
    io.stderr = stderr      -- luacheck: ignore 122
    assert.same({ 130, 143 }, codes)
    assert.same({ "interrupted\n", "interrupted\n" }, calls)
  end)
end)
