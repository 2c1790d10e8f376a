local hints = require "azureml.hints"

describe("hints", function()
  for _, row in ipairs {
    { { code = "AuthorizationFailed", message = "no" },
      "ask an owner of the workspace for a role that has this action" },
    { { code = "ResourceNotFound", message = "gone" }, "'azureml list' shows what there is" },
    { { code = "BadRequest", message = "has a Standard DSv2 family vCPU quota of 0" },
      "a stopped instance keeps its quota" },
    { { code = "BadRequest", message = "Operation results in exceeding quota limits of Core." },
      "a stopped instance keeps its quota" },
    { { code = "BadRequest",
        message = "The specified subscription has reached its limit of 200 computes "
          .. "in this region." },
      "a stopped instance keeps its quota" },
    { { code = "BadRequest",
        message = "StopCompute is not allowed when ComputeInstance disk is full." },
      "free some space" },
    { { code = "Conflict", message = "The specified name x is already in use" },
      "unique in the whole region" },
    { { code = "BadRequest", message = "ComputeInstance current state (Running) does not support "
        .. "resize operation." }, "stop the instance first" },
    { { code = "BadRequest", message = "ComputeInstance current state (Stopped) does not support "
        .. "updateDataMounts operation." }, "start the instance first" },
    { { code = "BadRequest", message = "ComputeInstance current state (CreateFailed) does not "
        .. "support customServices operation." }, "delete it and create it again" },
    { { code = "BadRequest", message = "The specified value 'x' is not a valid SSH Public Key." },
      "give an RSA key" },
    { { code = "SetupScriptsError", message = "setup script file not found" },
      "its path in the workspace's file share" },
    { { code = "OperationFailed", message = "no" }, "'azureml why'" },
    { { code = "Conflict", message = "busy" }, "another command is at work" },
    { { code = "invalid_client", message = "AADSTS7000215: wrong" },
      "its id was copied instead of its value" },
    { { code = "ConnectionLost", message = "lost", outcome_unknown = true },
      "it may have been executed" },
  } do
    it(("say what to do next about %s: %s"):format(row[1].code, row[2]), function()
      assert.is_truthy(hints.of(row[1]):find(row[2], 1, true))
    end)
  end

  it("are nil for errors without a known remedy", function()
    assert.is_nil(hints.of { code = "Teapot", message = "short and stout" })
    assert.is_nil(hints.of { code = "Teapot" })
    assert.is_nil(hints.of {
      code = "SeedInvalid", message = "a seed has no field 'x' (known: quotas, workspaces)",
    })
  end)
end)
