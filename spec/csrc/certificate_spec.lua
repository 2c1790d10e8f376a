--- csrc/certificate.c, against fixed vectors and against what openssl makes.
local process = require "spec.process"
local pure = require "pure"
local vectors = require "spec.vectors"

local PASSWORD = vectors.PASSWORD

describe("a certificate's file", function()
  local material, directory

  setup(function()
    material = vectors.open()
    directory = material.directory
  end)

  teardown(function() vectors.close(material) end)

  local function read(name)
    return vectors.read(material, name)
  end

  for name, row in pairs {
    ["PEM, the key first"] = { "client.combined.pem" },
    ["PEM, the certificate first"] = { "client.combined.certfirst.pem" },
    ["PEM with the line ends of Windows"] = { "client.combined.crlf.pem" },
    ["PEM with an encrypted key"] = { "client.combined.enc.pem", PASSWORD },
    ["PEM, with a password that is not needed"] = { "client.combined.pem", "unneeded" },
    ["PKCS#12"] = { "client.p12", PASSWORD },
    ["PKCS#12 with an empty password"] = { "client.nopass.p12", "" },
    ["PKCS#12 without a password"] = { "client.nopass.p12" },
  } do
    it(("as %s gives its thumbprints"):format(name), function()
      local made = assert(pure.certificate(read(row[1]), row[2]))
      assert.equal(material.thumbprints.client.x5t, made.x5t)
      assert.equal(material.thumbprints.client["x5t#S256"], made.x5t256)
      assert.equal(1, #made.chain)
    end)
  end

  it("as PEM may have its key in the old form, and text around it", function()
    local text = "Bag Attributes\n  name: mine\n" .. read "client.key.pkcs1.pem" .. "some words\n"
      .. read "client.crt.pem" .. "the end"
    assert.equal(material.thumbprints.client.x5t, assert(pure.certificate(text)).x5t)
  end)

  for name, row in pairs {
    ["PEM"] = { "chain.combined.pem" }, ["PKCS#12"] = { "chain.p12", PASSWORD }
  } do
    it(("with a chain, as %s, has the leaf first, then the issuer"):format(name), function()
      local made = assert(pure.certificate(read(row[1]), row[2]))
      assert.equal(material.thumbprints.chain_leaf["x5t#S256"], made.x5t256)
      local expected = {}
      for i, file in ipairs { "chain.leaf.crt.pem", "chain.ca.crt.pem" } do
        expected[i] = read(file):gsub("%-%-%-%-%-.-%-%-%-%-%-", ""):gsub("%s", "")
      end
      assert.same(expected, made.chain)
    end)
  end

  it("takes the certificate that fits the key, at any place", function()
    local text = read "chain.ca.crt.pem" .. read "client.crt.pem" .. read "chain.leaf.key.pem"
      .. read "chain.leaf.crt.pem"
    local made = assert(pure.certificate(text))
    assert.equal(material.thumbprints.chain_leaf["x5t#S256"], made.x5t256)
    assert.equal(3, #made.chain)
  end)

  it("tells when the certificate ends", function()
    local made = assert(pure.certificate(read "client.combined.pem"))
    local said = process.run {
      "openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601", "-in",
      directory .. "/client.crt.pem"
    }
    assert.equal(said:match "%d.*%d", os.date("!%Y-%m-%d %H:%M:%S", made.ends))
  end)

  for name, row in pairs {
    ["without a key"] = {
      "bad.nokey.pem", "CertificateWithoutKey", "holds no private key: append the key's PEM block"
    },
    ["without a certificate"] = {
      "bad.nocert.pem", "KeyWithoutCertificate", "holds a private key but no certificate"
    },
    ["with two keys"] = { "bad.twokeys.pem", "SeveralKeys", "leave only the one that belongs" },
    ["with another certificate's key"] = {
      "bad.mismatch.pem", "CertificateMismatch", "belongs to none of its certificates"
    },
    ["with garbage for a certificate"] = {
      "bad.garbage.pem", "InvalidCertificate", "a CERTIFICATE block that is no certificate"
    },
    ["with an elliptic key"] = {
      "bad.ec.combined.pem", "CertificateKeyType", "Entra ID takes RSA keys only"
    },
    ["with an encrypted key and no password"] = {
      "client.combined.enc.pem", "CertificatePassword", "its password is needed"
    },
    ["with an encrypted key and a wrong password"] = {
      "client.combined.enc.pem", "CertificatePassword", "the password is wrong", "wrong"
    },
    ["with an encrypted key and an empty password"] = {
      "client.combined.enc.pem", "CertificatePassword", "the password is wrong", ""
    },
    ["as PKCS#12 and no password"] = {
      "client.p12", "CertificatePassword", "its password is needed"
    },
    ["as PKCS#12 and a wrong password"] = {
      "client.p12", "CertificatePassword", "the password is wrong", "wrong"
    },
    ["as PKCS#12 that is encrypted with RC2"] = {
      "client.legacy.p12", "CertificateEncryption",
      "convert it with 'openssl pkcs12 -legacy -in OLD -nodes -out NEW.pem'", PASSWORD,
    },
    ["that is a bare certificate in DER"] = {
      "client.crt.der", "InvalidCertificate", "holds neither PEM blocks"
    },
  } do
    it(("%s is refused with a remedy"):format(name), function()
      local file, code, text, password = table.unpack(row)
      local made, its_code, message = pure.certificate(read(file), password)
      assert.is_nil(made)
      assert.equal(code, its_code)
      assert.is_truthy(message:find(text, 1, true), message)
      assert.is_nil(message:find(PASSWORD, 1, true))
    end)
  end

  for name, change in pairs {
    ["is empty"] = function() return "" end,
    ["is one byte"] = function() return "\x30" end,
    ["is text"] = function() return "-----BEGIN nothing" end,
    ["is cut off within the key"] = function() return read("client.combined.pem"):sub(1, 700) end,
    ["has a letter too many in the key"] = function()
      return (read("client.combined.pem"):gsub("\nM", "\n!M", 1))
    end,
    ["is PKCS#12 cut off"] = function() return read("client.p12"):sub(1, -100) end,
    ["is PKCS#12 with a flipped byte"] = function()
      local text = read "client.p12"
      return text:sub(1, 500) .. string.char(text:byte(501) ~ 1) .. text:sub(502)
    end,
  } do
    it(("that %s is refused"):format(name), function()
      local made, code, message = pure.certificate(change(), PASSWORD)
      assert.is_nil(made)
      assert.is_truthy(
        ({ InvalidCertificate = 1, CertificatePassword = 1, KeyWithoutCertificate = 1 })[code],
        code)
      assert.is_string(message)
    end)
  end

  local function openssl(...)
    local _, errors, code = process.run({ "openssl", ... }, nil, directory)
    assert.equal(0, code, errors)
  end

  it("as PKCS#12 with two keys is refused", function()
    local made, code = pure.certificate(pure.two_key_store(read "client.key.pem"), nil)
    assert.is_nil(made)
    assert.equal("SeveralKeys", code)
  end)

  it("as PKCS#12 may hold further certificates", function()
    openssl("pkcs12", "-export", "-inkey", "client.key.pem", "-in", "client.crt.pem", "-certfile",
      "chain.ca.crt.pem", "-passout", "pass:x", "-out", "extra.p12")
    local made = assert(pure.certificate(read "extra.p12", "x"))
    assert.equal(material.thumbprints.client.x5t, made.x5t)
    assert.equal(2, #made.chain)
  end)

  for _, cipher in ipairs { "-aes256", "-des3", "-camellia128" } do
    it("whose key is encrypted by openssl with " .. cipher .. " is read", function()
      openssl("rsa", "-traditional", cipher, "-in", "client.key.pem", "-passout", "pass:x", "-out",
        "old.pem")
      assert.equal(material.thumbprints.client.x5t,
        assert(pure.certificate(read "old.pem" .. read "client.crt.pem", "x")).x5t)
      assert.equal("CertificatePassword",
        select(2, pure.certificate(read "old.pem" .. read "client.crt.pem", "y")))
      assert.equal("CertificatePassword",
        select(2, pure.certificate(read "old.pem" .. read "client.crt.pem")))
    end)
  end

  for _, mac in ipairs { "sha1", "sha256", "sha512" } do
    it(("as PKCS#12 with %s for its check is read"):format(mac), function()
      openssl("pkcs12", "-export", "-inkey", "client.key.pem", "-in", "client.crt.pem", "-macalg",
        mac, "-passout", "pass:x", "-out", "m.p12")
      assert.equal(material.thumbprints.client.x5t, assert(pure.certificate(read "m.p12", "x")).x5t)
    end)
  end
end)
