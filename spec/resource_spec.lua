local resource = require "azureml.resource"

describe("a collection's paths", function()
  local ws = { subscription_id = "1-2", resource_group = "ml (west)", name = "team" }

  local WORKSPACE = "/subscriptions/1-2/resourceGroups/ml%20%28west%29"
    .. "/providers/Microsoft.MachineLearningServices/workspaces/team"

  for _, row in ipairs {
    { "", {}, WORKSPACE }, { "computes", {}, WORKSPACE .. "/computes" },
    { "computes/{name}/start", { name = "a/../b?c#d" },
      WORKSPACE .. "/computes/a%2F..%2Fb%3Fc%23d/start" },
    { "/locations/{location}/usages", { location = "eastus" },
      "/subscriptions/1-2/providers/Microsoft.MachineLearningServices/locations/eastus/usages" },
  } do
    it(("are below the workspace or the provider, and escaped: '%s'"):format(row[1]), function()
      assert.equal(row[3], resource.path(ws, { method = "GET", path = row[1] }, row[2]))
    end)
  end

  it("need what they name", function()
    assert.error_matches(function()
      resource.path(ws, { method = "GET", path = "computes/{name}" }, {})
    end, "a name is missing")
  end)
end)
