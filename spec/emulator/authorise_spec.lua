local authorise = require "azureml.emulator.authorise"
local refusal = require "azureml.emulator.refusal"

local C = "workspaces/computes/"

-- Source: compute-rest.md, section 10.
local may = {
  Owner = { C .. "read", C .. "write", C .. "delete", C .. "start/action", "locations/usages/read" },
  Contributor = { C .. "read", C .. "write", C .. "delete", C .. "start/action" },
  ["AzureML Compute Operator"] = { C .. "read", C .. "write", C .. "delete", C .. "stop/action", "locations/vmSizes/read" },
  ["AzureML Data Scientist"] = { C .. "read", C .. "start/action", C .. "stop/action", C .. "restart/action" },
  Reader = { C .. "read", "workspaces/read", "locations/computeOperationsStatus/read" },
}
local may_not = {
  ["AzureML Data Scientist"] = { C .. "write", C .. "delete" },
  Reader = { C .. "write", C .. "delete", C .. "start/action", "workspaces/checkComputeNameAvailability/action" },
  ["no such role"] = { C .. "read" },
}

describe("the emulator's roles", function()
  local function try(role, action)
    return pcall(authorise, { role = role, client_id = "app", object_id = "oid" }, action, "/subscriptions/s/scope")
  end

  for role, actions in pairs(may) do
    for _, action in ipairs(actions) do
      it(("let %s do %s"):format(role, action), function() assert.is_true((try(role, action))) end)
    end
  end

  for role, actions in pairs(may_not) do
    for _, action in ipairs(actions) do
      it(("do not let %s do %s, and name action and scope"):format(role, action), function()
        local ok, raised = try(role, action)
        assert.is_false(ok)
        assert.is_true(refusal.is(raised))
        assert.same({ 403, "AuthorizationFailed" }, { raised.status, raised.code })
        for _, part in ipairs { "'app'", "'oid'", "'Microsoft.MachineLearningServices/" .. action .. "'", "'/subscriptions/s/scope'" } do
          assert.is_truthy(raised.message:find(part, 1, true), part)
        end
      end)
    end
  end
end)
