local surroundings = require "spec.surroundings"
local trust = require "azureml.trust"

describe("the certificate authorities", function()
  local around

  before_each(function() around = surroundings(trust.variables) end)
  after_each(function() around:close() end)

  it("are the system's where nothing names others", function()
    assert.is_nil(trust.ca_file())
    around:set { SSL_CERT_FILE = "" }
    assert.is_nil(trust.ca_file(""))
  end)

  it("are the caller's, else those of the first variable that is set", function()
    for index = #trust.variables, 1, -1 do
      local name = trust.variables[index]
      around:set { [name] = "/" .. name }
      assert.same({ "/" .. name, name }, { trust.ca_file() })
    end
    assert.same({ "/mine" }, { trust.ca_file "/mine" })
  end)

  it("are what an error of a certificate speaks of", function()
    assert.matches("^ca_file, %-%-ca%-file, or a variable %(SSL_CERT_FILE, REQUESTS_CA_BUNDLE, ",
      trust.hint())
    local hint = trust.hint "/nowhere"
    assert.matches("^no certificate authorities were found on this machine: install", hint)
    assert.matches(" at /etc/ssl/certs, .*, /etc/ssl/certs/ca%-certificates.crt, .*cert.pem", hint)
    around:set { CURL_CA_BUNDLE = "/etc/inspect.pem" }
    assert.matches("^CURL_CA_BUNDLE names the authorities in /etc/inspect.pem, and this",
      trust.hint())
  end)
end)
