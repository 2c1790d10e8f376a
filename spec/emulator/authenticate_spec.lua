local core = require "azureml.core"
local door = require "spec.door"

describe("the emulator, asked without the right token", function()
  local function ask(authorization, change)
    local at = door.open()
    if change then change(at) end
    local status, value, headers = at:send { method = "GET",
      target = at:path "computes?api-version=2024-04-01",
      headers = { authorization = authorization == "own" and "Bearer " .. at.token
        or authorization } }
    return status, value, headers
  end

  for _, row in ipairs {
    { "none", nil }, { "another scheme", "Basic abc" }, { "nothing behind the scheme", "Bearer " },
    { "two words", "Bearer a b" },
    { "a token of another issuer", "Bearer abc.def.ghi" },
    { "a very long one", "Bearer " .. ("x"):rep(60000) },
  } do
    it("answers 401 and where one signs in: " .. row[1], function()
      local status, value, headers = ask(row[2])
      assert.same({ 401, "InvalidAuthenticationToken" }, { status, value.error.code })
      assert.equal("gateway", headers["x-ms-failure-cause"])
      assert.is_truthy(headers["WWW-Authenticate"]:find('^Bearer authorization_uri="http', 1),
        headers["WWW-Authenticate"])
    end)
  end

  it("takes its own", function()
    assert.equal(200, (ask "own"))
  end)

  it("does not take one for another audience", function()
    local status, value = ask("own",
      function(at) at:use(at.emulator.owner, "https://vault.azure.net") end)
    assert.equal(401, status)
    assert.is_truthy(
      value.error.message:find("wrong audience or resource 'https://vault.azure.net'", 1, true))
  end)

  it("takes one for the old audience, with a slash", function()
    assert.equal(200, (ask("own", function(at)
      at:use(at.emulator.owner, "https://management.core.windows.net/")
    end)))
  end)

  it("takes one for itself, where it was asked", function()
    local at = door.open()
    for _, row in ipairs {
      { "http://127.0.0.1:5", 200 }, { "https://127.0.0.1:5/", 200 }, { "http://127.0.0.1:6", 401 },
    } do
      at:use(at.emulator.owner, row[1])
      assert.equal(row[2], (at:ask("GET", at:path "computes", nil, { host = "127.0.0.1:5" })))
    end
  end)

  it("does not take one that has expired, and says when", function()
    local status, value = ask("own", function(at) at.emulator:advance "61m" end)
    assert.same({ 401, "ExpiredAuthenticationToken" }, { status, value.error.code })
    assert.is_truthy(
      value.error.message:find "'%d+/%d+/%d+ [%d:]+ [AP]M' is earlier than current UTC time '%d+/")
  end)

  it("does not take one of another tenant, and says which is right", function()
    local status, value = ask("own", function(at)
      at:use(at.emulator.directory:add_user {
        name = "bob", tenant_id = "99999999-9999-9999-9999-999999999999",
      })
    end)
    assert.same({ 401, "InvalidAuthenticationTokenTenant" }, { status, value.error.code })
    assert.is_truthy(
      value.error.message:find("must match the tenant 'https://sts.windows.net/22222222", 1, true),
      value.error.message)
  end)

  it("does not take one of who has gone", function()
    local status, value = ask("own", function(at)
      local bob = at.emulator.directory:add_user { name = "bob" }
      at:use(bob)
      at.emulator.directory:remove(bob)
    end)
    assert.same({ 401, "InvalidAuthenticationToken" }, { status, value.error.code })
  end)

  it("does not take an id token, nor one that another key signed, nor an altered one", function()
    local jwt, keys = require "azureml.emulator.entra.jwt", require "azureml.emulator.entra.keys"
    for _, change in ipairs {
      function(at)
        at.token = at.emulator.tokens:issue_identity("https://x", at.emulator.user, "client")
      end,
      function(at)
        local token = jwt.read(at.token)
        at.token = jwt.write(core.crypto.generate_key(1024), token.header, token.claims)
      end,
      function(at)
        local token = jwt.read(at.token)
        token.claims.oid = at.emulator.user.object_id
        at.token = at.token:match "^[^.]+" .. "."
          .. core.crypto.base64url(core.encode(token.claims)) .. at.token:match "%.[^.]+$"
      end,
      function(at)
        local token = jwt.read(at.token)
        at.token = jwt.write(keys.open().key, { alg = "PS256", kid = "other" }, token.claims)
      end,
    } do
      local status, value = ask("own", change)
      assert.same({ 401, "InvalidAuthenticationToken" }, { status, value.error.code })
    end
  end)
end)

describe("a claims challenge", function()
  local function decoded(headers)
    local challenge = headers["WWW-Authenticate"]
    assert.is_truthy(challenge:find('error="insufficient_claims"', 1, true))
    return core.crypto.from_base64(challenge:match 'claims="([^"]+)"')
  end

  it("passes the tokens that were fetched with its claims, and no others", function()
    local at = door.open()
    at.emulator:fault { trouble = "claims_challenge" }
    local status, _, headers = at:ask("GET", at:path "computes")
    assert.equal(401, status)
    local claims, old = decoded(headers), at.token
    -- it is the token that lacks them, not the request
    assert.equal(401, (at:ask("GET", at:path "computes")))
    at:use(at.emulator.owner)
    assert.equal(401, (at:ask("GET", at:path "computes")))
    at:use(at.emulator.owner, nil, claims)
    assert.equal(200, (at:ask("GET", at:path "computes")))
    at.token = old
    assert.equal(401, (at:ask("GET", at:path "computes")))
    at:use(at.emulator.reader)
    assert.equal(200, (at:ask("GET", at:path "computes")))      -- it was asked of the other one
  end)

  it("asks for what it was told to ask", function()
    local at = door.open()
    local wanted = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
    at.emulator:fault { trouble = { name = "claims_challenge", claims = wanted } }
    local _, _, headers = at:ask("GET", at:path "computes")
    assert.equal(wanted, decoded(headers))
    at:use(at.emulator.owner, nil, '{"access_token":{"acrs":{"essential":true,"value":"c2"}}}')
    assert.equal(401, (at:ask("GET", at:path "computes")))
    at:use(at.emulator.owner, nil,
      '{"access_token":{"acrs":{"values":["c1"]},"xms_cc":{"values":["cp1"]}}}')
    assert.equal(200, (at:ask("GET", at:path "computes")))
  end)

  it("can be asked for again and again, and each time asks for more", function()
    local at = door.open()
    at.emulator:fault { trouble = "claims_challenge", times = 3 }
    for _ = 1, 3 do
      local status, _, headers = at:ask("GET", at:path "computes")
      assert.equal(401, status)
      at:use(at.emulator.owner, nil, decoded(headers))
    end
    assert.equal(200, (at:ask("GET", at:path "computes")))
  end)
end)
