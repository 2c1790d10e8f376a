local cloud = require "azureml.cloud"
local errors = require "azureml.error"
local history = require "azureml.jobs.history"
local logs = require "azureml.jobs.logs"
local scripted = require "spec.scripted"
local world = require "spec.world"

describe("the logs of a job", function()
  local emulator, ws, own

  before_each(function()
    emulator, ws = world.open { ["ci-ann"] = "Running" }
    own = history.details
  end)
  after_each(function()
    history.details = own
    world.close(emulator, ws)
  end)

  local function submit(command)
    return ws.jobs:submit {
      command = command, compute = "ci-ann", environment = { image = "python" },
    }
  end

  -- Let the run history name logs.
  local function name_files(files)
    history.details = function() return { log_files = files } end
  end

  it("are followed from before the job runs to its end", function()
    local job, seen = submit "echo one; sleep 60; echo two", {}
    assert.same({}, job:logs())
    job:log():follow(function(text) seen[#seen + 1] = text end)
    assert.equal("one\ntwo\n", table.concat(seen))
    assert.is_true(#seen >= 2)
    assert.equal("Completed", job:refresh().status)
    local list = job:logs()
    assert.same({ 1, "user_logs/std_log.txt", "one\ntwo\n" },
      { #list, list[1].name, list[1]:read() })
    assert.equal("two\n", list[1]:read { tail = 1 })
  end)

  it("are asked for with a new signature when the old one is too old", function()
    local job = submit "echo one; sleep 60"
    job:wait()
    local log = job:logs()[1]
    emulator:advance "9h"
    assert.equal("one\n", log:read())
  end)

  it("are chosen by what they hold", function()
    local function main(...)
      local list, found = {}, {}
      for i, name in ipairs { ... } do list[i] = { name = name } end
      for i, item in ipairs(logs.main(list)) do found[i] = item.name end
      return found
    end
    assert.same({ "user_logs/std_log.txt" }, main("system_logs/x", "user_logs/std_log.txt"))
    assert.same({ "user_logs/std_log_process_0.txt", "user_logs/std_log_process_1.txt" },
      main("user_logs/std_log_process_0.txt", "user_logs/std_log_process_1.txt", "user_logs/x"))
    assert.same({ "azureml-logs/70_driver_log.txt" }, main("a", "azureml-logs/70_driver_log.txt"))
    assert.same({ "b", "c" }, main("b", "c"))
  end)

  it("are read from a server that knows no ranges", function()
    local server <close> = scripted(function() return { status = 200, body = "all of it" } end)
    name_files { ["x.txt"] = server.url .. "/blob?sig=secret" }
    local log = submit("true"):logs()[1]
    assert.equal("all of it", log:read())
    assert.equal("it", log:read():sub(-2))
    for _, request in ipairs(server.requests) do
      assert.is_nil(request.headers.authorization)
      assert.matches("^bytes=%d+%-%d+$", request.headers.range)
    end
  end)

  it("may be missing at the storage while the job runs, but not after its end", function()
    local server <close> = scripted(function() return { status = 404 } end)
    name_files { ["x.txt"] = server.url .. "/blob?sig=secret" }
    local job = submit "sleep 600"
    assert.equal("", job:logs()[1]:read())
    job:cancel():wait { allow_canceled = true }
    local log = job:logs()[1]
    local _, err = errors.try(log.read, log)
    assert.equal(404, err.status)
    assert.is_nil(tostring(err):find("secret", 1, true))
  end)

  for _, url in ipairs {
    "https://storage.example.org/x?sig=secret", "file:///etc/passwd",
    "https://ann@a.blob.core.windows.net/x", "http://a.blob.core.windows.net/x?sig=secret",
    "https://evil.example/x?.blob.core.windows.net", "https://a.blob.core.windows.net",
    "https://a.blob.core.windows.net:444/x", "https://.blob.core.windows.net/x",
  } do
    it("are not read from " .. url, function()
      name_files { ["x.txt"] = url }
      local log = submit("true"):logs()[1]
      local _, err = errors.try(log.read, log)
      assert.equal("LogUnsafe", err.code)
      assert.is_nil(tostring(err):find("secret", 1, true))
      assert.matches(".blob.core.windows.net", err.hint, 1, true)
    end)
  end

  it("are read from the storage of the cloud", function()
    assert.equal(".blob.core.windows.net", cloud.of("AzureCloud").storage_suffix)
    name_files { ["x.txt"] = "https://a.blob.core.windows.net/x?sig=secret" }
    local log = submit("true"):logs()[1]
    local client = require "azureml.client"
    local own_new, opened = client.new, nil
    client.new = function(settings)
      opened = settings
      return { request = function(_, request)
        opened.path = request.path
        return { status = 206, body = "", headers = {} }
      end }
    end
    log:read()
    client.new = own_new
    assert.same({ "https://a.blob.core.windows.net", "/x?sig=secret" },
      { opened.endpoint, opened.path })
    assert.is_nil(opened.credential)
  end)
end)
