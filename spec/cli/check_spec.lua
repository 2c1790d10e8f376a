local json = require "azureml.json"
local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml check", function()
  local emulator, ws

  before_each(function() emulator, ws = world.open { ann = "Running" } end)
  after_each(function() world.close(emulator, ws) end)

  it("has findings, and then exit code 1", function()
    local out, _, code = run("check", "ann", "--size", "STANDARD_NOPE", "-o", "json")
    local findings = json.decode(out)
    assert.equal(1, code)
    assert.same({ "error", "name" }, { findings[1].level, findings[1].field })
    assert.equal("warning", findings[#findings].level)
  end)

  it("says that nothing is wrong", function()
    local out, err, code = run("check", "ci-new", "--idle-time-before-shutdown", "1h")
    assert.same({ "", "nothing is wrong\n", 0 }, { out, err, code })
  end)

  it("is create with --dry-run, which creates nothing", function()
    local out, _, code = run("create", "ci-new", "--size", "STANDARD_NOPE", "--dry-run")
    assert.equal(1, code)
    assert.matches("is not offered to compute instances", out)
    assert.equal(0, select(3, run("create", "ci-new", "--dry-run")))
    assert.is_nil(ws.instances:find "ci-new")
  end)
end)
