local core = require "azureml.core"
local jwt = require "azureml.emulator.entra.jwt"

describe("a JSON web token", function()
  it("is read as it was written", function()
    local key = core.crypto.generate_key(1024)
    local token = jwt.read(jwt.write(key, { alg = "PS256", typ = "JWT" }, { a = "b" }))
    assert.same({ { alg = "PS256", typ = "JWT" }, { a = "b" } }, { token.header, token.claims })
    assert.is_true(jwt.is_signed_by(token, key))
    assert.is_false(jwt.is_signed_by(token, core.crypto.generate_key(1024)))
  end)

  local function of(header, claims)
    return core.crypto.base64url(header) .. "." .. core.crypto.base64url(claims) .. ".AA"
  end

  for name, text in pairs {
    ["without a signature"] = of('{"alg":"none"}', "{}"),
    ["of another algorithm"] = of('{"alg":"HS256"}', "{}"),
    ["with a header that is no object"] = of("5", "{}"),
    ["with claims that are none"] = of('{"alg":"RS256"}', "[1"),
    ["of two parts"] = "a.b",
    ["of four parts"] = of('{"alg":"RS256"}', "{}") .. ".x",
    ["that is too long"] = ("a"):rep(70000) .. ".b.c",
  } do
    it("is not read " .. name, function() assert.is_nil(jwt.read(text)) end)
  end
end)
