local providers = require "azureml.emulator.providers"

describe("the neighbouring providers", function()
  for provider, version in pairs {
    ["Microsoft.Authorization"] = "2022-04-01", ["Microsoft.Compute"] = "2024-07-01",
    ["Microsoft.Network"] = "2024-05-01",
  } do
    it(("have their own api-versions, in order: %s"):format(provider), function()
      assert.is_true(providers.has(provider, version))
      assert.is_false(providers.has(provider, "2025-12-01"))
      local list = providers.versions(provider)
      for index = 2, #list do assert.is_true(list[index - 1] < list[index]) end
    end)
  end
end)
