--- The login of the Azure Developer CLI: csrc/credential/azd.c, and the code in program.c that it
--- shares with the Azure CLI.
local azureml = require "azureml"
local base64url = require("azureml.emulator.entra.directory").base64url
local credential = azureml.credential
local new_machine = require "spec.machine"
local process = require "spec.process"

local JWT = ("%s.%s.c2ln"):format(base64url '{"alg":"none"}', base64url '{"upn":"ann@example.org"}')

describe("the Azure Developer CLI's credential", function()
  local machine

  before_each(function() machine = new_machine() end)
  after_each(function() machine:close() end)

  local ANSWER = ([[
ends=$(date -u -d '+1 hour' +%%Y-%%m-%%dT%%H:%%M:%%SZ)
echo "{\"token\":\"%s\",\"expiresOn\":\"$ends\"}"]]):format(JWT)
  local ASK = [[
    local own = credential.azure_developer_cli(%s)
    use(own, 'https://r.example//.default')
    print(ask(), own:claim 'upn')]]

  local function ask(options)
    return (machine:lua(ASK:format(options or ""), { TZ = "Asia/Kolkata" }))
  end

  it("takes azd's token, whose end is in UTC; the second run starts no azd", function()
    machine:program("azd", ANSWER)
    assert.equal("sent\tann@example.org", ask())
    assert.equal("sent\tann@example.org", ask())
    assert.same({ "auth token --output json --no-prompt --scope https://r.example//.default" },
      machine:runs "azd")
  end)

  it("gives azd the tenant", function()
    machine:program("azd", ANSWER)
    ask "{ tenant_id = 't.org' }"
    local arguments = "auth token --output json --no-prompt --scope https://r.example//.default"
    assert.same({ arguments .. " --tenant-id t.org" }, machine:runs "azd")
  end)

  it("notices that another account has logged in", function()
    machine:program("azd", ANSWER)
    machine:shell "mkdir home/.azd"
    for _, user in ipairs { "ann", "ann", "bob" } do
      process.write(machine.directory .. "/home/.azd/auth.json",
        ('{"auth":{"account":{"currentUser":"%s"}}}'):format(user))
      ask()
    end
    assert.equal(2, #machine:runs "azd")
  end)

  -- Send a request to a service that demands claims, and print the error.
  local CHALLENGED = [[
    local scripted, certificate = require "spec.scripted", require "spec.certificate"
    local authority = certificate.authority "ec"
    local challenge = 'Bearer error="insufficient_claims", claims="eyJhIjoxfQ=="'      -- {"a":1}
    local reply = { status = 401, headers = { ["WWW-Authenticate"] = challenge } }
    local server = scripted(function() return reply end,
      { tls = certificate.server(authority, "IP:127.0.0.1") })
    local client = azureml.client {
      endpoint = server.url, credential = credential[%q](), scope = "r/.default",
      ca_file = authority.ca_file }
    print(select(2, azureml.try(client.request, client, { path = "/x" })))
    certificate.remove(authority)
  ]]

  it("passes a challenge's claims to azd, and does not save the resulting token", function()
    machine:program("azd", ANSWER)
    machine:lua(CHALLENGED:format "azure_developer_cli")
    local plain, challenged = table.unpack(machine:runs "azd")
    assert.equal("auth token --output json --no-prompt --scope r/.default", plain)
    assert.matches(" %-%-claims eyJ[%w+/=]+$", challenged)
    machine:lua(CHALLENGED:format "azure_developer_cli")
    assert.equal(3, #machine:runs "azd")
  end)

  it("with the Azure CLI, which takes no claims, says how to sign in with them", function()
    machine:program("az",
      ([[echo '{ "accessToken": "%s", "expires_on": 99999999999 }']]):format(JWT))
    local said = machine:lua(CHALLENGED:format "azure_cli")
    assert.matches("run 'az login %-%-claims%-challenge eyJ[%w+/=]+ %-%-scope r/.default'", said)
    assert.equal(1, #machine:runs "az")
  end)

  local ENDED = "ERROR: fetching token: AADSTS70043: reauthentication required, "
    .. "run `azd auth login` to log in"

  local function complaint(message)
    local json = ('{"type":"consoleMessage","timestamp":"t","data":{"message":"%s"}}'):format(
      message)
    return ([[printf '%%s\n' '%s' >&2; exit 1]]):format(json)
  end

  local BY_HAND = "; try 'azd auth token' by hand"

  for name, row in pairs {
    ["no user is logged in"] = {
      complaint [[\nERROR: fetching token: not logged in, run `azd auth login` to login\n]],
      "CliNotLoggedIn",
      "no user is logged in; run 'azd auth login'",
    },
    ["a login that has ended"] = {
      complaint([[\n]] .. ENDED .. [[\n]]), "CliFailed", "it failed (exit code 1): " .. ENDED,
    },
    ["another failure, told in JSON"] = {
      complaint [[first\nERROR: no network\n\n]], "CliFailed",
      "it failed (exit code 1): ERROR: no network" .. BY_HAND,
    },
    ["another failure, told plainly"] = {
      "echo 'panic: oh' >&2; exit 2", "CliFailed", "it failed (exit code 2): panic: oh"
    },
    ["another failure, told as versions from 1.23.7 on do"] = {
      [[printf '%s\n' '{"type":"consoleMessage","timestamp":"t","data":{"message":"\n"}}' \
        '{"error":"fetching:\n(invalid_tenant) AADSTS90002: no such tenant\n","message":"m"}' \
        'a new version of azd is available' >&2; exit 1]], "CliFailed",
      "it failed (exit code 1): (invalid_tenant) AADSTS90002: no such tenant; run 'azd auth login'",
    },
    ["no login, told as versions from 1.23.7 on do"] = {
      [[echo '{"error":"not logged in, run `azd auth login` to login","message":"m"}' >&2; exit 1]],
      "CliNotLoggedIn", "no user is logged in; run 'azd auth login'",
    },
    ["a failure that shows the token"] = {
      "echo 'cannot write " .. JWT .. "' >&2; exit 2", "CliFailed",
      "it failed (exit code 2)" .. BY_HAND,
    },
    ["garbage"] = {
      "echo hello " .. JWT, "InvalidTokenAnswer", "it printed something that is not JSON" .. BY_HAND
    },
    ["an answer without a token"] = {
      "echo '{}'", "InvalidTokenAnswer", "its answer has no token" .. BY_HAND
    },
    ["an answer without an end"] = {
      ([[echo '{"token":"%s"}']]):format(JWT), "InvalidTokenAnswer",
      "its token has no expiry date" .. BY_HAND,
    },
    ["an end that is null"] = {
      ([[echo '{"token":"%s","expiresOn":null}']]):format(JWT), "InvalidTokenAnswer",
      "its token has no expiry date" .. BY_HAND,
    },
    ["a token that has ended"] = {
      ([[echo '{"token":"%s","expiresOn":"2020-01-01T00:00:00Z"}']]):format(JWT),
      "InvalidTokenAnswer",
      "its token has expired; run 'azd auth login'",
    },
    ["far too long an answer"] = {
      "head -c 2000000 /dev/zero | tr '\\0' x", "CliFailed", "its output is too long for an answer"
    },
    ["an exit code of a shell that finds nothing"] = {
      "exit 127", "CliNotFound", "'azd' is not installed"
    },
  } do
    it(("reports %s as %s"):format(name, row[2]), function()
      machine:program("azd", row[1])
      local said = ask()
      assert.matches("%(" .. row[2] .. "%)", said)
      assert.is_truthy(said:find("Azure Developer CLI: " .. row[3], 1, true), said)
      assert.is_nil(said:find(JWT, 1, true))
    end)
  end

  it("says when it is not installed", function()
    assert.matches(
      "Azure Developer CLI: 'azd' is not installed; install it, "
      .. "or choose another credential %(CliNotFound%)", ask())
  end)

  for _, scope in ipairs { "--help", "a b", "$(touch x)", "a;b", "ü" } do
    it(("a scope such as '%s' becomes no argument"):format(scope), function()
      machine:program("azd", ANSWER)
      local said = machine:lua(
        ("use(credential.azure_developer_cli(), %q) print(ask())"):format(scope))
      assert.matches("a scope may hold only letters", said)
      assert.same({}, machine:runs "azd")
    end)
  end

  for _, tenant in ipairs { "--help", "a;touch x", "" } do
    it(("a tenant such as '%s' is refused"):format(tenant), function()
      local _, err = azureml.try(credential.azure_developer_cli, { tenant_id = tenant })
      assert.equal("InvalidCredential", err.code)
    end)
  end
end)
