--- The token in AZUREML_TOKEN: csrc/credential/fixed.c.
local azureml = require "azureml"
local base64 = require("azureml.core").crypto.base64url
local surroundings = require "spec.surroundings"

describe("the token in AZUREML_TOKEN", function()
  local around

  before_each(function() around = surroundings { "AZUREML_TOKEN" } end)
  after_each(function() around:close() end)

  -- Return the authorization that a client would send, or the error.
  local function identity(token)
    around:set { AZUREML_TOKEN = token }
    local own <close> = azureml.credential.token_variable()
    local client <close> = azureml.client {
      endpoint = "https://127.0.0.1:1", credential = own, scope = "x/.default",
    }
    local ok, err = azureml.try(function()
      client:authenticate()
      return { own:served(), own:claim "oid", own:expires_in() }
    end)
    return ok, err
  end

  local function token_of(seconds)
    return table.concat({ base64 '{"alg":"none"}',
      base64(('{"oid":"ann","exp":%d}'):format(os.time() + seconds)), "x" }, ".")
  end

  it("is used as it is, and until it expires", function()
    local seen = identity(token_of(900))
    assert.same({ "token", "ann" }, { seen[1], seen[2] })
    assert.is_true(seen[3] > 800 and seen[3] <= 900)
  end)

  it("may come with the word Bearer and blanks, as people copy it", function()
    assert.equal("ann", identity(" Bearer " .. token_of(900) .. "\n")[2])
  end)

  it("may be opaque", function()
    assert.equal("token", identity("opaque")[1])
  end)

  it("is an error in one sentence once it has expired", function()
    local _, err = identity(token_of(-7200))
    assert.same({ "TokenExpired", "the token in AZUREML_TOKEN expired 120 minutes ago: fetch a new "
      .. "one, or unset the variable" }, { err.code, err.message:match "the token in.*" })
  end)

  it("is missing where the variable is not set", function()
    local _, err = identity(false)
    assert.equal("CredentialUnavailable", err.code)
    assert.matches("token: AZUREML_TOKEN is not set", err.message)
  end)

  it("is not sent to a plain-http endpoint", function()
    around:set { AZUREML_TOKEN = "opaque" }
    local own <close> = azureml.credential.token_variable()
    local ok, err = azureml.try(function()
      local client <close> = azureml.client {
        endpoint = "http://127.0.0.1:1", credential = own, scope = "x/.default",
      }
      client:request { path = "/" }
    end)
    assert.is_nil(ok)
    assert.equal("usage", err.kind)
  end)
end)
