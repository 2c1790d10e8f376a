local azureml = require "azureml"
local core = require "azureml.core"
local notebook_server = require "spec.notebook_server"
local run = require "spec.command_line"
local world = require "spec.world"

describe("the workflow idle_guard", function()
  local played, own_workspace

  before_each(function()
    core.clock "virtual"
    played = notebook_server.open()
    own_workspace = azureml.workspace
    azureml.workspace = function() return played.workspace end
  end)
  after_each(function()
    azureml.workspace = own_workspace
    world.finish(played)
  end)

  local function guard(...)
    local output, errors, code = run("run", "idle_guard", ...)
    if code == 0 then assert.equal("", errors) end
    return output, code, code ~= 0 and errors or nil
  end

  it("only says what it would stop, without yes", function()
    assert.same({ "ci-ann: idle for 4 h, would be stopped\n", 0 }, { guard() })
    assert.same({}, played.verbs)
  end)

  it("stops what was idle for long enough", function()
    assert.same({ "ci-ann: idle for 4 h, kept\n", 0 }, { guard("300", "yes") })
    assert.same({}, played.verbs)
    assert.same({ "ci-ann: idle for 4 h, stopped\n", 0 }, { guard("team", "180", "yes") })
    assert.same({ "stop" }, played.verbs)
  end)

  it("keeps what computes, and what has the tag keep=on", function()
    played.kernels = { { id = "k", name = "python3", execution_state = "busy" } }
    assert.same({ "ci-ann: busy with 1 kernel, kept\n", 0 }, { guard "yes" })
    played.kernels, played.tags = {}, { keep = "on" }
    assert.same({ "", 0 }, { guard "yes" })
    assert.same({}, played.verbs)
  end)

  it("leaves another user's alone, and fails where it cannot look", function()
    played.owner = played.OTHER
    assert.same({ "ci-ann: left alone, it is another user's\n", 0 }, { guard "yes" })
    played.owner = played.OWN
    played.instead = function() return { status = 500 } end
    local _, code, errors = guard "yes"
    assert.equal(1, code)
    assert.matches("ci%-ann", errors)
    assert.same({}, played.verbs)
  end)

  it("checks its words", function()
    for _, words in ipairs { { "a", "b" }, { "1", "2", "3" }, { "0" }, { "yes", "yes", "yes" } } do
      local _, code, errors = guard(table.unpack(words))
      assert.equal(2, code)
      assert.matches("usage: azureml run idle_guard", errors)
    end
  end)
end)
