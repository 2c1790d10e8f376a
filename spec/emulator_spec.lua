local azureml = require "azureml"
local config = require "azureml.config"
local core = require "azureml.core"
local door = require "spec.door"
local emulator = require "azureml.emulator"
local json = require "azureml.json"

describe("an emulator", function()
  it("that is started is used by every workspace, until it is closed", function()
    local running = emulator.start {}
    assert.equal(running, config.emulator())
    assert.equal("emulator at " .. running.url, tostring(running))
    local ws = azureml.workspace()
    assert.equal(running.url, ws:client():endpoint())
    assert.equal("emulator", ws:get().name)
    ws:close()
    running:close()
    running:close()
    assert.is_nil(config.emulator())
  end)

  it("makes the workspaces that are asked for", function()
    local running <close> = emulator.start {}
    local ws <close> = azureml.workspace {
      subscription_id = "99999999-1111-1111-1111-111111111111", resource_group = "ml",
      name = "team",
    }
    assert.equal("team", ws:get().name)
    running:forget_workspace "nobody's"
  end)

  it("closes with its scope, and frees its port", function()
    local url
    do
      local running <close> = emulator.start {}
      url = running.url
    end
    local again <close> = emulator.start { port = tonumber(url:match "%d+$") }
    assert.equal(url, again.url)
  end)

  for _, row in ipairs {
    {
      { prot = 1 },
      "emulator has no option 'prot' (known: address, azure_names, faults, log, machine, "
        .. "manual, port, replay, seed, speed, state, tls)",
    },
    { { port = "80" }, "option 'port' must be an integer, not string" },
    { { seed = { instance = {} } }, "seed: a seed has no field 'instance'" },
    { { faults = { { answer = "explode" } } }, "a fault's trouble is one of capacity, " },
  } do
    it("refuses " .. row[2], function()
      assert.error_matches(function() emulator.new(row[1]) end, row[2], 1, true)
    end)
  end

  it("has a new secret each time, and settings that only it can change", function()
    local one, other = emulator.new {}, emulator.new {}
    assert.are_not.equal(one:settings().client_secret, other:settings().client_secret)
    one:settings().workspace_name = "changed"
    assert.equal("emulator", one:settings().workspace_name)
  end)

  it("knows an owner and a reader", function()
    local running <close> = emulator.start { seed = { instances = { ["ci-ann"] = "Running" } } }
    local ws <close> = azureml.workspace { credential = running:credential "reader" }
    assert.equal("Running", ws.instances:get("ci-ann").state)
    local _, err = azureml.try(ws.instances.stop, ws.instances, "ci-ann")
    assert.equal("AuthorizationFailed", err.code)
    assert.is_truthy(
      err.message:find("Microsoft.MachineLearningServices/workspaces/computes/stop/action", 1,
        true))
    assert.is_truthy(err.hint:find("role", 1, true))
  end)

  it("moves its clock by hand", function()
    local at = door.open()
    at:ask("PUT", at:path "computes/ci-ann", door.instance())
    assert.error_matches(function() at.emulator:advance "soon" end, "'soon' is not a time")
    at.emulator:advance "10m"
    local _, value = at:ask("GET", at:path "computes/ci-ann")
    assert.equal("Running", value.properties.properties.state)
  end)

  it("tells each request to its log", function()
    local seen = {}
    local at = door.open {
      log = function(request, response)
        seen[#seen + 1] = request.method .. " " .. response.status
      end,
    }
    at:ask("GET", at:path "computes")
    at:ask("GET", at:path "computes/ci-ann")
    assert.same({ "GET 200", "GET 404" }, seen)
    assert.equal(2, at.emulator:request_count())
  end)

  it("answers 500 where it fails itself, and goes on", function()
    local at = door.open { seed = { instances = { ["ci-ann"] = "Running" } } }
    at.emulator.world.compute = function() error "a mistake of ours" end
    local status, value = at:ask("GET", at:path "computes/ci-ann")
    assert.same({ 500, "InternalServerError" }, { status, value.error.code })
    assert.is_truthy(value.error.message:find("a mistake of ours", 1, true))
    at.emulator.world.compute = nil
    assert.equal(200, (at:ask("GET", at:path "computes/ci-ann")))
  end)

  it("does not take Ctrl-C for a fault of its own", function()
    local at = door.open()
    at.emulator.world.computes = function() error(require("azureml.error").interrupted(), 0) end
    local ok, raised = pcall(at.ask, at, "GET", at:path "computes")
    assert.same({ false, "Interrupted" }, { ok, raised.code })
    at.emulator.world.computes = function() error("interrupted!", 0) end
    assert.same({ false, "interrupted!" }, { pcall(at.ask, at, "GET", at:path "computes") })
  end)

  for _, row in ipairs {
    { "close" }, { "reset" }, { "truncate" }, { "garbage" }, { "hang", true },
  } do
    it("plays " .. row[1], function()
      local at = door.open()
      at.emulator:fault { answer = row[1] }
      local response = at.emulator:handle { method = "GET",
        target = at:path "computes?api-version=2024-04-01",
        headers = { authorization = "Bearer " .. at.token } }
      assert.equal(row[2], response.status == nil or nil)
      assert.equal(not row[2] and row[1] or nil, response.fault)
    end)
  end

  it("plays a lost header, expired tokens, and any answer", function()
    local at = door.open { seed = { instances = { ["ci-ann"] = "Running" } } }
    at.emulator:fault { match = { verb = "stop" }, answer = "lose_header" }
    local status, _, headers = at:ask("POST", at:path "computes/ci-ann/stop")
    assert.same({ 202, nil }, { status, headers["Azure-AsyncOperation"] })
    at.emulator:fault {
      answer = { status = 418, json = { a = json.array {} }, headers = { ["X-Tea"] = "yes" } },
    }
    local teapot, _, with, body = at:ask("GET", at:path "computes")
    assert.same({ 418, "yes", '{"a":[]}' }, { teapot, with["X-Tea"], body })
    at.emulator:fault { answer = "expire_token" }
    assert.equal(401, (at:ask("GET", at:path "computes")))
  end)

  it("ends tokens for the very request that is to find them ended, though "
    .. "the clock goes on meanwhile", function()
    local at = door.open { manual = false }
    at.emulator:fault { answer = "expire_token" }
    assert.equal(401, (at:ask("GET", at:path "computes")))
  end)

  it("keeps nothing of what it was asked", function()
    local at = door.open()
    for i = 1, 20 do at:ask("GET", at:path("computes/ci-" .. i)) end
    collectgarbage()
    local before = collectgarbage "count"
    for i = 1, 200 do      -- fewer than a bucket holds
      at:ask("GET", at:path("computes/cj-" .. i))
    end
    collectgarbage()
    -- what records answers keeps some
    assert.is_true(collectgarbage "count" - before < 100, collectgarbage "count" - before)
    assert.is_truthy(core)
  end)
end)
