local refusal = require "azureml.emulator.refusal"

describe("the emulator's refusals", function()
  it("have status, code and a text that is filled", function()
    local ok, raised = pcall(refusal.raise, "no_compute", "team", "ci-ann", "ml")
    assert.is_false(ok)
    assert.same({ 404, "ResourceNotFound" }, { raised.status, raised.code })
    assert.equal(
      "The Resource 'Microsoft.MachineLearningServices/workspaces/team/computes/ci-ann' "
        .. "under resource group 'ml' was not found.", raised.message)
  end)

  it("may have details, or say when to come again", function()
    local _, detailed = pcall(refusal.raise_with, { { code = "A", message = "b" } }, "no_action")
    assert.equal("A", detailed.details[1].code)
    local _, later = pcall(refusal.raise_after, 3, "throttled", "reads")
    assert.equal(3, later.retry_after)
  end)

  it("are refusals only for what was raised as one", function()
    assert.is_false(refusal.is "text")
    assert.is_false(refusal.is {})
    assert.is_false(refusal.is(nil))
  end)
end)
