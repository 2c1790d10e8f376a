local certificate = require "spec.certificate"
local crypto = require("azureml.core").crypto
local process = require "spec.process"

local DATA = "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ"

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

describe("core.crypto", function()
  local key = crypto.generate_key()
  local authority, directory

  setup(function()
    authority = certificate.authority()
    directory = authority.directory
  end)
  teardown(function() certificate.remove(authority) end)

  local function openssl(...)
    local output, errors, code = process.run({ "openssl", ... }, nil, directory)
    assert.equal(0, code, errors)
    return output
  end

  local function read(name) return process.read(directory .. "/" .. name) end

  for _, kind in ipairs { "RS256", "PS256" } do
    it("verifies what it has signed, and nothing else: " .. kind, function()
      local signature = key:sign(kind, DATA)
      assert.is_true(key:verify(kind, DATA, signature))
      assert.is_false(key:verify(kind, DATA .. " ", signature))
      assert.is_false(key:verify(kind, DATA, signature:sub(1, -2)))
      assert.is_false(key:verify(kind, DATA, ""))
      assert.is_false(key:verify(kind == "RS256" and "PS256" or "RS256", DATA, signature))
      assert.is_false(crypto.generate_key(1024):verify(kind, DATA, signature))
    end)
  end

  local PADDING = {
    RS256 = {}, PS256 = { "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32" },
    longer_salt = { "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:64" },
  }

  local function sign_by_openssl(kind)
    local words = { "dgst", "-sha256", "-sign", "ca.key", "-out", "signature" }
    table.move(PADDING[kind], 1, #PADDING[kind], #words + 1, words)
    words[#words + 1] = process.write(directory .. "/data", DATA)
    openssl(table.unpack(words))
    return read "signature"
  end

  for _, kind in ipairs { "RS256", "PS256" } do
    it("agrees with openssl on " .. kind, function()
      local its = crypto.read_key(read "ca.key")
      assert.is_true(its:verify(kind, DATA, sign_by_openssl(kind)))
      process.write(directory .. "/data", DATA)
      process.write(directory .. "/ours", its:sign(kind, DATA))
      openssl("rsa", "-in", "ca.key", "-pubout", "-out", "ca.pub")
      local words = { "dgst", "-sha256", "-verify", "ca.pub", "-signature", "ours" }
      table.move(PADDING[kind], 1, #PADDING[kind], #words + 1, words)
      words[#words + 1] = "data"
      assert.is_truthy(openssl(table.unpack(words)):find "Verified OK")
    end)
  end

  it("does not take another salt for PS256", function()
    assert.is_false(crypto.read_key(read "ca.key"):verify("PS256", DATA,
      sign_by_openssl "longer_salt"))
  end)

  it("tells the public half of a key as a JWK, which verifies and does not sign", function()
    local jwk = key:jwk()
    assert.same({ "RSA", "AQAB", 342 }, { jwk.kty, jwk.e, #jwk.n })
    local public = crypto.jwk_key(jwk)
    assert.is_true(public:verify("RS256", DATA, key:sign("RS256", DATA)))
    assert.has_error(function() public:sign("RS256", DATA) end,
      "this key cannot sign: it has no private half")
    assert.same({ nil, "it has no private half" }, { public:pem() })
  end)

  it("writes a private key as PEM, and reads it back", function()
    local again = crypto.read_key(key:pem())
    assert.is_true(key:verify("PS256", DATA, again:sign("PS256", DATA)))
  end)

  it("reads a public key", function()
    openssl("rsa", "-in", "ca.key", "-pubout", "-out", "ca.pub")
    assert.is_true(crypto.read_key(read "ca.pub"):verify("RS256", DATA,
      crypto.read_key(read "ca.key"):sign("RS256", DATA)))
  end)

  it("does not ask on the terminal for the password of a key", function()
    openssl("rsa", "-in", "ca.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key")
    assert.same({ nil, "it is not a PEM text of an RSA key without a password" },
      { crypto.read_key(read "locked.key") })
  end)

  it("reads a certificate in PEM and in DER, and tells what openssl tells of it", function()
    openssl("x509", "-in", "ca.pem", "-outform", "DER", "-out", "ca.der")
    local pem, der = crypto.certificate(read "ca.pem"), crypto.certificate(read "ca.der")
    for name, kind in pairs { sha1 = "-sha1", sha256 = "-sha256" } do
      local print = openssl("x509", "-in", "ca.pem", "-noout", "-fingerprint",
        kind):match("=(%S+)"):gsub(":", ""):lower()
      assert.equal(print, hex(pem[name]))
      assert.equal(print, hex(der[name]))
    end
    assert.equal(2 * 86400, pem.not_after - pem.not_before)
    assert.is_true(pem.key:verify("RS256", DATA,
      crypto.read_key(read "ca.key"):sign("RS256", DATA)))
  end)

  it("refuses what is no RSA key, and what is no certificate, and says so", function()
    openssl("req", "-x509", "-newkey",
      "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=ec", "-keyout", "ec.key",
      "-out", "ec.pem")
    local _, why = crypto.certificate(read "ec.pem")
    assert.equal("the certificate's key is not an RSA key", why)
    for _, text in ipairs { "", "x", ("\0"):rep(100), read "ec.key", read "ca.pem" } do
      assert.is_nil((crypto.read_key(text)))
    end
    for _, text in ipairs {
      "", "x", ("\x30"):rep(100), read "ca.key", read("ca.pem"):sub(1, 300),
    } do
      assert.same({ nil, "it is not a certificate in PEM or DER" }, { crypto.certificate(text) })
    end
    for _, jwk in ipairs {
      {}, { n = "AQAB" }, { n = "?", e = "AQAB" }, { n = "AQAB", e = "AQAB" },
      { n = ("A"):rep(9999), e = "AQAB" },
    } do
      assert.is_nil((crypto.jwk_key(jwk)))
    end
  end)

  it("makes digests", function()
    assert.equal("a9993e364706816aba3e25717850c26c9cd0d89d", hex(crypto.sha1 "abc"))
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      hex(crypto.sha256 "abc"))
  end)

  it("closes a key once", function()
    local one <close> = crypto.generate_key(1024)
    one:close()
    assert.has_error(function() one:sign("RS256", DATA) end,
      "calling 'sign' on bad self (this key is closed)")
  end)
end)
