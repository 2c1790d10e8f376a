--- Tokens on disk, from one run to the next: csrc/cache.c.
local base64url = require("azureml.emulator.entra.directory").base64url
local json = require "azureml.json"
local new_machine = require "spec.machine"
local process = require "spec.process"

local function jwt(name)
  return ("%s.%s.c2ln"):format(
    base64url '{"alg":"none"}', base64url(('{"upn":"%s","oid":"%s"}'):format(name, name)))
end

describe("the token cache", function()
  local machine

  before_each(function() machine = new_machine() end)
  after_each(function() machine:close() end)

  -- Install an az whose token and profile name the same account.
  local function log_in(name, seconds)
    machine:shell "mkdir -p home/.azure"
    process.write(machine.directory .. "/home/.azure/azureProfile.json",
      ('{"subscriptions":[{"user":"%s"}]}'):format(name))
    machine:program("az", ([[cat <<END
{ "accessToken": "%s", "expires_on": $(($(date +%%s) + %d)), "tokenType": "Bearer" }
END]]):format(jwt(name), seconds or 3600))
  end

  local ASK =
    "local own = credential.azure_cli(%s) use(own, 'r/.default') print(ask(), own:claim 'upn')"

  local function ask(options, environment)
    return (machine:lua(ASK:format(options or ""), environment))
  end

  local function file()
    return machine.directory .. "/" .. machine:shell "ls cache/azureml/token-*.json"
  end

  local function content()
    local opened <close> = assert(io.open(file()))
    return json.decode(opened:read "a")
  end

  it("makes the second run start no az", function()
    log_in "ann"
    assert.equal("sent\tann", ask())
    assert.equal("sent\tann", ask())
    assert.equal(1, #machine:runs "az")
  end)

  it("is private, whatever the umask: only the user may read directory and file", function()
    log_in "ann"
    machine:program("loose", 'umask 0; exec "$@"')
    local argv = { machine.directory .. "/bin/loose", process.executable_path, "-e",
      [[local azureml = require "azureml"
        local own = azureml.credential.azure_cli()
        local client = azureml.client {
          endpoint = "https://127.0.0.1:1", credential = own, retry = { tries = 0 } }
        azureml.try(client.request, client, { path = "/x" })]] }
    process.run(argv, machine:environment(), machine.directory)
    assert.equal("700", machine:shell "stat -c %a cache/azureml")
    assert.equal("600", machine:shell("stat -c %a " .. file()))
    -- no temporary file is left
    assert.equal("1", machine:shell "ls cache/azureml | wc -l")
  end)

  it("makes its own directory private if it is not", function()
    log_in "ann"
    machine:shell "mkdir -p cache/azureml && chmod 755 cache/azureml"
    ask()
    assert.equal("700", machine:shell "stat -c %a cache/azureml")
    ask()
    assert.equal(1, #machine:runs "az")
  end)

  it("is in ~/.cache where XDG_CACHE_HOME is unset or a relative path", function()
    log_in "ann"
    for _, value in ipairs { "", "cache" } do
      ask("", { XDG_CACHE_HOME = value })
      assert.equal("1", machine:shell "ls home/.cache/azureml | wc -l")
    end
    assert.equal(1, #machine:runs "az")
  end)

  it("holds the token once, for its scope", function()
    log_in "ann"
    ask()
    local kept = content()
    assert.equal(1, #kept.tokens)
    assert.equal("r/.default", kept.tokens[1].scope)
    assert.equal(jwt "ann", kept.tokens[1].access_token)
    assert.is_true(kept.tokens[1].renew_on < kept.tokens[1].expires_on)
    machine:lua "use(credential.azure_cli(), 'other/.default') print(ask())"
    assert.equal(2, #content().tokens)
    assert.equal(2, #machine:runs "az")
  end)

  for name, row in pairs {
    ["by the option"] = { "{ cache = false }", {} },
    ["by AZUREML_TOKEN_CACHE=off"] = { "", { AZUREML_TOKEN_CACHE = "off" } },
    ["by AZUREML_TOKEN_CACHE=0"] = { "", { AZUREML_TOKEN_CACHE = "0" } },
    ["by there being no home"] = { "", { XDG_CACHE_HOME = "", HOME = "" } },
  } do
    it("is switched off " .. name, function()
      log_in "ann"
      ask(row[1], row[2])
      ask(row[1], row[2])
      assert.equal(2, #machine:runs "az")
      assert.equal("", machine:shell "ls -d cache home/.cache 2>/dev/null")
    end)
  end

  it("notices that another account has logged in", function()
    log_in "ann"
    ask()
    log_in "bob"
    assert.equal("sent\tbob", ask())
    assert.equal("sent\tbob", ask())
    assert.equal(2, #machine:runs "az")
    assert.equal(1, #content().tokens)
  end)

  it("does not save a token if another account logs in while az runs", function()
    log_in "ann"
    machine:program("az", ([[
echo '{"subscriptions":[{"user":"bob"}]}' >"$DIR/home/.azure/azureProfile.json"
echo '{ "accessToken": "%s", "expires_on": 99999999999 }']]):format(jwt "ann"))
    machine:lua "use(credential.azure_cli(), 'r/.default') print(ask())"
    assert.equal("", machine:shell "ls cache/azureml 2>/dev/null")
  end)

  it("keeps tokens apart by tenant, subscription and az directory", function()
    log_in "ann"
    for _, options in ipairs {
      "", "{ tenant_id = 't' }", "{ tenant_id = 'u' }", "{ subscription = 't' }"
    } do
      ask(options)
    end
    ask("", { AZURE_CONFIG_DIR = machine.directory .. "/elsewhere" })
    assert.equal(5, #machine:runs "az")
    ask "{ tenant_id = 'u' }"
    assert.equal(5, #machine:runs "az")
  end)

  it("does not serve a token that is about to expire", function()
    log_in("ann", 200)
    ask()
    ask()
    assert.equal(1, #machine:runs "az")
    machine:shell("sed -i 's/\"renew_on\":[0-9.]*/\"renew_on\":1.0/' " .. file())
    ask()
    assert.equal(2, #machine:runs "az")
  end)

  it("does not serve a token that ends before its renewal", function()
    log_in "ann"
    ask()
    machine:shell("sed -i 's/\"renew_on\":[0-9.]*/\"renew_on\":99999999999.0/' " .. file())
    ask()
    assert.equal(2, #machine:runs "az")
  end)

  for name, escape in pairs {
    ["a line end"] = [[\\r\\n]], ["a control character"] = [[\\u001b]], ["a blank"] = " ",
  } do
    it(("drops a token that holds %s, and fetches another"):format(name), function()
      log_in "ann"
      ask()
      machine:shell(([[sed -i 's/"access_token":"/&a%s/' %s]]):format(escape, file()))
      assert.equal("sent\tann", ask())
      assert.equal(2, #machine:runs "az")
      assert.equal(jwt "ann", content().tokens[1].access_token)
      assert.equal(1, #content().tokens)
    end)
  end

  -- A clock that was set back by a minute is forgiven.
  for seconds, runs in pairs { [30] = 1, [150] = 2 } do
    it(("runs az %d times for a token saved %d s in the future"):format(runs, seconds), function()
      log_in "ann"
      ask()
      local kept_on = ([[\"kept_on\":$(($(date +%%s) + %d)).0]]):format(seconds)
      machine:shell(([[sed -i "s/\"kept_on\":[0-9.]*/%s/" %s]]):format(kept_on, file()))
      ask()
      assert.equal(runs, #machine:runs "az")
    end)
  end

  it("does not serve a token saved in the future, as after the clock is set back", function()
    log_in "ann"
    ask()
    machine:shell("sed -i 's/\"kept_on\":[0-9.]*/\"kept_on\":99999999999.0/' " .. file())
    ask()
    assert.equal(2, #machine:runs "az")
  end)

  it("does not serve again a token that the service refused", function()
    log_in "ann"
    assert.equal("2", machine:lua [[
      local scripted = require "spec.scripted"
      local certificate = require "spec.certificate"
      local authority = certificate.authority "ec"
      local server = scripted(function() return { status = 401 } end,
        { tls = certificate.server(authority, "IP:127.0.0.1") })
      local client = azureml.client {
        endpoint = server.url, credential = credential.azure_cli(), scope = "r/.default",
        ca_file = authority.ca_file }
      azureml.try(client.request, client, { path = "/x" })
      print(#server.requests)
      certificate.remove(authority)
    ]])
    assert.equal(2, #machine:runs "az")
  end)

  it("takes over a token that another process has renewed meanwhile", function()
    log_in "ann"
    local renew = ("sed -i s/%s/%s/ cache/azureml/token-*.json"):format(jwt "ann", jwt "bob")
    assert.equal("sent\tann\nsent\tbob", machine:lua(([[
      local own = credential.azure_cli()
      use(own, "r/.default")
      print(ask(), own:claim "upn")
      os.execute %q
      azureml.sleep(3590)
      print(ask(), own:claim "upn")
    ]]):format(renew)))
    assert.equal(1, #machine:runs "az")
  end)

  for name, damage in pairs {
    ["no JSON"] = "echo '{\"version\":1,' >%s",
    ["empty"] = "truncate -s 0 %s",
    ["of another version"] = "sed -i 's/\"version\":1/\"version\":2/' %s",
    ["readable to others"] = "chmod 644 %s",
    ["a link"] = "mv %s elsewhere && ln -s $PWD/elsewhere %s",
    ["a directory"] = "rm %s && mkdir %s && rmdir %s",
    ["far too large"] = "head -c 2000000 /dev/zero >>%s",
    ["of the wrong types"] = "echo '{\"version\":1,\"stamp\":5,\"tokens\":{\"scope\":[]}}' >%s",
    ["of tokens of the wrong types"] =
      "sed -i 's/\"renew_on\":/\"renew_on\":null,\"x\":/; s/\"scope\":/\"scope\":7,\"y\":/' %s",
  } do
    it(("ignores a file that is %s, and writes a valid one"):format(name), function()
      log_in "ann"
      ask()
      local path = file()
      machine:shell(damage:gsub("%%s", path))
      assert.equal("sent\tann", ask())
      assert.equal(2, #machine:runs "az")
      assert.equal("600 regular file", machine:shell("stat -c '%a %F' " .. path))
      assert.equal("sent\tann", ask())
      assert.equal(2, #machine:runs "az")
    end)
  end

  it("does not write through a symbolic link in its file's place", function()
    log_in "ann"
    ask()
    local path = file()
    machine:shell(("echo precious >victim && rm %s && ln -s $PWD/victim %s"):format(path, path))
    ask()
    assert.equal("precious", machine:shell "cat victim")
  end)

  for name, make in pairs {
    ["a link"] = "mkdir -p cache elsewhere && ln -s $PWD/elsewhere cache/azureml",
    ["a file"] = "mkdir -p cache && touch cache/azureml",
    ["open to others"] = "mkdir -p cache/azureml && chmod 777 cache/azureml",
  } do
    it(("does not use a directory that is %s, and works without"):format(name), function()
      log_in "ann"
      machine:shell(make)
      assert.equal("sent\tann", ask())
      assert.equal("sent\tann", ask())
      assert.equal(2, #machine:runs "az")
      assert.equal("0", machine:shell "ls elsewhere cache/azureml/ 2>/dev/null | grep -c token")
    end)
  end

  it("is always whole, with several processes at once", function()
    log_in "ann"
    machine:program("crowd", ([[for i in 1 2 3 4; do
  %s -e "$1" >>"$DIR/said" 2>&1 &
done
wait]]):format(process.executable_path))
    local script = [[
      local azureml = require "azureml"
      for i = 1, 6 do
        local own = azureml.credential.azure_cli()
        local options = {
          endpoint = "https://127.0.0.1:1", credential = own, scope = "r" .. i .. "/.default",
          retry = { tries = 0 } }
        local client = azureml.client(options)
        local _, err = azureml.try(client.request, client, { path = "/x" })
        assert(err.code == "ConnectionFailed" and own:claim "upn" == "ann", tostring(err))
      end
      print "good"
    ]]
    process.run({ machine.directory .. "/bin/crowd", script }, machine:environment(),
      machine.directory)
    assert.equal("good\ngood\ngood\ngood", machine:shell "cat said")
    assert.is_true(#content().tokens >= 1 and #content().tokens <= 6)
    assert.equal("1", machine:shell "ls cache/azureml | wc -l")
  end)
end)
