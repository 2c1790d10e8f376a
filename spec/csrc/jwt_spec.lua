--- csrc/jwt.c: assertions, against fixed vectors.
local crypto = require("azureml.core").crypto
local json = require "azureml.json"
local pure = require "pure"
local vectors = require "spec.vectors"

local CLIENT = "22222222-2222-4222-8222-222222222222"
local AUDIENCE =
  "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token"
local ID, NOW = "33333333-3333-4333-8333-333333333333", 1700000000

local function parts(jwt)
  local head, body, signature = jwt:match "^([^.]+)%.([^.]+)%.([^.]+)$"
  return crypto.from_base64(head), crypto.from_base64(body), crypto.from_base64(signature),
    head .. "." .. body
end

describe("an assertion", function()
  local material

  setup(function() material = vectors.open() end)
  teardown(function() vectors.close(material) end)

  local function read(name)
    return vectors.read(material, name)
  end

  local function make(file, algorithm, send_chain)
    return assert(pure.assertion(read(file), nil, algorithm, send_chain, CLIENT, AUDIENCE, ID, NOW))
  end

  it("with RS256 is the vector, byte for byte", function()
    assert.equal(read "assertion.rs256.jwt", make("client.combined.pem", "RS256", false))
  end)

  it("with RS256 and the certificate is the vector too", function()
    assert.equal(read "assertion.rs256.x5c.jwt", make("client.combined.pem", "RS256", true))
  end)

  for name, row in pairs {
    ["PS256"] = { "client.combined.pem", false, "assertion.ps256", "client.key.pem" },
    ["PS256 and the chain"] = {
      "chain.combined.pem", true, "assertion.ps256.chain", "chain.leaf.key.pem"
    },
  } do
    it(("with %s has the claims of the vector and a valid signature"):format(name), function()
      local file, send_chain, vector, key_file = table.unpack(row)
      local _, _, signature, signed = parts(make(file, "PS256", send_chain))
      assert.equal(read(vector .. ".signing-input.txt"), signed)
      local key <close> = crypto.read_key(read(key_file))
      assert.is_true(key:verify("PS256", signed, signature))
      assert.is_false(key:verify("RS256", signed, signature))
    end)
  end

  it("escapes special characters of a client id, and writes whole numbers", function()
    local jwt = pure.assertion(read "client.combined.pem", nil, "PS256", false, 'a"b\\cü/',
      AUDIENCE, ID, NOW)
    local _, body = parts(jwt)
    local claims = json.decode(body)
    assert.equal('a"b\\cü/', claims.iss)
    assert.equal(claims.iss, claims.sub)
    assert.matches('"exp":1700000600,', body)
    assert.matches('"nbf":1700000000,', body)
  end)
end)

describe("a number of a token's payload", function()
  local function number_in(payload)
    return pure.jwt_number(("e30.%s.c2ln"):format(crypto.base64url(payload)), "exp")
  end

  it("is read whether it is whole or not", function()
    assert.equal(1764072000, number_in '{"exp":1764072000}')
    assert.equal(1764072000.5, number_in '{"exp":1764072000.5}')
  end)

  it("is 0 if it is missing, or not a number, or if the token is not one", function()
    for _, payload in ipairs { "{}", '{"exp":null}', '{"exp":"1764072000"}', "[]", "no JSON" } do
      assert.equal(0, number_in(payload))
    end
    assert.equal(0, pure.jwt_number("opaque", "exp"))
  end)
end)
