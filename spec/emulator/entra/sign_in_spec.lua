local crypto = require("azureml.core").crypto
local door = require "spec.door"
local form = require "azureml.emulator.entra.form"
local json = require "azureml.json"
local jwt = require "azureml.emulator.entra.jwt"
local refresh = require "azureml.emulator.entra.refresh"

local CLI, POWERSHELL, APP = "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
  "1950a258-227b-4e31-a9cf-717495945fc2",
  "bbbbbbbb-0000-0000-0000-00000000000b"
local SCOPE = "https://management.azure.com/.default offline_access openid profile"
local BACK = "http://localhost:43211"
-- RFC 7636, appendix B, with its challenge
local VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
local CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

local function two(first, second)
  return { first, second }
end

local merged = door.merged

local function sign_in(at, change)
  local fields = merged({
    client_id = CLI, response_type = "code", redirect_uri = BACK, scope = SCOPE,
    state = "a state & more", code_challenge = CHALLENGE,
    code_challenge_method = "S256",
  }, change)
  local status, _, headers, body = at:send {
    method = "GET",
    target = "/organizations/oauth2/v2.0/authorize?" .. form.write(fields),
    headers = { host = "127.0.0.1" },
    body = "",
  }
  return status, headers, body
end

local function code_of(at, change)
  local _, headers = sign_in(at, change)
  return form.read(headers.Location:match "%?(.*)$").code
end

local function redeem(at, code, change)
  local status, value = at:ask_token(merged({
    grant_type = "authorization_code", client_id = CLI, code = code, redirect_uri = BACK,
    code_verifier = VERIFIER, scope = SCOPE,
  }, change), "organizations")
  return status, value.error_codes and value.error_codes[1], value
end

local function control(at, action, body)
  return (at:send {
    method = "POST",
    target = "/emulator/" .. action,
    headers = { host = "127.0.0.1" },
    body = json.encode(body),
  })
end

describe("signing in with a browser", function()
  it("sends the browser back with a code and the state, and the code is good for tokens", function()
    local at = door.open()
    local status, headers = sign_in(at)
    assert.equal(302, status)
    assert.is_truthy(headers.Location:find(BACK .. "?", 1, true) == 1)
    local back = form.read(headers.Location:match "%?(.*)$")
    assert.equal("a state & more", back.state)
    local done, _, value = redeem(at, back.code, { client_info = "1" })
    assert.equal(200, done)
    assert.equal(at.emulator.user.object_id, jwt.read(value.access_token).claims.oid)
    assert.equal(at.emulator.user.object_id, json.decode(crypto.from_base64(value.client_info)).uid)
    assert.is_string(value.refresh_token)
  end)

  it("posts a form where that is asked for, so that the code is in no address", function()
    local at = door.open()
    local status, headers, body = sign_in(at, { response_mode = "form_post", state = '"><script>' })
    assert.same({ 200, nil }, { status, headers.Location })
    assert.is_truthy(
      body:find('action="http://localhost:43211"', 1, true) and body:find('name="code"', 1, true))
    assert.is_truthy(body:find('value="&quot;&gt;&lt;script&gt;"', 1, true))
    assert.equal(200, (redeem(at, (body:match 'name="code" value="([^"]+)"'))))
  end)

  it("puts the code behind a # where that is asked for", function()
    local _, headers = sign_in(door.open(), { response_mode = "fragment" })
    assert.is_truthy(headers.Location:find("#code=", 1, true))
  end)

  it("gives the nonce back in the id token", function()
    local at = door.open()
    local _, _, value = redeem(at, code_of(at, { nonce = "n-1" }))
    assert.equal("n-1", jwt.read(value.id_token).claims.nonce)
  end)

  it("signs in the chosen user, or the user of the login hint", function()
    local at = door.open()
    local ann = at.emulator.directory:add_user { name = "ann@contoso.com" }
    local bob = at.emulator.directory:add_user { name = "bob@contoso.com" }
    assert.equal(204, control(at, "sign_in", { user = "ann@contoso.com" }))
    local _, _, first = redeem(at, code_of(at))
    local _, _, second = redeem(at, code_of(at, { login_hint = "bob@contoso.com" }))
    assert.same(
      { ann.object_id, bob.object_id },
      { jwt.read(first.access_token).claims.oid, jwt.read(second.access_token).claims.oid })
    assert.equal(400, control(at, "sign_in", { user = "nobody" }))
  end)

  it("reports that the chosen user declines", function()
    local at = door.open()
    assert.equal(204, control(at, "sign_in", { declines = true }))
    local status, headers = sign_in(at)
    local back = form.read(headers.Location:match "%?(.*)$")
    assert.same({ 302, "access_denied", "a state & more" }, { status, back.error, back.state })
    assert.is_truthy(back.error_description:find "^AADSTS65004")
  end)

  for _, row in ipairs {
    { "another type of answer", { response_type = "token" }, "70007" },
    { "no scope", { scope = false }, "900144" },
    { "a challenge that is too short", { code_challenge = "abc" }, "90014" },
    { "another method", { code_challenge_method = "S512" }, "90014" },
  } do
    it("sends the browser back with an error: " .. row[1], function()
      local status, headers = sign_in(door.open(), row[2])
      assert.equal(302, status)
      local fields = form.read(headers.Location:match "%?(.*)$")
      assert.is_truthy(fields.error_description:find("AADSTS" .. row[3], 1, true))
    end)
  end

  for _, row in ipairs {
    { "elsewhere", { redirect_uri = "https://evil.example" } },
    { "a name that looks like this machine", { redirect_uri = "http://localhost.evil.example/" } },
    { "nowhere", { redirect_uri = false } },
    { "an unknown application", { client_id = "x" } },
    { "this machine, for who is no public client", { client_id = APP } },
  } do
    it("sends the browser nowhere when asked to go " .. row[1], function()
      local at = door.open()
      at.emulator.directory:add_application {
        client_id = APP, client_secret = "s",
        redirect_uris = { "https://app.example/back" },
      }
      local status, headers, body = sign_in(at, row[2])
      assert.same({ 400, nil }, { status, headers.Location })
      assert.is_truthy(body:find("AADSTS", 1, true))
    end)
  end

  it("goes back to an application that has a secret, which it must show", function()
    local at = door.open()
    at.emulator.directory:add_application {
      client_id = APP, client_secret = "s",
      redirect_uris = { "https://app.example/back" },
    }
    local change = { client_id = APP, redirect_uri = "https://app.example/back" }
    local code = code_of(at, change)
    assert.same({ 401, 7000218 }, two(redeem(at, code, change)))
    assert.equal(200, (redeem(at, code, merged({ client_secret = "s" }, change))))
  end)
end)

