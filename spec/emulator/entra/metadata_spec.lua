local crypto = require("azureml.core").crypto
local door = require "spec.door"
local jwt = require "azureml.emulator.entra.jwt"

local function get(target, headers)
  local at = door.open()
  local all = { host = "127.0.0.1:5" }
  for name, value in pairs(headers or {}) do all[name] = value end
  local status, value = at:send { method = "GET", target = target, headers = all, body = "" }
  return status, value, at
end

describe("Entra's metadata", function()
  it("names the endpoints where they were asked for, under the name that was asked", function()
    for _, tenant in ipairs {
      "22222222-2222-2222-2222-222222222222",
      "emulator.onmicrosoft.com",
    } do
      local status, value = get(("/%s/v2.0/.well-known/openid-configuration"):format(tenant))
      assert.equal(200, status)
      local base = "http://127.0.0.1:5/" .. tenant
      assert.same(
        {
          base .. "/oauth2/v2.0/token",
          base .. "/oauth2/v2.0/authorize",
          base .. "/oauth2/v2.0/devicecode",
          base .. "/discovery/v2.0/keys",
          "http://127.0.0.1:5/22222222-2222-2222-2222-222222222222/v2.0",
        },
        {
          value.token_endpoint,
          value.authorization_endpoint,
          value.device_authorization_endpoint,
          value.jwks_uri, value.issuer,
        })
    end
  end)

  it("leaves the tenant open for who has not signed in yet", function()
    local _, value = get "/organizations/v2.0/.well-known/openid-configuration"
    assert.equal("http://127.0.0.1:5/{tenantid}/v2.0", value.issuer)
    assert.equal("http://127.0.0.1:5/organizations/oauth2/v2.0/token", value.token_endpoint)
  end)

  it("knows what stands in front of it", function()
    local _, value = get("/common/v2.0/.well-known/openid-configuration",
      { ["x-forwarded-proto"] = "https", host = "login.microsoftonline.com" })
    assert.equal("https://login.microsoftonline.com/common/oauth2/v2.0/token", value.token_endpoint)
  end)

  it("does not repeat a host that is none", function()
    local _, value = get("/common/v2.0/.well-known/openid-configuration", { host = 'a"b <c>' })
    assert.equal("http://127.0.0.1/common/oauth2/v2.0/token", value.token_endpoint)
  end)

  it("refuses a tenant that is not there", function()
    local status, value = get "/contoso.com/v2.0/.well-known/openid-configuration"
    assert.same({ 400, { 90002 } }, { status, value.error_codes })
  end)

  it("publishes the keys that its tokens are signed with", function()
    local status, value, at = get "/common/discovery/v2.0/keys"
    assert.equal(200, status)
    local token = jwt.read(at.emulator:issue_token())
    local published = value.keys[1]
    assert.same({ token.header.kid, "RSA", "sig" }, { published.kid, published.kty, published.use })
    assert.is_true(jwt.is_signed_by(token, crypto.jwk_key(published)))
    assert.is_nil(published.d)
  end)

  for _, row in ipairs {
    { "127.0.0.1:5", 200 },
    { "login.microsoftonline.com", 200 },
    { "login.evil.example", 400 },
    { "", 400 },
  } do
    it(("answers %d when asked whether %s is a host of Entra's"):format(row[2], row[1]), function()
      local endpoint = ("https%%3A%%2F%%2F%s%%2Fcommon%%2Foauth2%%2Fv2.0%%2Fauthorize")
        :format((row[1]:gsub(":", "%%3A")))
      local status, value = get(
        "/common/discovery/instance?api-version=1.1&authorization_endpoint=" .. endpoint)
      assert.equal(row[2], status)
      if status == 400 then assert.equal("invalid_instance", value.error) return end
      assert.same({ row[1] }, value.metadata[1].aliases)
      assert.equal(
        "http://127.0.0.1:5/common/v2.0/.well-known/openid-configuration",
        value.tenant_discovery_endpoint)
    end)
  end

  it("says where a user's password is checked", function()
    local _, known = get "/common/userrealm/owner%40emulator.onmicrosoft.com?api-version=1.0"
    local _, unknown = get "/common/userrealm/nobody%40contoso.com?api-version=1.0"
    assert.same({ "Managed", "Unknown" }, { known.account_type, unknown.account_type })
  end)
end)

describe("Resource Manager's metadata", function()
  for version, where in pairs {
    ["2015-01-01"] = function(value) return value end,
    ["2019-05-01"] = function(value) return value[1] end,
    ["2022-09-01"] = function(value) return value end,
  } do
    it("tells where one signs in, in the form of " .. version, function()
      local status, value = get("/metadata/endpoints?api-version=" .. version)
      assert.equal(200, status)
      local login = where(value).authentication
      assert.equal("http://127.0.0.1:5", (login.loginEndpoint:gsub("/$", "")))
      assert.equal("https://management.core.windows.net/", login.audiences[1])
    end)
  end

  it("names Azure's own endpoints to a client that came by Azure's names", function()
    local at = door.open()
    local _, clouds = at:send {
      method = "GET", target = "/metadata/endpoints?api-version=2019-05-01",
      headers = { host = "management.azure.com" }, body = "",
    }
    local cloud = clouds[1]
    assert.same({ "AzureCloud", "http://management.azure.com/" },
      { cloud.name, cloud.resourceManager })
    assert.equal("http://login.microsoftonline.com", cloud.authentication.loginEndpoint)
  end)

  it("keeps the graph at the emulator: no client takes a token of it to Azure", function()
    local _, clouds = get "/metadata/endpoints?api-version=2019-05-01"
    assert.same({ "http://127.0.0.1:5/", "http://127.0.0.1:5/" },
      { clouds[1].graph, clouds[1].graphAudience })
  end)
end)
