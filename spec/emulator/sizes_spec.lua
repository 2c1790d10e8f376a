local sizes = require "azureml.emulator.sizes"

describe("the emulator's sizes", function()
  it("are found without case, and have what spec/contract/compute-rest.md shows of one", function()
    local size = sizes.find "STANDARD_DS3_V2"
    assert.same({ "Standard_DS3_v2", "standardDSv2Family", 4, 0, 14, true },
      { size.name, size.family, size.vCPUs, size.gpus, size.memoryGB, size.premiumIO })
    assert.is_nil(sizes.find "Standard_DS3")
  end)

  for family, title in pairs {
    standardDSv2Family = "Standard DSv2", ["Standard NCASv3_T4 Family"] = "Standard  NCASv3_T4 ",
    other = "other",
  } do
    it(("of %s are called %s"):format(family, title), function()
      assert.equal(title, sizes.family_title(family))
    end)
  end

  it("belong to families, each named once", function()
    local seen = {}
    for _, family in ipairs(sizes.families()) do
      assert.is_nil(seen[family.name])
      seen[family.name] = true
    end
    for _, size in ipairs(sizes.all) do assert.is_true(seen[size.family]) end
  end)
end)
