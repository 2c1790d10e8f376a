local process = require "spec.process"
local run = require "spec.command_line"

describe("azureml run", function()
  it("runs a workflow with its arguments, as a script of its own", function()
    local out, err, code = process.executable { "--emulator", "--speed", "5000", "run", "lifecycle",
      "team", "ci-mine" }
    assert.equal(0, code, err)
    assert.matches("^Creating ci%-mine in workspace team in emulator%.\n", out)
    assert.matches("ci%-mine is gone%.\n$", out)
  end)

  it("knows no other names than those of workflows", function()
    for _, name in ipairs { "nothing", "../console/prompt", "azureml.console.prompt", "" } do
      local out, err, code = run("run", name)
      assert.same({ "", 2 }, { out, code })
      assert.is_truthy(err:find(("there is no workflow '%s'"):format(name), 1, true))
    end
  end)
end)
