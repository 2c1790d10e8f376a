--- What create and ensure share: lua/azureml/cli/making.lua. create_spec.lua has the options.
local json = require "azureml.json"
local run = require "spec.command_line"
local world = require "spec.world"

describe("create and ensure", function()
  local emulator, ws

  before_each(function() emulator, ws = world.open { ann = "Stopped" } end)
  after_each(function() world.close(emulator, ws) end)

  it("create each name, by position or -n", function()
    local out, err, code = run("create", "bob", "-n", "cleo", "-n", "bob", "--tags", "a=b")
    assert.same({ "", 0 }, { out, code }, err)
    assert.matches("create: 2 done, ", err)
    for _, name in ipairs { "bob", "cleo" } do
      assert.same({ "Running", { a = "b" } },
        { ws.instances:get(name).state, ws.instances:get(name).tags })
    end
  end)

  it("report those that failed, and create the others", function()
    local out, err, code = run("create", "ann", "bob", "-o", "json", "--progress", "quiet")
    local results = json.decode(out)
    assert.same({ "failed", "InstanceExists", "done", 1 },
      { results[1].outcome, results[1].error.code, results[2].outcome, code })
    assert.equal("create: 1 of 2 failed", json.decode(err).error.message)
  end)

  it("leave all at the service with --no-wait", function()
    local out, _, code = run("create", "bob", "cleo", "--no-wait", "-o", "json")
    local results = json.decode(out)
    assert.same({ "accepted", "accepted", 0 }, { results[1].outcome, results[2].outcome, code })
    assert.equal("Running", require("azureml").resume(results[2].ticket):wait().state)
  end)

  it("ensure takes what is there and starts it, and creates what is not", function()
    local out, err, code = run("ensure", "ann", "-o", "json")
    assert.equal(0, code, err)
    assert.equal("Running", json.decode(out).state)
    assert.equal(0, emulator:verb_counts().create)
    assert.equal(0, select(3, run("ensure", "ann", "bob")))
    assert.equal("Running", ws.instances:get("bob").state)
    out, err, code = run("ensure", "ann", "--description", "another")
    assert.same({ "", 1 }, { out, code })
    assert.matches("DoesNotFit", err)
  end)

  it("say once that the service throttles, and how long they wait", function()
    local refusal = { status = 429, headers = { ["Retry-After"] = "8" },
      json = { error = { code = "TooManyRequests", message = "slow down" } } }
    emulator:fault { match = { method = "PUT" }, times = 1, answer = refusal }
    local _, err, code = run("create", "bob")
    assert.equal(0, code, err)
    assert.matches("^throttled by the service, waiting 8 s\n", err)
    assert.equal(1, select(2, err:gsub("throttled", "")))
    emulator:fault { match = { path = "/computes" }, times = 1, answer = refusal }
    assert.equal("throttled by the service, waiting 8 s\n", (select(2, run "list")))
  end)
end)
