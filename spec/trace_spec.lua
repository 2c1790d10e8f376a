local json = require "azureml.json"
local process = require "spec.process"

describe("the trace", function()
  local directory, file
  local SCRIPT =
    "local ws = require('azureml').workspace() print(ws.instances:create('ci-ann', {}):wait())"

  setup(function()
    directory = process.directory()
    file = directory .. "/trace.jsonl"
  end)

  teardown(function() process.remove(directory) end)

  local function lines()
    local list = {}
    for line in io.lines(file) do list[#list + 1] = assert(json.decode(line)) end
    return list
  end

  it("has a JSON line for each request, poll and token fetch, in a private file", function()
    local _, err, code = process.executable {
      "--emulator", "--speed", "2000", "--trace=" .. file, "-e", SCRIPT,
    }
    assert.equal(0, code, err)
    local count = {}
    for _, line in ipairs(lines()) do
      count[line.event] = (count[line.event] or 0) + 1
      assert.matches("^%d+%-%d+%-%d+T%d+:%d+:%d+%.%d%d%dZ$", line.time)
      assert.matches("^http://127.0.0.1:%d+/", line.url)
      local is_look = line.status == 404      -- create sees that the name is free
      assert.is_true(line.status == 200 or line.status == 201 or is_look)
      assert.is_true(line.attempt >= 1 and line.bytes >= 0 and line.ms >= 0)
      assert.is_string(line.request_id)
    end
    assert.equal(1, count.token)
    assert.is_true(count.request >= 4)
    assert.is_true(count.poll >= 1)
    assert.equal("600\n", (process.run { "stat", "-c", "%a", file }))
  end)

  it("has a line for each websocket that is opened", function()
    local own = directory .. "/websocket.jsonl"
    local _, err, code = process.executable { "--trace=" .. own, "-e", [[
      local client = require("azureml.client").new { endpoint = "http://127.0.0.1:1" }
      local server = {
        client = function() return client end, explain = function(_, err) return err end,
      }
      local opened = pcall(require("azureml.jupyter.socket").open, server, "/terminals?key=secret")
      os.exit(not opened, true)]] }
    assert.equal(0, code, err)
    local written <close> = assert(io.open(own))
    local line = json.decode(written:read "l")
    assert.same({ "websocket", "GET", "http://127.0.0.1:1/terminals?key=***", "ConnectionFailed" },
      { line.event, line.method, line.url, line.error })
  end)

  it("shows no signature, no token and no secret", function()
    for _, line in ipairs(lines()) do
      if line.event == "poll" then assert.matches("&s=%*%*%*", line.url) end
    end
    local text = process.run { "cat", file }
    assert.is_nil(text:lower():find("bearer", 1, true))
    assert.is_nil(text:find("client_secret", 1, true))
    assert.is_nil(text:find("eyJ", 1, true))
  end)

  it("is begun by the environment, too, and goes to standard error without a file", function()
    local _, err = process.executable({ "--emulator", "--speed", "2000", "list" },
      { AZUREML_TRACE = "-" })
    assert.matches('"event":"token"', err)
    _, err = process.executable { "--emulator", "--speed", "2000", "--trace", "list" }
    assert.matches('"event":"request"', err)
  end)

  it("shows each try of a request that got no answer", function()
    local script = "local c = require('azureml').client { endpoint = 'http://127.0.0.1:1', "
      .. "retry = { tries = 2, delay = 0 } } "
      .. "print(pcall(c.request, c, { path = '/' }))"
    local _, err = process.executable { "--trace", "-e", script }
    local line = '"attempt":%d,"bytes":0,"ms":%%d+,.*"error":"ConnectionFailed"'
    for attempt = 1, 3 do assert.matches(line:format(attempt), err) end
  end)

  it("says so when it cannot be written", function()
    local _, err, code = process.executable { "--trace=/nowhere/trace", "-e", "" }
    assert.equal(1, code)
    assert.matches("cannot write the trace to /nowhere/trace: No such file or directory", err)
  end)
end)
