--- The credentials that are tried without a script's choice: lua/azureml/default_credential.lua.
--- What each of them answers is in credential_spec.lua.
local azureml = require "azureml"
local default_credential = require "azureml.default_credential"
local surroundings = require "spec.surroundings"

local ALL = {
  "environment", "workload_identity", "managed_identity", "login", "azure_cli",
  "azure_developer_cli",
}
local PROD = { "environment", "workload_identity", "managed_identity" }
local DEV = { "login", "azure_cli", "azure_developer_cli" }

-- Open the links with the real credentials. Return the kinds in their order, and by kind the
-- settings that each was opened with.
local function open(settings)
  local kinds, passed = {}, {}
  local recorded = setmetatable({}, {
    __index = function(_, kind)
      return function(given)
        kinds[#kinds + 1], passed[kind] = kind, given or false
        return azureml.credential[kind](given)
      end
    end,
  })
  local opened = default_credential.links(recorded, settings or {})
  assert.equal(#kinds, #opened)
  for _, credential in ipairs(opened) do credential:close() end
  return kinds, passed
end

describe("the default credentials", function()
  local around

  before_each(function()
    around = surroundings { "AZURE_TOKEN_CREDENTIALS", "AZURE_CLIENT_ID", "AZUREML_TOKEN" }
  end)
  after_each(function() around:close() end)

  for value, expected in pairs {
    [""] = ALL, ["  "] = ALL,
    ["prod"] = PROD, ["Prod"] = PROD, [" PROD\t"] = PROD,
    ["dev"] = DEV, ["DEV"] = DEV,
    ["EnvironmentCredential"] = { "environment" },
    ["WorkloadIdentityCredential"] = { "workload_identity" },
    ["ManagedIdentityCredential"] = { "managed_identity" },
    ["AzureMLLogin"] = { "login" },
    ["GitHubActionsCredential"] = { "github_actions" },
    ["AzureCliCredential"] = { "azure_cli" },
    ["azureCLIcredential"] = { "azure_cli" },
    ["AzureDeveloperCliCredential"] = { "azure_developer_cli" },
  } do
    it(("with AZURE_TOKEN_CREDENTIALS='%s' are %s"):format(value,
      table.concat(expected, ", ")), function()
      around:set { AZURE_TOKEN_CREDENTIALS = value }
      assert.same(expected, (open()))
    end)
  end

  it("begin with the token in AZUREML_TOKEN where it is set", function()
    around:set { AZUREML_TOKEN = "x.y.z" }
    assert.same({ "token_variable", table.unpack(ALL) }, (open()))
    around:set { AZURE_TOKEN_CREDENTIALS = "dev" }
    assert.same(DEV, (open()))
    around:set { AZURE_TOKEN_CREDENTIALS = "AzureMLToken", AZUREML_TOKEN = "" }
    assert.same({ "token_variable" }, (open()))
  end)

  it("are all of them, machines before users, without the variable", function()
    assert.same(ALL, (open()))
  end)

  for _, value in ipairs { "production", "AzurePowerShellCredential", "prod,dev", "login" } do
    it(("with AZURE_TOKEN_CREDENTIALS='%s' are an error that lists the known values"):format(
      value), function()
      around:set { AZURE_TOKEN_CREDENTIALS = value }
      local _, err = azureml.try(default_credential.links, azureml.credential, {})
      assert.equal("InvalidTokenCredentials", err.code)
      assert.equal(("AZURE_TOKEN_CREDENTIALS has the unknown value '%s' (known: prod, dev, "
        .. "AzureMLToken, EnvironmentCredential, WorkloadIdentityCredential, "
        .. "ManagedIdentityCredential, GitHubActionsCredential, "
        .. "AzureMLLogin, AzureCliCredential, AzureDeveloperCliCredential)"):format(value),
        err.message)
    end)
  end

  it("probe for the machine's identity where others come after it, and not alone", function()
    local _, passed = open()
    assert.is_true(passed.managed_identity.probe)
    around:set { AZURE_TOKEN_CREDENTIALS = "prod" }
    _, passed = open()
    assert.is_true(passed.managed_identity.probe)
    around:set { AZURE_TOKEN_CREDENTIALS = "ManagedIdentityCredential" }
    _, passed = open()
    assert.is_false(passed.managed_identity.probe)
  end)

  it("use AZURE_CLIENT_ID for the machine's identity, unless it is empty", function()
    around:set { AZURE_CLIENT_ID = "33333333-3333-3333-3333-333333333333" }
    local _, passed = open()
    assert.equal("33333333-3333-3333-3333-333333333333", passed.managed_identity.client_id)
    around:set { AZURE_CLIENT_ID = "" }
    _, passed = open()
    assert.is_nil(passed.managed_identity.client_id)
  end)

  it("pass the script's settings to those that ask Entra, and not to programs", function()
    local settings = { cloud = "AzureChinaCloud" }
    local _, passed = open(settings)
    for _, kind in ipairs { "environment", "workload_identity", "login" } do
      assert.equal(settings, passed[kind])
    end
    assert.is_false(passed.azure_cli)
    assert.is_false(passed.azure_developer_cli)
  end)
end)
