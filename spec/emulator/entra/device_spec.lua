local clock = require "azureml.emulator.clock"
local door = require "spec.door"
local form = require "azureml.emulator.entra.form"
local json = require "azureml.json"
local jwt = require "azureml.emulator.entra.jwt"

local CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
local SCOPE = "https://management.azure.com/.default offline_access openid profile"
local URN = "urn:ietf:params:oauth:grant-type:device_code"

-- On a clock whose time is real and passes when a spec lets it.
local function open()
  local at, now = door.open(), { 1e9 }
  local real = clock.new { now = function() return now[1] end, time = function() return now[1] end }
  at.emulator.clock, at.emulator.world.clock, at.emulator.tokens.clock = real, real, real
  function at.pass(seconds) now[1] = now[1] + seconds end
  return at
end

local function begin(at, change, tenant)
  local fields = { client_id = CLI, scope = SCOPE }
  for name, value in pairs(change or {}) do fields[name] = value or nil end
  return at:send {
    method = "POST",
    target = ("/%s/oauth2/v2.0/devicecode"):format(tenant or "organizations"),
    headers = { host = "127.0.0.1:5" },
    body = form.write(fields),
  }
end

local function poll(at, code, change)
  local fields = { grant_type = URN, client_id = CLI, device_code = code }
  for name, value in pairs(change or {}) do fields[name] = value or nil end
  local status, value = at:ask_token(fields, "organizations")
  return status, value.error or value, value.error_codes and value.error_codes[1]
end

local function decide(at, body)
  return at:send {
    method = "POST",
    target = "/emulator/devices",
    headers = { host = "127.0.0.1" },
    body = json.encode(body),
  }
end

