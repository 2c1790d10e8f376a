--- No secret gets out: one run of the executable that uses every kind of secret and token there is,
--- in success and in failure, with all that can be made to talk switched on. What it printed and
--- what it left on the disk must hold none of them.
local authority = require "spec.authority"
local azureml = require "azureml"
local certificate = require "spec.certificate"
local core = require "azureml.core"
local json = require "azureml.json"
local process = require "spec.process"
local scripted = require "spec.scripted"
local vectors = require "spec.vectors"

local CLIENT_SECRET = "client+secret/of=the%environment~1234"
local GIVEN_SECRET = "given&secret=with hard%characters"
local ASSERTION = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhc3NlcnRlZCJ9.assertion-signature"
local FILE_ASSERTION = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJmaWxlIn0.file-signature"
local FIXED_TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJmaXhlZCJ9.fixed-signature"
local CALLBACK_TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYWxsYmFjayJ9.callback-signature"
local RUN_TOKEN = "token-of-the-workflow's-run"
local FEDERATED = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJmZWRlcmF0ZWQifQ.federated-signature"
local CUT_OFF = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjdXQ"

-- What the run does. It shows everything that it gets hold of.
local SCRIPT = [=[
local azureml = require "azureml"
local credential = azureml.credential
local url, material, password = arg[1], arg[2], arg[3]
local function read(name) local file <close> = assert(io.open(name)) return file:read "a" end
local given = dofile(arg[4])

local function show(value, indent, seen)
  indent, seen = indent or "", seen or {}
  print(indent .. tostring(value))
  if type(value) == "userdata" then
    print(indent, debug.getuservalue(value, 1))
    return
  end
  if type(value) ~= "table" or seen[value] then return end
  seen[value] = true
  for name, one in pairs(value) do
    print(indent .. tostring(name))
    show(one, indent .. "  ", seen)
  end
end

local function use(own, scope)
  local client <close> = azureml.client { endpoint = url, credential = own,
    scope = scope or "https://management.azure.com/.default",
    retry = { tries = 1, delay = 0 }, on_request = show, on_reply = show }
  show(own)
  show(client)
  for _, path in ipairs { "/ok", "/refused", "/challenged", "/wrong-tenant" } do
    local reply, err = azureml.try(client.request, client, { path = path, label = "try " .. path })
    if reply then print(reply.status) else show(err) print(err.traceback) end
  end
  print(pcall(client.request, client, { nonsense = 1 }))
  print(own:claim "sub")
  own:close()
  show(own)
end

local application = { tenant_id = "t.org", client_id = "app", authority = url }
local function with(fields)
  for name, value in pairs(application) do if fields[name] == nil then fields[name] = value end end
  return fields
end

use(credential.environment())
use(credential.default())
use(credential.client_secret(with { client_secret = given.secret }))
use(credential.client_secret(with { client_secret = given.secret, tenant_id = "refusing" }))
use(credential.client_secret(with { client_secret = given.secret, tenant_id = "cut-off" }))
use(credential.client_secret(with { client_secret = given.secret, tenant_id = "line-end" }))
use(credential.client_certificate(with { certificate_path = material .. "/client.p12",
  password = password }))
use(credential.client_certificate(with { certificate = read(material .. "/chain.combined.pem"),
  send_certificate_chain = true }))
use(credential.client_certificate(with { certificate_path = material .. "/client.combined.enc.pem",
  password = password,
  tenant_id = "refusing" }))
use(credential.client_assertion(with { assertion = function() return given.assertion end }))
use(credential.client_assertion(with { assertion = function() return given.assertion .. "\n" end,
  tenant_id = "refusing" }))
use(credential.workload_identity(with { tenant_id = "t.org" }))
use(credential.github_actions(with {}))
use(credential.token { token = given.token })
use(credential.callback(function() return given.callback, 3600 end))
use(credential.callback(function() return given.callback .. "\n" end))
use(credential.callback(function() error { token = given.callback } end))
for _, wrong in ipairs {
  { client_secret = given.secret, tenant_id = "a/b" }, { client_secret = given.secret .. "\0" },
  { client_secret = given.secret, nonsense = 1 },
} do
  print(pcall(credential.client_secret, with(wrong)))
end
local DAMAGED = {
  "client.p12", "client.combined.enc.pem", "bad.mismatch.pem", "bad.twokeys.pem", "bad.garbage.pem",
}
for _, name in ipairs(DAMAGED) do
  local path, wrong = material .. "/" .. name, password .. "x"
  for _, options in ipairs { { certificate_path = path }, { certificate = read(path) } } do
    options.password = wrong
    show(select(2, azureml.try(credential.client_certificate, with(options))))
  end
end

-- An operation with its ticket, written down for other processes.
local ws = azureml.workspace { subscription_id = "11111111-1111-1111-1111-111111111111",
  resource_group = "ml", name = "team",
  cloud = { authority = url, resource_manager = url,
    scope = "https://management.azure.com/.default" },
  credential = credential.environment() }
local operation = ws.instances:start "ann"
show(operation)
print(operation:ticket())
show(ws)
print(pcall(error, ws))
local client <close> = azureml.client { endpoint = url, credential = credential.environment(),
  scope = "s" }
azureml.try(client.request, client, { path = "/done" })
]=]

