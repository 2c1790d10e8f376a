--- Make certificates for specs with openssl: an authority, and the certificates that it signs.
local process = require "spec.process"

local certificate = {}

local function openssl(directory, words)
  local _, errors, code = process.run({ "openssl", table.unpack(words) }, nil, directory)
  assert(code == 0, errors)
end

local read = process.read

local DAYS = "2"

-- The words that ask for a new key. An RSA key takes 100 ms, an EC key 1 ms.
local KEYS = {
  rsa = { "-newkey", "rsa:2048" },
  ec = { "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256" },
}

-- Make a key and a request for a certificate, or a certificate that is signed by itself.
local function request(directory, kind, words)
  local all = { "req", "-nodes", table.unpack(KEYS[kind]) }
  openssl(directory, table.move(words, 1, #words, #all + 1, all))
end

--- Make an authority in a new directory.
---@param kind "rsa"|"ec"|nil      of its key, and of those of its servers; "rsa"
---@return { directory: string, ca_file: string, kind: string }      removed by certificate.remove
function certificate.authority(kind)
  local directory = process.directory()
  kind = kind or "rsa"
  request(directory, kind, { "-x509", "-days", DAYS, "-subj", "/CN=a spec's authority",
    "-keyout", "ca.key", "-out", "ca.pem" })
  return { directory = directory, ca_file = directory .. "/ca.pem", kind = kind }
end

--- Return the certificate and key that an authority signs with.
---@param authority table
---@return string certificate, string key      PEM texts
function certificate.pair(authority)
  return read(authority.ca_file), read(authority.directory .. "/ca.key")
end

--- Make a server's certificate and key.
---@param authority table
---@param name string            "IP:127.0.0.1", "DNS:localhost"
---@param days string?           "-1": it has expired
---@return { certificate: string, key: string }      PEM texts
function certificate.server(authority, name, days)
  local directory = authority.directory
  local extensions = process.write(directory .. "/extensions", "subjectAltName=" .. name .. "\n")
  request(directory, authority.kind, { "-subj", "/CN=a spec's server", "-keyout", "server.key",
    "-out", "server.csr" })
  openssl(directory, { "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
    "-CAcreateserial", "-days", days or DAYS, "-extfile", extensions, "-out", "server.pem" })
  return { certificate = read(directory .. "/server.pem"), key = read(directory .. "/server.key") }
end

--- Remove an authority.
function certificate.remove(authority)
  process.remove(authority.directory)
end

return certificate
