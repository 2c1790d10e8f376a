local core = require "azureml.core"
local keys = require "azureml.emulator.entra.keys"
local process = require "spec.process"

describe("the emulator's signing key", function()
  it("is one for the process, and another where one was kept", function()
    local own = keys.open()
    assert.equal(own, keys.open())
    local kept = keys.open(core.crypto.generate_key(1024):pem())
    assert.are_not.equal(own.id, kept.id)
    assert.equal(own.id, keys.open(own.key:pem()).id)
  end)

  it("is made by each process for itself", function()
    local function key_of_a_process()
      return (process.executable({ "-e", [[
        local key = require("azureml.emulator.entra.keys").open()
        print(key.id, #key.jwk.n)
      ]] }, { LUA_INIT = "" }))
    end
    local id = key_of_a_process()
    assert.matches("^[%w_-]+\t342\n$", id)      -- 2048 bits
    assert.are_not.equal(id, key_of_a_process())
  end)

  it("is named by its thumbprint", function()
    -- Source: RFC 7638, section 3.1.
    local n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS"
      .. "oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65"
      .. "YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyr"
      .. "dkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
      .. "nqDKgw"
    local key = core.crypto.jwk_key { n = n, e = "AQAB" }
    assert.equal(
      "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
      core.crypto.base64url(
        core.crypto.sha256(('{"e":"AQAB","kty":"RSA","n":"%s"}'):format(key:jwk().n))))
  end)

  it("is published without its private half", function()
    local shown = keys.published(keys.open(), "https://issuer").keys[1]
    assert.same(
      { "RSA", "sig", "RS256", "https://issuer", keys.open().id },
      { shown.kty, shown.use, shown.alg, shown.issuer, shown.kid })
    for _, private in ipairs { "d", "p", "q", "dp", "dq", "qi" } do
      assert.is_nil(shown[private])
    end
  end)
end)
