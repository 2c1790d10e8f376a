--- What a person reads when Entra ID refuses: the cause in its own words, and the remedy. Every row
--- of spec/contract/auth.md's table of errors that Entra ID says, and of its lists in section 2.
local authority = require "spec.authority"
local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"

-- error, number, words of the remedy
local ROWS = {
  { "invalid_client", 7000215,
    "the secret is wrong; often its id was copied instead of its value" },
  { "invalid_client", 7000222, "the secret has expired: make a new one" },
  { "unauthorized_client", 700016, "check client_id and tenant_id" },
  { "unauthorized_client", 7000112, "disabled in this tenant: ask an administrator" },
  { "invalid_client", 7000218, "allow public client flows in its registration" },
  { "invalid_client", 700025, "a public client, which has neither secret nor certificate" },
  { "invalid_client", 700027, "compare its thumbprint with those under 'Certificates & secrets'" },
  { "invalid_client", 700021, "its issuer and subject must be client_id" },
  { "invalid_client", 700023,
    "addressed to another token endpoint: check tenant_id and the authority" },
  { "invalid_client", 700024, "check this machine's clock, and that the token's file is renewed" },
  { "invalid_request", 50027, "check the function or the file" },
  { "invalid_client", 700030, "send the chain (send_certificate_chain" },
  { "invalid_request", 70021, "no federated credential of the application fits the token" },
  { "invalid_request", 700211, "has the token's issuer: compare it" },
  { "invalid_request", 700212, "has the token's audience: compare it" },
  { "invalid_request", 700213, "has the token's subject: compare it" },
  { "invalid_request", 90002, "check tenant_id" },
  { "invalid_request", 900023, "check tenant_id" },
  { "invalid_request", 9001023, "set tenant_id" },
  { "invalid_request", 900144, "a defect worth reporting" },
  { "invalid_scope", 70011, "followed by '/.default'" },
  { "invalid_scope", 1002012, "followed by '/.default'" },
  { "invalid_resource", 500011, "check the cloud" },
  { "invalid_resource", 50001, "check the cloud" },
  { "invalid_resource", 650057, "check the cloud" },
  { "invalid_request", 900382, "cloud = 'AzureUSGovernment' or 'AzureChinaCloud'" },
  { "invalid_request", 900384, "cloud = 'AzureUSGovernment' or 'AzureChinaCloud'" },
  { "invalid_request", 90038, "cloud = 'AzureUSGovernment' or 'AzureChinaCloud'" },
  { "invalid_grant", 50196, "wait some minutes" },
  { "interaction_required", 50076, "run 'azureml login' or 'az login'" },
  { "interaction_required", 50079, "set up a second proof" },
  { "invalid_grant", 65001, "must consent" },
  { "access_denied", 53003, "a policy of the tenant forbids" },
  { "invalid_grant", 700082, "sign in again" },
  { "invalid_grant", 70043, "sign in again" },
  { "invalid_grant", 50173, "sign in again" },
  { "invalid_grant", 70008, "sign in again" },
  { "invalid_client", 50011, "http://localhost" },
  { "invalid_grant", 54005, "sign in again" },
  { "authorization_pending", 70016, "has not been entered yet" },
  { "bad_verification_code", 70018, "start the sign-in again" },
  { "expired_token", 70019, "start the sign-in again" },
  { "expired_token", 70020, "start the sign-in again" },
}

local function body(row)
  return json.encode {
    error = row[1], error_codes = { row[2] },
    correlation_id = "11111111-2222-3333-4444-555555555555",
    error_description = ("AADSTS%d: what it says.\r\nTrace ID: t\r\nCorrelation ID: c\r\n"
      .. "Timestamp: now"):format(row[2]),
  }
end

