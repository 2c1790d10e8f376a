-- What the service refuses, and what a user sees of it: one clear text with code, status, request
-- id and what to do next.
local azureml = require "azureml"
local core = require "azureml.core"
local world = require "spec.world"

describe("a refusal", function()
  local emulator, ws

  local function open(seed)
    emulator, ws = world.open({ ann = "Running", bob = "Stopped" }, seed)
  end

  after_each(function()
    world.close(emulator, ws)
  end)

  -- The error object of a call; its text begins with the line of this file and names the request
  -- unless nothing was answered.
  local function refused(f)
    local value, err = azureml.try(f)
    assert.is_nil(value)
    assert.matches("^[^\n]*refusals_spec.lua:%d+: ", tostring(err))
    return err, tostring(err)
  end

  local function create(name, options)
    return function() return ws.instances:create(name, options):wait() end
  end

  it("a name that is taken in the region, by another workspace's instance", function()
    open()
    emulator:ensure_workspace { subscription_id = ws.subscription_id,
      resource_group = ws.resource_group, workspace_name = "other" }
    local other <close> = azureml.workspace { subscription_id = ws.subscription_id,
      resource_group = ws.resource_group, name = "other" }
    local function create_ann() return other.instances:create("ann", {}) end
    local err, text = refused(create_ann)
    assert.equal("AlreadyExists", err.code)
    assert.matches("cannot create 'ann': 'ann' is not available: ", text)
    assert.matches("hint: a name is unique in the whole region", text)
    emulator:fault { match = { path = "checkComputeName" }, answer = { status = 403, json = {} } }
    err, text = refused(create_ann)      -- the caller may not ask: the service refuses the creation
    assert.is_true(err.status == 409 or err.status == 400)
    assert.matches("cannot create ann: .*ann", text)
    assert.matches("request %x+%-", text)
    assert.matches("hint: a name is unique in the whole region", text)
  end)

  it("an unknown size, found by the service when the client does not check", function()
    open()
    local err = refused(function()
      return ws:client():operation {
        method = "PUT", label = "create ci-new",
        path = ("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices/"
          .. "workspaces/%s/computes/ci-new"):format(ws.subscription_id, ws.resource_group,
            ws.name),
        body = { location = ws:location(),
          properties = { computeType = "ComputeInstance",
            properties = { vmSize = "STANDARD_X99" } } },
      }
    end)
    assert.equal("InvalidPropertyValue", err.code)
    assert.equal(400, err.status)
    assert.is_truthy(err.details[1])
  end)

  it("a quota that is used up", function()
    open { quotas = { total = 8 } }
    local err, text = refused(create("ci-new", { vm_size = "STANDARD_DS4_V2" }))
    assert.equal("QuotaExceeded", err.code)
    assert.matches("the quota TotalDedicatedCores has %d of 8 cores in use", text)
    assert.matches("hint: choose a smaller", text)
    emulator:fault { match = { path = "/usages" }, answer = { status = 403, json = {} } }
    ws.facts.usages = nil
    err, text = refused(create("ci-new", { vm_size = "STANDARD_DS4_V2" }))
    assert.equal("BadRequest", err.code)
    assert.matches("total vCPU quota of 8", text)
    assert.matches("hint: choose a smaller", text)
  end)

  it("an instance that is not there", function()
    open()
    local err, text = refused(function() return ws.instances:start "nobody" end)
    assert.equal("ResourceNotFound", err.code)
    assert.matches("cannot start nobody: ", text)
  end)

  it("a secret that is wrong, which is not shown", function()
    open()
    local settings = emulator:settings()
    local wrong = azureml.credential.client_secret {
      authority = emulator.authority, tenant_id = settings.tenant_id,
      client_id = settings.client_id, client_secret = "wr0ng+&secret",
    }
    local other <close> = azureml.workspace { name = ws.name, credential = wrong }
    local err, text = refused(function() return other.instances:get "ann" end)
    assert.equal("invalid_client", err.code)
    assert.matches("AADSTS7000215", text)
    assert.matches("hint: the secret is wrong", text)
    assert.is_nil(text:find("wr0ng", 1, true))
    wrong:close()
  end)

  it("a service that is down", function()
    open()
    local credential = azureml.credential.token { token = "some-token" }
    local client <close> = azureml.client { endpoint = "http://127.0.0.1:1",
      credential = credential, retry = { tries = 1, delay = 0 } }
    local other = azureml.workspace { client = client }
    local err, text = refused(function() return other.instances:get "ann" end)
    assert.equal("ConnectionFailed", err.code)
    assert.matches("no answer from http://127.0.0.1:%d+: ", text)
    credential:close()
  end)

  it("a token that expires during a wait is none: a new one is fetched", function()
    open { token_lifetime = 60 }
    assert.equal("Running", create("ci-new", {})().state)
    assert.is_true(emulator:token_count() >= 2)
  end)

  it("a token that expires during a wait and cannot be renewed", function()
    open { token_lifetime = 60 }
    local fixed = azureml.credential.token { token = emulator:issue_token() }
    local other <close> = azureml.workspace { name = ws.name, credential = fixed }
    local err, text = refused(function() return other.instances:create("ci-new", {}):wait() end)
    assert.equal("ExpiredAuthenticationToken", err.code)
    assert.equal(401, err.status)
    assert.matches("hint: it may have been executed", text)
    fixed:close()
  end)

  it("an operation that fails, with the service's words", function()
    open()
    emulator:fault { match = { verb = "stop" },
      answer = { operation = "Failed", code = "UnusableNode", message = "the node broke" } }
    local err, text = refused(function() return ws.instances:stop("ann"):wait() end)
    assert.equal("UnusableNode", err.code)
    assert.matches("cannot stop ann: the node broke", text)
  end)

  it("a second command while the first is at work", function()
    open()
    local first <close> = ws.instances:stop "ann"
    local err, text = refused(function()
      return ws.instances:restart("ann", { no_wait = true })
    end)
    assert.equal("Busy", err.code)
    assert.matches("cannot restart ann: another operation is active %(Stopping%)", text)
    assert.matches("hint: try again later", text)
    assert.is_false(first:done())
  end)

  it("a lost answer is a success if the instance shows the verb's effect; no retry", function()
    open()
    ws.instances:get "ann"      -- the token is there
    for verb, name in pairs { stop = "ann", start = "bob" } do
      emulator:fault { match = { verb = verb }, answer = "reset" }
      local before = emulator:request_count()
      local op = ws.instances[verb](ws.instances, name)
      assert.equal(3, emulator:request_count() - before)      -- a look, the verb, a look
      assert.equal(verb == "stop" and "Stopped" or "Running", op:wait().state)
    end
  end)

  it("a lost answer is an unknown outcome if the instance shows no effect of it", function()
    open()
    emulator:fault { match = { verb = "stop" }, answer = { status = 502, body = "bad gateway" } }
    local err, text = refused(function() return ws.instances:stop "ann" end)
    assert.equal(502, err.status)
    assert.is_true(err.outcome_unknown)
    assert.matches("hint: it may have been executed: look at the instance's state", text)
  end)

  it("a role that lacks the action", function()
    open()
    local reader = emulator:credential "reader"
    local other <close> = azureml.workspace { name = ws.name, credential = reader }
    assert.equal("Running", other.instances:get("ann").state)
    local err, text = refused(function() return other.instances:stop "ann" end)
    assert.equal("AuthorizationFailed", err.code)
    assert.matches("computes/stop/action", text)
    assert.matches("hint: ask an owner", text)
    reader:close()
  end)

  it("a throttled request is sent again when the service said so", function()
    open()
    emulator:fault { match = { method = "GET", path = "/computes/ann" }, times = 1,
      answer = { status = 429, headers = { ["Retry-After"] = "7" },
        body = '{"error":{"code":"TooManyRequests","message":"slower"}}' } }
    local before = core.now()
    assert.equal("Running", ws.instances:get("ann").state)
    assert.is_true(core.now() - before >= 7)
  end)
end)
