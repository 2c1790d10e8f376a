--- Signing in with a device code: csrc/credential/device.c, and the code in person.c that it shares
--- with the other interactive credentials.
local azureml = require "azureml"
local core = require "azureml.core"
local credential = azureml.credential
local json = require "azureml.json"
local process = require "spec.process"
local scripted = require "spec.scripted"
local surroundings = require "spec.surroundings"
local world = require "spec.world"

local TENANT = "t.example.org"
local CODE = "the-device-code"
local REFRESH = "the-refresh-token"
local DEVICE_GRANT = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"

local function body(fields) return { status = 200, body = json.encode(fields) } end

local function refusal(code, status)
  return {
    status = status or 400, body = json.encode { error = code, error_description = "AADSTS1: no" }
  }
end

local BEGUN = {
  device_code = CODE, user_code = "ABC123", verification_uri = "https://login.example.org/device",
  expires_in = 900, interval = 5,
  message = "Open the page and enter ABC123.",
}

local function granted(fields)
  local all = {
    token_type = "Bearer", expires_in = 3600, access_token = "the-token", refresh_token = REFRESH,
    scope = "x"
  }
  for name, value in pairs(fields or {}) do all[name] = value end
  return body(all)
end

describe("a device code", function()
  local directory, around, server, answers, own, client, shown

  before_each(function()
    core.clock "virtual"
    directory = process.directory()
    around = surroundings { XDG_CACHE_HOME = directory, AZUREML_TOKEN_CACHE = false }
    shown = {}
  end)

  local function close()
    if client then client:close() end
    if own then own:close() end
    client, own = nil, nil
  end

  after_each(function()
    process.remove(directory)
    client, own, server = world.finish(client, own, server, around)
  end)

  local function forms(page)
    local list = {}
    for _, request in ipairs(server.requests) do
      if request.target == "/" .. TENANT .. "/oauth2/v2.0/" .. page then
        list[#list + 1] = request.body
      end
    end
    return list
  end

  -- Start a server. Token requests get the answers in turn and repeat the last; other requests get
  -- their Authorization header back.
  local function serve(begun, ...)
    answers = { ... }
    server = scripted(function(request)
      if request.target:find "/devicecode$" then return begun end
      if request.target:find "/token$" then
        return #answers > 1 and table.remove(answers, 1) or answers[1]
      end
      return body { authorization = request.headers.authorization }
    end)
  end

  local function open(given)
    local all = {
      authority = server.url, tenant_id = TENANT,
      prompt = function(request) table.insert(shown, request) end
    }
    for name, value in pairs(given or {}) do all[name] = value end
    own = credential.device_code(all)
    client = azureml.client {
      endpoint = server.url, credential = own, scope = "https://r.example/.default"
    }
  end

  local function ask(scope)
    local asker <close> = scope
      and azureml.client { endpoint = server.url, credential = own, scope = scope } or nil
    local reply, err = azureml.try(client.request, asker or client, { path = "/x" })
    return reply and reply.json.authorization or err
  end

  it("is requested, shown, and polled until the user has signed in", function()
    serve(body(BEGUN), refusal "authorization_pending", refusal "authorization_pending", granted())
    open()
    local began = core.now()
    assert.equal("Bearer the-token", ask())
    local scope = "&scope=https%3A%2F%2Fr.example%2F.default%20openid%20profile%20offline_access"
    assert.same({ "client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46" .. scope }, forms "devicecode")
    local poll = "grant_type=" .. DEVICE_GRANT
      .. "&client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46&device_code=" .. CODE
    assert.same({ poll, poll, poll }, forms "token")
    assert.is_true(core.now() - began >= 15)
    assert.same(
      { { message = BEGUN.message, user_code = "ABC123", verification_uri = BEGUN.verification_uri,
        expires_in = 900 } }, shown)
  end)

  it("waits longer after each slow_down, and stays slower", function()
    serve(body(BEGUN), refusal "slow_down", refusal "slow_down", refusal "authorization_pending",
      granted())
    open()
    local began = core.now()
    assert.equal("Bearer the-token", ask())
    local passed = core.now() - began
    assert.is_true(passed >= 5 + 10 + 15 + 15 and passed < 50)
  end)

  it("keeps polling through transient failures", function()
    serve(body(BEGUN), { status = 503 }, { status = 500 }, { status = 502 }, { status = 504 },
      { status = 503 }, granted())
    open()
    assert.equal("Bearer the-token", ask())
  end)

  for code, row in pairs {
    authorization_declined = "the person declined the sign-in",
    access_denied = "the person declined the sign-in",
    expired_token = "the code was not entered in time: begin again",
    bad_verification_code = "AADSTS1: no",
    invalid_client = "AADSTS1: no",
  } do
    it(("ends with %s, and the error does not show the code"):format(code), function()
      serve(body(BEGUN), refusal(code))
      open()
      local err = ask()
      assert.equal(code, err.code)
      assert.is_truthy(err.message:find(row, 1, true), err.message)
      assert.is_nil(tostring(err):find(CODE, 1, true))
      assert.equal(1, #forms "token")
    end)
  end

  it("ends when the code has expired", function()
    serve(body(BEGUN), refusal "authorization_pending")
    open()
    local began = core.now()
    assert.equal("expired_token", ask().code)
    assert.is_true(core.now() - began >= 900)
    assert.is_true(#forms "token" >= 179)
  end)

  it("reads an interval and a lifetime that are texts", function()
    local begun = { expires_in = "20", interval = "7" }
    for name, value in pairs(BEGUN) do begun[name] = begun[name] or value end
    serve(body(begun), refusal "authorization_pending")
    open()
    local began = core.now()
    assert.equal("expired_token", ask().code)
    assert.equal(21, math.floor(core.now() - began + 0.5))
    assert.equal(2, #forms "token")
  end)

  it("has defaults for interval, lifetime and message", function()
    serve(
      body { device_code = CODE, user_code = "XY", verification_url = "https://other.example/d" },
      granted())
    open()
    assert.equal("Bearer the-token", ask())
    assert.equal(
      "To sign in, open the page https://other.example/d in a web browser and enter the code XY.",
      shown[1].message)
    assert.equal(900, shown[1].expires_in)
  end)

  it("shows one line without control characters", function()
    local begun = {
      message = "line\n\27[2Jtwo", user_code = "A\r\nB", verification_uri = "https://x.example/\27"
    }
    begun.device_code = CODE
    serve(body(begun), granted())
    open()
    ask()
    for _, text in pairs { shown[1].message, shown[1].user_code, shown[1].verification_uri } do
      assert.is_nil(text:find "%c")
    end
  end)

  for name, begun in pairs {
    ["no JSON"] = { status = 200, body = "<html>" },
    ["no code"] = body { user_code = "A", verification_uri = "https://x" },
    ["no page"] = body { device_code = CODE, user_code = "A" }, ["nothing"] = body {},
  } do
    it(("refuses an answer with %s"):format(name), function()
      serve(begun, granted())
      open()
      assert.equal("InvalidDeviceAnswer", ask().code)
      assert.equal(0, #shown)
    end)
  end

  it("reports why the server refuses a code", function()
    serve {
      status = 401, body = '{"error":"invalid_client",'
        .. '"error_description":"AADSTS7000218: The request body must contain"}'
    }
    open()
    local err = ask()
    assert.equal("invalid_client", err.code)
    assert.matches("AADSTS7000218", err.message)
  end)

  it("ends when the prompt fails, with its reason", function()
    serve(body(BEGUN), granted())
    open { prompt = function() error "nobody is here" end }
    assert.matches("nobody is here", ask().message)
    assert.equal(0, #forms "token")
  end)

  it("asks the user once for all waiting requests and scopes", function()
    serve(body(BEGUN), granted(), granted { access_token = "another" })
    open()
    local got = {}
    azureml.each({ "a/.default", "a/.default", "b/.default" }, function(scope)
      local token = ask(scope)
      got[#got + 1] = token
    end)
    table.sort(got)
    assert.same({ "Bearer another", "Bearer the-token", "Bearer the-token" }, got)
    assert.equal(1, #shown)
    assert.matches("^grant_type=refresh_token", forms "token"[2])
  end)

  it("renews by the refresh token, and uses the newer one that it gets", function()
    serve(body(BEGUN), granted(), granted { access_token = "second", refresh_token = "newer" },
      granted { access_token = "third" })
    open { cache = false }
    ask()
    azureml.sleep(3590)
    assert.equal("Bearer second", ask())
    azureml.sleep(3590)
    assert.equal("Bearer third", ask())
    assert.equal(
      "grant_type=refresh_token&client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46&refresh_token="
      .. REFRESH .. "&scope=https%3A%2F%2Fr.example%2F.default%20openid%20profile%20offline_access",
      forms "token"[2])
    assert.matches("refresh_token=newer&", forms "token"[3])
    assert.equal(1, #shown)
  end)

  for _, code in ipairs {
    "invalid_grant", "interaction_required", "consent_required", "login_required"
  } do
    it(("asks the user again when the refresh token is refused with %s"):format(code), function()
      serve(body(BEGUN), granted(), refusal(code), granted { access_token = "renewed" })
      open { cache = false }
      ask()
      azureml.sleep(3590)
      assert.equal("Bearer renewed", ask())
      assert.equal(2, #shown)
    end)
  end

  it("does not ask the user after a transient failure of the endpoint", function()
    serve(body(BEGUN), granted(), refusal("temporarily_unavailable", 400))
    open { cache = false }
    ask()
    azureml.sleep(3600)
    assert.equal("temporarily_unavailable", ask().code)
    assert.equal(1, #shown)
  end)

  -- On disk ---------------------------------------------------------------------------------------

  it("is not needed by the next run: the token is saved", function()
    serve(body(BEGUN), granted())
    open()
    ask()
    close()
    open()
    assert.equal("Bearer the-token", ask())
    assert.equal(1, #shown)
    assert.equal(1, #forms "token")
  end)

  it("is not needed for another scope: the refresh token is saved", function()
    serve(body(BEGUN), granted(), granted { access_token = "another" })
    open()
    ask()
    close()
    open()
    assert.equal("Bearer another", ask "other/.default")
    assert.equal(1, #shown)
  end)

  it("is needed by the next run where nothing is saved", function()
    serve(body(BEGUN), granted())
    open { cache = false }
    ask()
    close()
    open { cache = false }
    ask()
    assert.equal(2, #shown)
  end)

  it("is needed by another tenant and by another application", function()
    serve(body(BEGUN), granted())
    for _, given in ipairs { {}, { tenant_id = "u" }, { client_id = "another" } } do
      open(given)
      ask()
      close()
    end
    assert.equal(3, #shown)
  end)

  it("uses the refresh token that another process has saved meanwhile", function()
    serve(body(BEGUN), granted(), refusal "invalid_grant",
      granted { access_token = "by the other" })
    open()
    ask()
    os.execute(([[sed -i 's/%s/others-token/; s/"renew_on":[0-9.]*/"renew_on":1.0/' ]]
      .. "%s/azureml/token-*"):format(REFRESH, directory))
    azureml.sleep(3590)
    ask()
    assert.matches("refresh_token=" .. REFRESH:gsub("%-", "%%-"), forms "token"[2])
    assert.matches("refresh_token=others%-token", forms "token"[3])
    assert.equal(1, #shown)
  end)

  it("drops a saved refresh token that holds a line end", function()
    serve(body(BEGUN), granted())
    open()
    ask()
    os.execute(([[sed -i 's/"refresh_token":"/&a\\r\\n/; s/"renew_on":[0-9.]*/"renew_on":1.0/' ]]
      .. "%s/azureml/token-*"):format(directory))
    close()
    open()
    assert.equal("Bearer the-token", ask())
    assert.equal(2, #shown)
    assert.equal(1, forms "token"[2]:find("grant_type=" .. DEVICE_GRANT, 1, true))
  end)

  it("may be closed while the user or the endpoint is awaited", function()
    for _, page in ipairs { "token", "devicecode" } do
      local silent = {}
      serve(page == "devicecode" and silent or body(BEGUN), silent)
      open()
      local op = client:submit({ path = "/x" }, false)
      while #forms(page) == 0 do azureml.sleep(page == "token" and 1 or 0) end
      op:close()
      close()
      server:close()
    end
    server = nil
  end)

  it("leaves no code and no token in a trace", function()
    serve(body(BEGUN), { status = 503 }, granted())
    local path = directory .. "/trace"
    azureml.trace(path)
    open()
    ask()
    azureml.trace "/dev/null"
    local text = process.run { "cat", path }
    assert.matches("/oauth2/v2.0/devicecode", text)
    for _, secret in ipairs { CODE, REFRESH, "the-token", "ABC123" } do
      assert.is_nil(text:find(secret, 1, true))
    end
  end)

  for name, row in pairs {
    ["a tenant with a slash"] = { { tenant_id = "a/b" }, "tenant_id must be" },
    ["no application"] = { { client_id = "" }, "client_id is missing" },
    ["plain http"] = {
      { authority = "http://login.example.org" }, "authority must be an https URL"
    },
  } do
    it(("%s is refused before anything is sent"):format(name), function()
      local _, err = azureml.try(credential.device_code, row[1])
      assert.equal("InvalidCredential", err.code)
      assert.is_truthy(err.message:find(row[2], 1, true))
    end)
  end
end)

describe("a refresh token", function()
  local server, answers

  before_each(function() core.clock "virtual" end)
  after_each(function()
    if server then server:close() end
    core.clock "real"
  end)

  local function ask(own)
    local client <close> = azureml.client {
      endpoint = server.url, credential = own, scope = "r/.default"
    }
    local reply, err = azureml.try(client.request, client, { path = "/x" })
    return reply and reply.json.authorization or err
  end

  local function serve(...)
    answers = { ... }
    server = scripted(function(request)
      if request.method == "POST" then
        return #answers > 1 and table.remove(answers, 1) or answers[1]
      end
      return body { authorization = request.headers.authorization }
    end)
  end

  it("brings tokens, and is exchanged for newer ones", function()
    serve(granted { refresh_token = "newer" },
      granted { access_token = "second", refresh_token = json.null })
    local own <close> = credential.refresh_token {
      authority = server.url, tenant_id = TENANT, client_id = "app", refresh_token = "mine"
    }
    assert.equal("Bearer the-token", ask(own))
    azureml.sleep(3590)
    assert.equal("Bearer second", ask(own))
    assert.matches("client_id=app&refresh_token=mine&", server.requests[1].body)
    assert.matches("client_id=app&refresh_token=newer&", server.requests[3].body)
  end)

  it("that is refused is an error: the user is not asked", function()
    serve(refusal "invalid_grant")
    local own <close> = credential.refresh_token {
      authority = server.url, refresh_token = "mine-is-secret"
    }
    local err = ask(own)
    assert.equal("invalid_grant", err.code)
    assert.equal("the sign-in has expired or was revoked; to sign in again, "
      .. "give a new refresh_token", err.hint)
    assert.is_nil(tostring(err):find("mine-is-secret", 1, true))
  end)

  for name, token in pairs { ["empty"] = "", ["more than a token"] = "a\r\nb" } do
    it(("that is %s is refused at once"):format(name), function()
      local _, err = azureml.try(credential.refresh_token, { refresh_token = token })
      assert.equal("InvalidCredential", err.code)
    end)
  end
end)
