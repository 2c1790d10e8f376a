local azureml = require "azureml"
local json = require "azureml.json"
local process = require "spec.process"
local run = require "spec.command_line"
local scripted = require "spec.scripted"
local surroundings = require "spec.surroundings"
local trust = require "azureml.trust"
local world = require "spec.world"

local NAMES = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
  "AZURE_CLOUD_NAME", "AZUREML_CURRENT_CLOUD", "AZUREML_TOKEN" }

local function by_name(checks)
  local named = {}
  for _, check in ipairs(checks) do named[check.name] = check end
  return named
end

describe("the doctor, at an emulator", function()
  local emulator, ws, around

  before_each(function()
    around = surroundings(table.move(trust.variables, 1, #trust.variables, #NAMES + 1,
      table.move(NAMES, 1, #NAMES, 1, {})))
    emulator, ws = world.open { ann = "Running" }
  end)
  after_each(function()
    world.close(emulator, ws)
    around:close()
  end)

  it("finds all well, and tells who is signed in and what is allowed", function()
    local checks, is_well = azureml.doctor()
    local found = by_name(checks)
    assert.is_true(is_well)
    for _, check in ipairs(checks) do assert.equal("ok", check.status) end
    assert.matches("^an emulator at http://127.0.0.1:%d+$", found.cloud.text)
    assert.equal("none is set", found.proxy.text)
    assert.equal("those of the system", found.certificates.text)
    assert.matches("^client_secret as ", found["sign-in"].text)
    assert.equal("workspace emulator in emulator in eastus", found.workspace.text)
    assert.equal("you may list, create, start, stop, restart, delete", found.rights.text)
  end)

  it("tells what a reader may not", function()
    local reader <close> = emulator:credential "reader"
    local found = by_name(azureml.doctor { credential = reader })
    assert.equal("you may list; not create, start, stop, restart, delete: 'azureml roles' has "
      .. "roles", found.rights.text)
  end)

  it("is a command: a line each, the remedies apart, exit code 1 after a failure", function()
    local out, err, code = run "doctor"
    assert.same({ "", 0 }, { err, code })
    assert.matches("^Check +Status +Found\ncloud +ok +an emulator", out)
    around:set { REQUESTS_CA_BUNDLE = "/nope.pem" }
    out, err, code = run "doctor"
    assert.equal(1, code)
    assert.matches("certificates +failed +REQUESTS_CA_BUNDLE names /nope.pem, which cannot be",
      out)
    assert.matches("certificates: name a file or a directory that is there, or unset "
      .. "REQUESTS_CA_BUNDLE", err)
  end)
end)

describe("the doctor, at a cloud", function()
  local server, around, answers, headers

  before_each(function()
    around = surroundings(NAMES)
    answers, headers = {}, {}
    server = scripted(function(request)
      local answer = answers[request.target:match "/workspaces/team%?" and "workspace"
        or request.target:match "permissions" and "permissions" or "other"]
      if not answer then return { status = 404, body = "{}" } end
      return { status = 200, headers = headers, body = json.encode(answer) }
    end)
  end)
  after_each(function()
    server:close()
    around:close()
  end)

  local function check(more)
    local settings = {
      subscription_id = "11111111-1111-1111-1111-111111111111", resource_group = "ml",
      name = "team", credential = azureml.credential.token { token = "x" },
      cloud = { authority = server.url, resource_manager = server.url, scope = "x/.default" },
    }
    for name, value in pairs(more or {}) do settings[name] = value end
    local checks, is_well = azureml.doctor(settings)
    return by_name(checks), is_well
  end

  it("tells that the clocks are apart", function()
    answers.workspace, answers.permissions = { location = "eastus" }, { value = json.array {} }
    headers["Date"] = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() - 600)
    local found, is_well = check()
    assert.is_false(is_well)
    assert.same({ "failed", "this machine's clock is 10 minutes ahead: tokens will be refused" },
      { found.clock.status, found.clock.text })
    assert.same({ "failed", "you may neither look at instances nor change them" },
      { found.rights.status, found.rights.text })
    headers["Date"] = os.date("!%a, %d %b %Y %H:%M:%S GMT")
    assert.equal("ok", check().clock.status)
  end)

  it("tells that the workspace is not there, and skips what needs it", function()
    local found, is_well = check()
    assert.is_false(is_well)
    assert.same({ "ok", "failed", "skipped" },
      { found.endpoint.status, found.workspace.status, found.rights.status })
  end)

  it("names the proxy without its password", function()
    around:set { HTTPS_PROXY = "http://ann:secret@proxy:8080", NO_PROXY = "127.0.0.1" }
    assert.equal("http://***@proxy:8080, named by HTTPS_PROXY; not for 127.0.0.1",
      check().proxy.text)
  end)

  it("tells that the endpoint cannot be reached, and looks for no workspace there", function()
    local found = check {
      cloud = { authority = server.url, resource_manager = "https://127.0.0.1:1",
        scope = "x/.default" },
    }
    assert.equal("failed", found.endpoint.status)
    assert.matches("cannot reach the endpoint: no answer from https://127.0.0.1:1",
      found.endpoint.text)
    assert.same({ "skipped", "the endpoint cannot be reached" },
      { found.workspace.status, found.workspace.text })
  end)

  it("tells that a cloud is not known", function()
    around:set { AZURE_CLOUD_NAME = "AzureMoon" }
    local directory = process.directory()
    local away = surroundings { HOME = directory, AZURE_CONFIG_DIR = false }
    local checks, is_well = azureml.doctor {
      subscription_id = "11111111-1111-1111-1111-111111111111", resource_group = "ml",
      name = "team",
    }
    away:close()
    process.remove(directory)
    assert.is_false(is_well)
    assert.same({ "cloud", "failed" }, { checks[1].name, checks[1].status })
    assert.matches("AZURE_CLOUD_NAME names the cloud 'AzureMoon'", checks[1].text)
  end)
end)
