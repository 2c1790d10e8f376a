--- Logging in, logging out, and who one is: lua/azureml/login.lua and its commands.
local azureml = require "azureml"
local config = require "azureml.config"
local credential = azureml.credential
local json = require "azureml.json"
local new_machine = require "spec.machine"
local process = require "spec.process"
local surroundings = require "spec.surroundings"
local world = require "spec.world"

local OWNER = "owner@emulator.onmicrosoft.com"

describe("azureml.login", function()
  local emulator, ws, directory, around

  before_each(function()
    emulator, ws = world.open {}
    config.deselect_emulator(emulator)      -- it is only Entra here
    directory = process.directory()
    around = surroundings {
      XDG_CACHE_HOME = directory, AZUREML_TOKEN_CACHE = false, AZURE_AUTHORITY_HOST = emulator.url,
    }
  end)

  after_each(function()
    around:close()
    process.remove(directory)
    world.close(emulator, ws)
  end)

  -- A person who enters the code at the page.
  local function person(answer)
    return function(asked)
      local browser <close> = azureml.client { endpoint = emulator.url }
      browser:request { method = "POST", path = "/devicelogin",
        body = "user_code=" .. asked.user_code .. "&answer=" .. answer,
        headers = { ["Content-Type"] = "application/x-www-form-urlencoded" } }
    end
  end

  local function log_in(answer)
    return azureml.try(azureml.login, { method = "device_code", prompt = person(answer or "yes") })
  end

  local function whoami(scope)
    local own <close> = credential.login()
    local client <close> = azureml.client { endpoint = "https://127.0.0.1:1", credential = own,
      scope = scope or "https://management.azure.com/.default" }
    local _, err = azureml.try(client.authenticate, client)
    return err or own:claim "upn" or own:claim "unique_name" or own:claim "preferred_username"
  end

  local function damage(script)
    os.execute(("sed -i '%s' %s/azureml/token-*"):format(script, directory))
  end

  local ENDED = [[s/"renew_on":[0-9.]*/"renew_on":1.0/g]]

  it("is a login for all that asks later, until logout", function()
    local identity = log_in()
    assert.equal(OWNER, identity.user)
    assert.equal("azureml_login", identity.credential)
    assert.equal(emulator:settings().tenant_id, identity.tenant_id)
    local before = emulator:request_count()
    assert.equal(OWNER, whoami())
    assert.equal(before, emulator:request_count())
    assert.equal(1, azureml.logout())
    assert.matches("azureml login: no user is logged in; run 'azureml login'", whoami().message)
    assert.equal(0, azureml.logout())
  end)

  it("signs in to the emulator that is in use", function()
    around:set { AZURE_AUTHORITY_HOST = "https://login.example.org" }
    config.select_emulator(emulator)
    local identity, err = log_in()
    config.deselect_emulator(emulator)
    assert.equal(OWNER, identity and identity.user, err)
  end)

  it("goes on with the refresh token for another scope, and when the token has ended", function()
    log_in()
    local issued = emulator:token_count()
    assert.equal(OWNER, whoami "https://management.core.windows.net//.default")
    damage(ENDED)
    assert.equal(OWNER, whoami())
    assert.equal(OWNER, whoami())
    assert.equal(issued + 2, emulator:token_count())
  end)

  it("that has ended is none: a chain goes on, and what is kept is removed", function()
    log_in()
    damage([[s/"refresh_token":"[^"]*"/"refresh_token":"rubbish"/; ]] .. ENDED)
    local err = whoami()
    assert.matches("azureml login: AADSTS%d+: .*; run 'azureml login'", err.message)
    local chain <close> = credential.chain { credential.login(), credential.token { token = "x" } }
    local client <close> = azureml.client { endpoint = "https://127.0.0.1:1", credential = chain }
    client:authenticate()
    assert.equal("token", (chain:served()))
    assert.matches("no user is logged in", whoami().message)
  end)

  it("that cannot be gone on with just now lets a chain go on", function()
    log_in()
    damage(ENDED)
    emulator:fault { match = { path = "/token" }, times = 9, answer = {
      status = 400, json = { error = "invalid_scope" },
    } }
    local chain <close> = credential.chain { credential.login(), credential.token { token = "x" } }
    local client <close> = azureml.client { endpoint = "https://127.0.0.1:1", credential = chain }
    client:authenticate()
    assert.equal("token", (chain:served()))
  end)

  it("that is declined is none", function()
    local _, err = log_in "no"
    assert.matches("the person declined the sign%-in", err.message)
    assert.matches("no user is logged in", whoami().message)
  end)

  it("that cannot be kept is none", function()
    around:set { AZUREML_TOKEN_CACHE = "off" }
    local _, err = log_in()
    assert.equal("LoginNotKept", err.code)
    assert.matches("the token cache is switched off by AZUREML_TOKEN_CACHE", err.message)
  end)

  it("asks the user even if a user is logged in", function()
    local asked = 0
    for _ = 1, 2 do
      azureml.login { method = "device_code", prompt = function(what)
        asked = asked + 1
        person "yes"(what)
      end }
    end
    assert.equal(2, asked)
  end)

  it("is kept for its authority alone", function()
    log_in()
    around:set { AZURE_AUTHORITY_HOST = "https://127.0.0.1:1" }
    assert.matches("no user is logged in", whoami().message)
  end)

  it("goes into the default credential, and never to plain http", function()
    log_in()
    around:set { AZURE_TOKEN_CREDENTIALS = "AzureMLLogin" }
    assert.equal("azureml_login", azureml.whoami().credential)
    local own <close> = credential.login()
    local _, err = azureml.try(azureml.client, { endpoint = emulator.url, credential = own })
    assert.matches("credentials found on this machine are not sent there", err.message)
  end)

  it("by a method that there is not is a mistake", function()
    local ok, err = pcall(azureml.login, { method = "magic" })
    assert.is_false(ok)
    assert.matches("login: there is no method 'magic'", err)
  end)
end)

describe("the commands login, whoami and logout", function()
  it("do so for the processes that follow, and print no token", function()
    local emulator <close> = process.served_emulator {}
    local machine <close> = new_machine()
    local variables = {
      AZURE_AUTHORITY_HOST = emulator.url, AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://127.0.0.1:1",
    }
    local script = ([[
      '%s' login --device-code -o json >out 2>err & pid=$!
      until code=$(grep -o 'the code [A-Z0-9]*' err 2>/dev/null)
      do kill -0 $pid 2>/dev/null || break; sleep 0.02; done
      test -n "$code" && curl -s -d "user_code=${code##* }&answer=yes" %s/devicelogin >/dev/null
      wait $pid]]):format(process.executable_path, emulator.url)
    local _, _, code = process.run({ "sh", "-c", script }, machine:environment(variables),
      machine.directory)
    assert.equal(0, code, machine:shell "cat err")
    assert.matches("^To sign in, use a web browser to open the page", machine:shell "cat err")
    assert.equal(OWNER, json.decode(machine:shell "cat out").user)

    variables.AZUREML_TRACE = machine.directory .. "/trace"
    local shown = machine:command({ "whoami", "-o", "json" }, variables)
    assert.equal("azureml_login", json.decode(shown).credential)
    assert.matches("user +" .. OWNER:gsub("%p", "%%%0"), (machine:command({ "whoami" }, variables)))
    for _, text in ipairs { machine:shell "cat out err trace 2>/dev/null", shown } do
      assert.is_nil(text:find("eyJ", 1, true))
    end
    assert.equal("700 600", machine:shell "echo $(stat -c %a cache/azureml cache/azureml/*)")

    local _, said = machine:command({ "logout" }, variables)
    assert.equal("removed the tokens of 1 credential\n", said)
    _, said = machine:command({ "logout" }, variables)
    assert.equal("there are no saved tokens\n", said)
    _, said, code = machine:command({ "whoami" }, variables)
    assert.equal(4, code)
    assert.matches("azureml login: no user is logged in; run 'azureml login'", said)
  end)

  it("are wrong usage with two ways at once", function()
    local _, _, code = process.executable { "login", "--device-code", "--browser" }
    assert.equal(2, code)
  end)
end)

describe("azureml.whoami", function()
  it("tells an application by its ids", function()
    local emulator <close> = require("azureml.emulator").start {}
    local identity = azureml.whoami()
    assert.equal("client_secret", identity.credential)
    assert.equal(emulator:settings().client_id, identity.application_id)
    assert.equal(emulator:settings().tenant_id, identity.tenant_id)
    assert.is_nil(identity.user)
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$", identity.expires_on)
  end)

  it("tells only the kind where a token cannot be read", function()
    local own <close> = azureml.credential.chain { azureml.credential.token { token = "opaque" } }
    local identity = azureml.whoami { credential = own, cloud = "AzureCloud" }
    assert.equal("token", identity.credential)
    assert.is_nil(identity.object_id)
  end)

  it("raises where there is no token to be had", function()
    local own <close> = azureml.credential.callback(function() return nil, "not today" end)
    local _, err = azureml.try(azureml.whoami, { credential = own, cloud = "AzureCloud" })
    assert.equal("CredentialUnavailable", err.code)
    assert.matches("not today", err.message)
  end)
end)
