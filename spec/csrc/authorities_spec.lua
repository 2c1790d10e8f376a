local process = require "spec.process"
local pure = require "pure"

describe("the authorities of a client", function()
  local root

  before_each(function() root = process.directory() end)
  after_each(function() process.remove(root) end)

  local function file(path)
    assert(os.execute(("mkdir -p '%s%s'"):format(root, path:match "^(.*)/")))
    return process.write(root .. path, "x")
  end

  local function chosen(named)
    local bundle, directory = pure.authorities(named, root)
    return { bundle = bundle and bundle:sub(#root + 1),
      directory = directory and directory:sub(#root + 1) }
  end

  it("are libcurl's own where the system has neither directory nor bundle", function()
    assert.same({}, chosen())
  end)

  it("are the system's directory if it holds hashed names", function()
    file "/etc/ssl/certs/ca-certificates.crt"
    file "/etc/ssl/certs/5ed36f99.0"
    assert.same({ directory = "/etc/ssl/certs" }, chosen())
  end)

  it("are the bundle of Fedora and RHEL, whose directory has no hashed names", function()
    file "/etc/ssl/certs/ca-bundle.crt"
    file "/etc/pki/tls/certs/ca-bundle.crt"
    for _, name in ipairs { "5ed36f99.x", "5ed36f9.0", "zed36f99.0", "5ed36f990" } do
      file("/etc/ssl/certs/" .. name)
    end
    assert.same({ bundle = "/etc/pki/tls/certs/ca-bundle.crt" }, chosen())
  end)

  it("are where the BSDs and macOS keep them", function()
    for _, path in ipairs { "/etc/openssl/certs/ca-certificates.crt",
      "/usr/local/etc/ssl/cert.pem", "/etc/ssl/cert.pem" } do
      file(path)
      assert.same({ bundle = path }, chosen())
      os.remove(root .. path)
    end
    for _, path in ipairs { "/usr/local/share/certs", "/etc/openssl/certs" } do
      file(path .. "/5ed36f99.0")
      assert.same({ directory = path }, chosen())
    end
  end)

  it("are a bundle or a directory that the caller names", function()
    file "/etc/ssl/certs/5ed36f99.0"
    assert.same({ bundle = "/own/ca.pem" }, chosen(file "/own/ca.pem"))
    assert.same({ directory = "/own" }, chosen(root .. "/own"))
    assert.same({ directory = "/own:/other" }, chosen(root .. "/own:/other"))
    assert.same({ bundle = "/missing.pem" }, chosen(root .. "/missing.pem"))
  end)

  it("are the directory where the caller names the system's own bundle, which is slow", function()
    file "/etc/ssl/certs/ca-certificates.crt"
    file "/etc/ssl/certs/5ed36f99.0"
    assert(os.execute(("mkdir '%s/conda' && ln -s '%s/etc/ssl/certs/ca-certificates.crt' "
      .. "'%s/conda/cert.pem'"):format(root, root, root)))
    assert.same({ directory = "/etc/ssl/certs" }, chosen(root .. "/conda/cert.pem"))
  end)

  it("are the system's own bundle, as named, where there is no directory", function()
    assert.same({ bundle = "/etc/ssl/cert.pem" }, chosen(file "/etc/ssl/cert.pem"))
  end)
end)
