local command = require "azureml.cli.command"
local core = require "azureml.core"
local ending = require "azureml.cli.ending"
local notebook_server = require "spec.notebook_server"
local run = require "spec.command_line"
local world = require "spec.world"

describe("a command that ends busy kernels", function()
  local played, own_workspace, own_width, own_read, questions

  before_each(function()
    core.clock "virtual"
    played = notebook_server.open()
    local kernel = { id = "k-1", name = "python3", execution_state = "busy" }
    played.kernels = { kernel, { id = "k-2", name = "ir", execution_state = "busy" },
      { id = "k-3", name = "python3", execution_state = "idle" } }
    played.sessions = { { id = "s", path = "Users/train\27[31m.ipynb", kernel = kernel } }
    own_workspace, own_width, own_read = command.workspace, core.terminal_width, io.read
    command.workspace = function() return played.workspace end
    questions = 0
  end)
  after_each(function()
    command.workspace, core.terminal_width = own_workspace, own_width
    io.read = own_read      -- luacheck: ignore
    world.finish(played)
  end)

  local function at_terminal(answer)
    core.terminal_width = function() return 80, 24 end
    io.read = function()      -- luacheck: ignore
      questions = questions + 1
      return answer
    end
  end

  local function stop(...)
    return run("stop", "ci-ann", "--progress", "quiet", "-o", "json", ...)
  end

  it("names them on a terminal, and asks", function()
    at_terminal "n"
    local _, errors, code = stop()
    assert.equal(1, code)
    assert.equal("azureml: this stop would end 2 busy kernels of 'ci-ann' "
      .. "(ir, train\u{FFFD}[31m.ipynb)\nStop nevertheless? [y/N] ", errors)
    assert.same({}, played.verbs)
    at_terminal "y"
    assert.equal(0, select(3, stop()))
    assert.same({ "stop" }, played.verbs)
  end)

  it("does not ask with --yes, off a terminal, or when nothing computes", function()
    assert.equal(0, select(3, stop()))
    assert.same({}, played.asked)
    played.state = "Running"
    at_terminal "n"
    assert.equal(0, select(3, stop "--yes"))
    assert.same({}, played.asked)
    played.state, played.kernels[1].execution_state = "Running", "idle"
    played.kernels[2].execution_state = "starting"
    assert.same({ "", 0 }, { select(2, stop()) })
    assert.equal(0, questions)
  end)

  it("is not held up by a check that fails: that is a note", function()
    at_terminal "n"
    played.instead = function() return { status = 403, body = '{"message": "Forbidden"}' } end
    local _, errors, code = stop()
    assert.equal(0, code)
    assert.matches("^azureml: note: cannot look for busy kernels of ci%-ann: .*Forbidden", errors)
    played.state, played.owner = "Running", played.OTHER
    _, errors, code = stop()
    assert.equal(0, code)
    assert.matches("^azureml: note: .*belongs to another user", errors)
    assert.equal(0, questions)
  end)

  it("does not wait for a machine that does not answer", function()
    at_terminal "n"
    played.instead = function() return {} end      -- never answered
    local own = ending.look_timeout
    ending.look_timeout = 0.05
    local _, errors, code = stop()
    ending.look_timeout = own
    assert.equal(0, code)
    assert.matches("^azureml: note: cannot look for busy kernels of ci%-ann: ", errors)
    assert.same({ "stop" }, played.verbs)
  end)

  it("says nothing where no machine can be, and of a stopped instance", function()
    at_terminal "n"
    played.address = "https://ci-ann.westeurope.instances.azureml.ms/tree/"
    assert.same({ "", 0 }, { select(2, stop()) })
    assert.equal(0, questions)
  end)

  it("asks about one instance only", function()
    at_terminal "n"
    run("stop", "--all", "--progress", "quiet")
    assert.same({ "stop" }, played.verbs)
    assert.same({}, played.asked)
  end)

  it("may be a restart", function()
    at_terminal "n"
    local _, errors, code = run("restart", "ci-ann", "--progress", "quiet")
    assert.equal(1, code)
    assert.matches("^azureml: this restart would end 2 busy kernels", errors)
  end)

  it("may be a resize, update, recreate or delete", function()
    at_terminal "n"
    for _, words in ipairs {
      { "resize", "ci-ann", "-s", "STANDARD_DS12_V2", "--stop" },
      { "update", "ci-ann", "-s", "STANDARD_DS12_V2", "--stop" },
      { "recreate", "ci-ann" }, { "delete", "ci-ann" },
    } do
      local _, errors, code = run(table.unpack(words))
      assert.equal(1, code)
      assert.matches("^azureml: this " .. words[1] .. " would end 2 busy kernels", errors)
    end
    assert.equal(4, questions)
    assert.same({}, played.verbs)
  end)
end)
