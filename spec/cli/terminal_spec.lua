local command = require "azureml.cli.command"
local core = require "azureml.core"
local json = require "azureml.json"
local notebook_server = require "spec.notebook_server"
local run = require "spec.command_line"
local shell = require "azureml.jupyter.terminal.shell"
local world = require "spec.world"

describe("azureml terminal", function()
  local played, own_workspace, own_width, own_read, own_shell, visits

  before_each(function()
    core.clock "virtual"
    played, visits = notebook_server.open(), {}
    played.terminals = {
      { name = "1", last_activity = "2026-11-28T11:59:00.000000Z" }, { name = "7" },
    }
    own_workspace, own_width, own_read = command.workspace, core.terminal_width, io.read
    own_shell = shell.run
    command.workspace = function() return played.workspace end
    core.terminal_width = function() return 80, 24 end
  end)
  after_each(function()
    command.workspace, core.terminal_width, shell.run = own_workspace, own_width, own_shell
    io.read = own_read      -- luacheck: ignore
    world.finish(played)
  end)

  -- A visit ends in this way.
  local function ending(how)
    function shell.run(server, settings)
      server:check()
      visits[#visits + 1] = { server.vm.name, settings.attach }
      return { ended = how, name = settings.attach or "8" }
    end
  end

  it("opens a shell, and tells how to come back to it", function()
    ending "exited"
    assert.same({ "", "", 0 }, { run("terminal", "ci-ann") })
    ending "detached"
    local output, errors, code = run("terminal", "ci-ann", "--attach", "7")
    assert.same({ "", 0 }, { output, code })
    assert.equal("Detached. 'azureml terminal ci-ann --attach 7' comes back, --close 7 ends it.\n",
      errors)
    assert.same({ { "ci-ann" }, { "ci-ann", "7" } }, visits)
  end)

  it("lists the terminals", function()
    assert.equal("Terminal  Idle   Last activity\n1         1 min  2026-11-28T11:59:00.000000Z\n"
      .. "7         -      -\n", (run("terminal", "ci-ann", "--list")))
    local list = json.decode((run("terminal", "ci-ann", "--list", "-o", "json")))
    assert.same({ { name = "1", idle = 60, last_activity = "2026-11-28T11:59:00.000000Z" },
      { name = "7" } }, list)
  end)

  it("closes one", function()
    assert.same({ "", "", 0 }, { run("terminal", "ci-ann", "--close", "7") })
    assert.truthy(table.concat(played.asked, "\n"):find("DELETE /api/terminals/7", 1, true))
    local _, errors, code = run("terminal", "ci-ann", "--close", "9")
    assert.equal(1, code)
    assert.matches("there is no terminal '9' of 'ci%-ann'", errors)
  end)

  it("asks whether to start a stopped instance", function()
    ending "exited"
    played.state = "Stopped"
    io.read = function() return "n" end      -- luacheck: ignore
    local _, errors, code = run("terminal", "ci-ann")
    assert.equal(1, code)
    assert.matches("'ci%-ann' is stopped. Start it%? %[y/N%] ", errors)
    assert.matches("is Stopped: its Jupyter needs a running instance", errors)
    io.read = function() return "y" end      -- luacheck: ignore
    assert.equal(0, select(3, run("terminal", "ci-ann")))
    assert.same({ "start" }, played.verbs)
    assert.equal(1, #visits)
  end)

  it("is refused off a terminal, before anything is asked", function()
    for fd, stream in pairs { [0] = "input", [1] = "output" } do
      core.terminal_width = function(number) if number ~= fd then return 80, 24 end end
      local _, errors, code = run("terminal", "ci-ann")
      assert.equal(1, code)
      assert.matches("standard " .. stream .. " is not a terminal", errors)
      assert.matches("'azureml exec'", errors)
    end
    core.terminal_width = own_width
    assert.equal(0, select(3, run("terminal", "ci-ann", "--list")))
  end)

  it("refuses options that fit nothing", function()
    for _, row in ipairs {
      { { "--list", "--close", "1" }, "give either %-%-list or %-%-close" },
      { { "--attach", "1", "--close", "1" }, "give either %-%-attach or %-%-close" },
      { { "-o", "json" }, "%-%-output needs %-%-list" },
      { { "--columns", "name" }, "%-%-columns needs %-%-list" },
    } do
      local _, errors, code = run("terminal", "ci-ann", table.unpack(row[1]))
      assert.equal(2, code)
      assert.matches(row[2], errors)
    end
  end)
end)
