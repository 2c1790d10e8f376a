local regions = require "azureml.emulator.regions"

describe("regions", function()
  for name, is_known in pairs {
    ["East US"] = true, eastus = true, WESTEUROPE = true, ["West US 3"] = true, mars = false,
    [""] = false,
  } do
    it(("'%s' is %s"):format(name, is_known and "one" or "none"), function()
      assert.equal(is_known, regions.is_known(regions.plain(name)))
    end)
  end

  it("are listed in order, each once", function()
    for i = 2, #regions.list do assert.is_true(regions.list[i - 1] < regions.list[i]) end
  end)
end)
