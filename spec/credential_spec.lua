--- Credentials: lua/azureml/credential.lua, csrc/token.c and csrc/credential/.
local asking = require "spec.asking"
local azureml = require "azureml"
local base64url = require("azureml.emulator.entra.directory").base64url
local core = require "azureml.core"
local credential = azureml.credential
local json = require "azureml.json"
local process = require "spec.process"
local scripted = require "spec.scripted"
local world = require "spec.world"

local SECRET = "a+b&c=d e%ü~secret"
local SCOPE = "https://management.azure.com/.default"
local TENANT = "22222222-2222-2222-2222-222222222222"

local function refusal(f, ...)
  local value, err = azureml.try(f, ...)
  assert.is_nil(value)
  return err
end

local function mistake(f, ...)
  local ok, err = pcall(f, ...)
  assert.is_false(ok)
  assert.is_string(err)
  return err
end

-- Run the loop in real time until a condition is true.
local MOST_TURNS = 100000

local function turn_until(is_so)
  for _ = 1, MOST_TURNS do
    if is_so() then return end
    azureml.sleep(0)
  end
  error(("it did not happen in %d turns of the loop"):format(MOST_TURNS))
end

describe("a credential of the emulator", function()
  local emulator, ws

  local function open(seed)
    emulator, ws = world.open({ ann = "Running" }, seed)
  end

  after_each(function() world.close(emulator, ws) end)

  local function get()
    return ws.instances:get "ann"
  end

  local function ann()
    local path = "/subscriptions/%s/resourceGroups/%s/providers/"
      .. "Microsoft.MachineLearningServices/workspaces/%s/computes/ann"
    return path:format(ws.subscription_id, ws.resource_group, ws.name)
  end

  it("fetches its first token when it is needed, and keeps it", function()
    open()
    assert.equal(0, emulator:token_count())
    for _ = 1, 5 do get() end
    assert.equal(1, emulator:token_count())
  end)

  it("fetches one token for all concurrent requests", function()
    open()
    local tasks = {}
    for i = 1, 50 do tasks[i] = get end
    azureml.parallel(table.unpack(tasks))
    assert.equal(1, emulator:token_count())
  end)

  it("fetches one for all clients that share it, and one for each scope", function()
    open()
    local shared <close> = emulator:credential()
    local path = "/subscriptions/" .. ws.subscription_id .. "/x"
    local function ask(scope)
      local client <close> = azureml.client {
        endpoint = emulator.url, credential = shared, scope = scope, api_version = "2024-04-01"
      }
      azureml.try(client.request, client, { path = path })
    end
    ask "https://management.azure.com/.default"
    ask "https://management.azure.com/.default"
    assert.equal(1, emulator:token_count())
    ask "https://management.core.windows.net//.default"
    assert.equal(2, emulator:token_count())
  end)

  it("renews a token before it ends, while the old one serves", function()
    open { token_lifetime = 3600 }
    get()
    azureml.sleep(3200)      -- renewed 300 s before the end
    get()
    assert.equal(1, emulator:token_count())
    azureml.sleep(150)
    get()
    turn_until(function() return emulator:token_count() == 2 end)
    azureml.sleep(400)
    get()
    assert.equal(2, emulator:token_count())
  end)

  it("renews a short-lived token after half its life", function()
    open { token_lifetime = 200 }
    get()
    azureml.sleep(90)
    get()
    assert.equal(1, emulator:token_count())
    azureml.sleep(20)
    get()
    turn_until(function() return emulator:token_count() == 2 end)
  end)

  it("waits for a new one when the old one has ended", function()
    open { token_lifetime = 3600 }
    get()
    azureml.sleep(4000)
    assert.equal("Running", get().state)
    assert.equal(2, emulator:token_count())
  end)

  it("fetches a new token when the service refuses the current one", function()
    open()
    get()
    emulator:fault { answer = "expire_token" }
    get()
    assert.equal("Running", get().state)
    assert.equal(2, emulator:token_count())
  end)

  it("fetches one new token for all refused requests", function()
    open { token_lifetime = 3600 }
    get()
    emulator:advance "2h"
    local tasks = {}
    for i = 1, 50 do tasks[i] = get end
    azureml.parallel(table.unpack(tasks))
    assert.equal(2, emulator:token_count())
  end)

  it("fetches one new token a request: a second 401 is the reply", function()
    open()
    emulator:fault {
      match = { method = "GET" }, times = 5,
      answer = { status = 401, json = { error = { code = "Nope" } } }
    }
    local err = refusal(get)
    assert.equal(401, err.status)
    assert.equal("Nope", err.code)
    assert.equal(2, emulator:token_count())
  end)

  it("keeps its token after a 403: a new token has the same rights", function()
    open()
    emulator:fault {
      match = { method = "GET" },
      answer = { status = 403, json = { error = { code = "AuthorizationFailed" } } }
    }
    assert.equal(403, refusal(get).status)
    assert.equal(1, emulator:token_count())
  end)

  it("uses a given token unchanged until the service refuses it", function()
    open()
    local fixed <close> = credential.token { token = emulator:issue_token() }
    local client <close> = azureml.client {
      endpoint = emulator.url, credential = fixed, scope = SCOPE, api_version = "2024-04-01",
    }
    local request = { path = ann() }
    assert.equal("ann", client:request(request).json.name)
    emulator:advance "30h"
    local err = refusal(client.request, client, request)
    assert.equal(401, err.status)
    assert.equal("ExpiredAuthenticationToken", err.code)
    assert.equal("the token is sent as it was given, and has expired: "
      .. "fetch a new one, or use a credential that renews its tokens", err.hint)
    assert.equal(1, emulator:token_count())
  end)

  for name, row in pairs {
    ["a wrong secret"] = {
      "client_secret", "wrong-secret-of-mine", "invalid_client", 401, "AADSTS7000215",
      "the secret is wrong; often its id was copied",
    },
    ["a wrong tenant"] = {
      "tenant_id", "nowhere.example.org", "invalid_request", 400, "AADSTS90002",
      "no such tenant: check tenant_id"
    },
    ["a wrong application"] = {
      "client_id", "nobody", "unauthorized_client", 400, "AADSTS700016",
      "no such application in this tenant: check client_id and tenant_id",
    },
  } do
    it(("%s: the error has Entra's code, its text and a hint"):format(name), function()
      local field, value, code, status, text, hint = table.unpack(row)
      open()
      local settings = emulator:settings()
      local given = {
        authority = emulator.authority, tenant_id = settings.tenant_id,
        client_id = settings.client_id, client_secret = settings.client_secret
      }
      given[field] = value
      local wrong <close> = credential.client_secret(given)
      local client <close> = azureml.client {
        endpoint = emulator.url, credential = wrong, scope = SCOPE
      }
      local before = emulator:request_count()
      local err = refusal(client.request, client, { path = "/subscriptions/x" })
      assert.equal(code, err.code)
      assert.equal(status, err.status)
      assert.equal(1, select(2, err.message:gsub(text, "")))
      assert.equal(hint, err.hint:sub(1, #hint))
      assert.matches("^%x+%-%x+%-%x+%-%x+%-%x+$", err.request_id)
      assert.is_nil(tostring(err):find("wrong-secret-of-mine", 1, true))
      assert.is_nil(tostring(err):find(settings.client_secret, 1, true))
      -- the token request is not retried, and the request is not sent without a token
      assert.equal(1, emulator:request_count() - before)
    end)
  end

  it("may be closed while it is in use: its clients hold a reference", function()
    open { token_lifetime = 200 }
    local own = emulator:credential()
    local client = azureml.client {
      endpoint = emulator.url, credential = own, scope = SCOPE, api_version = "2024-04-01",
    }
    own:close()
    own:close()
    assert.equal("credential: closed", tostring(own))
    assert.equal("ann", client:request({ path = ann() }).json.name)
    azureml.sleep(500)
    assert.equal("ann", client:request({ path = ann() }).json.name)
    client:close()
  end)

  it("may be closed with its client while its token is being fetched", function()
    open()
    local own = emulator:credential()
    local client = azureml.client { endpoint = emulator.url, credential = own, scope = SCOPE }
    local op = client:submit({ path = "/subscriptions/x" }, false)
    turn_until(function() return tostring(op):find "waiting for a token" end)
    op:close()
    client:close()
    own:close()
    get()      -- the loop turns on
  end)

  it("once closed raises at the line that passes it", function()
    open()
    local own = emulator:credential()
    own:close()
    local err = mistake(azureml.client, { endpoint = emulator.url, credential = own })
    assert.matches("this credential is closed", err)
    assert.matches(
      "^spec/credential_spec.lua:%d+: option 'links' must be a list of open credentials",
      mistake(credential.chain, { own }))
  end)

  it("shows its kind and its application, and nothing secret", function()
    open()
    get()
    local settings = emulator:settings()
    local own <close> = emulator:credential()
    assert.equal("credential: client_secret " .. settings.client_id, tostring(own))
    local texts = { tostring(own), tostring(own.handle), tostring(ws), tostring(ws:client()) }
    for name, value in pairs(own) do texts[#texts + 1] = tostring(name) .. tostring(value) end
    for _, text in ipairs(texts) do
      assert.is_nil(text:find(settings.client_secret, 1, true))
      assert.is_nil(text:find("eyJ", 1, true))
    end
    assert.is_nil((debug.getuservalue(own.handle, 1)))
  end)
end)

describe("the token endpoint", function()
  local server, answers, client, own

  before_each(function()
    core.clock "virtual"
    answers = {}
  end)

  after_each(function() client, own, server = world.finish(client, own, server) end)

  local function granted(fields)
    local answer = { token_type = "Bearer", expires_in = 3600, access_token = "the-token" }
    for name, value in pairs(fields or {}) do answer[name] = value end
    return { status = 200, body = json.encode(answer) }
  end

  local function token_requests()
    local count = 0
    for _, request in ipairs(server.requests) do
      if request.method == "POST" then count = count + 1 end
    end
    return count
  end

  -- Start a server. Token requests get the answers in turn and repeat the last; other requests get
  -- their Authorization header back.
  local function serve(...)
    answers = { ... }
    server = scripted(function(request)
      if request.method ~= "POST" then
        return {
          status = 200, body = json.encode { authorization = request.headers.authorization }
        }
      end
      return #answers > 1 and table.remove(answers, 1) or answers[1]
    end)
    own = credential.client_secret {
      authority = server.url .. "/", tenant_id = TENANT, client_id = "my app",
      client_secret = SECRET
    }
    client = azureml.client {
      endpoint = server.url, credential = own,
      scope = "https://management.core.windows.net//.default"
    }
  end

  local function ask()
    return client:request({ path = "/x" }).json.authorization
  end

  it("gets the parameters that Entra requires, and no others", function()
    serve(granted())
    assert.equal("Bearer the-token", ask())
    local request = server.requests[1]
    assert.equal("POST", request.method)
    assert.equal("/" .. TENANT .. "/oauth2/v2.0/token", request.target)
    assert.equal("application/x-www-form-urlencoded", request.headers["content-type"])
    assert.equal("application/json", request.headers.accept)
    assert.is_nil(request.headers.authorization)
    assert.matches("^%x+%-%x+%-4%x+%-%x+%-%x+$", request.headers["client-request-id"])
    assert.equal("grant_type=client_credentials&client_id=my%20app"
      .. "&client_secret=a%2Bb%26c%3Dd%20e%25%C3%BC~secret"
      .. "&scope=https%3A%2F%2Fmanagement.core.windows.net%2F%2F.default", request.body)
  end)

  it("gets a fresh request id each time", function()
    serve({ status = 503, headers = { ["Retry-After"] = "1" } }, granted(), granted())
    ask()
    azureml.sleep(3700)
    ask()
    local ids = {}
    for _, request in ipairs(server.requests) do
      if request.method == "POST" then ids[#ids + 1] = request.headers["client-request-id"] end
    end
    assert.equal(3, #ids)
    assert.equal(ids[1], ids[2])      -- the same request, tried again
    assert.not_equal(ids[1], ids[3])
  end)

  for name, fields in pairs {
    ["a number as text"] = { expires_in = "3599" },
    ["the type in other letters"] = { token_type = "bearer" },
    ["more than is known"] = { ext_expires_in = 1, foci = "1", scope = "x", client_info = "e30" },
  } do
    it("may answer with " .. name, function()
      serve(granted(fields))
      assert.equal("Bearer the-token", ask())
    end)
  end

  local BROKEN = "an-access-token-cut-off"

  for name, row in pairs {
    ["no JSON"] = {
      { status = 200, body = '{"access_token":"' .. BROKEN }, "InvalidTokenAnswer", "is not JSON"
    },
    ["nothing"] = { { status = 200, body = "" }, "InvalidTokenAnswer", "is not JSON" },
    ["a list"] = {
      { status = 200, body = '["' .. BROKEN .. '"]' }, "InvalidTokenAnswer", "has no access_token"
    },
    ["no token"] = {
      { status = 200, body = '{"token_type":"Bearer","expires_in":3600}' }, "InvalidTokenAnswer",
      "has no access_token"
    },
    ["a token that is no text"] = {
      granted { access_token = 42 }, "InvalidTokenAnswer", "has no access_token"
    },
    ["an empty token"] = {
      granted { access_token = "" }, "InvalidToken",
      "a token that is empty or holds characters no token has"
    },
    ["a token with a line end"] = {
      granted { access_token = BROKEN .. "\r\nX: y" }, "InvalidToken",
      "holds characters no token has"
    },
    ["a token beyond ASCII"] = {
      granted { access_token = BROKEN .. "ü" }, "InvalidToken", "holds characters no token has"
    },
    ["another type of token"] = {
      granted { token_type = "pop", access_token = BROKEN }, "InvalidTokenAnswer",
      "not of token_type Bearer"
    },
    ["no type"] = {
      { status = 200, body = '{"access_token":"' .. BROKEN .. '","expires_in":3600}' },
      "InvalidTokenAnswer", "not of token_type Bearer",
    },
    ["no life"] = {
      { status = 200, body = '{"access_token":"' .. BROKEN .. '","token_type":"Bearer"}' },
      "InvalidTokenAnswer", "no usable expires_in",
    },
    ["a life that is no number"] = {
      granted { access_token = BROKEN, expires_in = "soon" }, "InvalidTokenAnswer",
      "no usable expires_in"
    },
    ["a life of 0"] = {
      granted { access_token = BROKEN, expires_in = 0 }, "InvalidTokenAnswer",
      "no usable expires_in"
    },
    ["a negative life"] = {
      granted { access_token = BROKEN, expires_in = -5 }, "InvalidTokenAnswer",
      "no usable expires_in"
    },
  } do
    it(("is not asked again after %s; the error shows no secret"):format(name), function()
      serve(row[1])
      local err = refusal(client.request, client, { path = "/x" })
      assert.equal(row[2], err.code)
      assert.is_truthy(err.message:find(row[3], 1, true), err.message)
      assert.is_nil(tostring(err):find(BROKEN, 1, true))
      assert.equal(1, token_requests())
      assert.equal(1, #server.requests)
    end)
  end

  for _, status in ipairs { 408, 429, 500, 502, 503, 504 } do
    it(("is asked again after HTTP %d"):format(status), function()
      serve({ status = status, headers = { ["Retry-After"] = "2" } }, { status = status },
        granted())
      assert.equal("Bearer the-token", ask())
      assert.equal(3, token_requests())
    end)
  end

  for _, status in ipairs { 400, 401, 403, 404 } do
    it(("is not asked again after HTTP %d"):format(status), function()
      serve {
        status = status,
        body = '{"error":"invalid_grant","error_description":"AADSTS1: no.\\r\\nTrace ID: 1"}'
      }
      local err = refusal(client.request, client, { path = "/x" })
      assert.equal("invalid_grant", err.code)
      assert.equal(status, err.status)
      assert.is_nil(err.message:find "%c")
      assert.equal(1, token_requests())
    end)
  end

  it("is not followed to a redirect, which would receive the secret", function()
    serve { status = 307, headers = { Location = "http://127.0.0.1:1/elsewhere" } }
    local err = refusal(client.request, client, { path = "/x" })
    assert.equal("ForeignUrl", err.code)
    assert.equal(1, #server.requests)
  end)

  it("is asked again by the next request after a failure", function()
    serve({ status = 400, body = '{"error":"invalid_client"}' }, granted())
    assert.equal("invalid_client", refusal(client.request, client, { path = "/x" }).code)
    assert.equal("Bearer the-token", ask())
  end)

  it("reports a failure to all waiting requests", function()
    serve { status = 400, body = '{"error":"invalid_client"}' }
    local codes = {}
    azureml.each({ 1, 2, 3 }, function(i)
      codes[i] = refusal(client.request, client, { path = "/x" }).code
    end)
    assert.same({ "invalid_client", "invalid_client", "invalid_client" }, codes)
    assert.equal(1, token_requests())
  end)

  it("sets the time of renewal by refresh_in", function()
    serve(granted { refresh_in = 100 }, granted { access_token = "second" })
    ask()
    azureml.sleep(90)
    ask()
    assert.equal(1, token_requests())
    azureml.sleep(20)
    assert.equal("Bearer the-token", ask())
    turn_until(function() return token_requests() == 2 end)
    azureml.sleep(1)
    assert.equal("Bearer second", ask())
  end)

  it("is asked for the next token 300 s before the end, not earlier", function()
    serve(granted(), granted { access_token = "second" })
    ask()
    azureml.sleep(3290)
    assert.equal("Bearer the-token", ask())
    azureml.sleep(5)
    assert.equal("Bearer the-token", ask())
    assert.equal(1, token_requests())
    azureml.sleep(10)
    assert.equal("Bearer the-token", ask())
    turn_until(function() return token_requests() == 2 end)
    azureml.sleep(1)
    assert.equal("Bearer second", ask())
  end)

  it("is awaited when less than 30 s of the token are left", function()
    serve(granted(), { status = 400, body = '{"error":"invalid_client"}' },
      granted { access_token = "second" })
    ask()
    azureml.sleep(3560)      -- 40 s are left: the old token serves while the renewal fails
    assert.equal("Bearer the-token", ask())
    turn_until(function() return token_requests() == 2 end)
    azureml.sleep(15)        -- 25 s are left
    assert.equal("Bearer second", ask())
    assert.equal(3, token_requests())
  end)

  it("may fail an early renewal: the old token serves, and a retry follows after 30 s", function()
    serve(granted(), { status = 400, body = '{"error":"invalid_client"}' },
      granted { access_token = "second" })
    ask()
    azureml.sleep(3400)
    assert.equal("Bearer the-token", ask())
    turn_until(function() return token_requests() == 2 end)
    azureml.sleep(10)
    assert.equal("Bearer the-token", ask())
    assert.equal(2, token_requests())
    azureml.sleep(30)
    assert.equal("Bearer the-token", ask())
    turn_until(function() return token_requests() == 3 end)
    azureml.sleep(1)
    assert.equal("Bearer second", ask())
  end)

  it("that stays silent times out with the request", function()
    serve {}
    local err = refusal(client.request, client, { path = "/x", timeout = 0.05 })
    assert.equal("RequestTimeout", err.code)
    assert.matches("the client_secret credential brought no token in time", err.message)
  end)

  it("gives a token whose claims can be read; there are none before it", function()
    local jwt = ("%s.%s.x"):format(
      base64url '{"alg":"none"}', base64url '{"oid":"someone","exp":1}')
    serve(granted { access_token = jwt })
    assert.is_nil(own.handle:claim "oid")
    ask()
    assert.equal("someone", own.handle:claim "oid")
    assert.is_nil(own.handle:claim "exp")
    assert.is_nil(own.handle:claim "upn")
  end)
end)

describe("a chain", function()
  local server

  before_each(function()
    core.clock "virtual"
    server = scripted(function(request)
      if request.method == "POST" then
        return {
          status = 401, body = '{"error":"invalid_client","error_description":"AADSTS7000215"}'
        }
      end
      return { status = 200, body = json.encode { authorization = request.headers.authorization } }
    end)
  end)

  after_each(function() world.finish(server) end)

  local function ask(links)
    local chain <close> = credential.chain(links)
    local client <close> = azureml.client {
      endpoint = server.url, credential = chain, scope = "x/.default"
    }
    return azureml.try(client.request, client, { path = "/x" })
  end

  local function wrong_secret()
    return credential.client_secret {
      authority = server.url, tenant_id = "t", client_id = "app", client_secret = "s"
    }
  end

  it("uses the first link that applies", function()
    assert.equal("Bearer one",
      ask({ credential.token { token = "one" }, wrong_secret() }).json.authorization)
    assert.equal(1, #server.requests)
  end)

  it("ends with a refused link: a wrong secret does not lead to another identity", function()
    local _, err = ask { wrong_secret(), credential.token { token = "one" } }
    assert.equal("invalid_client", err.code)
    assert.equal(1, #server.requests)
  end)

  it("may hold a chain", function()
    local inner = credential.chain { credential.token { token = "deep" } }
    assert.equal("Bearer deep", ask({ inner }).json.authorization)
  end)

  it("keeps its links alive", function()
    local link = credential.token { token = "kept" }
    local chain <close> = credential.chain { link }
    link:close()
    local client <close> = azureml.client {
      endpoint = server.url, credential = chain, scope = "x/.default"
    }
    assert.equal("Bearer kept", client:request({ path = "/x" }).json.authorization)
  end)

  it("without links is refused", function()
    assert.equal("InvalidCredential", refusal(credential.chain, {}).code)
  end)

  for name, links in pairs {
    ["a text"] = { "token" }, ["a table"] = { {} }, ["a userdata"] = { io.stdout }
  } do
    it(("raises at the caller's line for a link that is %s"):format(name), function()
      local own <close> = credential.token { token = "x" }
      local err = mistake(credential.chain, { own, links[1], own })
      assert.matches(
        "^spec/credential_spec.lua:%d+: chain: link 2 must be a credential, not a "
        .. type(links[1]), err)
    end)
  end
end)

describe("the options of a credential", function()
  for name, row in pairs {
    ["a tenant with a slash"] = { "client_secret", { tenant_id = "a/b" }, "tenant_id must be" },
    ["a tenant of dots"] = { "client_secret", { tenant_id = ".." }, "tenant_id must be" },
    ["a tenant of one dot"] = { "client_secret", { tenant_id = "." }, "tenant_id must be" },
    ["an empty tenant"] = { "client_secret", { tenant_id = "" }, "tenant_id must be" },
    ["a tenant with a line end"] = {
      "client_secret", { tenant_id = "a.org\n" }, "tenant_id must be"
    },
    ["a tenant with a query"] = { "client_secret", { tenant_id = "a?b" }, "tenant_id must be" },
    ["no application"] = { "client_secret", { client_id = "" }, "client_id is missing" },
    ["no secret"] = {
      "client_secret", { client_secret = "" },
      "client_secret is missing: it is the secret's value, not its id"
    },
    ["plain http"] = {
      "client_secret", { authority = "http://login.example.org" }, "authority must be an https URL"
    },
    ["no URL"] = {
      "client_secret", { authority = "login.example.org" }, "authority must be an https URL"
    },
    ["a host that only begins like loopback"] = {
      "client_secret", { authority = "http://127.0.0.1.example.org" },
      "authority must be an https URL",
    },
    ["no token"] = { "token", { token = "" }, "token is missing" },
    ["a tenant that is an option"] = {
      "azure_cli", { tenant_id = "--help" }, "tenant_id may hold only"
    },
    ["a tenant for a shell"] = {
      "azure_cli", { tenant_id = "a;touch x" }, "tenant_id may hold only"
    },
    ["a subscription for a shell"] = {
      "azure_cli", { subscription = "$(touch x)" }, "subscription may hold only"
    },
    ["an empty subscription"] = {
      "azure_cli", { subscription = "" }, "subscription may hold only"
    },
  } do
    it(("%s is refused before anything is sent"):format(name), function()
      local given = {}
      if row[1] == "client_secret" then
        given = {
          authority = "https://127.0.0.1:1", tenant_id = "t", client_id = "app", client_secret = "s"
        }
      end
      for field, value in pairs(row[2]) do given[field] = value end
      local err = refusal(credential[row[1]], given)
      assert.equal("InvalidCredential", err.code)
      assert.is_truthy(err.message:find(row[3], 1, true), err.message)
    end)
  end

  for name, row in pairs {
    ["an unknown one"] = {
      "client_secret", { tenantid = "t" },
      "client_secret has no option 'tenantid' %(known: additionally_allowed_tenants, authority",
    },
    ["a secret that is a number"] = {
      "client_secret", { client_secret = 1234567 },
      "option 'client_secret' must be a string, not number"
    },
    ["a secret with a zero byte"] = {
      "client_secret", { tenant_id = "t", client_id = "a", client_secret = "top\0secret" },
      "option 'client_secret' must not hold a zero byte",
    },
    ["a token that is a table"] = {
      "token", { token = {} }, "option 'token' must be a string, not table"
    },
    ["no table"] = { "azure_cli", "az", "azure_cli: a table of options expected, got string" },
    ["a negative timeout"] = {
      "azure_cli", { timeout = -1 }, "option 'timeout' must be a number from 0 to 1e9"
    },
    ["a chain that is no list"] = {
      "chain", "cli", "chain: a list of credentials expected, got string"
    },
    ["no chain at all"] = { "chain", nil, "chain: a list of credentials expected, got nil" },
    ["an unknown cloud"] = {
      "environment", { cloud = "Moon" },
      "there is no cloud 'Moon' %(known: AzureChinaCloud, AzureCloud"
    },
  } do
    it(("%s is the caller's mistake"):format(name), function()
      local err = mistake(credential[row[1]], row[2])
      assert.matches("^spec/credential_spec.lua:%d+: .*" .. row[3], err)
      assert.is_nil(err:find("1234567", 1, true) or err:find("secret\0", 1, true))
    end)
  end

  it("a token goes unencrypted to loopback only", function()
    local own <close> = credential.token { token = "x" }
    local err = refusal(azureml.client,
      { endpoint = "http://management.azure.com", credential = own })
    assert.equal("InvalidEndpoint", err.code)
    assert.matches("a token would travel unencrypted", err.message)
  end)

  for _, kind in ipairs { "azure_cli", "default", "environment" } do
    it(("%s sends no token over plain http, even to loopback"):format(kind), function()
      local own <close> = credential[kind]()
      local err = refusal(azureml.client, { endpoint = "http://127.0.0.1:1", credential = own })
      assert.equal("InvalidEndpoint", err.code)
      assert.matches("credentials found on this machine are not sent there", err.message)
    end)
  end
end)

-- Credentials of the machine are tested in a process of their own, with its own environment.
local PRELUDE = asking .. [[
local function runs()
  local count = 0
  for _ in io.lines "runs" do count = count + 1 end
  return count
end
]]

local function child(directory, script, environment)
  local all = {
    PATH = directory .. "/bin:/usr/bin:/bin", XDG_CACHE_HOME = directory .. "/cache",
    LUA_PATH = os.getenv "LUA_PATH",
    -- the probe for a managed identity fails at once
    AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://127.0.0.1:1"
  }
  for name, value in pairs(environment or {}) do all[name] = value end
  local output, errors, code = process.executable({ "-e", PRELUDE .. script }, all, directory)
  assert.equal(0, code, errors)
  return (output:gsub("\n$", ""))
end

describe("the Azure CLI's credential", function()
  local directory

  before_each(function()
    directory = process.directory()
    os.execute("mkdir " .. directory .. "/bin")
  end)

  after_each(function() process.remove(directory) end)

  local JWT = ("%s.%s.c2ln"):format(
    base64url '{"alg":"none"}', base64url '{"upn":"ann@example.org"}')

  -- Install an az with this body. Each run adds a line to the file `runs`.
  local function az(body)
    process.write(directory .. "/bin/az",
      ("#!/bin/sh\nDIR='%s'\necho \"$*\" >>\"$DIR/runs\"\n%s\n"):format(directory, body), "755")
  end

  local function answer(fields)
    return ([[cat <<END
{ "accessToken": "%s", %s, "subscription": "s", "tenant": "t", "tokenType": "Bearer" }
END]]):format(JWT, fields)
  end

  local EPOCH = [["expiresOn": "N/A", "expires_on": $(($(date +%s) + 3600))]]
  local LOCAL = [["expiresOn": "$(date -d '+1 hour' '+%Y-%m-%d %H:%M:%S.123456')"]]

  for name, fields in pairs {
    ["expires_on"] = EPOCH, ["expiresOn, which is local time,"] = LOCAL,
    ["expires_on, which is a text,"] = [["expires_on": "$(($(date +%s) + 3600))"]],
    ["expiresOn with a zone"] = [["expiresOn": "$(date -u -d '+1 hour' '+%FT%T+00:00')"]],
    ["expiresOn beside a null"] = LOCAL .. [[, "expires_on": null]],
  } do
    it(("takes the token, and its end from %s"):format(name), function()
      az(answer(fields))
      local said = child(directory, [[
        local own = credential.azure_cli()
        use(own)
        print(ask(), own.handle:claim "upn", runs())
        azureml.sleep(3000)
        print(ask(), runs())
        azureml.sleep(400)      -- the time of early renewal
        print(ask())
        while runs() == 1 do core.step(0) end
        print(ask())
        azureml.sleep(7200)
        print(ask(), runs())
      ]], { TZ = "Asia/Kolkata" })
      assert.equal("sent\tann@example.org\t1\nsent\t1\nsent\nsent\nsent\t3", said)
    end)
  end

  -- az prints this for the tokens of some managed identities.
  for name, fields in pairs {
    ["null"] = '"expiresOn": null', ["both null"] = '"expiresOn": null, "expires_on": null',
    ["N/A"] = '"expiresOn": "N/A"',
  } do
    it(("takes the end from the token itself if az's is %s"):format(name), function()
      local token = [[e30.$(printf '{"exp":%s}' $(($(date +%s) + 3600)) | base64 -w0).c2ln]]
      az(answer(fields):gsub(JWT:gsub("%p", "%%%0"), (token:gsub("%%", "%%%%"))))
      assert.equal("sent\t1\nsent\t1\nsent\nsent\t2", child(directory, [[
        use(credential.azure_cli())
        print(ask(), runs())
        azureml.sleep(3200)
        print(ask(), runs())
        azureml.sleep(390)
        print(ask())
        while runs() == 1 do core.step(0) end
        print(ask(), runs())
      ]]))
    end)
  end

  it("runs az once for all concurrent requests", function()
    az(answer(EPOCH))
    assert.equal("1", child(directory, [[
      use(credential.azure_cli())
      local all = {}
      for i = 1, 20 do all[i] = function() assert(ask() == "sent") end end
      azureml.parallel(table.unpack(all))
      print(runs())
    ]]))
  end)

  for name, row in pairs {
    ["nothing but the resource"] = {
      "", nil, "account get-access-token --output json --resource https://127.0.0.1:1"
    },
    ["the resource with its slash"] = {
      "", "https://management.core.windows.net//.default",
      "account get-access-token --output json --resource https://management.core.windows.net/",
    },
    ["the tenant"] = {
      "tenant_id = 't.org'", "r/.default",
      "account get-access-token --output json --resource r --tenant t.org"
    },
    ["the subscription"] = {
      "subscription = 'My Sub'", "r/.default",
      "account get-access-token --output json --resource r --subscription My Sub",
    },
    ["the tenant alone where both are given, since az takes only one"] = {
      "tenant_id = 't', subscription = 's'", "r/.default",
      "account get-access-token --output json --resource r --tenant t",
    },
  } do
    it(("gives az %s"):format(name), function()
      az(answer(EPOCH))
      child(directory,
        ("use(credential.azure_cli { %s }, %s) assert(ask() == 'sent')"):format(
          row[1], row[2] and ("%q"):format(row[2])))
      assert.equal(row[3] .. "\n", (process.run { "cat", directory .. "/runs" }))
    end)
  end

  it("runs az without the script's secrets, descriptors, input and directory", function()
    az([[
env >"$DIR/env"; pwd >"$DIR/pwd"; wc -c >"$DIR/input"
ls /proc/self/fd >"$DIR/fds"; printf '%s\n' "$#" >"$DIR/count"
]] .. answer(EPOCH))
    child(directory, [[
      local open = assert(io.open("runs", "a"))      -- Lua's files are inherited
      use(credential.azure_cli { subscription = "My Sub" })
      assert(ask() == "sent")
      open:close()
    ]], {
      AZURE_CLIENT_SECRET = "s1", AZURE_PASSWORD = "s2", AZURE_CLIENT_CERTIFICATE_PASSWORD = "s3",
      AZUREML_TOKEN = "s4", AZURE_CONFIG_DIR = "/my/azure"
    })
    local function content(name)
      return (process.run { "cat", directory .. "/" .. name })
    end
    local environment = "\n" .. content "env"
    for _, name in ipairs {
      "AZURE_CLIENT_SECRET", "AZURE_PASSWORD", "AZURE_CLIENT_CERTIFICATE_PASSWORD",
      "AZUREML_TOKEN",
    } do
      assert.is_nil(environment:find(name, 1, true))
    end
    assert.is_truthy(environment:find("\nAZURE_CONFIG_DIR=/my/azure\n", 1, true))
    assert.is_truthy(environment:find("\nHOME=", 1, true))
    assert.equal("/\n", content "pwd")
    assert.equal("0", content("input"):match "%d+")
    assert.equal("0\n1\n2\n3\n", content "fds")      -- 3 is the directory that ls reads
    assert.equal("8\n", content "count")             -- the subscription is one argument
  end)

  it("ignores az's warnings", function()
    az("echo 'WARNING: there is a newer az' >&2\n" .. answer(EPOCH))
    assert.equal("sent", child(directory, "use(credential.azure_cli()) print(ask())"))
  end)

  it("ignores what az prints behind its answer", function()
    az(answer(EPOCH) .. "\nprintf '\\033[0m\\nNew Azure CLI version available.\\n'")
    assert.equal("sent", child(directory, "use(credential.azure_cli()) print(ask())"))
  end)

  local BY_HAND = "; try 'az account get-access-token' by hand"

  for name, row in pairs {
    ["no user is logged in"] = {
      [[echo "ERROR: Please run 'az login' to setup account." >&2; exit 1]], "CliNotLoggedIn",
      "no user is logged in; run 'az login'",
    },
    ["a subscription that is not there"] = {
      [[echo "ERROR: Subscription 'x' not found. Check the spelling and try az account set." >&2
exit 1]], "CliNotLoggedIn", "no user is logged in; run 'az login'",
    },
    ["a login that has ended"] = {
      [[printf 'ERROR: AADSTS700082: The refresh token has expired.\n' >&2
printf 'Trace ID: 1\nPlease run:\naz login\n' >&2; exit 1]], "CliFailed",
      "it failed (exit code 1): ERROR: AADSTS700082: The refresh token has expired.; "
        .. "run 'az login'",
    },
    ["another failure"] = {
      [[printf 'Traceback:\n  File "x"\nOSError: disk full\n\n' >&2; exit 3]], "CliFailed",
      "it failed (exit code 3): OSError: disk full" .. BY_HAND,
    },
    ["a failure that shows the token"] = {
      [[echo 'cannot write {"accessToken": "]] .. JWT .. [["}' >&2; exit 2]], "CliFailed",
      "it failed (exit code 2)" .. BY_HAND,
    },
    ["a failure in very many words"] = {
      "head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1", "CliFailed",
      "it failed (exit code 1): " .. ("x"):rep(250) .. BY_HAND,
    },
    ["an exit code of a shell that finds nothing"] = {
      "exit 127", "CliNotFound", "'az' is not installed"
    },
    ["an end by a signal"] = {
      "kill -9 $$", "CliFailed", "it failed (exit code 137)" .. BY_HAND
    },
    ["garbage"] = {
      "echo hello " .. JWT, "InvalidTokenAnswer", "it printed something that is not JSON" .. BY_HAND
    },
    ["nothing"] = {
      "exit 0", "InvalidTokenAnswer", "it printed something that is not JSON" .. BY_HAND
    },
    ["words before the answer"] = {
      "echo Hello\n" .. answer(EPOCH), "InvalidTokenAnswer", "it printed something that is not JSON"
    },
    ["an answer without a token"] = {
      "echo '{}'", "InvalidTokenAnswer", "its answer has no accessToken" .. BY_HAND
    },
    ["an answer without an end"] = {
      answer '"x": 1', "InvalidTokenAnswer", "its token has no expiry date" .. BY_HAND
    },
    ["an end that is no time"] = {
      answer '"expiresOn": "N/A"', "InvalidTokenAnswer",
      "its token has no expiry date" .. BY_HAND
    },
    ["an end that is null"] = {
      answer '"expiresOn": null', "InvalidTokenAnswer",
      "its token has no expiry date" .. BY_HAND
    },
    ["a token that has ended"] = {
      answer [["expires_on": 1000000000, "expiresOn": "2999-01-01 00:00:00"]], "InvalidTokenAnswer",
      "its token has expired; run 'az login'",
    },
    ["far too long an answer"] = {
      "head -c 2000000 /dev/zero | tr '\\0' x", "CliFailed", "its output is too long for an answer"
    },
    ["an answer without an end of its text"] = {
      "yes", "CliFailed", "its output is too long for an answer"
    },
    ["a token with a line end"] = {
      "cat <<'END'\n" .. [[{ "accessToken": "a\r\nX: y", "expires_on": 99999999999 }]] .. "\nEND",
      "InvalidToken",
      "holds characters no token has",
    },
  } do
    it(("reports %s as %s"):format(name, row[2]), function()
      az(row[1])
      local said = child(directory, "use(credential.azure_cli()) print(ask())")
      assert.matches("%(" .. row[2] .. "%)", said)
      assert.is_truthy(said:find(row[3], 1, true), said)
      assert.is_nil(said:find(JWT, 1, true))
    end)
  end

  it("says when az is not installed", function()
    local said = child(directory, "use(credential.azure_cli()) print(ask())",
      { PATH = directory .. "/bin" })
    assert.matches(
      "Azure CLI: 'az' is not installed; install it, or choose another credential %(CliNotFound%)",
      said)
  end)

  it("says when az may not be run", function()
    process.write(directory .. "/bin/az", "#!/nowhere/sh\n", "755")
    local said = child(directory, "use(credential.azure_cli()) print(ask())",
      { PATH = directory .. "/bin" })
    assert.matches("%(CliNotFound%)", said)
  end)

  for name, row in pairs {
    ["longer than it may for az, and ends it"] = {
      "echo $$ >\"$DIR/pid\"; exec sleep 1000", 0.4,
      "Azure CLI: it did not answer in time; "
        .. "try 'az account get%-access%-token' by hand %(CliTimeout%)",
    },
    ["for what az started and left behind with its pipes, and ends it"] = {
      "sleep 1000 & echo $! >\"$DIR/pid\"\n" .. answer(EPOCH), 1000, "^sent",
    },
  } do
    it(("does not wait %s"):format(name), function()
      az(row[1])
      local use = ("use(credential.azure_cli { timeout = %s })"):format(row[2])
      local said = child(directory, use .. [[
        print(ask())
        local pid, gone = io.open("pid"):read "n"
        for _ = 1, 1000 do      -- a signal need not arrive at once
          local status = io.open("/proc/" .. pid .. "/status")
          gone = not status or status:read("a"):match "State:%s+(%a)" == "Z"
          if gone then break end
          core.clock "real"
          azureml.sleep(0.01)
        end
        print(gone)
      ]])
      assert.matches(row[3] .. "\ntrue$", said)
    end)
  end

  it("ends az when the caller gives up", function()
    az "echo $$ >\"$DIR/pid.new\"; mv \"$DIR/pid.new\" \"$DIR/pid\"; exec sleep 1000"
    assert.equal("true", child(directory, [[
      local own = credential.azure_cli()
      use(own)
      local op = client:submit({ path = "/x" }, false)
      local file
      while not file do core.step(0) file = io.open "pid" end
      op:close()
      client:close()
      own:close()
      print(not io.open("/proc/" .. file:read "n" .. "/status"))
    ]]))
  end)

  it("in a chain lets the next link be tried after any failure, and is not run again", function()
    for _, body in ipairs { "exit 1", "echo garbage", "echo AADSTS700082 >&2; exit 1" } do
      os.remove(directory .. "/runs")
      az(body)
      assert.equal("sent\nsent\n1", child(directory, [[
        use(credential.chain { credential.azure_cli(), credential.token { token = "x" } })
        print(ask())
        azureml.sleep(4000)
        print(ask())
        print(runs())
      ]]))
    end
  end)
end)

describe("the environment's credential", function()
  local directory, emulator, settings

  setup(function()
    directory = process.directory()
    os.execute("mkdir " .. directory .. "/bin")
    process.write(directory .. "/bin/az",
      ("#!/bin/sh\necho x >>'%s/runs'\nexit 1\n"):format(directory), "755")
    process.write(directory .. "/runs", "")
    emulator = process.served_emulator {}
    local client <close> = azureml.client { endpoint = emulator.url }
    settings = client:request({ path = "/emulator/settings" }).json
  end)

  teardown(function()
    emulator:close()
    process.remove(directory)
  end)

  local function variables(changed)
    local all = {
      AZURE_TENANT_ID = settings.tenant_id, AZURE_CLIENT_ID = settings.client_id,
      AZURE_CLIENT_SECRET = settings.client_secret, AZURE_AUTHORITY_HOST = emulator.url .. "/"
    }
    for name, value in pairs(changed or {}) do all[name] = value or nil end
    return all
  end

  for _, kind in ipairs { "environment", "default" } do
    it(("is an application with a secret, by credential.%s"):format(kind), function()
      local said = child(directory, ([[
        local own = credential.%s()
        use(own)
        print(ask(), own.handle:claim "appid", own)
      ]]):format(kind), variables())
      local shown = kind == "environment" and "client_secret " .. settings.client_id or "chain"
      assert.equal(("sent\t%s\tcredential: %s"):format(settings.client_id, shown), said)
    end)
  end

  for name, row in pairs {
    ["no tenant"] = { { AZURE_TENANT_ID = "" }, "environment: AZURE_TENANT_ID is not set" },
    ["no application"] = { { AZURE_CLIENT_ID = "" }, "environment: AZURE_CLIENT_ID is not set" },
    ["no secret"] = {
      { AZURE_CLIENT_SECRET = "" },
      "environment: neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set",
    },
    ["nothing at all"] = {
      { AZURE_TENANT_ID = "", AZURE_CLIENT_ID = "", AZURE_CLIENT_SECRET = "" },
      "environment: AZURE_TENANT_ID is not set",
    },
    ["a password"] = {
      { AZURE_CLIENT_SECRET = "", AZURE_USERNAME = "ann", AZURE_PASSWORD = "pass-word" },
      "environment: AZURE_USERNAME and AZURE_PASSWORD are not used: "
        .. "Microsoft withdraws the sign-in by password",
    },
  } do
    it(("with %s does not apply, and says what is missing"):format(name), function()
      local said = child(directory, "use(credential.environment()) print(ask())", variables(row[1]))
      assert.matches("%(CredentialUnavailable%)", said)
      assert.is_truthy(said:find(row[2], 1, true), said)
      assert.matches(
        "\n  hint: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or "
        .. "AZURE_CLIENT_CERTIFICATE_PATH$", said)
      assert.is_nil(said:find(settings.client_secret, 1, true))
    end)
  end

  it("goes on to az without variables, and reports why each link does not apply", function()
    local said = child(directory, "use(credential.default()) print(ask())",
      variables { AZURE_CLIENT_ID = "" })
    assert.is_truthy(said:find([[
no credential was found: none of those that were tried applies here (CredentialUnavailable)
  - environment: AZURE_CLIENT_ID is not set
  - workload identity: AZURE_FEDERATED_TOKEN_FILE is not set
  - managed identity (IMDS): no answer from http://127.0.0.1:1: this is no machine in Azure
  - azureml login: no user is logged in; run 'azureml login'
  - Azure CLI: it failed (exit code 1)]], 1, true), said)
    assert.matches("\n  hint: set AZURE_TENANT_ID, [^\n]*$", said)
  end)

  local PROD = [[
  - environment: AZURE_CLIENT_ID is not set
  - workload identity: AZURE_FEDERATED_TOKEN_FILE is not set
  - managed identity (IMDS): no answer from http://127.0.0.1:1%s
]]
  local CLI = "  - Azure CLI: it failed (exit code 1)"
  local LOGIN = "  - azureml login: no user is logged in; run 'azureml login'\n"
  local DEV = LOGIN .. CLI .. "; try 'az account get-access-token' by hand\n"
    .. "  - Azure Developer CLI: 'azd' is not installed"

  for value, expected in pairs {
    ["prod"] = PROD:format ": this is no machine in Azure",
    [" PROD "] = PROD:format ": this is no machine in Azure",
    ["dev"] = DEV, ["AzureCliCredential"] = CLI, ["azureclicredential"] = CLI,
    ["EnvironmentCredential"] = "  - environment: AZURE_CLIENT_ID is not set\n",
    ["WorkloadIdentityCredential"] =
      "  - workload identity: AZURE_FEDERATED_TOKEN_FILE is not set\n",
  } do
    it(("AZURE_TOKEN_CREDENTIALS='%s' restricts the default chain"):format(value), function()
      local said = child(directory, "use(credential.default()) print(ask())",
        variables { AZURE_CLIENT_ID = "", AZURE_TOKEN_CREDENTIALS = value })
      local lines = {}
      for line in said:gmatch "  %- [^\n]*\n" do lines[#lines + 1] = line end
      assert.equal(expected, table.concat(lines):sub(1, #expected))
      assert.equal(select(2, expected:gsub("  %- ", "")), #lines)
    end)
  end

  it("an unknown AZURE_TOKEN_CREDENTIALS is an error that lists the known values", function()
    local said = child(directory, "print(select(2, azureml.try(credential.default)))",
      variables { AZURE_TOKEN_CREDENTIALS = "production" })
    local expected =
      "AZURE_TOKEN_CREDENTIALS has the unknown value 'production' "
      .. "(known: prod, dev, AzureMLToken, EnvironmentCredential, "
    assert.is_truthy(said:find(expected, 1, true), said)
    assert.matches("%(InvalidTokenCredentials%)", said)
  end)

  it("a refusal by Entra ends the chain: az is not run", function()
    process.write(directory .. "/runs", "")
    local said = child(directory, "use(credential.default()) print(ask()) print(runs())",
      variables { AZURE_CLIENT_SECRET = "wrong-one" })
    assert.matches("AADSTS7000215: .*%(invalid_client, HTTP 401, .*\n0$", said)
    assert.is_nil(said:find("wrong-one", 1, true))
  end)

  for name, host in pairs {
    ["plain http"] = "http://login.example.org", ["no URL"] = "login.example.org"
  } do
    it(("an authority of %s is refused"):format(name), function()
      local said = child(directory, "print(select(2, azureml.try(credential.environment)))",
        variables { AZURE_AUTHORITY_HOST = host })
      assert.matches(
        "authority must be an https URL such as https://login.microsoftonline.com "
        .. "%(InvalidCredential%)", said)
    end)
  end

  it("prefers the option authority to the environment's", function()
    local said = child(directory,
      ("use(credential.environment { authority = %q }) print(ask())"):format(emulator.url),
      variables { AZURE_AUTHORITY_HOST = "https://127.0.0.1:1" })
    assert.equal("sent", said)
  end)

  it("leaves no token and no secret in a trace", function()
    local trace = directory .. "/trace"
    local said = child(directory, "use(credential.environment()) print(ask())",
      variables { AZUREML_TRACE = trace })
    assert.equal("sent", said)
    local text = process.run { "cat", trace }
    assert.matches('"event":"token"', text)
    assert.matches("/oauth2/v2.0/token", text)
    for _, secret in ipairs {
      settings.client_secret, "eyJ", "Bearer", "client_secret", "access_token"
    } do
      assert.is_nil(text:find(secret, 1, true))
    end
  end)
end)
