--- Make certificates for specs with openssl: an authority, and the certificates that it signs.
local process = require "spec.process"

local certificate = {}

local function openssl(directory, words)
  local _, errors, code = process.run({ "openssl", table.unpack(words) }, nil, directory)
  assert(code == 0, errors)
end

local read = process.read

local DAYS = "2"

--- Make an authority in a new directory.
---@return { directory: string, ca_file: string }      removed by certificate.remove
function certificate.authority()
  local directory = process.directory()
  openssl(directory, { "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", DAYS, "-subj",
    "/CN=a spec's authority", "-keyout", "ca.key", "-out", "ca.pem" })
  return { directory = directory, ca_file = directory .. "/ca.pem" }
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
  openssl(directory, { "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a spec's server",
    "-keyout", "server.key", "-out", "server.csr" })
  openssl(directory, { "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
    "-CAcreateserial", "-days", days or DAYS, "-extfile", extensions, "-out", "server.pem" })
  return { certificate = read(directory .. "/server.pem"), key = read(directory .. "/server.key") }
end

--- Remove an authority.
function certificate.remove(authority)
  process.remove(authority.directory)
end

return certificate
