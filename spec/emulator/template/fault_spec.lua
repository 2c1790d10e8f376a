local fault = require "azureml.emulator.template.fault"
local refusal = require "azureml.emulator.refusal"

describe("a fault of a template", function()
  it("is a refusal with the place", function()
    local ok, raised = pcall(fault.raise, "resources[0].name", "'%s' is missing", "x")
    assert.is_false(ok)
    assert.is_true(refusal.is(raised))
    assert.same({ 400, "InvalidTemplate",
      "Deployment template validation failed: 'resources[0].name: 'x' is missing'." },
      { raised.status, raised.code, raised.message })
  end)
end)
