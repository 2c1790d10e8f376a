-- The article's walk-through, as a user runs it.
local process = require "spec.process"

local SCRIPT = "lua/azureml/workflows/lifecycle.lua"

describe("lifecycle.lua", function()
  local function check(out, err)
    local found = {}
    for word in out:gmatch "ci%-ann: (%a+), STANDARD_D3_V2" do found[#found + 1] = word end
    assert.same({ "Running", "Stopped", "Running", "Running", "Running" }, found)
    assert.matches("Creating ci%-ann in workspace team", out)
    assert.matches("ci%-ann is gone.\n$", out)
    for _, line in ipairs { "create ci%-ann: Creating", "stop ci%-ann: Stopped",
      "start ci%-ann: Running", "delete ci%-ann: Deleted" } do
      assert.matches(line, err)
    end
  end

  it("is under 40 lines", function()
    local count = 0
    for _ in io.lines(SCRIPT) do count = count + 1 end
    assert.is_true(count < 40)
  end)

  it("runs by the executable against the embedded emulator", function()
    local out, err, code = process.executable { "--emulator", "--speed", "2000", SCRIPT, "team",
      "ci-ann" }
    check(out, err)
    assert.equal(0, code)
  end)

  it("runs as a workflow by name", function()
    local out, err, code = process.executable { "--emulator", "--speed", "2000", "run", "lifecycle",
      "team", "ci-ann" }
    check(out, err)
    assert.equal(0, code)
  end)

  it("runs by plain lua5.4 against a served emulator", function()
    local emulator <close> = process.served_emulator { speed = 2000, workspace = "team" }
    local out, err, code = process.plain_lua({ SCRIPT, "team", "ci-ann" },
      { AZUREML_EMULATOR = emulator.url })
    check(out, err)
    assert.equal(0, code)
  end)

  it("names the instance after the workspace's id, as the article does", function()
    local out, _, code = process.executable { "--emulator", "--speed", "2000", SCRIPT }
    assert.matches("^Creating ci%x%x%x%x%x%x%x%x in ", out)
    assert.equal(0, code)
  end)
end)
