-- Check how applications prove their identity, against an independent token server that verifies
-- their assertions: see server.mjs. `make conformance-auth` runs it.
local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local process = require "spec.process"
local scripted = require "spec.scripted"

local DIRECTORY = assert(os.getenv "AZUREML_CONFORMANCE", "run it by `make conformance-auth`")
local TENANT = "11111111-1111-4111-8111-111111111111"
local SECRET = "a+b&c=d e%~'\"\\{}"
local SCOPE = "https://management.azure.com/.default"

describe("a token endpoint that verifies", function()
  local keys, server, pid, service, url

  local function openssl(...)
    local _, errors, code = process.run({ "openssl", ... }, nil, keys)
    assert.equal(0, code, errors)
  end

  local function make(name)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" .. name,
      "-keyout", name .. ".key", "-out", name .. ".crt")
    os.execute(("cd '%s' && cat %s.key %s.crt >%s.pem"):format(keys, name, name, name))
  end

  local function quoted(word)
    return "'" .. word:gsub("'", "'\\''") .. "'"
  end

  setup(function()
    keys = process.directory()
    make "own"
    make "other"
    local command = ("node %s/server.mjs %s/own.crt %s 2>%s/log & echo $!; wait"):format(
      DIRECTORY, keys, quoted(SECRET), keys)
    server = assert(io.popen(command))
    pid = math.tointeger(server:read "n")
    server:read "l"
    url = assert(server:read "l", "the server did not start")
    service = scripted(function(request)
      return { status = 200, body = json.encode { got = request.headers.authorization } }
    end)
  end)

  teardown(function()
    service:close()
    process.run { "kill", pid }
    server:close()
    process.remove(keys)
  end)

  local function ask(own)
    local client <close> = azureml.client {
      endpoint = service.url, credential = own, scope = SCOPE
    }
    local reply, err = azureml.try(client.request, client, { path = "/x" })
    own:close()
    return reply and reply.json.got or nil, err
  end

  local function application(kind, given)
    local all = { authority = url, tenant_id = TENANT, client_id = "by-certificate" }
    for name, value in pairs(given) do all[name] = value end
    return azureml.credential[kind](all)
  end

  local function accepted()
    local client <close> = azureml.client { endpoint = url }
    return client:request({ path = "/accepted" }).json
  end

  local function pem(name)
    return keys .. "/" .. name
  end

  for name, given in pairs {
    ["PS256"] = {}, ["PS256 and the chain"] = { send_certificate_chain = true },
    ["RS256"] = { algorithm = "RS256" },
    ["RS256 and the chain"] = { algorithm = "RS256", send_certificate_chain = true },
  } do
    it("takes a certificate with " .. name .. ", each time with a fresh assertion", function()
      local all = { certificate_path = pem "own.pem" }
      for field, value in pairs(given) do all[field] = value end
      local before = #accepted()
      for _ = 1, 3 do
        assert.matches("^Bearer ey", (assert(ask(application("client_certificate", all)))))
      end
      local now, ids = accepted(), {}
      assert.equal(3, #now - before)
      for i = before + 1, #now do
        ids[now[i].claims.jti] = true
        assert.equal(given.algorithm or "PS256", now[i].header.alg)
        assert.equal(given.send_certificate_chain and 1 or 0, #(now[i].header.x5c or {}))
      end
      local count = 0
      for _ in pairs(ids) do count = count + 1 end
      assert.equal(3, count)
    end)
  end

  it("takes a certificate from PKCS#12 and with an encrypted key", function()
    openssl("pkcs12", "-export", "-in", "own.pem", "-passout", "pass:word", "-out", "own.p12")
    openssl("pkcs8", "-topk8", "-in", "own.key", "-passout", "pass:word", "-out", "encrypted.key")
    os.execute(("cd '%s' && cat own.crt encrypted.key >encrypted.pem"):format(keys))
    for _, name in ipairs { "own.p12", "encrypted.pem" } do
      assert(
        ask(application("client_certificate", { certificate_path = pem(name), password = "word" })))
    end
  end)

  local function refused(own)
    local token, err = ask(own)
    assert.is_nil(token)
    assert.equal("invalid_client", err.code)
    assert.equal(401, err.status)
  end

  it("refuses another application's certificate", function()
    refused(application("client_certificate", { certificate_path = pem "other.pem" }))
  end)

  it("takes a secret with special characters, and refuses any other secret", function()
    assert(ask(application("client_secret", { client_id = "by-secret", client_secret = SECRET })))
    refused(
      application("client_secret", { client_id = "by-secret", client_secret = SECRET .. " " }))
  end)

  -- Build an assertion by hand, so that each test controls its one mistake.
  local function assertion(change)
    local key <close> = core.crypto.read_key((process.run { "cat", pem "own.key" }))
    local der = core.crypto.from_base64(
      ((process.run { "cat", pem "own.crt" }):gsub("%-%-%-%-%-.-%-%-%-%-%-", ""):gsub("%s", "")))
    local header = {
      alg = "PS256", typ = "JWT", ["x5t#S256"] = core.crypto.base64url(core.crypto.sha256(der))
    }
    local claims = {
      iss = "by-certificate", sub = "by-certificate",
      aud = ("%s/%s/oauth2/v2.0/token"):format(url, TENANT), jti = core.guid(), nbf = os.time(),
      exp = os.time() + 600
    }
    if change then change(header, claims) end
    local text = core.crypto.base64url(json.encode(header)) .. "."
      .. core.crypto.base64url(json.encode(claims))
    return text .. "." .. core.crypto.base64url(key:sign("PS256", text))
  end

  it("takes an assertion of a function and of a file, and refuses it the second time", function()
    local own = assertion()
    assert(ask(application("client_assertion", { assertion = function() return own end })))
    refused(application("client_assertion", { assertion = function() return own end }))
    local file = process.write(pem "assertion", assertion() .. "\n")
    assert(ask(application("client_assertion", { assertion_file = file })))
    refused(application("workload_identity", { token_file = file }))
    process.write(file, assertion())
    assert(ask(application("workload_identity", { token_file = file })))
  end)

  for name, change in pairs {
    ["for another token endpoint"] = function(_, claims) claims.aud = claims.aud .. "/" end,
    ["of another application"] = function(_, claims) claims.iss = "by-secret" end,
    ["that has expired"] = function(_, claims)
      claims.nbf, claims.exp = os.time() - 700, os.time() - 100
    end,
    ["that is not valid yet"] = function(_, claims) claims.nbf = os.time() + 300 end,
    ["that lives too long"] = function(_, claims) claims.exp = os.time() + 3600 end,
    ["without an id"] = function(_, claims) claims.jti = nil end,
    ["that names another certificate"] = function(header) header["x5t#S256"] = ("A"):rep(43) end,
    ["that claims another algorithm"] = function(header) header.alg = "RS256" end,
  } do
    it("refuses an assertion " .. name, function()
      local own = assertion(change)
      refused(application("client_assertion", { assertion = function() return own end }))
    end)
  end
end)
