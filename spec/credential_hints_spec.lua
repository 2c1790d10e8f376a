--- Hints by the kind of a credential: lua/azureml/credential_hints.lua.
local credential_hints = require "azureml.credential_hints"
local hints = require "azureml.hints"

local CODES = { "InvalidAuthenticationToken", "ExpiredAuthenticationToken", "invalid_grant",
  "interaction_required", "login_required" }

local KINDS = {
  "managed_identity", "azure_cli", "azure_developer_cli", "azureml_login", "device_code", "browser",
  "refresh_token",
}

local APPLICATIONS = {
  "client_secret", "client_certificate", "environment", "client_assertion", "workload_identity",
  "github_actions", "azure_pipelines",
}

describe("the hint for a credential", function()
  for _, kind in ipairs(KINDS) do
    it(("of kind %s names no other kind's remedy"):format(kind), function()
      for _, code in ipairs(CODES) do
        local hint = hints.of { code = code, message = "no", credential = kind }
        assert.is_string(hint)
        assert.equal(kind == "azure_cli", hint:find("az login", 1, true) ~= nil, hint)
        assert.equal(kind == "azureml_login", hint:find("azureml login", 1, true) ~= nil, hint)
        assert.equal(kind == "azure_developer_cli", hint:find("azd auth", 1, true) ~= nil, hint)
      end
      for _, number in ipairs { 50076, 50079, 700082, 70043, 50173, 70008 } do
        local hint = hints.of { code = "x", message = "AADSTS" .. number, credential = kind }
        assert.is_truthy(hint:find(credential_hints.sign_in(kind), 1, true), hint)
      end
    end)
  end

  for _, kind in ipairs(APPLICATIONS) do
    it(("of kind %s advises no login"):format(kind), function()
      for i = 1, 3 do
        local hint = hints.of { code = CODES[i], message = "no", credential = kind }
        assert.is_nil(hint:find("login", 1, true), hint)
        assert.is_nil(hint:find("sign in", 1, true), hint)
      end
    end)
  end

  for kind, row in pairs {
    token = { "ExpiredAuthenticationToken", "the token is sent as it was given, and has expired" },
    ["function"] = { "InvalidAuthenticationToken", "for the scope that it is called with" },
    managed_identity = { "InvalidAuthenticationToken", "this machine's managed identity" },
    workload_identity = { "CredentialUnavailable", "AZURE_FEDERATED_TOKEN_FILE" },
    environment = { "CredentialUnavailable", "AZURE_CLIENT_CERTIFICATE_PATH" },
    github_actions = { "CredentialUnavailable", "id-token: write" },
    chain = { "CredentialUnavailable", "or try --emulator" },
  } do
    it(("of kind %s fits %s"):format(kind, row[1]), function()
      local hint = hints.of { code = row[1], message = "no", credential = kind }
      assert.is_truthy(hint:find(row[2], 1, true), hint)
    end)
  end

  it("is the general one without a credential", function()
    assert.matches("sign in again", hints.of { code = "invalid_grant", message = "no" })
    assert.is_nil(credential_hints.of { code = "invalid_grant" })
    assert.is_nil(credential_hints.of { code = "sign_in", credential = "azure_cli" })
  end)
end)
