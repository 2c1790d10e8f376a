local azureml = require "azureml"
local json = require "azureml.json"
local process = require "spec.process"
local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml watch", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open({ ann = "Stopped" },
      { workspaces = { { name = "team", instances = { bob = "Running" } } } })
  end)
  after_each(function() world.close(emulator, ws) end)

  local function watch(...)
    local out, err, code
    local words = { "watch", "--interval", "5", "--timeout", "400", ... }
    azureml.parallel(function() out, err, code = run(table.unpack(words)) end, function()
      azureml.sleep(7)
      ws.instances:start("ann"):close()
    end)
    return out, err, code
  end

  it("prints a line for each change", function()
    local out, err, code = watch()
    assert.same({ "", 0 }, { err, code })
    assert.matches("^%S+Z  ann: Starting, was Stopped\n%S+Z  ann: Running, was Starting\n$", out)
  end)

  it("watches the instances of names", function()
    ws.instances:create("cleo", { state = "Stopped" }):wait()
    assert.matches("^%S+Z  ann: Stopped, new\n%S+Z  ann: Starting, was Stopped\n",
      (watch("ann", "--initial")))
    assert.matches("^%S+Z  cleo: Stopped, new\n$", (watch("-n", "cleo", "--initial")))
  end)

  it("reaches over all workspaces, and names them", function()
    local out = watch("--all-workspaces", "--initial")
    assert.matches("  team/bob: Running, new\n", out)
    assert.matches("  emulator/ann: Running, was Starting\n$", out)
  end)

  it("prints objects that name the workspace", function()
    local first = json.decode((watch("--all-workspaces", "-o", "json")):match "^[^\n]*")
    assert.same({ "ann", "emulator" }, { first.name, first.workspace })
  end)

  it("runs a command at each change, with the change in variables", function()
    local directory = process.directory()
    local out = watch("--initial", "--exec",
      ('echo "$AZUREML_WORKSPACE $AZUREML_NAME $AZUREML_WAS $AZUREML_STATE" >>"%s/log"'):format(
        directory))
    assert.matches("ann: Stopped, new", out)
    local file <close> = assert(io.open(directory .. "/log"))
    assert.equal("emulator ann Stopped Starting\nemulator ann Starting Running\n", file:read "a")
    process.remove(directory)
  end)

  it("tells that a command failed, and goes on", function()
    local out, err, code = watch("--exec", "exit 3")
    assert.matches("ann: Running", out)
    assert.matches("the command of %-%-exec ended with exit code 3; watch goes on", err)
    assert.equal(0, code)
  end)

  it("tells a workspace that refuses once, and ends with 1", function()
    emulator:fault { match = { method = "GET", path = "workspaces/team/computes$" }, times = 99,
      answer = { status = 403,
        json = { error = { code = "AuthorizationFailed", message = "no" } } } }
    local out, err, code = watch("--all-workspaces")
    assert.matches("emulator/ann: Running", out)
    assert.equal(1, code)
    local _, count = err:gsub("1 of 2 workspaces refused", "")
    assert.equal(1, count)
  end)

  it("refuses what does not fit together", function()
    for _, words in ipairs { { "--interval", "0" }, { "--all-workspaces", "-w", "team" } } do
      assert.equal(2, select(3, run("watch", table.unpack(words))))
    end
  end)
end)
