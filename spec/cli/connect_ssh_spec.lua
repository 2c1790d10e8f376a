local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml connect-ssh", function()
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
    local _, err, code = run("connect-ssh", "ann")
    assert.equal(1, code)
    assert.matches("azureml terminal ann", err)
    _, err = run("connect-ssh", "bob")
    assert.matches("azureml ssh bob", err)
  end)
end)
