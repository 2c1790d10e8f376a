local core = require "azureml.core"
local door = require "spec.door"
local jwt = require "azureml.emulator.entra.jwt"

local SECRET = "s+/ =&%"
local CLIENT, PUBLIC, OTHER = "bbbbbbbb-0000-0000-0000-00000000000b",
  "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
  "cccccccc-0000-0000-0000-00000000000c"
local SCOPE = "https://management.azure.com/.default"

local function open()
  local at = door.open()
  at.emulator.directory:add_application { client_id = CLIENT, client_secret = SECRET }
  return at
end

local function ask(change, tenant, headers, at)
  local form = {
    grant_type = "client_credentials", client_id = CLIENT, client_secret = SECRET, scope = SCOPE,
  }
  for name, value in pairs(change or {}) do form[name] = value or nil end
  at = at or open()
  local status, value, answered = at:ask_token(form, tenant, headers)
  return status, value, at, answered
end

describe("the token endpoint", function()
  it("gives a token for the right secret, escaped as forms are, that opens what it "
    .. "is for", function()
    local status, value, at, headers = ask()
    assert.same(
      { 200, "Bearer", 3600, 3600 },
      { status, value.token_type, value.expires_in, value.ext_expires_in })
    assert.equal("no-store, no-cache", headers["Cache-Control"])
    local robot = at.emulator.directory:principal(CLIENT)
    at.emulator.roles:assign { principal_id = robot.object_id, role = "Reader", scope = "/" }
    at.token = value.access_token
    assert.equal(200, (at:ask("GET", at:path "computes")))
  end)

  it("says in the token whose it is", function()
    local _, value, at = ask()
    local claims = jwt.read(value.access_token).claims
    local robot = at.emulator.directory:principal(CLIENT)
    assert.same(
      {
        "https://management.azure.com", CLIENT, robot.object_id, robot.object_id,
        at.names.tenant_id, "app", "1", 3600,
      },
      {
        claims.aud, claims.appid, claims.oid, claims.sub, claims.tid, claims.idtyp, claims.appidacr,
        claims.exp - claims.iat,
      })
    assert.equal(("https://sts.windows.net/%s/"):format(at.names.tenant_id), claims.iss)
  end)

  -- Source: spec/contract/auth.md, section 2: what libraries send beside what is needed.
  for name, row in pairs {
    ["more fields"] = {
      { ["x-client-SKU"] = "msal.js.node", client_info = "1", claims = '{"access_token":{}}' },
    },
    ["the words of OpenID Connect"] = { { scope = SCOPE .. " openid offline_access profile" } },
    ["a charset"] = {
      {},
      nil,
      { ["content-type"] = "application/x-www-form-urlencoded;charset=utf-8" },
    },
    ["a double slash"] = { { scope = "https://management.core.windows.net//.default" } },
    ["the tenant's domain"] = { {}, "Emulator.onmicrosoft.com" },
    ["the tenant in capitals"] = { {}, ("22222222-2222-2222-2222-222222222222"):upper() },
    ["HTTP Basic"] = { { client_id = false, client_secret = false }, nil,
      { authorization = "Basic " .. core.crypto.base64(CLIENT .. ":" .. core.escape(SECRET)) } },
    ["no /.default, of the first version"] = {
      { scope = false, resource = "https://management.azure.com/" },
    },
  } do
    it("takes " .. name, function() assert.equal(200, (ask(row[1], row[2], row[3]))) end)
  end

  it("asks for a new one ahead of time where a token lives long", function()
    local _, value = ask { claims = '{"access_token":{"xms_cc":{"values":["cp1"]}}}' }
    assert.same({ 86400, 43200 }, { value.expires_in, value.refresh_in })
    assert.same({ "cp1" }, jwt.read(value.access_token).claims.xms_cc)
    local _, short = ask()
    assert.is_nil(short.refresh_in)
  end)

  -- Source: spec/contract/auth.md's tables of typical errors.
  for _, row in ipairs {
    { "another tenant", {}, CLIENT, 400, "invalid_request", 90002 },
    { "a tenant that can be none", {}, "a%20b", 400, "invalid_request", 900023 },
    { "no tenant", {}, "common", 400, "invalid_request", 9001023 },
    { "another application", { client_id = OTHER }, nil, 400, "unauthorized_client", 700016 },
    { "a wrong secret", { client_secret = "guess" }, nil, 401, "invalid_client", 7000215 },
    { "another grant", { grant_type = "saml" }, nil, 400, "unsupported_grant_type", 70003 },
    {
      "a scope without /.default",
      { scope = "https://management.azure.com/user" },
      nil, 400, "invalid_scope", 1002012,
    },
    {
      "two scopes",
      { scope = SCOPE .. " https://vault.azure.net/.default" },
      nil, 400, "invalid_scope", 70011,
    },
    {
      "an unknown resource",
      { scope = "https://nobody.example/.default" },
      nil, 400, "invalid_resource", 500011,
    },
    { "no scope", { scope = false }, nil, 400, "invalid_request", 900144 },
    { "no proof", { client_secret = false }, nil, 401, "invalid_client", 7000218 },
    { "no grant", { grant_type = false }, nil, 400, "invalid_request", 900144 },
    { "an empty application", { client_id = "" }, nil, 400, "invalid_request", 900144 },
    { "a public client with a secret", { client_id = PUBLIC }, nil, 401, "invalid_client", 700025 },
    { "claims that are none", { claims = "{" }, nil, 400, "invalid_request", 90014 },
    {
      "an assertion of another kind",
      { client_assertion = "x", client_assertion_type = "saml" },
      nil, 400, "invalid_request", 90014,
    },
  } do
    it(("refuses %s as AADSTS%d"):format(row[1], row[6]), function()
      local status, value = ask(row[2], row[3])
      assert.same({ row[4], row[5], { row[6] } }, { status, value.error, value.error_codes })
      assert.is_truthy(
        value.error_description:find(
          "^AADSTS" .. row[6] .. ": .* Trace ID: %S+ Correlation ID: %S+ Timestamp: "))
      assert.is_truthy(value.timestamp:find "^%d+%-%d%d%-%d%d %d%d:%d%d:%d%dZ$")
      assert.is_truthy(value.trace_id and value.correlation_id
        and value.error_uri:find("code=" .. row[6], 1, true))
      assert.is_nil(value.error_description:find("guess", 1, true))
    end)
  end

  it("tells an expired secret from a wrong one, and follows the clock", function()
    local at = open()
    local soon = at.emulator.clock:now() + 60
    at.emulator.directory:add_application {
      client_id = OTHER,
      secrets = { { value = "old", expires = soon }, { value = "new" } },
    }
    local function number(secret)
      local _, value = ask({ client_id = OTHER, client_secret = secret }, nil, nil, at)
      return value.error_codes and value.error_codes[1] or 0
    end
    assert.same({ 0, 0, 7000215 }, { number "old", number "new", number "other" })
    at.emulator:advance "2m"
    assert.same({ 7000222, 0, 7000215 }, { number "old", number "new", number "other" })
  end)

  it("refuses an application that was disabled", function()
    local at = open()
    at.emulator.directory:add_application {
      client_id = OTHER, client_secret = "s", disabled = true,
    }
    local status, value = ask({ client_id = OTHER, client_secret = "s" }, nil, nil, at)
    assert.same(
      { 400, "unauthorized_client", { 7000112 } },
      { status, value.error, value.error_codes })
  end)

  it("gives an application of several tenants a token of the tenant it asked", function()
    local at = open()
    at.emulator.directory:add_tenant { id = OTHER }
    at.emulator.directory:add_application {
      client_id = OTHER, client_secret = "s", multi_tenant = true,
    }
    local _, value = ask({ client_id = OTHER, client_secret = "s" }, OTHER, nil, at)
    assert.equal(OTHER, jwt.read(value.access_token).claims.tid)
    assert.equal(400, (ask(nil, OTHER, nil, at)))
  end)

  it("repeats the client's id of the request", function()
    local _, value = ask({ client_secret = "guess" }, nil, { ["client-request-id"] = OTHER })
    assert.equal(OTHER, value.correlation_id)
  end)

  for _, row in ipairs {
    { "right", 200 },
    { "wrong", 400, 50126 },
    { "right", 400, 50034, "nobody@contoso.com" },
    { "right", 400, 50057, "gone@contoso.com" },
  } do
    it(("answers a user's %s password with %d"):format(row[1], row[3] or 200), function()
      local at = open()
      at.emulator.directory:add_user { name = "ann@contoso.com", password = "right" }
      at.emulator.directory:add_user {
        name = "gone@contoso.com", password = "right", disabled = true,
      }
      local status, value = ask(
        {
          grant_type = "password", client_id = PUBLIC, client_secret = false, password = row[1],
          username = row[4] or "ANN@contoso.com", scope = SCOPE .. " openid",
        },
        "organizations", nil, at)
      assert.same({ row[2], row[3] }, { status, value.error_codes and value.error_codes[1] })
      if status == 200 then
        assert.equal("ann@contoso.com", jwt.read(value.access_token).claims.upn)
      end
    end)
  end

  it("survives a form that is none", function()
    local at = open()
    local target = "/" .. at.names.tenant_id .. "/oauth2/v2.0/token"
    for _, body in ipairs {
      "", "&&&", "=", "%zz", ("a"):rep(100000), "grant_type", "client_id=%",
      "grant_type=client_credentials&client_id=%00",
    } do
      assert.equal(400, (at:send { method = "POST", target = target, headers = {}, body = body }))
    end
  end)

  it("is not asked by GET", function()
    local at = open()
    local status = at:send {
      method = "GET", target = "/" .. at.names.tenant_id .. "/oauth2/v2.0/token", headers = {},
      body = "",
    }
    assert.equal(405, status)
  end)
end)
