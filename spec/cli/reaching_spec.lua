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
    { { "cp", "ci-a:x", "ci-b:y" }, 2, "only one of the two may be NAME:PATH" },
    { { "cp", "./x:y", "z" }, 2, "NAME:PATH" },
    { { "cp", "--over", "ssh", "ci-off:x", "." }, 1, "SSH is off on 'ci%-off'" },
    { { "cp", "ci-off:x", "." }, 1, "no machine behind 'ci%-off': its Jupyter is invented" },
    { { "forward", "ci-off", "80:70000" }, 2, "'80:70000' is not a port" },
    { { "forward", "ci-off" }, 2, "argument" },
    { { "forward", "ci-off", "80" }, 1, "SSH is off" },
    { { "exec", "ci-off" }, 2, "which command%?" },
    { { "exec", "--", "ls" }, 2, "which instances%?" },
    { { "exec", "ci-off", "--", " " }, 2, "the command is empty" },
    { { "exec", "--all", "--", "", "ls" }, 2, "the command is empty" },
    { { "exec", "ci-off", "--timeout", "5", "--over", "ssh", "--", "ls" }, 1, "^azureml: SSH is" },
    { { "exec", "ci-off", "--", "ls" }, 1, "the emulator has no machine behind 'ci%-off'" },
    { { "exec", "--over", "ssh", "ci-off", "--", "ls" }, 1, "SSH is off" },
    { { "exec", "--over", "smoke", "ci-off", "--", "ls" }, 2, "there is no 'smoke'" },
    { { "exec", "--key", "k", "ci-off", "--", "ls" }, 2, "a key is for SSH" },
    { { "exec", "ci-on", "--", "ls" }, 1, "'ci%-on' is Stopped" },
    { { "python", "ci-off", "-c", "1" }, 1, "the emulator has no machine" },
    { { "python", "ci-off" }, 2, "which script%?" },
    { { "python", "ci-off", "-c" }, 2, "needs the code" },
    { { "python", "ci-off", "/nothing.py" }, 2, "No such file" },
    { { "python" }, 2, "which instance%?" },
    { { "pip", "install", "ci-off" }, 2, "which packages%?" },
    { { "pip", "install", "ci-off", "six" }, 1, "the emulator has no machine" },
    { { "pip", "install" }, 2, "NAME" },
    { { "pip", "uninstall", "ci-off" }, 2, "PACKAGE" },
    { { "r", "install", "ci-off", "a" }, 1, "the emulator has no machine" },
    { { "r", "install", "ci-off" }, 2, "which packages%?" },
    { { "r", "install", "ci-off", "a", "--display-name", "b" }, 2, "needs %-%-kernel" },
    { { "env", "create", "ci-off" }, 2, "ENV" },
    { { "env", "create", "ci-off", "../x" }, 2, "not the name of an environment" },
    { { "env", "list", "nobody" }, 3, "not found" },
    { { "env", "delete", "ci-off", "x" }, 2, "add %-%-yes" },
    { { "kernel", "list", "ci-off" }, 1, "the emulator has no machine" },
    { { "kernel", "list", "ci-on" }, 1, "'ci%-on' is Stopped" },
    { { "kernel", "remove", "ci-off" }, 2, "KERNEL" },
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
