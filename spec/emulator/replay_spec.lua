local azureml = require "azureml"
local door = require "spec.door"
local json = require "azureml.json"
local process = require "spec.process"
local recording = require "azureml.tool.recording"
local world = require "spec.world"

local SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
local BASE = "/subscriptions/" .. SUBSCRIPTION .. "/resourceGroups/ml/providers"
  .. "/Microsoft.MachineLearningServices/workspaces/team/computes"
local ORIGIN = "https://management.azure.com"
local VERSION = "?api-version=2024-04-01"

local function exchange(method, path, status, body, more)
  local one = {
    event = "request", method = method, url = ORIGIN .. BASE .. path .. VERSION, status = status,
    headers = { ["content-type"] = "application/json" }, body = body, attempt = 1, seconds = 0.1,
  }
  for name, value in pairs(more or {}) do one[name] = value end
  return one
end

local function state(name) return { properties = { state = name } } end

describe("a replay", function()
  local directory

  before_each(function() directory = process.directory() end)
  after_each(function() process.remove(directory) end)

  local function write(exchanges, ending)
    local lines = { json.encode(recording.HEADER) }
    for _, each in ipairs(exchanges) do lines[#lines + 1] = json.encode(each) end
    return process.write(directory .. "/report", table.concat(lines, "\n") .. (ending or "\n"))
  end

  local function open(exchanges, settings)
    local all = { replay = write(exchanges) }
    for name, value in pairs(settings or {}) do all[name] = value end
    return door.open(all)
  end

  local function state_of(at)
    local status, value = at:ask("GET", BASE .. "/ci")
    return value.properties and value.properties.state or status
  end

  it("answers what was recorded, with the recorded headers", function()
    local at = open { exchange("GET", "/ci", 200, state "Running", {
      headers = { ["content-type"] = "application/json", ["x-ms-request-id"] = "theirs" },
    }) }
    local status, value, headers = at:ask("GET", BASE .. "/ci")
    assert.same({ 200, state "Running", "theirs" }, { status, value, headers["x-ms-request-id"] })
  end)

  it("takes its names from the recording", function()
    local at = open { exchange("GET", "/ci", 200, state "Running") }
    assert.same({ SUBSCRIPTION, "ml", "team" },
      { at.names.subscription_id, at.names.resource_group, at.names.workspace_name })
  end)

  it("does not look at case, at the order of a query, or at double slashes", function()
    local at = open { exchange("DELETE", "/ci", 202, nil, {
      url = ORIGIN .. BASE .. "/ci" .. VERSION .. "&underlyingResourceAction=Delete",
    }) }
    local query = "?underlyingResourceAction=delete&api-version=2024-04-01"
    assert.equal(202, (at:ask("DELETE", "/" .. BASE:upper() .. "/CI" .. query)))
  end)

  it("shows a read that is repeated as it was last, until the next change", function()
    local at = open {
      exchange("GET", "/ci", 200, state "Starting"), exchange("GET", "/ci", 200, state "Running"),
      exchange("POST", "/ci/stop", 202), exchange("GET", "/ci", 200, state "Stopped"),
    }
    assert.same({ "Starting", "Running", "Running" }, { state_of(at), state_of(at), state_of(at) })
    assert.equal(202, (at:ask("POST", BASE .. "/ci/stop")))
    assert.same({ "Stopped", "Stopped" }, { state_of(at), state_of(at) })
  end)

  it("goes on to what a change led to, also for a client that read less", function()
    local at = open {
      exchange("GET", "/ci", 200, state "Running"), exchange("POST", "/ci/stop", 202),
      exchange("GET", "/ci", 200, state "Stopped"),
    }
    assert.equal(202, (at:ask("POST", BASE .. "/ci/stop")))
    assert.equal("Stopped", state_of(at))
  end)

  it("lets a client do things to different computes in another order", function()
    local at = open {
      exchange("POST", "/ci/stop", 202), exchange("POST", "/cj/stop", 202),
      exchange("GET", "/ci", 200, state "Stopped"), exchange("GET", "/cj", 200, state "Stopped"),
      exchange("GET", "", 200, { value = json.array {} }),
    }
    assert.equal(202, (at:ask("POST", BASE .. "/ci/stop")))
    assert.equal("Stopped", state_of(at))
    assert.equal(501, (at:ask("GET", BASE .. "/cj")))
    assert.equal(501, (at:ask("GET", BASE)))
    assert.equal(202, (at:ask("POST", BASE .. "/cj/stop")))
    assert.equal(200, (at:ask("GET", BASE .. "/cj")))
    assert.equal(200, (at:ask("GET", BASE)))
  end)

  it("takes a POST that asks for something as a read", function()
    local at = open {
      exchange("POST", "/cpu/listNodes", 200, { nodes = json.array {} }),
      exchange("PUT", "/getter", 201),
    }
    for _ = 1, 2 do assert.equal(200, (at:ask("POST", BASE .. "/cpu/listNodes"))) end
    assert.equal(201, (at:ask("PUT", BASE .. "/getter")))
    assert.equal(501, (at:ask("PUT", BASE .. "/getter")))
  end)

  it("leads to itself whatever the recording names, and hides nothing else", function()
    local status_path = "/subscriptions/" .. SUBSCRIPTION .. "/operations/1?api-version=1&s=hidden1"
    local at = open({
      exchange("POST", "/ci/stop", 202, nil, {
        headers = { ["azure-asyncoperation"] = ORIGIN .. status_path },
      }),
      exchange("GET", "", 200, { nextLink = ORIGIN .. BASE .. "?$skip=1", by = ORIGIN }),
      exchange("GET", "", 200, { status = "Succeeded" }, { url = ORIGIN .. status_path }),
    }, { manual = false })
    local _, _, headers = at:ask("POST", BASE .. "/ci/stop")
    assert.equal("http://127.0.0.1" .. status_path, headers["azure-asyncoperation"])
    assert.equal(200, (at:ask("GET", status_path)))
    local _, list = at:ask("GET", BASE)
    assert.same({ "http://127.0.0.1" .. BASE .. "?$skip=1", ORIGIN }, { list.nextLink, list.by })
  end)

  it("shortens pauses with the clock's speed alone", function()
    local waiting = { exchange("GET", "/ci", 429, { error = {} }, {
      headers = { ["retry-after"] = "20" },
    }) }
    local _, _, real = open(waiting, { manual = false }):ask("GET", BASE .. "/ci")
    local _, _, fast = open(waiting, { manual = false, speed = 100 }):ask("GET", BASE .. "/ci")
    assert.same({ "20", nil }, { real["retry-after"], real["retry-after-ms"] })
    assert.same({ nil, "200" }, { fast["retry-after"], fast["retry-after-ms"] })
  end)

  it("breaks a connection where a reply was missing", function()
    local at = open { exchange("GET", "/ci", nil, nil, { error = "ConnectionReset" }) }
    local response = at.emulator:handle {
      method = "GET", target = BASE .. "/ci" .. VERSION, headers = {}, body = "",
    }
    assert.equal("reset", response.fault)
  end)

  for says, row in pairs {
    ["what was not recorded"] = { "GET", BASE .. "/cj", "was not recorded" },
    ["another version"] = {
      "GET", BASE .. "/ci?api-version=2020-02-02",
      "was recorded with another query: ?api-version=2024-04-01",
    },
    ["what was recorded after a change, before the change"] = {
      "GET", BASE .. "/ci", "was recorded only after PUT " .. BASE .. "/ci?api-version=2024-04-01,",
    },
  } do
    it("refuses " .. says .. " with a sentence", function()
      local at = open {
        exchange("PUT", "/ci", 201, state "Creating"), exchange("GET", "/ci", 200, state "Running"),
      }
      local status, value = at:ask(row[1], row[2])
      assert.same({ 501, "NotRecorded" }, { status, value.error.code })
      assert.is_truthy(value.error.message:find(row[3], 1, true), value.error.message)
    end)
  end

  it("refuses a change that is asked for more often than it was recorded", function()
    local at = open { exchange("POST", "/ci/stop", 202) }
    assert.equal(202, (at:ask("POST", BASE .. "/ci/stop")))
    local status, value = at:ask("POST", BASE .. "/ci/stop")
    assert.equal(501, status)
    local sentence = "was recorded 1 time, and is asked for again"
    assert.is_truthy(value.error.message:find(sentence, 1, true), value.error.message)
  end)

  it("signs in, shows where the services are and lists subscriptions by itself", function()
    local at = open { exchange("GET", "/ci", 200, state "Running") }
    assert.equal(200, (at:ask("GET", "/discovery")))
    assert.equal(200, (at:ask("GET", "/subscriptions?api-version=2022-12-01")))
    assert.equal(200, (at:ask_token {
      grant_type = "client_credentials", client_id = at.names.client_id,
      client_secret = at.names.client_secret, scope = "https://management.azure.com/.default",
    }))
  end)

  for says, content in pairs {
    ["is not a recording"] = "hello\n",
    ["its version is 2, and this azureml reads version 1"] =
      '{"azureml":"recording","version":2}\n',
    ["line 2 is not an exchange"] = '{"azureml":"recording","version":1}\n{"method":"GET"}\n',
    ["it holds no exchange"] = '{"azureml":"recording","version":1}\n',
  } do
    it("says of a file that it cannot serve: " .. says, function()
      local path = process.write(directory .. "/report", content)
      local _, err = azureml.try(door.open, { replay = path })
      assert.equal("ReplayFailed", err.code)
      assert.is_truthy(err.message:find(says, 1, true), err.message)
    end)
  end

  it("says that a file was cut off, or is missing", function()
    local path = write({ exchange("GET", "/ci", 200, state "Running") }, "\n{")
    local _, err = azureml.try(door.open, { replay = path })
    assert.is_truthy(err.message:find("its last line is cut off", 1, true), err.message)
    _, err = azureml.try(door.open, { replay = directory .. "/nothing" })
    assert.is_truthy(err.message:find("it cannot be read", 1, true), err.message)
  end)

  it("serves a recorded script again, from a create to a delete", function()
    local path = directory .. "/recorded"
    local function script(ws)
      local instances, states = ws.instances, {}
      instances:create("ci-bob", { vm_size = "STANDARD_DS3_V2" }):wait()
      for _, verb in ipairs { "stop", "start", "restart" } do
        states[#states + 1] = instances[verb](instances, "ci-bob"):wait().state
      end
      instances:delete "ci-bob":wait()
      states[#states + 1] = instances:find "ci-bob" and "there" or "gone"
      return states
    end
    local emulator, ws = world.open {}
    recording.start(path)
    local states = script(ws)
    recording.stop()
    world.close(emulator, ws)
    assert.same({ "Stopped", "Running", "Running", "gone" }, states)
    local replayed <close> = require("azureml.emulator").start { replay = path, speed = 10000 }
    local again <close> = azureml.workspace()
    assert.same(states, script(again))
    assert.equal(replayed.url, replayed.authority)
  end)
end)
