--- The retry with a new token after a 401: csrc/op.c and csrc/token.c.
local authority = require "spec.authority"
local azureml = require "azureml"
local core = require "azureml.core"
local vectors = require "spec.vectors"
local world = require "spec.world"

local VECTOR = vectors.other().cae_challenges[1]

describe("a service that refuses the token", function()
  local entra

  before_each(function() core.clock "virtual" end)

  after_each(function() entra = world.finish(entra) end)

  local function refusing(challenges, status)
    return { status = status or 401, headers = { ["WWW-Authenticate"] = challenges },
      body = '{"error":{"code":"InvalidAuthenticationToken","message":"no"}}' }
  end

  -- Start a service that refuses `times` requests before it answers.
  local function open(challenge, times, kind, given)
    local refused = 0
    entra = authority(nil, function()
      refused = refused + 1
      if refused <= times then return refusing(challenge) end
    end)
    entra:use(kind or "client_secret", given or { client_secret = "s" })
  end

  local function claims_asked()
    local list = {}
    for i, form in ipairs(entra.forms) do list[i] = form.claims or "none" end
    return list
  end

  it("and demands claims gets one new token with them", function()
    open(VECTOR.header, 1)
    assert.equal("Bearer token-2", entra:ask())
    assert.same({ "none", VECTOR.merged_with_cp1 }, claims_asked())
  end)

  it("and demands claims again ends the request after one new token", function()
    open(VECTOR.header, 100)
    local _, err = entra:ask()
    assert.equal(401, err.status)
    assert.equal("InvalidAuthenticationToken", err.code)
    assert.same({ "none", VECTOR.merged_with_cp1 }, claims_asked())
    assert.equal(4, #entra.requests)
  end)

  it("and demands unreadable claims ends the request at once", function()
    open('Bearer error="insufficient_claims", claims="%%%"', 100)
    local _, err = entra:ask()
    assert.equal(401, err.status)
    assert.same({ "none" }, claims_asked())
  end)

  it("for any other reason gets one new token without claims", function()
    open('Bearer error="invalid_token", error_description="The access token has expired."', 1)
    assert.equal("Bearer token-2", entra:ask())
    assert.same({ "none", "none" }, claims_asked())
  end)

  it("first as expired, then for claims, gets a token of each kind", function()
    local refused = 0
    entra = authority(nil, function()
      refused = refused + 1
      if refused == 1 then return refusing 'Bearer error="invalid_token"' end
      if refused == 2 then return refusing(VECTOR.header) end
    end)
    entra:use("client_secret", { client_secret = "s" })
    assert.equal("Bearer token-3", entra:ask())
    assert.same({ "none", "none", VECTOR.merged_with_cp1 }, claims_asked())
  end)

  it("gets the next token with the claims too, and the one after without", function()
    open(VECTOR.header, 1)
    entra:ask()
    assert.equal("Bearer token-2", entra:ask())      -- kept
    azureml.sleep(4000)
    assert.equal("Bearer token-3", entra:ask())
    assert.same({ "none", VECTOR.merged_with_cp1, "none" }, claims_asked())
  end)

  it("gets the whole request again, with its body", function()
    local bodies = {}
    entra = authority(nil, function(request)
      bodies[#bodies + 1] = request.body
      if #bodies == 1 then return refusing(VECTOR.header) end
    end)
    entra:use("client_secret", { client_secret = "s" })
    entra.client:request { method = "PUT", path = "/x", body = { a = 1 } }
    assert.same({ '{"a":1}', '{"a":1}' }, bodies)
  end)

  it("causes one new token for all refused requests", function()
    local refused = 0
    entra = authority(nil, function(request)
      if request.headers.authorization == "Bearer token-1" then
        refused = refused + 1
        return refusing(VECTOR.header)
      end
    end)
    entra:use("client_secret", { client_secret = "s" })
    local tasks = {}
    for i = 1, 20 do tasks[i] = function() assert.equal("Bearer token-2", entra:ask()) end end
    azureml.parallel(table.unpack(tasks))
    assert.equal(20, refused)
    assert.same({ "none", VECTOR.merged_with_cp1 }, claims_asked())
  end)

  it("gets no token without the claims that was already on its way", function()
    local asked, requests = {}, 0
    entra = authority(nil, function()
      requests = requests + 1
      if requests == 3 then return refusing(VECTOR.header) end
    end)
    entra:take(azureml.credential.callback(function(_, claims)
      asked[#asked + 1] = claims or "none"
      local name = "token-" .. #asked
      if #asked == 2 then azureml.sleep(100) end
      return name, 3600
    end))
    assert.equal("Bearer token-1", entra:ask())
    azureml.sleep(3400)                                 -- early renewal begins, and is slow
    assert.equal("Bearer token-1", entra:ask())
    assert.equal("Bearer token-3", entra:ask())         -- refused because of claims meanwhile
    assert.same({ "none", "none", VECTOR.merged_with_cp1 }, asked)
  end)

  for name, given in pairs {
    ["a certificate"] = function(material)
      return "client_certificate", { certificate = vectors.read(material, "client.combined.pem") }
    end,
    ["an assertion"] = function()
      return "client_assertion", { assertion = function() return "a.b.c" end }
    end,
  } do
    it("is satisfied by " .. name, function()
      local material = vectors.open()
      open(VECTOR.header, 1, given(material))
      vectors.close(material)
      assert.equal("Bearer token-2", entra:ask())
      assert.same({ "none", VECTOR.merged_with_cp1 }, claims_asked())
    end)
  end

  it("is satisfied through a chain", function()
    open(VECTOR.header, 1)
    entra:take(azureml.credential.chain {
      azureml.credential.client_secret {
        authority = entra.url, tenant_id = "t", client_id = "a", client_secret = "s"
      },
    })
    assert.equal("Bearer token-2", entra:ask())
    assert.same({ "none", VECTOR.merged_with_cp1 }, claims_asked())
  end)

  it("with a 403 gets no new token: roles decide about that", function()
    entra = authority(nil, function() return refusing(VECTOR.header, 403) end)
    entra:use("client_secret", { client_secret = "s" })
    local _, err = entra:ask()
    assert.equal(403, err.status)
    assert.same({ "none" }, claims_asked())
  end)
end)
