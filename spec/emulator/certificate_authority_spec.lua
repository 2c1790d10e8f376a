local azureml = require "azureml"
local certificate_authority = require "azureml.emulator.certificate_authority"
local core = require "azureml.core"
local emulator = require "azureml.emulator"
local process = require "spec.process"

local function openssl(...)
  local output, errors, code = process.run { "openssl", ... }
  return output .. errors, code
end

local read = process.read

local function mode_of(path)
  return process.run({ "stat", "-c", "%a", path }):match "%d+"
end

-- A program that uses the authority, with a directory of its own for what it keeps.
local function run(directory, script, ...)
  return process.executable({ "-e", script, ... }, { XDG_STATE_HOME = directory })
end

local ISSUE = [[
  local made = require("azureml.emulator.certificate_authority").issue(arg[1] == "azure")
  for name, text in pairs(made) do
    if name ~= "ca_file" then
      io.open(os.getenv "XDG_STATE_HOME" .. "/" .. name, "w"):write(text)
    end
  end
  io.write(made.ca_file)]]

local AZURE = ISSUE:gsub('arg%[1%] == "azure"', "true")

describe("the emulator's certificate authority", function()
  local directory

  before_each(function() directory = process.directory() end)
  after_each(function() process.remove(directory) end)

  local function issue(script)
    local output, errors, code = run(directory, script or ISSUE)
    assert.equal(0, code, errors)
    return output
  end

  it("is made on first use, for us alone, and used from then on", function()
    local ca_file = issue()
    local own = directory .. "/azureml/emulator"
    assert.equal(own .. "/ca.pem", ca_file)
    assert.same({ "700", "600", "600" },
      { mode_of(own), mode_of(own .. "/ca.key"), mode_of(ca_file) })
    local before = read(own .. "/ca.key")
    issue()
    assert.equal(before, read(own .. "/ca.key"))
    assert.is_nil(read(ca_file):find "PRIVATE")
    assert.is_truthy(before:find "PRIVATE")
  end)

  it("may vouch for the names of this machine alone", function()
    local text = openssl("x509", "-noout", "-text", "-in", issue())
    for _, words in ipairs {
      "CA:TRUE, pathlen:0", "X509v3 Name Constraints: critical", "IP:127.0.0.0/255.0.0.0",
      "DNS:localhost",
    } do
      assert.is_truthy(text:find(words, 1, true), words)
    end
    assert.is_nil(text:find("azure.com", 1, true))
    local certificate, key = core.certificate.server(read(directory .. "/azureml/emulator/ca.key"),
      read(directory .. "/azureml/emulator/ca.key"), "x", { "DNS:management.azure.com" }, 1)
    assert.is_truthy(key)
    local path = process.write(directory .. "/foreign.pem", certificate)
    local said, code = openssl("verify", "-CAfile", directory .. "/azureml/emulator/ca.pem", path)
    assert.is_true(code ~= 0)
    assert.is_truthy(said:find("permitted subtree violation", 1, true), said)
  end)

  it("vouches for Azure's names where that was asked for, from a file of its own", function()
    local plain, azure = issue(), issue(AZURE)
    assert.are_not.equal(plain, azure)
    assert.is_truthy(azure:find "/ca%-azure%-%x%x%x%x%x%x%x%x%.pem$", azure)
    local certificate = directory .. "/certificate"
    for _, name in ipairs { "management.azure.com", "westeurope.api.azureml.ms" } do
      local said, code = openssl("verify", "-CAfile", azure, "-verify_hostname", name, certificate)
      assert.equal(0, code, said)
    end
    assert.is_true(select(2, openssl("verify", "-CAfile", plain, certificate)) ~= 0)
    local trusted = read(directory .. "/azureml/emulator/trusted.pem")
    assert.equal(read(plain) .. read(azure), trusted)
  end)

  it("signs servers that openssl takes for localhost, 127.0.0.1 and ::1", function()
    local ca_file = issue()
    local certificate = directory .. "/certificate"
    for _, row in ipairs {
      { "-verify_hostname", "localhost" }, { "-verify_ip", "127.0.0.1" }, { "-verify_ip", "::1" },
    } do
      local said, code = openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile",
        ca_file, row[1], row[2], certificate)
      assert.equal(0, code, said)
    end
    assert.is_true(
      select(2,
        openssl("verify", "-CAfile", ca_file, "-verify_hostname", "example.org", certificate)) ~= 0)
  end)

  it("is replaced when it is about to expire", function()
    local expired = { core.certificate.authority("old", { "DNS:localhost" }, 5) }
    os.execute(
      ("mkdir -p '%s/azureml/emulator'; chmod 700 '%s/azureml/emulator'"):format(directory,
        directory))
    process.write(directory .. "/azureml/emulator/ca.key", expired[1] .. expired[2], "600")
    issue()
    assert.are_not.equal(expired[1] .. expired[2], read(directory .. "/azureml/emulator/ca.key"))
  end)

  for what, make in pairs {
    ["holds anything"] = function(path) process.write(path, "anything") end,
    ["is another's key"] = function(path)
      local one, other = { core.certificate.authority("a", { "DNS:a" }, 50) }, {
        core.certificate.authority("b", { "DNS:b" }, 50),
      }
      process.write(path, one[1] .. other[2])
    end,
    ["may be written by everybody"] = function(path) process.write(path, "x", "666") end,
  } do
    it("is refused by name when its file " .. what, function()
      issue()
      local path = directory .. "/azureml/emulator/ca.key"
      make(path)
      local _, errors, code = run(directory, ISSUE)
      assert.equal(1, code)
      assert.is_truthy(
        errors:find("the emulator's certificate authority, " .. path .. ", cannot be used:", 1,
          true), errors)
    end)
  end

  it("says that it has no place to be in", function()
    local _, errors, code = process.executable({ "-e", ISSUE }, { HOME = "", XDG_STATE_HOME = "" })
    assert.equal(1, code)
    assert.is_truthy(errors:find("neither XDG_STATE_HOME nor HOME is set", 1, true))
  end)

  it("serves: an emulator in this process, and who works with it", function()
    local running <close> = emulator.start {
      tls = true, seed = { instances = { ["ci-ann"] = "Running" } },
    }
    assert.is_truthy(running.url:find "^https://127%.0%.0%.1:")
    local ws <close> = azureml.workspace()
    assert.equal("Running", ws.instances:get("ci-ann").state)
    assert.equal(certificate_authority.directory() .. "/trusted.pem",
      certificate_authority.trusted())
    local stranger <close> = azureml.client { endpoint = running.url, retry = { tries = 0 } }
    local _, refused = azureml.try(stranger.request, stranger, { path = "/emulator/settings" })
    assert.is_truthy(refused.message:find "certificate", refused.message)
  end)
end)

describe("core.certificate", function()
  it("refuses names that are none", function()
    for _, names in ipairs {
      {}, { "localhost" }, { "DNS:a,IP:b" }, { "DNS:a\nb" }, { 5 }, { "email:x" },
      { "DNS:a.*.b" }, { "IP:*.1" },
    } do
      assert.error(function() core.certificate.authority("x", names, 1) end)
      assert.error(function() core.certificate.server("", "", "x", names, 1) end)
    end
  end)

  it("gives nil and why for texts that are no authority", function()
    local made, why = core.certificate.server("x", "y", "z", { "DNS:a" }, 1)
    assert.same({ nil, "OpenSSL could not make the certificate" }, { made, why })
    assert.is_nil((core.certificate.authority("x", { "IP:not-an-address" }, 1)))
    assert.equal("it holds no certificate with its key", core.certificate.fault("", "", 1))
  end)

  it("sees what expires", function()
    local certificate, key = core.certificate.authority("x", { "DNS:a" }, 10)
    assert.is_nil(core.certificate.fault(certificate, key, 9))
    assert.equal("it expires", core.certificate.fault(certificate, key, 11))
  end)
end)
