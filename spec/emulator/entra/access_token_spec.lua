local access_token = require "azureml.emulator.entra.access_token"
local core = require "azureml.core"
local jwt = require "azureml.emulator.entra.jwt"
local keys = require "azureml.emulator.entra.keys"
local world = require "azureml.emulator.world"

local ROBOT = { kind = "application", tenant_id = "t", object_id = "o", client_id = "c" }
local ANN = {
  kind = "user", tenant_id = "t", object_id = "u", name = "ann@contoso.com", display_name = "Ann",
}
local AUDIENCE = "https://management.azure.com"

local function open(change)
  local now = { 1000 }
  local time = { now = function() return now[1] end, speed = change and change.speed or 1 }
  local one = access_token.new {
    world = world.new { clock = time, guid = core.guid },
    clock = time, random = core.random,
    lifetime = change and change.lifetime,
  }
  return one, now
end

describe("tokens", function()
  it("say whose they are, and are known again", function()
    local one = open()
    local text, lifetime = one:issue { principal = ROBOT, audience = AUDIENCE, proof = "secret" }
    assert.equal(3600, lifetime)
    local known = one:check(text)
    assert.same(
      { "o", "t", "c", AUDIENCE, 4600.0 },
      { known.object_id, known.tenant_id, known.client_id, known.audience, known.expires })
    assert.equal(known, one:check(text))      -- looked up, not read again
    assert.equal(1, one.issued)
  end)

  it("are known after all that was known has been forgotten", function()
    local one = open()
    local text = one:issue { principal = ROBOT, audience = AUDIENCE }
    one:check(text)
    one.known, one.known_count = {}, 0
    assert.equal("o", one:check(text).object_id)
  end)

  it("are known by their text without bound neither of number nor of length", function()
    local one = open()
    local text = one:issue { principal = ROBOT, audience = AUDIENCE }
    one.known_count = 10000
    one:check(text)
    assert.equal(1, one.known_count)
    assert.is_nil(one:check(("x"):rep(1e6)))
    assert.equal(1, one.known_count)
  end)

  it("name a user as Entra does, and differ between clients only in their subject", function()
    local one = open()
    local first = jwt.read(
      (one:issue { principal = ANN, audience = AUDIENCE, client_id = "a" })).claims
    local second = jwt.read(
      (one:issue { principal = ANN, audience = AUDIENCE, client_id = "b" })).claims
    assert.same(
      { "ann@contoso.com", "Ann", "u", "user" },
      { first.upn, first.name, first.oid, first.idtyp })
    assert.are_not.equal(first.sub, second.sub)
    assert.equal(first.oid, second.oid)
  end)

  it("are each another", function()
    local one = open()
    assert.are_not.equal(
      (one:issue { principal = ROBOT, audience = AUDIENCE }),
      (one:issue { principal = ROBOT, audience = AUDIENCE }))
  end)

  it("end when all are ended, and those that come after do not", function()
    local one, now = open()
    local old = one:issue { principal = ROBOT, audience = AUDIENCE }
    one:check(old)
    now[1] = 1500
    one:expire()
    local new = one:issue { principal = ROBOT, audience = AUDIENCE }
    assert.same({ 1500, 5100.0 }, { one:check(old).expires, one:check(new).expires })
    now[1] = 9000
    one:expire()
    assert.equal(5100.0, one:check(new).expires)
  end)

  it("live ten minutes of real time however fast the clock runs, or as long as was said", function()
    for _, row in ipairs {
      { { speed = 1000 }, 600000 },
      { { lifetime = 5 }, 5 },
      { { lifetime = 5, speed = 1000 }, 5 },
    } do
      local one = open(row[1])
      local _, lifetime = one:issue { principal = ROBOT, audience = AUDIENCE }
      assert.equal(row[2], lifetime)
    end
    local one = open()
    one:set_lifetime(7)
    local claims = '{"access_token":{"xms_cc":{"values":["cp1"]}}}'
    assert.equal(
      7,
      select(2, one:issue { principal = ROBOT, audience = AUDIENCE, claims = claims }))
  end)

  for _, row in ipairs {
    { '{"access_token":{"nbf":{"essential":true,"value":"1602000000"}}}', { "nbf=1602000000" } },
    {
      '{"access_token":{"xms_cc":{"values":["cp1","cp2"]},"acrs":{"value":"c1"}}}',
      { "acrs=c1", "xms_cc=cp1", "xms_cc=cp2" },
    },
    { '{"id_token":{"x":{"value":"y"}},"access_token":{}}', {} },
    { '{"access_token":{"x":null,"y":{},"z":5}}', {} },
    { "{", nil }, { "5", nil }, { '{"access_token":5}', nil },
  } do
    it("read claims that are asked for: " .. row[1], function()
      assert.same(row[2], access_token.asked(row[1]))
    end)
  end

  it("that are no token, or another's, are not known", function()
    local one = open()
    local own = one:issue { principal = ROBOT, audience = AUDIENCE }
    local token, key = jwt.read(own), keys.open().key
    for _, text in ipairs {
      "", "x", "a.b.c", own:sub(1, -3), own .. "x", "." .. own,
      jwt.write(core.crypto.generate_key(1024), token.header, token.claims),
      jwt.write(key, { alg = "RS256", kid = "another" }, token.claims),
      (one:issue_identity("https://x", ANN, "c")),
    } do
      assert.is_nil(one:check(text))
    end
  end)

  it("are signed with the same key after the process has gone", function()
    local one = open()
    local text = one:issue { principal = ROBOT, audience = AUDIENCE }
    local two = open()
    for _, record in pairs(one.world.records.signer) do two.world:save("signer", record) end
    assert.equal("o", two:check(text).object_id)
  end)
end)
