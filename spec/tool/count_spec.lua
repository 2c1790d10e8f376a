local count = require "azureml.tool.count"

describe("a count of things", function()
  it("has the noun in the singular for one", function()
    assert.equal("1 instance", count.of(1, "instance"))
    assert.equal("0 instances", count.of(0, "instance"))
    assert.equal("2 instances", count.of(2, "instance"))
  end)
end)
