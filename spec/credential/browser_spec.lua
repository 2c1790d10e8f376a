--- Signing in with a browser: csrc/credential/browser.c and csrc/loopback.c. A task of the spec
--- plays the browser.
local azureml = require "azureml"
local core = require "azureml.core"
local credential = azureml.credential
local json = require "azureml.json"
local new_machine = require "spec.machine"
local process = require "spec.process"
local scripted = require "spec.scripted"
local surroundings = require "spec.surroundings"
local world = require "spec.world"

local TENANT = "t.example.org"
local FORM = { ["Content-Type"] = "application/x-www-form-urlencoded" }

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

local function query_of(url)
  local fields = {}
  for name, value in url:match("%?(.*)$"):gmatch "([^&=]+)=([^&]*)" do
    fields[name] = unescape(value)
  end
  return fields
end

describe("a browser", function()
  local directory, around, server, own, client

  before_each(function()
    directory = process.directory()
    around = surroundings { XDG_CACHE_HOME = directory, AZUREML_TOKEN_CACHE = false }
    server = scripted(function(request)
      if request.target:find "/token$" then
        local answer = {
          token_type = "Bearer", expires_in = 3600, access_token = "the-token",
          refresh_token = "the-refresh-token"
        }
        return { status = 200, body = json.encode(answer) }
      end
      return { status = 200, body = json.encode { authorization = request.headers.authorization } }
    end)
  end)

  after_each(function()
    if client then client:close() end
    if own then own:close() end
    client, own = nil, nil
    server:close()
    around:close()
    process.remove(directory)
    assert.equal(0, world.leaks())
  end)

  -- Sign in. Call `person` with the fields of the page's URL. The sign-in may end while `person`
  -- still runs.
  local function ask(person, given)
    local gone = true
    local function open(asked)
      gone = false
      local _ <close> = setmetatable({}, { __close = function() gone = true end })
      person(query_of(asked.url), asked.url)
    end
    local all = { authority = server.url, tenant_id = TENANT, open = open }
    for name, value in pairs(given or {}) do all[name] = value end
    own = credential.browser(all)
    client = azureml.client {
      endpoint = server.url, credential = own, scope = "https://r.example/.default"
    }
    local reply, err = azureml.try(client.request, client, { path = "/x" })
    while not gone do azureml.sleep(0) end
    return reply and reply.json.authorization or err
  end

  local function visit(url, request)
    local visitor <close> = azureml.client { endpoint = url, retry = { tries = 0 } }
    request.path = request.path or "/"
    local reply, err = azureml.try(visitor.request, visitor, request)
    return reply and reply.status or err.status, reply
  end

  local function post(url, form)
    return visit(url, { method = "POST", body = form, headers = FORM })
  end

  local function address(page, host)
    return (page.redirect_uri:gsub("localhost", host or "127.0.0.1"))
  end

  it("opens a page that protects the code, and redeems the code that it returns", function()
    local page, url
    assert.equal("Bearer the-token", ask(function(fields, whole)
      page, url = fields, whole
      assert.equal(200, (post(address(fields), "code=a%2Bcode&state=" .. fields.state)))
    end))
    assert.equal(server.url .. "/" .. TENANT .. "/oauth2/v2.0/authorize", (url:match "^[^?]*"))
    assert.equal("code", page.response_type)
    assert.equal("form_post", page.response_mode)
    assert.equal("select_account", page.prompt)
    assert.equal("S256", page.code_challenge_method)
    assert.equal("https://r.example/.default openid profile offline_access", page.scope)
    assert.matches("^http://localhost:%d+$", page.redirect_uri)
    assert.equal(43, #page.state)
    assert.equal(43, #page.code_challenge)
    local body = server.requests[1].body
    local verifier = body:match "code_verifier=([%w%-_]+)&"
    assert.equal(page.code_challenge, core.crypto.base64url(core.crypto.sha256(verifier)))
    assert.equal(("grant_type=authorization_code&client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46"
      .. "&code=a%%2Bcode&redirect_uri=%s&code_verifier=%s"
      .. "&scope=https%%3A%%2F%%2Fr.example%%2F.default%%20openid%%20profile%%20offline_access"
    ):format(core.escape(page.redirect_uri), verifier), body)
  end)

  it("gets a fresh page each time", function()
    local states, challenges = {}, {}
    for i = 1, 2 do
      ask(function(page)
        states[i], challenges[i] = page.state, page.code_challenge
        post(address(page), "code=x&state=" .. page.state)
      end, { cache = false })
      client:close()
      own:close()
    end
    assert.not_equal(states[1], states[2])
    assert.not_equal(challenges[1], challenges[2])
  end)

  it("is asked to sign in the user of login_hint", function()
    ask(function(page)
      assert.equal("ann@example.org", page.login_hint)
      assert.equal("login", page.prompt)
      post(address(page), "code=x&state=" .. page.state)
    end, { login_hint = "ann@example.org" })
  end)

  it("may connect by IPv6 where the machine has it", function()
    if not io.open "/proc/net/if_inet6" then return end
    assert.equal("Bearer the-token", ask(function(page)
      post(address(page, "[::1]"), "code=x&state=" .. page.state)
    end))
  end)

  it("gets a reply to each request; only a form with the right state is accepted", function()
    local seen = {}
    assert.equal("Bearer the-token", ask(function(page)
      local url = address(page)
      seen.icon = visit(url, { path = "/favicon.ico" })
      seen.address = visit(url, { path = "/?code=stolen&state=" .. page.state })
      seen.stranger = post(url, "code=stolen&state=another")
      seen.stateless = post(url, "code=stolen")
      seen.denied = post(url, "error=access_denied")
      seen.twice = post(url, ("code=stolen&state=%s&state=%s"):format(page.state, page.state))
      seen.long = post(url, "x=" .. ("x"):rep(70000))
      seen.ours = post(url, "code=ours&state=" .. page.state)
    end))
    assert.same(
      { icon = 404, address = 404, stranger = 400, stateless = 400, denied = 400, twice = 400,
        long = 400, ours = 200 }, seen)
    assert.matches("&code=ours&", server.requests[1].body)
    assert.equal(2, #server.requests)
  end)

  it("that brings a refusal ends the sign-in with its reason", function()
    local err = ask(function(page)
      post(address(page),
        "error=access_denied&error_description=AADSTS65004%3A%20User%20declined%0D%0ATrace&state="
        .. page.state)
    end)
    assert.equal("access_denied", err.code)
    assert.matches("signing in with a browser: AADSTS65004: User declined Trace", err.message)
    assert.equal(0, #server.requests)
  end)

  it("that cannot be opened ends the sign-in", function()
    assert.matches("no screen", ask(function() error "no screen" end).message)
  end)

  it("is not waited for beyond the timeout", function()
    local err = ask(function() end, { timeout = 0.05 })
    assert.equal("SignInTimeout", err.code)
  end)

  it("is not needed again: the token and refresh token are kept", function()
    ask(function(page) post(address(page), "code=x&state=" .. page.state) end)
    client:close()
    own:close()
    assert.equal("Bearer the-token", ask(function() error "asked again" end))
  end)

  it("has its port closed after the sign-in", function()
    local url
    ask(function(page)
      url = address(page)
      post(url, "code=x&state=" .. page.state)
    end)
    assert.is_nil((visit(url, {})))
  end)

  it("has its port closed when the caller gives up", function()
    local url
    own = credential.browser {
      authority = server.url, tenant_id = TENANT,
      open = function(request) url = address(query_of(request.url)) end
    }
    client = azureml.client { endpoint = server.url, credential = own }
    local op = client:submit({ path = "/x" }, false)
    while not url do azureml.sleep(0.001) end
    op:close()
    client:close()
    own:close()
    client, own = nil, nil
    assert.is_nil((visit(url, {})))
  end)

  it("is started by BROWSER or xdg-open, detached, and the address is printed too", function()
    local emulator <close> = process.served_emulator {}
    local machine <close> = new_machine()
    machine:program("my-browser", [[env >"$DIR/browser.env"; ls /proc/self/fd >"$DIR/browser.fds"
curl -s "$1" >"$DIR/page"
uri=$(sed -n 's/.*action="\([^"]*\)".*/\1/p' "$DIR/page")
field() { sed -n "s/.*name=\"$1\" value=\"\([^\"]*\)\".*/\1/p" "$DIR/page"; }
curl -s "$uri" -d "code=$(field code)" -d "state=$(field state)" >"$DIR/end"]])
    local variables = {
      AZURE_AUTHORITY_HOST = emulator.url, AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://127.0.0.1:1",
      BROWSER = machine.directory .. "/bin/my-browser", AZURE_CLIENT_SECRET = "s1"
    }
    local output, errors, code = machine:command({ "login", "--browser", "-o", "json" }, variables)
    assert.equal(0, code, errors)
    assert.equal("owner@emulator.onmicrosoft.com", json.decode(output).user)
    local told =
      "A browser is opened to sign in. If none appears, open this page on this machine:\n"
      .. emulator.url
    assert.equal(told, errors:sub(1, #told))
    assert.matches("You have signed in", machine:shell "cat end")
    assert.is_nil(machine:shell("cat browser.env"):find("AZURE_CLIENT_SECRET", 1, true))
    assert.equal("0 1 2 3", machine:shell "echo $(cat browser.fds)")
  end)
end)
