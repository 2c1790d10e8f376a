local azureml = require "azureml"
local region = require "azureml.look.region"

describe("a region", function()
  it("is named as people and as paths spell it", function()
    assert.equal("westeurope", region.plain "West Europe")
    assert.equal("eastus2", region.plain "eastus2")
  end)

  it("is refused where it cannot be a name", function()
    for _, name in ipairs { "", "../x", "1st", "a?b" } do
      local _, err = azureml.try(region.plain, name)
      assert.equal("InvalidArgument", err.code)
      assert.matches("is not the name of a region", err.message)
    end
  end)

  it("is the workspace's unless the caller names another", function()
    local workspace = { location = function() return "eastus" end }
    assert.equal("eastus", region.of(workspace))
    assert.equal("westus", region.of(workspace, "West US"))
  end)
end)