describe("a refusal of Entra ID", function()
  local entra, row

  setup(function()
    core.clock "virtual"
    entra = authority(function() return { status = 400, body = body(row) } end)
    entra:use("client_secret", { client_secret = "the-secret" })
  end)

  teardown(function()
    entra:close()
    core.clock "real"
  end)

  for _, it_is in ipairs(ROWS) do
    it(("AADSTS%d names its cause, and a remedy: %s"):format(it_is[2], it_is[3]), function()
      row = it_is
      local before = #entra.forms
      local _, err = entra:ask()
      assert.equal(row[1], err.code)
      assert.equal(("AADSTS%d: what it says."):format(row[2]), err.message)
      assert.is_truthy(err.hint and err.hint:find(row[3], 1, true), err.hint)
      assert.equal("11111111-2222-3333-4444-555555555555", err.request_id)
      assert.is_nil(tostring(err):find("the-secret", 1, true))
      assert.equal(1, #entra.forms - before)      -- it does not pass by itself
    end)
  end

  it("with an unknown number has no hint", function()
    row = { "invalid_request", 7000219 }
    local _, err = entra:ask()
    assert.is_nil(err.hint)
  end)
end)

describe("a refusal of Entra ID that passes", function()
  local entra

  before_each(function() core.clock "virtual" end)

  after_each(function()
    entra:close()
    core.clock "real"
  end)

  for _, row in ipairs {
    { "temporarily_unavailable", 1 }, { "server_error", 1 }, { "x", 90006 }, { "x", 90012 },
    { "x", 90024 }, { "x", 90033 }, { "x", 90055 },
    { "x", 90090 },
  } do
    it(("is asked again: %s, AADSTS%d"):format(row[1], row[2]), function()
      entra = authority(function()
        if #entra.forms < 3 then return { status = 400, body = body(row) } end
      end)
      entra:use("client_secret", { client_secret = "s" })
      assert.equal("Bearer token-3", entra:ask())
    end)
  end

  it("is given up after some tries", function()
    entra = authority(function()
      return { status = 400, body = body { "temporarily_unavailable", 90006 } }
    end)
    entra:use("client_secret", { client_secret = "s" })
    local _, err = entra:ask()
    assert.equal("temporarily_unavailable", err.code)
    assert.equal(4, #entra.forms)
  end)
end)

describe("the wrong tenant", function()
  it("is told with the right one", function()
    core.clock "virtual"
    local entra <close> = authority(nil, function()
      return { status = 401, body = json.encode { error = {
        code = "InvalidAuthenticationTokenTenant",
        message = "The access token is from the wrong issuer "
          .. "'https://sts.windows.net/aaaaaaaa-0000-0000-0000-000000000000/'. It must match the "
          .. "tenant 'https://sts.windows.net/bbbbbbbb-0000-0000-0000-000000000000/' associated "
          .. "with this subscription. Please use the authority (URL) "
          .. "'https://login.windows.net/bbbbbbbb-0000-0000-0000-000000000000' to get the token.",
      } } }
    end)
    entra:use("client_secret", { client_secret = "s" })
    local _, err = entra:ask()
    assert.equal("sign in to the tenant that the subscription belongs to: "
      .. "tenant_id = 'bbbbbbbb-0000-0000-0000-000000000000'", err.hint)
    core.clock "real"
  end)

  it("is told without it where the service does not say", function()
    assert.equal("sign in to the tenant that the subscription belongs to",
      require("azureml.hints").of { code = "InvalidAuthenticationTokenTenant", message = "no" })
  end)
end)

describe("a chain in which a link is refused", function()
  it("says so, and does not go on", function()
    core.clock "virtual"
    local entra <close> = authority(function()
      return { status = 400, body = body { "invalid_client", 7000215 } }
    end)
    entra:take(azureml.credential.chain {
      azureml.credential.client_secret {
        authority = entra.url, tenant_id = "t", client_id = "a", client_secret = "s",
      },
      azureml.credential.token { token = "next" },
    })
    local came, err = entra:ask()
    assert.is_nil(came)
    assert.equal("invalid_client", err.code)
    assert.equal("AADSTS7000215: what it says.; the credential 'client_secret' failed with "
      .. "this error, which ends the chain", err.message)
    core.clock "real"
  end)
end)
