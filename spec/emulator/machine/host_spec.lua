local emulator = require "azureml.emulator"
local errors = require "azureml.error"
local jupyter = require "azureml.emulator.machine.host.jupyter"
local openssh = require "azureml.emulator.machine.host.openssh"

-- What needs no OpenSSH and no Jupyter; spec/machine tries the rest with both.
describe("the host of real machines", function()
  local programs = { openssh.program, jupyter.program }

  after_each(function() openssh.program, jupyter.program = table.unpack(programs) end)

  it("is refused without the programs, and names their packages", function()
    openssh.program, jupyter.program = "/nowhere/sshd", "/nowhere/jupyter-server"
    local _, err = errors.try(emulator.new, { machine = "local" })
    assert.equal("MachineMissing", err.code)
    assert.matches("openssh%-server jupyter%-server$", err.message)
    assert.matches("apt%-get install openssh%-server jupyter%-server", err.hint)
  end)

  it("is refused by another name, in a seed too, and where others reach it", function()
    assert.error_matches(function() emulator.new { machine = "remote" } end,
      "machine must be 'local', not 'remote'", 1, true)
    assert.error_matches(function() emulator.new { seed = { machine = "remote" } } end,
      "machine must be 'local'", 1, true)
    assert.error_matches(function() emulator.new { machine = "local", address = "0.0.0.0" } end,
      "its address must be loopback, not 0.0.0.0", 1, true)
  end)
end)
