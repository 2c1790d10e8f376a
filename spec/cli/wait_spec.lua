local json = require "azureml.json"
local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml wait", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open { ann = "Stopped", bob = "Running", eve = "CreateFailed" }
  end)
  after_each(function() world.close(emulator, ws) end)

  it("returns when the state no longer changes by itself, and prints the instance", function()
    ws.instances:start("ann"):close()
    local out, err, code = run("wait", "ann", "-o", "json")
    assert.equal(0, code, err)
    assert.equal("Running", json.decode(out).state)
    assert.matches("wait ann: Starting, 0 s\n.*wait ann: Running, ", err)
  end)

  it("waits for the state that --for names, of several instances", function()
    ws.instances:start("ann"):close()
    local out, err, code = run("wait", "ann", "bob", "--for", "running", "-o", "name")
    assert.same({ "ann\nbob\n", 0 }, { out, code }, err)
    assert.matches("wait: 2 done, ", err)
  end)

  it("waits for instances that pass filters", function()
    local out, _, code = run("wait", "--state", "Running", "--for", "Running,JobRunning", "-o",
      "name")
    assert.same({ "bob\n", 0 }, { out, code })
  end)

  it("waits until an instance is gone", function()
    ws.instances:delete("bob"):close()
    local out, err, code = run("wait", "bob", "--for", "Deleted")
    assert.same({ "", 0 }, { out, code }, err)
    assert.matches("wait bob: Deleted, ", err)
  end)

  for _, row in ipairs {
    { { "ann", "--for", "Running", "--timeout", "5" }, 5,
      "wait ann: it is still Stopped after 5 s (Timeout)\n  hint: wait again, or longer; " },
    { { "dan" }, 3, "wait dan: it does not exist" },
    { { "eve", "--for", "Running" }, 1, "wait eve: the instance is CreateFailed" },
    { { "ann", "--for", "Runing" }, 2, "--for: there is no state 'Runing'; did you mean Running?" },
    { { "ann", "--for", "," }, 2, "--for needs a state, such as Running" },
    { { "--for", "Running" }, 2, "which instances?" },
    { { "ann", "--ticket", "-" }, 2, "a ticket says what to wait for" },
    { { "--ticket", "/nowhere" }, 2, "--ticket: /nowhere: No such file" },
  } do
    it("refuses " .. table.concat(row[1], " "), function()
      local out, err, code = run("wait", table.unpack(row[1]))
      assert.same({ "", row[2] }, { out, code }, err)
      assert.is_truthy(err:find(row[3], 1, true), err)
    end)
  end
end)
