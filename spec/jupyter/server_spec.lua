local azureml = require "azureml"
local core = require "azureml.core"
local errors = require "azureml.error"
local notebook_server = require "spec.notebook_server"
local world = require "spec.world"

describe("the Jupyter of an instance", function()
  local played, server

  before_each(function()
    core.clock "virtual"
    played = notebook_server.open()
    server = played.vm.jupyter.server
  end)
  after_each(function() world.finish(played) end)

  local function failure(...)
    local _, err = errors.try(server.request, server, ...)
    assert(err, "the request succeeded")
    assert.is_nil(tostring(err):find(played.token, 1, true))
    return err
  end

  local function answering(status, body, headers)
    played.instead = function() return { status = status, body = body, headers = headers } end
  end

  it("is asked below the address that the service names, with the instance's token", function()
    local scopes = {}
    played:close()
    played = notebook_server.open {
      credential = azureml.credential.callback(function(scope)
        scopes[#scopes + 1] = scope
        return "a-token", 3600
      end),
    }
    local reply = played.vm.jupyter.server:request("GET", "/api/status")
    assert.equal(played.started, reply.json.started)
    assert.same({ "GET /api/status" }, played.asked)
    assert.equal("Bearer a-token", played.server.requests[2].headers.authorization)
    assert.same({ "arm", "the-audience" }, scopes)
  end)

  it("takes the audience of the workspace, or of the environment", function()
    local surroundings = require "spec.surroundings"
    local variables <close> = surroundings { AZUREML_INSTANCE_SCOPE = "from-environment" }
    answering(401)
    assert.matches("The token is for from%-environment", failure("GET", "/api").message)
    played:close()
    played = notebook_server.open { instance_scope = "from-workspace" }
    server = played.vm.jupyter.server
    answering(401)
    assert.matches("The token is for from%-workspace", failure("GET", "/api").message)
    assert.truthy(variables)
  end)

  it("may not be ready, which a hint explains", function()
    for _, status in ipairs { 502, 503, 504 } do
      answering(status, '{"error": {"code": "BadGateway", "message": "no server"}}')
      local err = failure("PUT", "/api/contents/x", {})
      assert.equal(status, err.status)
      assert.matches("may be starting: try again .* 'azureml restart ci%-ann'", err.hint)
    end
  end)

  it("is waited for, up to a minute, where the caller is patient", function()
    local function not_ready(times)
      return function()
        times = times - 1
        return times >= 0 and { status = 502 } or nil
      end
    end
    local function ask()
      return server:request("POST", "/api/terminals", {}, { is_patient = true })
    end
    played.instead = not_ready(40)      -- a GET is sent twice by itself
    local began = core.now()
    assert.equal(200, ask().status)
    assert.is_true(core.now() - began >= 20)
    played.instead, began = not_ready(1000), core.now()
    local _, err = errors.try(ask)
    assert.equal(502, err.status)
    local waited = core.now() - began
    assert.is_true(waited >= 60 and waited < 70, waited)
  end)

  it("answers promptly, or is not waited for; files take their time", function()
    local opened = server:client()
    local own, limits = opened.request, {}
    opened.request = function(self, request)
      limits[#limits + 1] = request.timeout or "the client's"
      return own(self, request)
    end
    played.files.a = "text"
    server:request("GET", "/api/status")
    server:request("GET", "/api/status", nil, { timeout = 3 })
    played.vm.jupyter:contents "a"
    played.vm.jupyter:read "a"
    played.vm.jupyter:write("b", "text")
    assert.same({ 30, 3, 30, 30, "the client's", "the client's" }, limits)
  end)

  it("is not asked while the instance does not run", function()
    for _, state in ipairs { "Stopped", "Stopping", "Creating", "Failed" } do
      played.state = state
      played.vm:refresh()
      local err = failure("GET", "/api")
      assert.equal("NotRunning", err.code)
      assert.matches("^'ci%-ann' is " .. state .. ": its Jupyter needs a running", err.message)
      assert.matches(state == "Stopped" and "azureml start ci%-ann" or "watch", err.hint)
    end
    assert.same({}, played.asked)
  end)

  it("is not asked when the instance is another user's", function()
    played.owner, played.sharing = played.OTHER, "Shared"
    played.vm:refresh()
    local err = failure("GET", "/api")
    assert.equal("NotYours", err.code)
    assert.matches("object id 0ther%-id, yours is 0wn%-id", err.message)
    assert.same({}, played.asked)
  end)

  it("names the audience and who is let in when it refuses the token", function()
    for status, code in pairs { [401] = "InstanceTokenRefused", [403] = "InstanceForbidden" } do
      answering(status, '{"message": "Forbidden\\u001b[31m"}')
      local err = failure("GET", "/api")
      assert.equal(code, err.code)
      assert.matches("The token is for the%-audience$", err.message)
      assert.matches("instance_scope", err.hint)
      assert.is_nil(err.message:find "\27")
    end
  end)

  it("is told from the page of a sign-in or of a proxy", function()
    for _, row in ipairs {
      { 200, "<html>Sign in</html>", { ["Content-Type"] = "text/html" } },
      { 302, "", { Location = "https://login.example/authorize" } },
    } do
      answering(table.unpack(row))
      local err = failure("GET", "/api")
      assert.equal("NotJupyter", err.code)
      assert.matches("answers with a page for browsers", err.message)
      assert.matches("sign in once", err.hint)
    end
    answering(200, "hello", { ["Content-Type"] = "text/plain" })
    assert.equal("NotJupyter", failure("GET", "/api").code)
  end)

  it("says in one sentence that the instance stopped meanwhile, or is gone", function()
    for _, state in ipairs { "Stopping", false } do
      played.state = state
      answering(502)
      local err = failure("POST", "/api/terminals")
      assert.equal("NotRunning", err.code)
      assert.equal(("'ci-ann' is %s now: it no longer runs"):format(state or "deleted"),
        err.message)
    end
  end)

  it("raises what it answers, made safe for a screen", function()
    answering(500, '{"message": "bad \\u001b]0;title\\u0007 thing"}')
    local err = failure("POST", "/api/terminals", nil, { label = "open a terminal" })
    assert.matches("^cannot open a terminal: bad .*thing", err.message)
    assert.is_nil(err.message:find "[\27\7]")
  end)

  it("is asked again after a lost GET, not after a lost PUT", function()
    local times = 0
    played.instead = function()
      times = times + 1
      return times == 1 and { status = 503 } or nil
    end
    assert.equal(200, server:request("GET", "/api/status").status)
    times = 0
    played.instead = function()
      times = times + 1
      return { status = 504 }
    end
    failure("PUT", "/api/contents/x", "{}")
    assert.equal(1, times)
  end)

  it("must send lists of objects where lists are asked for", function()
    for _, body in ipairs { "{}", '{"a": 1}', "[1]", '["a"]', "7", "null", '[{"a": 1}, 2]' } do
      answering(200, body)
      local list, err = errors.try(server.list, server, "/api/terminals", "list")
      assert.same(body == "{}" and {} or nil, list)
      assert.equal(body ~= "{}" and "InvalidReply" or nil, err and err.code, body)
    end
  end)
end)
