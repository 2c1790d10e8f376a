--- The identity that Azure gives to a machine: csrc/credential/managed.c and its parts.
local azureml = require "azureml"
local base64url = require("azureml.emulator.entra.directory").base64url
local core = require "azureml.core"
local credential = azureml.credential
local json = require "azureml.json"
local process = require "spec.process"
local raw = require "spec.raw"
local scripted = require "spec.scripted"
local surroundings = require "spec.surroundings"
local world = require "spec.world"

local SCOPE = "https://management.azure.com/.default"
local GUID = "33333333-3333-3333-3333-333333333333"
local OTHER_GUID = "44444444-4444-4444-4444-444444444444"
local SECRET = "se+cr/et=="
local TOKEN = ("%s.%s.c2ln"):format(base64url '{"alg":"none"}', base64url '{"oid":"the-machine"}')
local QUERY = "?api%-version=%d%d%d%d%-%d%d%-%d%d"

local VARIABLES = {
  "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT",
  "MSI_ENDPOINT", "MSI_SECRET",
  "DEFAULT_IDENTITY_CLIENT_ID", "AZURE_POD_IDENTITY_AUTHORITY_HOST",
}

local function answer(fields)
  local all = {
    access_token = TOKEN, token_type = "Bearer", expires_on = tostring(os.time() + 3600),
    resource = "r"
  }
  for name, value in pairs(fields or {}) do all[name] = value end
  return { status = 200, body = json.encode(all) }
end

