local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml compute connect-ssh", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open {
      ann = "Running",
      bob = { state = "Running", properties = { vmSize = "STANDARD_DS3_V2", sshSettings = {
        sshPublicAccess = "Enabled", adminPublicKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB x",
      } } },
    }
  end)
  after_each(function() world.close(emulator, ws) end)

  it("is refused, and names what works", function()
    local _, err, code = run("compute", "connect-ssh", "-n", "ann")
    assert.equal(2, code)
    assert.matches("SSH is off on 'ann', so use 'azureml terminal ann'", err)
    _, err = run("compute", "connect-ssh", "-n", "bob", "-f", "key")
    assert.matches("azureml ssh bob", err)
  end)
end)
