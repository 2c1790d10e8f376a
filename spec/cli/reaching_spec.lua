local reaching = require "azureml.cli.reaching"
local run = require "spec.command_line"
local world = require "spec.world"

describe("the commands that reach an instance", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open {
      ["ci-off"] = "Running",
      ["ci-on"] = { state = "Stopped", properties = { vmSize = "STANDARD_DS3_V2", sshSettings = {
        sshPublicAccess = "Enabled", adminPublicKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB x",
      } } },
    }
  end)
  after_each(function() world.close(emulator, ws) end)

  it("keep the words behind -- from the options", function()
    assert.same({ "-n", "a", "--remote-word=ls", "--remote-word=--help", "--remote-word=" },
      reaching.rewrite { "-n", "a", "--", "ls", "--help", "" })
  end)

  for _, row in ipairs {
    { { "ssh", "ci-off" }, 1, "azureml recreate ci%-off" },
    { { "ssh", "ci-on" }, 1, "'ci%-on' is Stopped" },
    { { "ssh", "--start", "ci-on" }, 1, "the emulator has no machine behind 'ci%-on'" },
    { { "ssh", "nobody" }, 3, "not found" },
    { { "ssh" }, 2, "which instance%?" },
    { { "cp", "a", "b" }, 2, "NAME:PATH" },
    { { "cp", "ci-a:x", "ci-b:y" }, 2, "NAME:PATH" },
    { { "cp", "./x:y", "z" }, 2, "NAME:PATH" },
    { { "cp", "--over", "ssh", "ci-off:x", "." }, 1, "SSH is off on 'ci%-off'" },
    { { "cp", "ci-off:x", "." }, 1, "no machine behind 'ci%-off': its Jupyter is invented" },
    { { "forward", "ci-off", "80:70000" }, 2, "'80:70000' is not a port" },
    { { "forward", "ci-off" }, 2, "argument" },
    { { "forward", "ci-off", "80" }, 1, "SSH is off" },
    { { "exec", "ci-off" }, 2, "which command%?" },
    { { "exec", "--", "ls" }, 2, "which instances%?" },
    { { "exec", "ci-off", "--", "ls" }, 1, "SSH is off" },
  } do
    it(("end with %d for '%s'"):format(row[2], table.concat(row[1], " ")), function()
      local _, err, code = run(table.unpack(row[1]))
      assert.equal(row[2], code)
      assert.matches(row[3], err)
    end)
  end

  it("skip what does not run, and count what failed", function()
    local _, err, code = run("exec", "--all", "--", "ls")
    assert.equal(1, code)
    assert.matches("0 run, 1 failed: ci%-off %(not run%), 1 skipped\n$", err)
  end)

  it("leave instances without SSH out of the configuration", function()
    local _, err, code = run "ssh-config"
    assert.equal(0, code)
    assert.matches("ci%-off is left out: SSH is off", err)
  end)
end)
