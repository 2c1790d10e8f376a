local command = require "azureml.emulator.jobs.command"

describe("the command of a job", function()
  it("has the values of its inputs, and the addresses of data", function()
    local properties = {
      command = "train ${{inputs.epochs}} ${{ inputs.data }} $HOME ${{inputs.none}} ${{x}}",
      inputs = { epochs = { value = "3" }, data = { uri = "azureml://data" } },
    }
    assert.equal("train 3 azureml://data $HOME ${{inputs.none}} ${{x}}", command.of(properties))
  end)

  it("has the paths of its outputs", function()
    local properties = { command = "cp x ${{outputs.model}}", outputs = { model = { uri = "u" } } }
    assert.equal("cp x /tmp/m", command.of(properties, { model = "/tmp/m" }))
    assert.equal("cp x u", command.of(properties))
  end)
end)
