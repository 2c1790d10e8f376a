--- Tokens of another tenant than the credential's own.
--- Source: spec/contract/auth.md, section 2.
local authority = require "spec.authority"
local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local surroundings = require "spec.surroundings"
local vectors = require "spec.vectors"
local world = require "spec.world"

describe("a client that wants another tenant's token", function()
  local entra, around

  before_each(function()
    core.clock "virtual"
    entra = authority()
    around = surroundings {
      AZURE_IDENTITY_DISABLE_MULTITENANTAUTH = false, AZURE_ADDITIONALLY_ALLOWED_TENANTS = false
    }
  end)

  after_each(function() world.finish(around, entra) end)

  local function ask(own, tenant_id, scope)
    local client <close> = azureml.client {
      endpoint = entra.url, credential = own, scope = scope or "s/.default", tenant_id = tenant_id
    }
    local reply, err = azureml.try(client.request, client, { path = "/x" })
    return reply and reply.json.authorization or err
  end

  local function with_secret(given)
    local all = {
      authority = entra.url, tenant_id = "home.org", client_id = "app", client_secret = "s"
    }
    for name, value in pairs(given or {}) do all[name] = value end
    return azureml.credential.client_secret(all)
  end

  local function asked()
    local list = {}
    for _, request in ipairs(entra.requests) do
      list[#list + 1] = request.target:match "^/([^/]+)/oauth2"
    end
    return list
  end

  for name, row in pairs {
    ["named"] = { "other.org", { "third.org", "other.org" } },
    ["named in other letters"] = { "OTHER.org", { "other.org" } },
    ["any"] = { "other.org", { "*" } }, ["its own"] = { "home.org", nil },
    ["its own, in other letters"] = { "Home.ORG", nil },
  } do
    it("gets one where the tenant is allowed: " .. name, function()
      local own <close> = with_secret { additionally_allowed_tenants = row[2] }
      assert.equal("Bearer token-1", ask(own, row[1]))
      assert.same({ row[1] }, asked())
    end)
  end

  for name, allowed in pairs {
    ["none"] = false, ["others"] = { "third.org" }, ["an empty list"] = {}
  } do
    it("is refused before a request where the tenant is not allowed: " .. name, function()
      local own <close> = with_secret { additionally_allowed_tenants = allowed or nil }
      local err = ask(own, "other.org")
      assert.equal("TenantNotAllowed", err.code)
      assert.equal("the credential is for tenant 'home.org', and a token of 'other.org' is wanted: "
        .. "additionally_allowed_tenants must name that one, or '*' for any", err.message)
      assert.same({}, asked())
    end)
  end

  for _, tenant in ipairs { "a/b", "..", "a b", "a?b", "" } do
    it(("is refused an invalid tenant: '%s'"):format(tenant), function()
      local own <close> = with_secret { additionally_allowed_tenants = { "*" } }
      assert.equal("TenantNotAllowed", ask(own, tenant).code)
      assert.same({}, asked())
    end)
  end

  it("keeps the tokens of tenants apart", function()
    local own <close> = with_secret { additionally_allowed_tenants = { "*" } }
    assert.equal("Bearer token-1", ask(own))
    assert.equal("Bearer token-2", ask(own, "other.org"))
    assert.equal("Bearer token-1", ask(own))
    assert.equal("Bearer token-2", ask(own, "other.org"))
    assert.equal("Bearer token-3", ask(own, "third.org"))
    assert.same({ "home.org", "other.org", "third.org" }, asked())
  end)

  it("gets one of the credential's tenant with AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", function()
    around:set { AZURE_IDENTITY_DISABLE_MULTITENANTAUTH = "true" }
    local own <close> = with_secret()
    assert.equal("Bearer token-1", ask(own, "other.org"))
    assert.same({ "home.org" }, asked())
  end)

  it("gets the token of ADFS, which has no tenants", function()
    local own <close> = with_secret { tenant_id = "adfs" }
    assert.equal("Bearer token-1", ask(own, "other.org"))
    assert.equal("/adfs/oauth2/token", entra.requests[1].target)
  end)

  it("gets one by a certificate whose assertion names that tenant as audience", function()
    local material = vectors.open()
    local own <close> = azureml.credential.client_certificate {
      authority = entra.url, tenant_id = "home.org", client_id = "app",
      certificate_path = material.directory .. "/client.combined.pem",
      additionally_allowed_tenants = { "other.org" }
    }
    ask(own, "other.org")
    vectors.close(material)
    local claims = json.decode(
      core.crypto.from_base64(entra.forms[1].client_assertion:match "^[^.]+%.([^.]+)"))
    assert.equal(entra.url .. "/other.org/oauth2/v2.0/token", claims.aud)
  end)

  it("gets one by an assertion function that is told its audience", function()
    local audience
    local own <close> = azureml.credential.client_assertion {
      authority = entra.url,
      tenant_id = "home.org", client_id = "app", additionally_allowed_tenants = { "*" },
      assertion = function(about) audience = about.audience return "a.b.c" end
    }
    ask(own, "other.org")
    assert.equal(entra.url .. "/other.org/oauth2/v2.0/token", audience)
    assert.equal("TenantNotAllowed", ask(own, "a/b").code)
  end)

  it("gets one by a function that is told the tenant", function()
    local told
    local own <close> = azureml.credential.callback(function(_, _, tenant_id)
      told = tenant_id
      return "x"
    end)
    ask(own, "other.org")
    assert.equal("other.org", told)
  end)

  it("gets one from a chain's link that may fetch it; a fixed token is passed over", function()
    local own <close> = azureml.credential.chain {
      azureml.credential.token { token = "fixed" },
      with_secret { additionally_allowed_tenants = { "other.org" } },
    }
    assert.equal("Bearer token-1", ask(own, "other.org"))
  end)

  it("is told which credential knows one tenant only", function()
    local own <close> = azureml.credential.token { token = "fixed" }
    local err = ask(own, "other.org")
    assert.equal("TenantNotAllowed", err.code)
    assert.equal(
      "the token credential knows one tenant only, and cannot fetch a token of 'other.org'",
      err.message)
  end)

  it("gets one of the tenants in AZURE_ADDITIONALLY_ALLOWED_TENANTS", function()
    around:set {
      AZURE_TENANT_ID = "home.org", AZURE_CLIENT_ID = "app", AZURE_CLIENT_SECRET = "s",
      AZURE_AUTHORITY_HOST = entra.url, AZURE_ADDITIONALLY_ALLOWED_TENANTS = "third.org; other.org"
    }
    for tenant, code in pairs {
      ["other.org"] = "ConnectionFailed", ["fourth.org"] = "TenantNotAllowed"
    } do
      local own <close> = azureml.credential.environment()
      local client <close> = azureml.client {
        endpoint = "https://127.0.0.1:1", credential = own, scope = "s", tenant_id = tenant,
        retry = { tries = 0 }
      }
      assert.equal(code, select(2, azureml.try(client.request, client, { path = "/x" })).code)
    end
    assert.same({ "other.org" }, asked())
  end)

  it("may be a workspace", function()
    local own <close> = with_secret { additionally_allowed_tenants = { "other.org" } }
    local ws = azureml.workspace {
      subscription_id = "11111111-1111-1111-1111-111111111111", resource_group = "ml",
      name = "team", credential = own, tenant_id = "other.org",
      cloud = { authority = entra.url, resource_manager = entra.url, scope = "s/.default" }
    }
    azureml.try(ws.instances.get, ws.instances, "ann")
    assert.same({ "other.org" }, asked())
    ws:close()
  end)
end)

describe("a scope", function()
  for name, scope in pairs { ["with a line end"] = "a/.default\n", ["that is empty"] = "" } do
    it(name .. " is refused where the client is made", function()
      local own <close> = azureml.credential.token { token = "x" }
      local _, err = azureml.try(azureml.client,
        { endpoint = "https://127.0.0.1:1", credential = own, scope = scope })
      assert.equal("InvalidEndpoint", err.code)
      assert.matches("needs a scope such as https://management.azure.com/.default", err.message)
    end)
  end
end)
