--- The application of the AZURE_* variables: csrc/credential/environment.c. credential_spec.lua
--- covers its secret and the default chain.
local authority = require "spec.authority"
local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local surroundings = require "spec.surroundings"
local vectors = require "spec.vectors"
local world = require "spec.world"

describe("the application of the environment", function()
  local material, around, entra

  setup(function() material = vectors.open() end)
  teardown(function() vectors.close(material) end)

  before_each(function()
    core.clock "virtual"
    entra = authority()
    around = surroundings {
      AZURE_TENANT_ID = "env.org", AZURE_CLIENT_ID = "env-app", AZURE_CLIENT_SECRET = false,
      AZURE_AUTHORITY_HOST = entra.url,
      AZURE_CLIENT_CERTIFICATE_PATH = false, AZURE_CLIENT_CERTIFICATE_PASSWORD = false,
      AZURE_CLIENT_SEND_CERTIFICATE_CHAIN = false,
    }
  end)

  after_each(function() world.finish(around, entra) end)

  -- Secrets of the environment never travel over plain http. The test sees that the credential got
  -- a token by the request that reached the token endpoint.
  local function ask()
    local own <close> = azureml.credential.environment()
    local client <close> = azureml.client {
      endpoint = "https://127.0.0.1:1", credential = own, scope = "s", retry = { tries = 0 }
    }
    local _, err = azureml.try(client.request, client, { path = "/x" })
    return err
  end

  local function header()
    return json.decode(core.crypto.from_base64(entra.forms[1].client_assertion:match "^[^.]+"))
  end

  local function certificate(name)
    return material.directory .. "/" .. name
  end

  it("proves its identity by a certificate", function()
    around:set { AZURE_CLIENT_CERTIFICATE_PATH = certificate "client.combined.pem" }
    assert.equal("ConnectionFailed", ask().code)
    assert.equal("env-app", entra.forms[1].client_id)
    assert.equal("/env.org/oauth2/v2.0/token", entra.requests[1].target)
    assert.equal(material.thumbprints.client["x5t#S256"], header()["x5t#S256"])
    assert.is_nil(header().x5c)
  end)

  it("decrypts its certificate with the password", function()
    around:set {
      AZURE_CLIENT_CERTIFICATE_PATH = certificate "client.p12",
      AZURE_CLIENT_CERTIFICATE_PASSWORD = vectors.PASSWORD
    }
    assert.equal("ConnectionFailed", ask().code)
    assert.equal(1, #entra.forms)
  end)

  for value, sent in pairs {
    ["true"] = true, ["1"] = true, ["TRUE"] = true, ["yes"] = false, ["false"] = false, [""] = false
  } do
    local sends = sent and "sends its chain" or "does not send its chain"
    it(("%s for AZURE_CLIENT_SEND_CERTIFICATE_CHAIN='%s'"):format(sends, value), function()
      around:set {
        AZURE_CLIENT_CERTIFICATE_PATH = certificate "chain.combined.pem",
        AZURE_CLIENT_SEND_CERTIFICATE_CHAIN = value
      }
      ask()
      assert.equal(sent and 2 or 0, #(header().x5c or {}))
    end)
  end

  it("prefers its secret", function()
    around:set {
      AZURE_CLIENT_SECRET = "s", AZURE_CLIENT_CERTIFICATE_PATH = certificate "client.combined.pem"
    }
    ask()
    assert.equal("s", entra.forms[1].client_secret)
    assert.is_nil(entra.forms[1].client_assertion)
  end)

  for name, row in pairs {
    ["a file that is not there"] = {
      { AZURE_CLIENT_CERTIFICATE_PATH = "/nowhere.pem" },
      "certificate '/nowhere.pem' does not exist"
    },
    ["a wrong password"] = {
      { AZURE_CLIENT_CERTIFICATE_PATH = "client.p12",
        AZURE_CLIENT_CERTIFICATE_PASSWORD = "wrong-one" }, "the password is wrong",
    },
  } do
    it("with " .. name .. " is an error, and ends a chain", function()
      local variables = row[1]
      if variables.AZURE_CLIENT_CERTIFICATE_PATH:find "^%a" then
        variables.AZURE_CLIENT_CERTIFICATE_PATH = certificate(
          variables.AZURE_CLIENT_CERTIFICATE_PATH)
      end
      around:set(variables)
      for _, kind in ipairs { "environment", "default" } do
        local own, err = azureml.try(azureml.credential[kind])
        assert.is_nil(own)
        assert.is_truthy(err.message:find(row[2], 1, true), err.message)
        assert.is_nil(tostring(err):find("wrong-one", 1, true))
      end
    end)
  end
end)