describe("a whole run", function()
  local material, trusted, entra, directory, secrets

  -- The service and Entra ID, of which some refuse, break off, or send what no token is.
  local function token_answer(form, request)
    local claims = core.crypto.base64url(json.encode { sub = "someone" })
    local token = ("eyJhbGciOiJub25lIn0.%s.issued-%d"):format(claims, #entra.forms)
    secrets["token " .. #entra.forms] = token
    if form.client_assertion then secrets["assertion " .. #entra.forms] = form.client_assertion end
    if request.target:find "^/refusing" then
      return { status = 401,
        body = json.encode { error = "invalid_client", error_description = "AADSTS700027: no." } }
    elseif request.target:find "^/cut%-off" then
      return { status = 200, body = '{"token_type":"Bearer","access_token":"' .. CUT_OFF }
    end
    return { status = 200, body = json.encode { token_type = "Bearer", expires_in = 3600,
      access_token = request.target:find "^/line%-end" and token .. "\r\n" or token } }
  end

  local is_done
  local function service_answer(request)
    local target = request.target
    if target:find "^/issue" then
      return { status = 200, body = json.encode { value = FEDERATED } }
    end
    if target:find "^/done" then is_done = true end
    if target:find "^/refused" then
      return { status = 403, body = '{"error":{"code":"AuthorizationFailed","message":"no"}}' }
    end
    if target:find "^/challenged" then
      return { status = 401,
        headers = { ["WWW-Authenticate"] = vectors.other().cae_challenges[1].header }, body = "{}" }
    elseif target:find "^/wrong%-tenant" then
      return { status = 401,
        body = '{"error":{"code":"InvalidAuthenticationTokenTenant","message":"no"}}' }
    elseif target:find "/start" then
      return { status = 202,
        headers = { Location = entra.url .. "/status", ["Retry-After"] = "100" } }
    elseif target:find "/computes/ann" then
      local inner = { state = "Stopped" }
      return { status = 200, body = json.encode {
        name = "ann", properties = { computeType = "ComputeInstance", properties = inner } } }
    end
    return { status = 200, body = "{}" }
  end

  local read = process.read

  -- What is given to the run lies apart from what it leaves behind.
  local function inputs_of(variables)
    local inputs = process.directory()
    local values = ("return { secret = %q, assertion = %q, token = %q, callback = %q }"):format(
      GIVEN_SECRET, ASSERTION, FIXED_TOKEN, CALLBACK_TOKEN)
    process.write(inputs .. "/script.lua", SCRIPT)
    process.write(inputs .. "/given.lua", values)
    variables.AZURE_FEDERATED_TOKEN_FILE = process.write(inputs .. "/federated", FILE_ASSERTION)
    return inputs
  end

  local function run(variables)
    local inputs, argv = inputs_of(variables), { "env", "-C", directory }
    for name, value in pairs(variables) do argv[#argv + 1] = name .. "=" .. value end
    for _, word in ipairs {
      process.executable_path, "--trace=" .. directory .. "/trace", inputs .. "/script.lua",
      entra.url, material.directory,
      vectors.PASSWORD, inputs .. "/given.lua",
    } do argv[#argv + 1] = word end
    local child <close> = process.background(argv, directory .. "/output")
    local give_up = core.now() + 60
    while not is_done and core.now() < give_up do azureml.sleep(0.01) end
    child.file:close()      -- waits for its end
    child.pid = nil
    process.remove(inputs)
  end

  local function key_lines(text)
    local key = text:match "%-%-%-%-%-BEGIN [%u ]*PRIVATE KEY%-%-%-%-%-\n(.-)\n%-%-%-%-%-END"
    local lines = {}
    for line in key:gmatch "[^\n]+" do if #line == 64 then lines[#lines + 1] = line end end
    return lines
  end

  setup(function()
    material, trusted, directory = vectors.open(), certificate.authority "ec", process.directory()
    is_done = false
    secrets = {
      ["secret of the environment"] = CLIENT_SECRET, ["secret that is given"] = GIVEN_SECRET,
      ["assertion of a function"] = ASSERTION,
      ["assertion of a file"] = FILE_ASSERTION, ["token that is given"] = FIXED_TOKEN,
      ["token of a function"] = CALLBACK_TOKEN,
      ["token of a workflow's run"] = RUN_TOKEN, ["federated token"] = FEDERATED,
      ["cut-off token"] = CUT_OFF,
      ["password of a certificate"] = vectors.PASSWORD,
    }
    for _, name in ipairs { "client.key.pem", "chain.leaf.key.pem", "client.key.enc.pem" } do
      for i, line in ipairs(key_lines(vectors.read(material, name))) do
        secrets[name .. ", line " .. i] = line
      end
    end
    entra = authority(token_answer, service_answer,
      { tls = certificate.server(trusted, "IP:127.0.0.1") })
    run {
      HOME = directory, XDG_STATE_HOME = directory .. "/state",
      XDG_CACHE_HOME = directory .. "/cache", SSL_CERT_FILE = trusted.ca_file,
      AZURE_TENANT_ID = "t.org", AZURE_CLIENT_ID = "app", AZURE_CLIENT_SECRET = CLIENT_SECRET,
      AZURE_AUTHORITY_HOST = entra.url,
      ACTIONS_ID_TOKEN_REQUEST_URL = entra.url .. "/issue",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN = RUN_TOKEN,
    }
  end)

  teardown(function()
    entra:close()
    certificate.remove(trusted)
    vectors.close(material)
    process.remove(directory)
  end)

  local function files()
    local list = {}
    for path in process.run({ "find", directory, "-type", "f" }):gmatch "[^\n]+" do
      list[path] = read(path)
    end
    return list
  end

  it("gets to its end, uses every kind, and leaves what it should", function()
    local output = read(directory .. "/output")
    assert.is_true(is_done, output)
    local seen = {}
    for kind in output:gmatch "credential: ([%l_]+)" do seen[kind] = true end
    for _, kind in ipairs {
      "client_secret", "client_certificate", "client_assertion", "github_actions", "token",
      "function", "chain",
    } do assert.is_true(seen[kind], kind) end
    assert.matches("AADSTS700027", output)
    assert.matches("InvalidAuthenticationTokenTenant", output)
    assert.matches("the password is wrong", output)
    local names = table.concat({ (process.run { "find", directory, "-type", "f" }) })
    assert.matches("/trace\n", names)
    assert.matches("/state/azureml/operations/", names)
    assert.matches('"event":"token"', read(directory .. "/trace"))
    assert.is_true(#entra.forms > 20)
  end)

  -- As it is, as it travels in a form, and as base64.
  local function guises(secret)
    return { secret, core.escape(secret), core.crypto.base64(secret),
      core.crypto.base64url(secret) }
  end

  it("printed no secret and left none behind", function()
    local count = 0
    for path, text in pairs(files()) do
      for name, secret in pairs(secrets) do
        for _, guise in ipairs(guises(secret)) do
          count = count + 1
          assert.is_nil(text:find(guise, 1, true),
            ("%s is in %s"):format(name, path:sub(#directory + 1)))
        end
      end
    end
    assert.is_true(count > 1000)
  end)

  it("would have been found out", function()
    local text = "... " .. core.escape(GIVEN_SECRET) .. " ..."
    local found = false
    for _, guise in ipairs(guises(GIVEN_SECRET)) do
      found = found or text:find(guise, 1, true) ~= nil
    end
    assert.is_true(found)
  end)
end)

describe("an error", function()
  local SECRET = 'p+q/r"s&t u~5678'
  local REFRESH = "0.refresh-token/of+the%user"
  local ACCESS = "opaque/access+token=1234"
  local FORMATS = {
    json = function(echo)
      return "application/json", json.encode { error = { code = echo, message = echo,
        target = echo, details = { { code = echo, message = "{" .. json.encode(echo) .. "}" } } } }
    end,
    entra = function(echo)
      return "application/json", json.encode { error = "invalid_grant",
        error_description = "AADSTS7000215: no: " .. echo .. " Trace ID: " .. echo,
        trace_id = echo, correlation_id = echo }
    end,
    html = function(echo)
      local escaped = echo:gsub("&", "&amp;"):gsub('"', "&#34;")
      return "text/html", "<html><title>" .. escaped .. "</title>"
    end,
    text = function(echo) return "text/plain", ("x"):rep(1000) .. echo end,
  }
  local server, directory

  -- Show everything that an error holds.
  local function all_of(value, seen)
    seen = seen or {}
    if type(value) ~= "table" or seen[value] then return tostring(value) end
    seen[value] = true
    local parts = { tostring(value) }
    for name, member in pairs(value) do
      parts[#parts + 1] = tostring(name) .. "=" .. all_of(member, seen)
    end
    return table.concat(parts, "\n")
  end

  local function assert_shows_none(text, ...)
    for _, secret in ipairs { ... } do
      for length = #secret, 8, -1 do
        assert.is_nil(text:find(secret:sub(1, length), 1, true), text)
      end
    end
  end

  before_each(function() directory = process.directory() end)
  after_each(function()
    core.trace "/dev/null"
    if server then server:close() end
    server = nil
    process.remove(directory)
  end)

  local function decoded(body)
    return (body:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
  end

  local function echoing(format, refuses)
    server = scripted(function(request)
      if not refuses(request) then
        return { status = 200, body = json.encode { token_type = "Bearer", expires_in = 3600,
          access_token = ACCESS } }
      end
      local echo = (request.headers.authorization or "") .. " " .. decoded(request.body or "")
      local kind, body = FORMATS[format](echo)
      return { status = 400, body = body,
        headers = { ["Content-Type"] = kind, ["x-ms-request-id"] = echo:gsub("[%c\"]", "") } }
    end)
    return server.url
  end

  for format in pairs(FORMATS) do
    it("shows no secret that a token endpoint echoes in " .. format, function()
      local url = echoing(format, function(request) return request.method == "POST" end)
      local seen = {}
      for _, own in ipairs {
        azureml.credential.client_secret {
          authority = url, tenant_id = "t", client_id = "app", client_secret = SECRET },
        azureml.credential.refresh_token {
          authority = url, tenant_id = "t", client_id = "app", refresh_token = REFRESH },
        azureml.credential.client_assertion {
          authority = url, tenant_id = "t", client_id = "app",
          assertion = function() return ASSERTION end },
      } do
        local client <close> = azureml.client { endpoint = url, credential = own, scope = "s" }
        local _, err = azureml.try(client.request, client, { path = "/x" })
        seen[#seen + 1] = all_of(err)
      end
      assert.equal(3, #server.requests)
      assert_shows_none(table.concat(seen), SECRET, REFRESH, ASSERTION)
    end)

    it("shows no bearer token that the service echoes in " .. format, function()
      local url = echoing(format, function(request) return request.method ~= "POST" end)
      local own = azureml.credential.client_secret {
        authority = url, tenant_id = "t", client_id = "app", client_secret = SECRET }
      local lines = {}
      local function note(line) lines[#lines + 1] = all_of(line) end
      assert(core.trace(directory .. "/trace"))
      local client <close> = azureml.client { endpoint = url, credential = own, scope = "s",
        on_request = note, on_reply = note }
      local _, err = azureml.try(client.request, client, { path = "/x" })
      lines[#lines + 1] = all_of(err)
      lines[#lines + 1] = process.run { "cat", directory .. "/trace" }
      assert.equal(2, #server.requests)
      assert.equal(400, err.status)
      assert_shows_none(table.concat(lines, "\n"), ACCESS, SECRET)
    end)
  end

  for name, proxy in pairs {
    ["whose scheme is unknown"] = "gopher9://ann:pass-word1@127.0.0.1:9",
    ["that is malformed"] = "http://ann:pass-word1@127.0.0.1:port",
    ["that is not there"] = "http://ann:pass-word1@127.0.0.1:9",
    ["without a scheme"] = "ann:pass-word1@127.0.0.1:9",
  } do
    it("shows no password of a proxy " .. name, function()
      local client <close> = azureml.client { endpoint = "http://service.example", proxy = proxy,
        retry = { tries = 0 } }
      local _, err = azureml.try(client.request, client, { path = "/x" })
      assert.is_truthy(err)
      assert_shows_none(all_of(err) .. tostring(client), "pass-word1", "ann:pass")
    end)
  end

  for _, endpoint in ipairs {
    "https://ann:pass-word1@service.example", "https://ann:pass-word1/2@service.example/x",
    "ann:pass-word1@service.example", "ftp://ann:pass-word1@service.example", "//ann:pass-word1@h",
  } do
    it(("refuses the endpoint %s without its password"):format(endpoint), function()
      local _, err = azureml.try(azureml.client, { endpoint = endpoint })
      assert.equal("InvalidEndpoint", err.code)
      assert_shows_none(all_of(err), "pass-word1")
    end)

    it(("refuses the emulator %s without its password"):format(endpoint), function()
      local said, failure = process.run({ process.executable_path, "list" },
        { AZUREML_EMULATOR = endpoint, HOME = directory }, directory)
      assert.matches("AZUREML_EMULATOR is '[^']*%*%*%*@", said .. failure)
      assert_shows_none(said .. failure, "pass-word1")
    end)
  end
end)

describe("the executable's memory", function()
  -- If the memory of a process may not be dumped, its files in /proc belong to root, whatever user
  -- it runs as.
  it("may not be dumped, nor looked at by other programs of the same user", function()
    local directory <close> = setmetatable({ path = process.directory() },
      { __close = function(self) process.remove(self.path) end })
    local copy = directory.path .. "/azureml"
    process.run { "cp", process.executable_path, copy }
    process.run { "chmod", "755", directory.path, copy }
    local is_root = process.run({ "id", "-u" }):match "%d+" == "0"
    local argv = { copy, "-e", "print(io.popen('stat -c %u /proc/$PPID/stat; id -u'):read 'a')" }
    if is_root then argv = { "setpriv", "--reuid=65534", "--clear-groups", table.unpack(argv) } end
    -- A copy, because the user `nobody` may have no access to root's home.
    local output, errors = process.run(argv, { LUA_INIT = "" }, directory.path)
    local owner, user = output:match "(%d+)\n(%d+)"
    assert.is_truthy(user and user ~= "0", errors)
    -- a build that checks its memory must be looked at
    if os.getenv "AZUREML_PRELOAD" then return end
    assert.equal("0", owner)
  end)
end)
