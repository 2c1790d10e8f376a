--- An application with a certificate: csrc/credential/certificate.c.
local authority = require "spec.authority"
local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local process = require "spec.process"
local vectors = require "spec.vectors"
local world = require "spec.world"

local JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

describe("a client certificate", function()
  local material, directory, entra, key

  setup(function()
    material = vectors.open()
    directory = material.directory
    key = core.crypto.read_key(vectors.read(material, "client.key.pem"))
  end)

  teardown(function()
    key:close()
    vectors.close(material)
  end)

  before_each(function() core.clock "virtual" end)

  after_each(function() entra = world.finish(entra) end)

  local function path(name)
    return directory .. "/" .. name
  end

  local function read_assertion(form)
    local head, body, signature = form.client_assertion:match "^([^.]+)%.([^.]+)%.([^.]+)$"
    local header, claims = json.decode(core.crypto.from_base64(head)),
      json.decode(core.crypto.from_base64(body))
    return header, claims,
      key:verify(header.alg, head .. "." .. body, core.crypto.from_base64(signature))
  end

  it("proves the application's identity by an assertion signed for each token", function()
    entra = authority()
    entra:use("client_certificate", { certificate_path = path "client.combined.pem" })
    assert.equal("Bearer token-1", entra:ask())
    azureml.sleep(4000)
    assert.equal("Bearer token-2", entra:ask())
    local ids = {}
    for i, form in ipairs(entra.forms) do
      assert.equal("client_credentials", form.grant_type)
      assert.equal("app", form.client_id)
      assert.equal(JWT_BEARER, form.client_assertion_type)
      assert.equal("https://management.azure.com/.default", form.scope)
      assert.is_nil(form.client_secret)
      local header, claims, good = read_assertion(form)
      assert.is_true(good)
      assert.same(
        { alg = "PS256", typ = "JWT", ["x5t#S256"] = material.thumbprints.client["x5t#S256"] },
        header)
      assert.equal(entra.url .. "/t.org/oauth2/v2.0/token", claims.aud)
      assert.equal("app", claims.iss)
      assert.equal("app", claims.sub)
      assert.equal(600, claims.exp - claims.nbf)
      assert.is_true(math.abs(claims.nbf - os.time()) <= 5)
      ids[i] = claims.jti
    end
    assert.not_equal(ids[1], ids[2])
  end)

  it("with RS256 has the SHA-1 thumbprint", function()
    entra = authority()
    entra:use("client_certificate",
      { certificate_path = path "client.combined.pem", algorithm = "RS256" })
    entra:ask()
    local header, _, good = read_assertion(entra.forms[1])
    assert.is_true(good)
    assert.same({ alg = "RS256", typ = "JWT", x5t = material.thumbprints.client.x5t }, header)
  end)

  it("signs for ADFS as ADFS requires, and uses the address of ADFS", function()
    entra = authority()
    entra:use("client_certificate",
      { certificate_path = path "client.combined.pem", tenant_id = "adfs" })
    entra:ask()
    local header, claims = read_assertion(entra.forms[1])
    assert.equal("RS256", header.alg)
    assert.equal(entra.url .. "/adfs/oauth2/token", claims.aud)
    assert.equal("/adfs/oauth2/token", entra.requests[1].target)
  end)

  it("sends its chain if told to, the leaf first", function()
    entra = authority()
    entra:use("client_certificate", {
      certificate_path = path "chain.p12", password = vectors.PASSWORD,
      send_certificate_chain = true,
    })
    entra:ask()
    local header = read_assertion(entra.forms[1])
    assert.equal(2, #header.x5c)
    local pem = vectors.read(material, "chain.leaf.crt.pem")
    local leaf = pem:gsub("%-%-%-%-%-.-%-%-%-%-%-", ""):gsub("%s", "")
    assert.equal(leaf, header.x5c[1])
  end)

  it("may be given as text instead of a file", function()
    entra = authority()
    for _, name in ipairs { "client.combined.pem", "client.combined.enc.pem", "client.p12" } do
      entra:use("client_certificate",
        { certificate = vectors.read(material, name), password = vectors.PASSWORD })
      assert.is_string(entra:ask())
    end
  end)

  it("is read again for each token: uses a renewed file, reports a broken one", function()
    local own = path "renewed.pem"
    process.write(own, vectors.read(material, "chain.combined.pem"), "600")
    entra = authority()
    entra:use("client_certificate", { certificate_path = own })
    entra:ask()
    process.write(own, vectors.read(material, "client.combined.pem"))
    azureml.sleep(4000)
    entra:ask()
    assert.equal(material.thumbprints.chain_leaf["x5t#S256"],
      (read_assertion(entra.forms[1]))["x5t#S256"])
    assert.equal(material.thumbprints.client["x5t#S256"],
      (read_assertion(entra.forms[2]))["x5t#S256"])
    os.remove(own)
    azureml.sleep(4000)
    local reply, err = entra:ask()
    assert.is_nil(reply)
    assert.equal("InvalidCertificate", err.code)
    assert.equal(("certificate '%s' does not exist"):format(own), err.message)
  end)

  it("that has expired is tried; the error of a refusal tells of its end", function()
    local _, errors, code = process.run(
      { "openssl", "x509", "-in", "client.crt.pem", "-signkey", "client.key.pem", "-days", "-1",
        "-out", "old.crt" }, nil, directory)
    assert.equal(0, code, errors)
    local text = vectors.read(material, "client.key.pem") .. vectors.read(material, "old.crt")
    entra = authority(function()
      return {
        status = 401,
        body = json.encode { error = "invalid_client", error_description = "AADSTS700027: no." }
      }
    end)
    entra:use("client_certificate", { certificate = text })
    local _, err = entra:ask()
    assert.matches("^AADSTS700027: no%.; the certificate has expired, on %d%d%d%d%-%d%d%-%d%d$",
      err.message)
  end)

  for name, row in pairs {
    ["a file that is not there"] = {
      { certificate_path = "/nowhere.pem" }, "certificate '/nowhere.pem' does not exist"
    },
    ["a directory"] = { { certificate_path = "/tmp" }, "certificate '/tmp' is not a regular file" },
    ["a device without an end"] = {
      { certificate_path = "/dev/zero" }, "certificate '/dev/zero' is not a regular file"
    },
    ["an empty name"] = { { certificate_path = "" }, "certificate_path is empty" },
    ["nothing"] = {
      {}, "a certificate is needed: set certificate_path to a file's path, "
      .. "or certificate to its text, not both"
    },
    ["both"] = { { certificate_path = "/x", certificate = "y" }, "to its text, not both" },
    ["text that is no certificate"] = {
      { certificate = "hello" },
      "the certificate holds neither PEM blocks (-----BEGIN ...) nor PKCS#12"
    },
    ["another algorithm"] = {
      { certificate_path = "client.combined.pem", algorithm = "none" },
      "algorithm must be PS256 or RS256, not 'none'",
    },
    ["a wrong password"] = {
      { certificate_path = "client.p12", password = "wrong-one" },
      "cannot be decrypted: the password is wrong"
    },
    ["no password"] = {
      { certificate_path = "client.p12" }, "is encrypted: its password is needed"
    },
    ["another key's certificate"] = {
      { certificate_path = "bad.mismatch.pem" },
      "has a private key that belongs to none of its certificates",
    },
    ["a tenant for people"] = {
      { certificate_path = "client.combined.pem", tenant_id = "common" },
      "tenant_id 'common' is for people"
    },
  } do
    it(("of %s is refused at once, before anything is sent"):format(name), function()
      local given, text = table.unpack(row)
      local all = { authority = "https://127.0.0.1:1", tenant_id = "t", client_id = "app" }
      for field, value in pairs(given) do all[field] = value end
      if given.certificate_path and given.certificate_path:find "^%a" then
        all.certificate_path = path(given.certificate_path)
      end
      local own, err = azureml.try(azureml.credential.client_certificate, all)
      assert.is_nil(own)
      assert.is_truthy(err.message:find(text, 1, true), err.message)
      assert.is_nil(tostring(err):find("wrong-one", 1, true))
    end)
  end

  it("shows its application, and nothing secret", function()
    entra = authority()
    local own = entra:use("client_certificate",
      { certificate_path = path "client.p12", password = vectors.PASSWORD })
    assert.equal("credential: client_certificate app", tostring(own))
  end)
end)