describe("an authorization code", function()
  it("works once, and ends what came of it the first time", function()
    local at = door.open()
    local code = code_of(at)
    local _, _, value = redeem(at, code)
    assert.same({ 400, 54005 }, two(redeem(at, code)))
    local form_again = {
      grant_type = "refresh_token", client_id = CLI, refresh_token = value.refresh_token,
      scope = SCOPE,
    }
    assert.equal(400, (at:ask_token(form_again, "organizations")))
  end)

  for _, row in ipairs {
    { "another verifier", { code_verifier = CHALLENGE }, 501481 },
    { "no verifier", { code_verifier = false }, 501481 },
    { "another address", { redirect_uri = "http://localhost:1" }, 500112 },
    { "another client", { client_id = POWERSHELL }, 700005 },
    { "another code", { code = "1.x" }, 70000 }, { "no code", { code = false }, 900144 },
  } do
    it(("is refused with %s as AADSTS%d, and still good after"):format(row[1], row[3]), function()
      local at = door.open()
      local code = code_of(at)
      assert.same({ 400, row[3] }, two(redeem(at, code, row[2])))
      assert.equal(200, (redeem(at, code)))
    end)
  end

  it("expires", function()
    local at = door.open()
    local code = code_of(at)
    at.emulator:advance "11m"
    assert.same({ 400, 70008 }, two(redeem(at, code)))
  end)

  it("can do without PKCE, and with the plain method", function()
    local at = door.open()
    local code = code_of(at, { code_challenge = false, code_challenge_method = false })
    assert.equal(200, (redeem(at, code, { code_verifier = false })))
    local plain = { code_challenge = VERIFIER, code_challenge_method = "plain" }
    assert.equal(200, (redeem(at, code_of(at, plain))))
  end)
end)

describe("a refresh token", function()
  local function open()
    local at = door.open()
    local _, _, value = redeem(at, code_of(at))
    return at, value.refresh_token
  end

  local function again(at, text, change)
    local fields = {
      grant_type = "refresh_token", client_id = CLI, refresh_token = text, scope = SCOPE,
    }
    local status, value = at:ask_token(merged(fields, change), "organizations")
    return status, value.error_codes and value.error_codes[1], value
  end

  it("is good for tokens, again and again, and for a new one each time", function()
    local at, text = open()
    local _, _, value = again(at, text)
    assert.are_not.equal(text, value.refresh_token)
    assert.equal(200, (again(at, text)))
    assert.equal(200, (again(at, value.refresh_token)))
    local _, _, without = again(at, text, { scope = "https://management.azure.com/.default" })
    assert.is_nil(without.refresh_token)
  end)

  it("is good for another client of its family, and for no other client", function()
    local at, text = open()
    assert.equal(200, (again(at, text, { client_id = POWERSHELL })))
    at.emulator.directory:add_application { client_id = APP, public = true }
    local status, number, value = again(at, text, { client_id = APP })
    assert.same({ 400, 700005, "client_mismatch" }, { status, number, value.suberror })
  end)

  it("ends when it was not used for long", function()
    local at, text = open()
    at.emulator:advance "89d"
    assert.equal(200, (again(at, text)))
    at.emulator:advance "91d"
    assert.same({ 400, 700082 }, two(again(at, text)))
  end)

  it("ends when what the user granted is void", function()
    local at, text = open()
    at.emulator:advance(1)
    assert.equal(200, control(at, "users/" .. at.emulator.user.object_id, { revoke = true }))
    assert.same({ 400, 50173 }, two(again(at, text)))
  end)

  it("ends with the user", function()
    local at, text = open()
    assert.equal(200, control(at, "users/" .. at.emulator.user.object_id, { disabled = true }))
    assert.same({ 400, 50057 }, two(again(at, text)))
    at.emulator.directory:remove(at.emulator.user)
    assert.same({ 400, 50034 }, two(again(at, text)))
  end)

  it("is refused when it never was one, for clients to throw it away", function()
    local at = open()
    local status, number, value = again(at, "1.nothing")
    assert.same(
      { 400, 9002313, "invalid_grant", "bad_token" },
      { status, number, value.error, value.suberror })
  end)

  it("is kept so that who reads the state can redeem none", function()
    local at, text = open()
    for _, one in pairs(at.emulator.world.records.refresh) do
      assert.is_nil(json.encode(one):find(text, 1, true))
    end
    assert.is_function(refresh.redeem)
  end)
end)
