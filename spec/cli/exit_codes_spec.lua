local exit_codes = require "azureml.cli.exit_codes"
local errors = require "azureml.error"

describe("the exit code", function()
  local function group(...)
    local details = {}
    for i, code in ipairs { ... } do
      details[i] = { error = errors.new { code = code, message = "m" } }
    end
    return { code = "SomeFailed", details = details }
  end

  for _, row in ipairs {
    { { code = "Usage" }, 2 }, { { code = "InvalidArgument", kind = "usage" }, 2 },
    { { code = "QuotaExceeded" }, 1 }, { { code = "ResourceNotFound", status = 404 }, 3 },
    { { code = "NotFound" }, 3 }, { { code = "SubscriptionNotFound" }, 3 },
    { { code = "CredentialUnavailable", kind = "credential" }, 4 },
    { { code = "InvalidAuthenticationToken", status = 401 }, 4 },
    { { code = "AuthorizationFailed", status = 403 }, 1 }, { { code = "Timeout" }, 5 },
    { { code = "Busy" }, 1 }, { group("Timeout", "Timeout"), 5 }, { group("Timeout", "Busy"), 1 },
    { group("ResourceNotFound"), 1 },
  } do
    it(("of %s is %d"):format(row[1].code, row[2]), function()
      assert.equal(row[2], exit_codes.of(row[1]))
    end)
  end
end)