describe("a device code", function()
  it("is told with what a person is to do", function()
    local _, value = begin(open())
    assert.same(
      { 900, 5, "http://127.0.0.1:5/devicelogin" },
      { value.expires_in, value.interval, value.verification_uri })
    assert.is_truthy(value.message:find(value.user_code, 1, true)
      and value.message:find(value.verification_uri, 1, true))
    assert.is_truthy(
      value.user_code:find "^[A-Z2-9]+$" and #value.user_code == 9 and #value.device_code > 40)
    assert.is_nil(value.verification_uri_complete)
  end)

  for _, row in ipairs {
    { { client_id = "cccccccc-0000-0000-0000-00000000000c" }, 700016 },
    { { scope = false }, 900144 },
    { { client_id = false }, 900144 },
    { { scope = "https://nobody.example/.default" }, 500011 },
    { { client_id = "33333333-3333-3333-3333-333333333333" }, 7000218 },
  } do
    it(("is refused as AADSTS%d"):format(row[2]), function()
      local _, value = begin(open(), row[1])
      assert.same({ row[2] }, value.error_codes)
    end)
  end

  it("waits for the person, then is good for tokens, once", function()
    local at = open()
    local _, told = begin(at)
    assert.same({ 400, "authorization_pending", 70016 }, { poll(at, told.device_code) })
    assert.equal(204, (decide(at, { user_code = told.user_code:lower() })))
    at.pass(5)
    local status, value = poll(at, told.device_code)
    assert.equal(200, status)
    local access, id = jwt.read(value.access_token).claims, jwt.read(value.id_token).claims
    assert.same(
      { at.emulator.user.name, at.emulator.user.object_id, CLI, "user", "user_impersonation" },
      { access.upn, access.oid, access.appid, access.idtyp, access.scp })
    assert.same({ CLI, at.emulator.user.name, "2.0" }, { id.aud, id.preferred_username, id.ver })
    assert.is_string(value.refresh_token)
    assert.equal(SCOPE, value.scope)
    assert.same({ 400, "bad_verification_code", 70018 }, { poll(at, told.device_code) })
  end)

  it("is redeemed by the short name of the grant, and by 'code' too", function()
    local at = open()
    local _, told = begin(at)
    assert.equal(204, (decide(at, { user_code = told.user_code })))
    assert.equal(
      200,
      (poll(at, false, {
        grant_type = "device_code", code = told.device_code, device_code = false,
      })))
  end)

  it("is for the user who was named", function()
    local at = open()
    local ann = at.emulator.directory:add_user { name = "ann@contoso.com" }
    local _, told = begin(at)
    assert.equal(400, (decide(at, { user_code = told.user_code, user = "nobody" })))
    assert.equal(204, (decide(at, { user_code = told.user_code, user = "ann@contoso.com" })))
    local _, value = poll(at, told.device_code)
    assert.equal(ann.object_id, jwt.read(value.access_token).claims.oid)
  end)

  it("says so when the person declines", function()
    local at = open()
    local _, told = begin(at)
    assert.equal(204, (decide(at, { user_code = told.user_code, declines = true })))
    assert.same({ 400, "authorization_declined", 65004 }, { poll(at, told.device_code) })
  end)

  it("tells who polls too often to slow down, and holds him to it", function()
    local at = open()
    local _, told = begin(at)
    local function word(wait)
      at.pass(wait)
      local _, said = poll(at, told.device_code)
      return said
    end
    assert.same(
      {
        "authorization_pending", "slow_down", "slow_down", "authorization_pending",
        "authorization_pending",
      },
      { word(0), word(2), word(6), word(15), word(14.5) })
  end)

  it("expires", function()
    local at = open()
    local _, told = begin(at)
    at.pass(901)
    assert.same({ 400, "expired_token", 70020 }, { poll(at, told.device_code) })
    assert.equal(404, (decide(at, { user_code = told.user_code })))
  end)

  for _, row in ipairs {
    { "another code" },
    { false, "another client", "1950a258-227b-4e31-a9cf-717495945fc2" },
  } do
    it("is not good as " .. (row[2] or row[1]), function()
      local at = open()
      local _, told = begin(at)
      assert.same({ 400, "bad_verification_code", 70018 },
        { poll(at, row[1] or told.device_code, { client_id = row[3] or CLI }) })
    end)
  end

  it("is entered at a page, by a person who is there", function()
    local at = open()
    local _, told = begin(at)
    local function enter(fields, headers)
      local all = { host = "127.0.0.1:5" }
      for name, value in pairs(headers or {}) do all[name] = value end
      local status, _, _, body = at:send {
        method = "POST", target = "/devicelogin", headers = all, body = form.write(fields),
      }
      return status, body
    end
    local status, _, _, body = at:send {
      method = "GET", target = "/devicelogin",
      headers = {},
      body = "",
    }
    assert.is_truthy(status == 200 and body:find('name="user_code"', 1, true))
    local _, unknown = enter { user_code = "XXXXXXXXX" }
    assert.is_truthy(unknown:find("not known", 1, true))
    enter({ user_code = told.user_code }, { origin = "https://evil.example" })
    assert.same({ 400, "authorization_pending", 70016 }, { poll(at, told.device_code) })
    local _, done = enter({ user_code = told.user_code }, { origin = "http://127.0.0.1:5" })
    assert.is_truthy(done:find(at.emulator.user.name, 1, true))
    assert.equal(200, (poll(at, told.device_code)))
  end)

  it("is entered by a script, too", function()
    local at = open()
    local _, first = begin(at)
    assert.is_true(at.emulator:enter_code(first.user_code))
    assert.equal(200, (poll(at, first.device_code)))
    local _, second = begin(at)
    assert.is_true(at.emulator:enter_code(second.user_code, false))
    assert.same({ 400, "authorization_declined", 65004 }, { poll(at, second.device_code) })
  end)

  it("is not given without bound to who proves nothing", function()
    local at = open()
    for i = 1, 10000 do at.emulator.world.records.device["x" .. i] = {} end
    local status, value = begin(at)
    assert.same({ 429, { 90055 } }, { status, value.error_codes })
  end)

  it("is listed while it waits, by the person's code alone", function()
    local at = open()
    local _, told = begin(at)
    local _, list = at:send {
      method = "GET",
      target = "/emulator/devices",
      headers = { host = "127.0.0.1" },
      body = "",
    }
    assert.same({ told.user_code, CLI }, { list[1].user_code, list[1].client_id })
    assert.is_nil(list[1].id)
  end)
end)
