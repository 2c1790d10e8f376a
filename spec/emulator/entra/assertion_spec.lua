local certificate = require "spec.certificate"
local core = require "azureml.core"
local door = require "spec.door"
local jwt = require "azureml.emulator.entra.jwt"

local crypto = core.crypto

local CLIENT, OTHER = "bbbbbbbb-0000-0000-0000-00000000000b", "cccccccc-0000-0000-0000-00000000000c"
local SCOPE = "https://management.azure.com/.default"
local TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
local ISSUER, SUBJECT, EXCHANGE = "https://token.actions.example",
  "repo:contoso/ml:ref:refs/heads/main", "api://AzureADTokenExchange"

local authority, key, pem, print, stranger

setup(function()
  authority = certificate.authority()
  local text
  pem, text = certificate.pair(authority)
  key = assert(crypto.read_key(text))
  print = crypto.certificate(pem)
  stranger = crypto.generate_key(1024)
end)

teardown(function() certificate.remove(authority) end)

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02X"):format(c:byte()) end))
end

local function open(more)
  local at = door.open { speed = 1, manual = true }
  local application = { client_id = CLIENT, certificates = { pem } }
  for name, value in pairs(more or {}) do application[name] = value end
  at.emulator.directory:add_application(application)
  return at
end

local function two(first, second)
  return { first, second }
end

local merged = door.merged

-- An assertion as libraries make it, with changes: false takes a member away.
local function made(at, claims, header, signer)
  local now = math.floor(at.emulator.clock:now())
  local thumbprint = crypto.base64url(print.sha256)
  header = merged({ alg = "PS256", typ = "JWT", ["x5t#S256"] = thumbprint }, header)
  return jwt.write(signer or key, header, merged({
    aud = ("http://127.0.0.1/%s/oauth2/v2.0/token"):format(at.names.tenant_id),
    iss = CLIENT, sub = CLIENT, jti = core.guid(), nbf = now,
    iat = now, exp = now + 600,
  }, claims))
end

local function send(at, text, fields)
  local status, value = at:ask_token(merged({
    grant_type = "client_credentials", client_id = CLIENT, scope = SCOPE, client_assertion = text,
    client_assertion_type = TYPE,
  }, fields))
  return status, value.error_codes and value.error_codes[1], value
end

describe("an assertion signed with a registered certificate", function()
  it("is good for a token", function()
    local at = open()
    local status, _, value = send(at, made(at))
    assert.equal(200, status)
    local claims = jwt.read(value.access_token).claims
    assert.same({ CLIENT, "2" }, { claims.appid, claims.appidacr })
  end)

  -- Source: spec/contract/auth.md, section 4: what each library sends.
  for name, change in pairs {
    ["x5t#S256, padded"] = function()
      return { ["x5t#S256"] = crypto.base64url(print.sha256) .. "=" }
    end,
    ["x5t#S256, standard base64"] = function()
      return { ["x5t#S256"] = crypto.base64(print.sha256) }
    end,
    ["x5t, base64url"] = function()
      return { ["x5t#S256"] = false, x5t = crypto.base64url(print.sha1), alg = "RS256" }
    end,
    ["x5t, standard base64"] = function()
      return { ["x5t#S256"] = false, x5t = crypto.base64(print.sha1), alg = "RS256" }
    end,
    ["x5t, hex"] = function() return { ["x5t#S256"] = false, x5t = hex(print.sha1) } end,
    ["kid, upper-case hex"] = function()
      return { ["x5t#S256"] = false, kid = hex(print.sha1), alg = "RS256" }
    end,
    ["x5c alone"] = function()
      return { ["x5t#S256"] = false, x5c = { (pem:match "%-\n(.*)\n%-":gsub("%s", "")) } }
    end,
  } do
    it("may name it by " .. name, function()
      local at = open()
      assert.equal(200, (send(at, made(at, nil, change()))))
    end)
  end

  for name, change in pairs {
    ["times that are no whole numbers"] = { exp = 1e10 + 0.25, nbf = false },
    ["no nbf"] = { nbf = false },
    ["neither nbf nor iat"] = { nbf = false, iat = false },
    ["no jti"] = { jti = false },
    ["its client id in capitals"] = { iss = CLIENT:upper(), sub = CLIENT:upper() },
    ["the tenant's domain in its audience"] = {
      aud = "http://127.0.0.1/emulator.onmicrosoft.com/oauth2/v2.0/token",
    },
    ["https in its audience"] = {
      aud = "https://127.0.0.1/22222222-2222-2222-2222-222222222222/oauth2/v2.0/token",
    },
    ["the issuer as its audience"] = {
      aud = "http://127.0.0.1/22222222-2222-2222-2222-222222222222/v2.0",
    },
  } do
    it("may have " .. name, function()
      local at = open()
      assert.equal(200, (send(at, made(at, change))))
    end)
  end

  -- Source: spec/contract/auth.md's table of typical errors.
  for _, row in ipairs {
    { "another audience", 700023, { aud = "https://elsewhere.example/token" } },
    {
      "another tenant's audience",
      700023,
      { aud = ("http://127.0.0.1/%s/oauth2/v2.0/token"):format(OTHER) },
    },
    { "no audience", 700023, { aud = false } },
    { "another subject", 700021, { sub = OTHER } },
    { "another issuer", 700021, { iss = OTHER, sub = OTHER } },
    { "no issuer", 50027, { iss = false } },
    { "an end in the past", 700024, { exp = 1000, nbf = 400 } },
    { "a beginning in the future", 700024, { nbf = 1e10, exp = 1e10 + 600 } },
    { "no end", 50027, { exp = false } }, { "an end that is a text", 50027, { exp = "1e10" } },
    {
      "a thumbprint that is not registered",
      700027, nil,
      { ["x5t#S256"] = crypto.base64url(("x"):rep(32)) },
    },
    { "no thumbprint", 700027, nil, { ["x5t#S256"] = false } },
    {
      "a chain that is not registered",
      700030, nil,
      { ["x5t#S256"] = false, x5c = { crypto.base64 "a certificate" } },
    },
  } do
    it(("is refused with %s as AADSTS%d"):format(row[1], row[2]), function()
      local at = open()
      local status, number, value = send(at, made(at, row[3], row[4]))
      assert.same({ row[2] == 50027 and 400 or 401, row[2] }, { status, number })
      assert.equal(row[2] == 50027 and "invalid_request" or "invalid_client", value.error)
    end)
  end

  it("is refused when another key signed it, or when it was changed", function()
    local at = open()
    assert.same({ 401, 700027 }, two(send(at, made(at, nil, nil, stranger))))
    local text, longer = made(at), made(at, { exp = 1e10 })
    local forged = text:match "^[^.]+" .. "." .. longer:match "%.([^.]+)%." .. "."
      .. text:match "[^.]+$"
    assert.same({ 401, 700027 }, two(send(at, forged)))
  end)

  it("is refused when it is not signed, or no token at all", function()
    local at = open()
    local text = made(at)
    local none = crypto.base64url '{"alg":"none"}' .. text:match "%.[^.]+%." .. "x"
    for _, each in ipairs {
      none, "x", "a.b.c", "..", text .. ".x", text:sub(1, 50), ("x"):rep(100000),
      (text:gsub("%.", ".!", 1)),
    } do
      local status, number = send(at, each)
      assert.same({ 400, 50027 }, { status, number }, each:sub(1, 60))
    end
  end)

  it("is refused when the certificate has expired", function()
    local at = open()
    local text = made(at, { exp = 1e10 })
    at.emulator:advance "30d"
    local status, number, value = send(at, text)
    assert.same({ 401, 700027 }, { status, number })
    assert.is_truthy(value.error_description:find("expired", 1, true))
  end)

  it("may be sent again until it ends, and no other of its id", function()
    local at = open()
    local text = made(at, { jti = "one" })
    assert.equal(200, (send(at, text)))
    assert.equal(200, (send(at, text)))
    assert.same({ 400, 50027 }, two(send(at, made(at, { jti = "one" }))))
    at.emulator:advance "20m"
    assert.equal(200, (send(at, made(at, { jti = "one" }))))
  end)

  it("may be sent once by an application of single use", function()
    local at = open { single_use_assertions = true }
    local text = made(at)
    assert.equal(200, (send(at, text)))
    assert.same({ 400, 50027 }, two(send(at, text)))
    assert.equal(200, (send(at, made(at))))
  end)

  it("is not for a client that is another", function()
    local at = open()
    at.emulator.directory:add_application { client_id = OTHER, certificates = { pem } }
    assert.same({ 401, 700021 }, two(send(at, made(at), { client_id = OTHER })))
  end)
end)