describe("a managed identity", function()
  local around, server, answers, own, client

  before_each(function()
    core.clock "virtual"
    around = surroundings(VARIABLES)
    answers = {}
  end)

  after_each(function() client, own, server = world.finish(client, own, server, around) end)

  -- Start a server that gives these answers in turn and repeats the last. Return its URL.
  local function serve(...)
    answers = { ... }
    server = scripted(function() return #answers > 1 and table.remove(answers, 1) or answers[1] end)
    return server.url
  end

  local function open(handle, scope)
    own = handle
    client = azureml.client {
      endpoint = "https://127.0.0.1:1", credential = own, scope = scope or SCOPE,
      retry = { tries = 0 }
    }
  end

  -- Return "sent" when the request got its token and was sent, else the error.
  local function ask()
    local _, err = azureml.try(client.request, client, { path = "/x" })
    return err.code == "ConnectionFailed" and "sent" or err
  end

  local function imds(...)
    around:set { AZURE_POD_IDENTITY_AUTHORITY_HOST = serve(...) }
  end

  local SOURCES = {
    IMDS = function(url) return { AZURE_POD_IDENTITY_AUTHORITY_HOST = url .. "/" } end,
    ["App Service"] = function(url)
      return { IDENTITY_ENDPOINT = url .. "/msi/token", IDENTITY_HEADER = SECRET }
    end,
    ["Azure ML"] = function(url)
      return { MSI_ENDPOINT = url .. "/MSI/auth", MSI_SECRET = SECRET }
    end,
    ["Cloud Shell"] = function(url) return { MSI_ENDPOINT = url .. "/oauth2/token" } end,
    ["Azure Arc"] = function(url)
      return {
        IDENTITY_ENDPOINT = url .. "/metadata/identity/oauth2/token",
        IMDS_ENDPOINT = "http://127.0.0.1:40342"
      }
    end,
    ["Service Fabric"] = function(url)
      return {
        IDENTITY_ENDPOINT = url, IDENTITY_HEADER = SECRET, IDENTITY_SERVER_THUMBPRINT = "AB"
      }
    end,
  }

  local RESOURCE = "&resource=https%3A%2F%2Fmanagement.azure.com"
  for name, row in pairs {
    IMDS = {
      "GET", "/metadata/identity/oauth2/token?api-version=2018-02-01" .. RESOURCE, "metadata",
      "true",
    },
    ["App Service"] = {
      "GET", "/msi/token?api-version=2019-08-01" .. RESOURCE, "x-identity-header", SECRET,
    },
    ["Azure ML"] = {
      "GET", "/MSI/auth?api-version=2017-09-01" .. RESOURCE, "secret", SECRET,
    },
    ["Cloud Shell"] = {
      "POST", "/oauth2/token", "metadata", "true", "resource=https%3A%2F%2Fmanagement.azure.com"
    },
    ["Azure Arc"] = {
      "GET", "/metadata/identity/oauth2/token?api-version=2020-06-01" .. RESOURCE, "metadata",
      "true",
    },
  } do
    it(("asks %s in its own protocol, past proxies, once per token"):format(name), function()
      for _, proxy in ipairs { "http_proxy", "HTTP_PROXY", "ALL_PROXY" } do
        around:set { [proxy] = "http://127.0.0.1:9" }
      end
      around:set(SOURCES[name](serve(answer())))
      open(credential.managed_identity())
      assert.equal("sent", ask())
      assert.equal("sent", ask())
      assert.equal("the-machine", own:claim "oid")
      assert.equal(1, #server.requests)
      local request = server.requests[1]
      assert.equal(row[1], request.method)
      assert.equal(row[2], request.target)
      assert.equal(row[4], request.headers[row[3]])
      assert.equal(row[5] or "", request.body)
      assert.is_nil(request.headers.authorization)
      if row[3] ~= "metadata" then assert.is_nil(request.headers.metadata) end
      if row[5] then
        assert.equal("application/x-www-form-urlencoded", request.headers["content-type"])
      end
    end)
  end

  it("keeps the slash of the resource where the scope has two", function()
    imds(answer())
    open(credential.managed_identity(), "https://management.core.windows.net//.default")
    assert.equal("sent", ask())
    assert.matches("resource=https%%3A%%2F%%2Fmanagement.core.windows.net%%2F$",
      server.requests[1].target)
  end)

  local RESOURCE_ID = "/subscriptions/s/resourcegroups/g/providers/"
    .. "Microsoft.ManagedIdentity/userAssignedIdentities/a b"

  for _, row in ipairs {
    { "IMDS", { client_id = "app" }, "client_id=app" },
    { "IMDS", { object_id = GUID }, "object_id=" .. GUID },
    { "IMDS", { resource_id = RESOURCE_ID }, "msi_res_id=" .. core.escape(RESOURCE_ID) },
    { "App Service", { client_id = "app" }, "client_id=app" },
    { "App Service", { object_id = GUID }, "principal_id=" .. GUID },
    { "App Service", { resource_id = RESOURCE_ID }, "mi_res_id=" .. core.escape(RESOURCE_ID) },
    { "Azure ML", { client_id = GUID }, "clientid=" .. GUID },
  } do
    local kind, id = next(row[2])
    it(("names a user-assigned identity to %s by its %s"):format(row[1], kind), function()
      around:set(SOURCES[row[1]](serve(answer())))
      open(credential.managed_identity(row[2]))
      assert.equal("sent", ask())
      local query = server.requests[1].target:match("^[^?]*" .. QUERY .. "&(.*)&resource=")
      assert.equal(row[3], query)
      assert.equal("credential: managed_identity " .. id, tostring(own))
    end)
  end

  for _, row in ipairs {
    { "Azure ML", { object_id = GUID }, "it knows user-assigned identities by client_id only" },
    { "Azure ML", { resource_id = RESOURCE_ID },
      "it knows user-assigned identities by client_id only" },
    {
      "Azure ML", { client_id = "my-identity" },
      "client_id must be a GUID there: with anything else the token would be the signed-in user's",
    },
    { "Azure ML", { client_id = GUID .. "0" }, "client_id must be a GUID there" },
    { "Cloud Shell", { client_id = GUID },
      "it knows no user-assigned identities: leave the id out" },
    { "Azure Arc", { client_id = GUID }, "it knows no user-assigned identities: leave the id out" },
    { "Service Fabric", {},
      "its endpoint proves itself by a certificate's thumbprint, which is not supported" },
  } do
    it(("does not ask %s with %s: %s"):format(row[1], next(row[2]) or "no id", row[3]), function()
      around:set(SOURCES[row[1]](serve(answer())))
      open(credential.managed_identity(row[2]))
      local err = ask()
      assert.equal("ManagedIdentityUnavailable", err.code)
      assert.is_truthy(
        err.message:find(("managed identity (%s): %s"):format(row[1], row[3]), 1, true),
        err.message)
      assert.equal(0, #server.requests)
    end)
  end

  for value, expected in pairs {
    [GUID] = "&clientid=" .. GUID, clientid = "", ["my identity"] = ""
  } do
    it(("reads DEFAULT_IDENTITY_CLIENT_ID='%s' on a compute instance"):format(value), function()
      around:set(SOURCES["Azure ML"](serve(answer())))
      around:set { DEFAULT_IDENTITY_CLIENT_ID = value }
      open(credential.managed_identity())
      assert.equal("sent", ask())
      assert.matches("^[^?]*" .. QUERY .. expected:gsub("%p", "%%%0") .. "&resource=",
        server.requests[1].target)
    end)
  end

  it("on a compute instance prefers the option client_id to the machine's", function()
    around:set(SOURCES["Azure ML"](serve(answer())))
    around:set { DEFAULT_IDENTITY_CLIENT_ID = OTHER_GUID }
    open(credential.managed_identity { client_id = GUID })
    assert.equal("sent", ask())
    assert.matches("clientid=" .. GUID:gsub("%p", "%%%0"), server.requests[1].target)
  end)

  for name, row in pairs {
    ["Service Fabric"] = { "Service Fabric", "App Service", "IMDS" },
    ["App Service"] = { "App Service", "Azure Arc", "Azure ML", "IMDS" },
    ["Azure ML"] = { "Azure ML", "Cloud Shell", "Azure Arc", "IMDS" },
    ["Cloud Shell"] = { "Cloud Shell", "Azure Arc", "IMDS" },
    ["Azure Arc"] = { "Azure Arc", "IMDS" },
  } do
    it(("prefers %s where more variables are set"):format(name), function()
      around:set {
        AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://127.0.0.1:9",
        IMDS_ENDPOINT = "http://127.0.0.1:9"
      }
      for at = #row, 1, -1 do around:set(SOURCES[row[at]] "no URL") end
      open(credential.managed_identity())
      assert.matches("managed identity %(" .. name .. "%)", ask().message)
    end)
  end

  -- Its end ---------------------------------------------------------------------------------------

  local function american(seconds) return os.date("!%m/%d/%Y %I:%M:%S %p +00:00", seconds) end

  for name, fields in pairs {
    ["seconds as a text"] = function(ends) return { expires_on = tostring(ends) } end,
    ["an integer"] = function(ends) return { expires_on = ends } end,
    ["an American date"] = function(ends) return { expires_on = american(ends) } end,
    ["an American date without AM and PM"] = function(ends)
      return { expires_on = os.date("!%m/%d/%Y %H:%M:%S +00:00", ends) }
    end,
    ["the token itself, where there is nothing else"] = function(ends)
      local claims = base64url(json.encode { exp = ends })
      return { expires_on = json.null, access_token = ("e30.%s.c2ln"):format(claims) }
    end,
    ["an ISO date"] = function(ends)
      return { expires_on = os.date("!%Y-%m-%dT%H:%M:%S+00:00", ends) }
    end,
    ["expires_in, where there is nothing else"] = function()
      return { expires_on = json.null, expires_in = "3600" }
    end,
    ["expires_on, whatever expires_in says"] = function(ends)
      return { expires_on = ends, expires_in = "86399" }
    end,
  } do
    it("knows when its token ends from " .. name, function()
      imds(answer(fields(os.time() + 3600)))
      open(credential.managed_identity())
      assert.equal("sent", ask())
      azureml.sleep(3100)
      assert.equal("sent", ask())
      assert.equal(1, #server.requests)
      azureml.sleep(600)
      assert.equal("sent", ask())
      assert.equal(2, #server.requests)
    end)
  end

  it("renews a token of many hours at half its life", function()
    imds(answer { expires_on = os.time() + 86400 })
    open(credential.managed_identity())
    ask()
    azureml.sleep(42000)
    ask()
    assert.equal(1, #server.requests)
    azureml.sleep(2000)
    ask()
    while #server.requests == 1 do azureml.sleep(0) end
  end)

  for name, row in pairs {
    ["no JSON"] = {
      { status = 200, body = '{"access_token":"' .. TOKEN },
      "it answered with something that is not JSON"
    },
    ["no token"] = { answer { access_token = json.null }, "its answer has no access_token" },
    ["another type"] = { answer { token_type = "pop" }, "its answer is not of token_type Bearer" },
    ["no end"] = {
      answer { expires_on = json.null },
      "its token has no expiry date"
    },
    ["an end that is past"] = {
      answer { expires_on = "1000000000" },
      "its token has expired: check this machine's clock"
    },
    ["an end that is no time"] = {
      answer { expires_on = "soon" }, "its token has no expiry date"
    },
  } do
    it(("refuses an answer with %s, and shows none of it"):format(name), function()
      imds(row[1])
      open(credential.managed_identity())
      local err = ask()
      assert.equal("InvalidTokenAnswer", err.code)
      assert.is_truthy(err.message:find("managed identity (IMDS): " .. row[2], 1, true),
        err.message)
      assert.is_nil(tostring(err):find(TOKEN, 1, true))
    end)
  end

  -- Trouble ---------------------------------------------------------------------------------------

  for _, status in ipairs { 404, 408, 410, 429, 500, 501, 503, 511 } do
    it(("asks IMDS again after HTTP %d"):format(status), function()
      imds({ status = status }, { status = status }, answer())
      open(credential.managed_identity())
      assert.equal("sent", ask())
      assert.equal(3, #server.requests)
    end)
  end

  it("retries IMDS for more than the 70 s of its upgrade, then gives up", function()
    imds { status = 410 }
    open(credential.managed_identity())
    local began = core.now()
    local err = ask()
    assert.equal(410, err.status)
    assert.equal(6, #server.requests)
    assert.is_true(core.now() - began > 70)
  end)

  it("honors the Retry-After of IMDS", function()
    imds({ status = 429, headers = { ["Retry-After"] = "7" } }, answer())
    open(credential.managed_identity())
    local began = core.now()
    assert.equal("sent", ask())
    assert.is_true(core.now() - began >= 7)
  end)

  for _, status in ipairs { 404, 408, 429, 500, 502, 503, 504 } do
    it(("asks App Service again after HTTP %d, three times at most"):format(status), function()
      around:set(SOURCES["App Service"](serve { status = status }))
      open(credential.managed_identity())
      assert.equal(status, ask().status)
      assert.equal(4, #server.requests)
    end)
  end

  for name, row in pairs {
    ["an identity that is not there"] = {
      "IMDS",
      { status = 400,
        body = '{"error":"invalid_request","error_description":"Identity not found"}' },
        "invalid_request",
      "Identity not found",
      "assign this managed identity to the machine in the Azure portal, or name another one",
    },
    ["a resource that is none"] = {
      "IMDS",
      { status = 400,
        body =
          '{"error":"invalid_resource","error_description":"AADSTS500011: no such resource"}' },
      "invalid_resource", "AADSTS500011: no such resource",
      "the tenant does not know what the token is for: "
        .. "check the cloud, and the scope if you gave one",
    },
    ["plain text, as a compute instance says it"] = {
      "Azure ML",
      { status = 400, headers = { ["Content-Type"] = "text/plain" },
        body = "InternalError: no identity\r\n" }, "Http400",
      "InternalError: no identity",
    },
    ["App Service's own form"] = {
      "App Service",
      { status = 400,
        body =
          '{"statusCode":400,"message":"No User Assigned or Delegated Managed Identity found"}' },
      "Http400", "No User Assigned or Delegated Managed Identity found",
    },
  } do
    it("reports " .. name, function()
      around:set(SOURCES[row[1]](serve(row[2])))
      open(credential.managed_identity())
      local err = ask()
      assert.equal(row[3], err.code)
      assert.equal(400, err.status)
      assert.equal(("managed identity (%s): %s"):format(row[1], row[4]),
        err.message:match "managed identity.*")
      assert.equal(row[5], err.hint)
      assert.equal(1, #server.requests)
    end)
  end

  it("gives up where nothing answers", function()
    around:set { AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://127.0.0.1:1" }
    open(credential.managed_identity())
    local err = ask()
    assert.equal("ManagedIdentityUnavailable", err.code)
    assert.matches("no answer from http://127.0.0.1:1: this is no machine in Azure", err.message)
    assert.matches("^run it where Azure gave the machine a managed identity", err.hint)
  end)

  for name, url in pairs {
    ["no URL"] = "169.254.169.254", ["a query"] = "http://127.0.0.1:1/?a=b",
    ["another scheme"] = "ftp://127.0.0.1",
  } do
    it(("refuses a variable with %s"):format(name), function()
      around:set { AZURE_POD_IDENTITY_AUTHORITY_HOST = url }
      open(credential.managed_identity())
      assert.matches("its endpoint's variable does not hold an http URL", ask().message)
    end)
  end

  it("refuses a secret that would be more than a header, and does not show it", function()
    around:set { MSI_ENDPOINT = serve(answer()), MSI_SECRET = SECRET .. "\r\nX: y" }
    open(credential.managed_identity())
    local err = ask()
    assert.matches("its secret's variable holds characters that no header may have", err.message)
    assert.is_nil(tostring(err):find(SECRET, 1, true))
    assert.equal(0, #server.requests)
  end)

  for name, given in pairs {
    ["two ids"] = { client_id = GUID, object_id = GUID }, ["an empty id"] = { client_id = "" },
    ["a line end"] = { resource_id = "a\nb" },
  } do
    it(("%s are refused at once"):format(name), function()
      local _, err = azureml.try(credential.managed_identity, given)
      assert.equal("InvalidCredential", err.code)
    end)
  end

  it("is not sent unencrypted", function()
    own = credential.managed_identity()
    local _, err = azureml.try(azureml.client,
      { endpoint = "http://127.0.0.1:1", credential = own })
    assert.matches("credentials found on this machine are not sent there", err.message)
  end)

  it("leaves no token and no secret in a trace or an error", function()
    local path = os.tmpname()
    around:set(SOURCES["Azure ML"](serve({ status = 500 }, answer())))
    azureml.trace(path)
    open(credential.managed_identity())
    assert.equal("sent", ask())
    azureml.trace "/dev/null"
    local text = process.run { "cat", path }
    os.remove(path)
    assert.matches('"event":"token"', text)
    for _, secret in ipairs { SECRET, TOKEN, "eyJ", "Bearer" } do
      assert.is_nil(text:find(secret, 1, true))
    end
  end)

  it("may be closed with its client while its token is being fetched", function()
    imds {}
    open(credential.managed_identity())
    local op = client:submit({ path = "/x" }, false)
    while #server.requests == 0 do azureml.sleep(0) end
    op:close()
  end)

  -- Looking first ---------------------------------------------------------------------------------

  local REFUSED = {
    status = 400,
    body =
      '{"error":"invalid_request","error_description":"Required metadata header not specified"}'
  }

  local function chain()
    return credential.chain {
      credential.managed_identity { probe = true }, credential.token { token = TOKEN }
    }
  end

  it("in a chain probes IMDS once, without the header", function()
    imds(REFUSED, answer { expires_on = os.time() + 600 })
    open(chain())
    assert.equal("sent", ask())
    assert.equal(2, #server.requests)
    assert.is_nil(server.requests[1].headers.metadata)
    assert.equal("true", server.requests[2].headers.metadata)
    azureml.sleep(700)
    assert.equal("sent", ask())
    assert.equal(3, #server.requests)
    assert.equal("true", server.requests[3].headers.metadata)
  end)

  for name, response in pairs {
    ["something that is not Azure's"] = { status = 404, body = "<html>no such metadata</html>" },
    ["Docker's word for an address it cannot reach"] = {
      status = 403,
      body = '{"message":"A socket operation was attempted to an Unreachable network"}',
    },
    ["that this machine has no identity"] = {
      status = 400, body = '{"error":"invalid_request","error_description":"Identity not found"}',
    },
  } do
    it(("in a chain goes on to the next link when the answer is %s"):format(name), function()
      imds(response)
      open(chain())
      assert.equal("sent", ask())
      assert.is_true(#server.requests <= 2)
    end)
  end

  it("in a chain goes on at once where the connection is refused", function()
    around:set { AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://127.0.0.1:1" }
    open(chain())
    local began = core.now()
    assert.equal("sent", ask())
    assert.is_true(core.now() - began < 2)      -- not one pause on its virtual clock
  end)

  it("in a chain waits only briefly, and once, for a silent server", function()
    local silent <close> = raw(function() return {} end)
    around:set { AZURE_POD_IDENTITY_AUTHORITY_HOST = silent.url }
    open(chain())
    local began = core.time()
    assert.equal("sent", ask())
    assert.is_true(core.time() - began < 10)      -- one second, on a machine that may be very busy
    assert.equal(1, #silent.requests)
  end)

  it("in a chain ends where IMDS refuses", function()
    imds(REFUSED, {
      status = 400,
      body = '{"error":"invalid_resource","error_description":"AADSTS500011: no such resource"}'
    })
    open(chain())
    assert.equal("invalid_resource", ask().code)
  end)

  -- Arc -------------------------------------------------------------------------------------------

  describe("of Azure Arc", function()
    local directory
    local KEY = "c2VjcmV0LWtleQ=="

    before_each(function() directory = process.directory() end)
    after_each(function() process.remove(directory) end)

    local function challenge(realm)
      return { status = 401, headers = { ["WWW-Authenticate"] = realm } }
    end

    local function open_arc(...)
      around:set(SOURCES["Azure Arc"](serve(...)))
      local handle = assert(
        core.credential { kind = "managed_identity", arc_directory = directory })
      open(setmetatable({ handle = handle }, getmetatable(credential.none())))
    end

    it("proves its identity by the content of the key file that the server names", function()
      process.write(directory .. "/1.key", KEY)
      open_arc(challenge("Basic realm=" .. directory .. "/1.key"), answer())
      assert.equal("sent", ask())
      assert.is_nil(server.requests[1].headers.authorization)
      assert.equal("Basic " .. KEY, server.requests[2].headers.authorization)
      assert.equal("true", server.requests[2].headers.metadata)
      assert.equal(server.requests[1].target, server.requests[2].target)
    end)

    it("reports a refused proof as a refusal", function()
      process.write(directory .. "/1.key", KEY)
      open_arc(challenge("Basic realm=" .. directory .. "/1.key"))
      assert.equal(401, ask().status)
      assert.equal(2, #server.requests)
    end)

    for name, row in pairs {
      ["elsewhere"] = { "Basic realm=/etc/passwd", "InvalidChallenge" },
      ["elsewhere by dots"] = { "Basic realm=%s/../x.key", "InvalidChallenge" },
      ["deeper"] = { "Basic realm=%s/deeper/x.key", "InvalidChallenge" },
      ["of another kind"] = { "Basic realm=%s/x.txt", "InvalidChallenge" },
      ["in a directory of the same beginning"] = { "Basic realm=%s2/x.key", "InvalidChallenge" },
      ["without a name"] = { "Basic realm=%s/.key", "InvalidChallenge" },
      ["that is only a directory"] = { "Basic realm=%s", "InvalidChallenge" },
      ["that is not there"] = { "Basic realm=%s/none.key", "KeyUnreadable" },
      ["that is a link"] = { "Basic realm=%s/link.key", "KeyUnreadable" },
      ["that is larger than a key"] = { "Basic realm=%s/large.key", "KeyUnreadable" },
      ["that is a directory"] = { "Basic realm=%s/directory.key", "KeyUnreadable" },
      ["that is empty"] = { "Basic realm=%s/empty.key", "KeyUnreadable" },
      ["that is more than a header"] = { "Basic realm=%s/lines.key", "KeyUnreadable" },
      ["of a challenge without a realm"] = { "Bearer", "InvalidChallenge" },
    } do
      it(("never sends a file %s"):format(name), function()
        process.write(directory .. "/x.txt", KEY)
        process.write(directory .. "/large.key", ("k"):rep(4097))
        process.write(directory .. "/empty.key", "")
        process.write(directory .. "/lines.key", KEY .. "\r\nX: y")
        os.execute(("ln -s x.txt %s/link.key; mkdir %s/directory.key"):format(directory, directory))
        open_arc(challenge(row[1]:format(directory)))
        local err = ask()
        assert.equal(row[2], err.code)
        assert.equal(1, #server.requests)
        assert.is_nil(tostring(err):find(KEY, 1, true))
      end)
    end
  end)
end)