describe("an assertion of an issuer that a federated credential trusts", function()
  local function federated(more)
    local at = open {
      certificates = {},
      federated = { { issuer = ISSUER, subject = SUBJECT }, more },
    }
    at.emulator.directory:add_issuer { issuer = ISSUER, keys = { stranger:jwk() } }
    return at
  end

  local function outside(at, claims, signer)
    return made(
      at,
      merged({ iss = ISSUER, sub = SUBJECT, aud = EXCHANGE }, claims),
      { alg = "RS256", ["x5t#S256"] = false, kid = "k" },
      signer or stranger)
  end

  it("is good for a token", function()
    local at = federated()
    assert.equal(200, (send(at, outside(at))))
    assert.equal(200, (send(at, outside(at, { aud = { "other", EXCHANGE } }))))
  end)

  for _, row in ipairs {
    { "another issuer", 401, 700211, { iss = "https://elsewhere.example" } },
    { "another audience", 401, 700212, { aud = "api://other" } },
    { "another subject", 401, 700213, { sub = "repo:contoso/other" } },
    { "its subject in capitals", 401, 700213, { sub = SUBJECT:upper() } },
    { "an end in the past", 401, 700024, { exp = 1000, nbf = 400 } },
  } do
    it(("is refused with %s as AADSTS%d"):format(row[1], row[3]), function()
      local at = federated()
      assert.same({ row[2], row[3] }, two(send(at, outside(at, row[4]))))
    end)
  end

  it("is refused when the issuer's keys did not sign it, and when it has published none", function()
    local at = federated { issuer = "https://other.example", subject = SUBJECT }
    assert.same({ 401, 700027 }, two(send(at, outside(at, nil, key))))
    assert.same({ 400, 50166 }, two(send(at, outside(at, { iss = "https://other.example" }))))
  end)

  it("may be a managed identity's own token", function()
    local at = door.open()
    local identity = at.emulator.directory:identities()[1]
    local issuer = ("https://sts.windows.net/%s/"):format(at.names.tenant_id)
    at.emulator.directory:add_application { client_id = CLIENT,
      federated = { { issuer = issuer, subject = identity.object_id, audience = EXCHANGE } } }
    local text = at.emulator.tokens:issue { principal = identity, audience = EXCHANGE }
    assert.equal(200, (send(at, text)))
    assert.same(
      { 401, 700027 },
      two(send(at, outside(at, { iss = issuer, sub = identity.object_id }))))
  end)
end)
