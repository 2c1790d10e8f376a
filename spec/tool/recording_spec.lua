local azureml = require "azureml"
local json = require "azureml.json"
local process = require "spec.process"
local recording = require "azureml.tool.recording"
local world = require "spec.world"

local function lines_of(path)
  local file <close> = assert(io.open(path))
  local list = {}
  for line in file:lines() do list[#list + 1] = assert(json.decode(line)) end
  return list
end

describe("a recording", function()
  local directory, path, emulator, ws

  before_each(function()
    directory = process.directory()
    path = directory .. "/report.jsonl"
    emulator, ws = world.open { ["ci-ann"] = "Running" }
    recording.start(path)
  end)
  after_each(function()
    recording.stop()
    world.close(emulator, ws)
    process.remove(directory)
  end)

  it("holds each exchange: what was asked, sent and answered, and the polls", function()
    ws.instances:stop("ci-ann"):wait()
    ws.instances:get "ci-ann"
    local list = lines_of(path)
    assert.same(recording.HEADER, list[1])
    local verb, poll
    for _, each in ipairs(list) do
      if each.method == "POST" then verb = each end
      if each.event == "poll" then poll = poll or each end
    end
    assert.same({ 202, 1 }, { verb.status, verb.attempt })
    assert.is_truthy(verb.url:find("/computes/ci%-ann/stop%?api%-version="))
    assert.equal(verb.headers["azure-asyncoperation"], poll.url)
    assert.equal("string", type(poll.body.status))
    assert.equal("Stopped", list[#list].body.properties.properties.state)
  end)

  it("holds no bytes of the files on an instance", function()
    local played <close> = require("spec.notebook_server").open()
    played.vm.jupyter:write("note.txt", "a private line")
    assert.equal("a private line", played.vm.jupyter:read "note.txt")
    played.vm.jupyter:contents ""
    local file <close> = assert(io.open(path))
    local text = file:read "a"
    assert.matches("/api/contents/note.txt", text)
    assert.is_nil(text:find "private")
    assert.is_nil(text:find(require("azureml.core").crypto.base64 "a private line", 1, true))
    assert.matches('"text":"hidden"', text)
  end)

  it("is for this user alone, and holds no token, no secret and no signature", function()
    ws.instances:create("ci-bob", { vm_size = "STANDARD_DS3_V2" }):wait()
    assert.equal("-rw-------", (process.run { "ls", "-l", path }):sub(1, 10))
    local file <close> = assert(io.open(path))
    local text = file:read "a"
    for _, secret in ipairs {
      emulator:settings().client_secret, "eyJ", "Bearer", "authorization", "oauth2",
      "/emulator/settings",
    } do
      assert.is_nil(text:find(secret, 1, true), secret)
    end
    for value in text:gmatch "[?&][tcsh]=([^&\"]*)" do
      assert.is_truthy(value:find "^hidden%d+$", value)
    end
    assert.is_truthy(text:find('"sent":{', 1, true))
  end)

  it("hides files and logs, which are a user's own, but not what a refusal says", function()
    local hide = require("azureml.tool.redaction").new()
    local function text_of(status, body)
      local record = recording.exchange(hide, { url = "https://x/y", status = status, body = body })
      return record.body or record.text
    end
    assert.equal("hidden", text_of(200, "epoch 1: loss 0.3"))
    assert.equal("hidden", text_of(206, '{"password": "x"}'))
    assert.same({ state = "Running" }, text_of(200, '{"state": "Running"}'))
    assert.equal("<h1>Bad gateway</h1>", text_of(502, "<h1>Bad gateway</h1>"))
  end)

  it("ends where it is stopped", function()
    ws.instances:get "ci-ann"
    recording.stop()
    local count = #lines_of(path)
    ws.instances:get "ci-ann"
    assert.equal(count, #lines_of(path))
  end)

  it("holds attempts without a reply", function()
    ws.instances:get "ci-ann"
    emulator:fault { match = { path = "/computes/ci%-ann$" }, trouble = "truncate", times = 1 }
    ws.instances:get "ci-ann"
    local list = lines_of(path)
    local first, second = list[#list - 1], list[#list]
    assert.same({ 1, 2, 200 }, { first.attempt, second.attempt, second.status })
    assert.is_nil(first.status)
    assert.equal("string", type(first.error))
  end)
end)

describe("a recording's file", function()
  it("is not written over something else", function()
    local folder = process.directory()
    local path = process.write(folder .. "/notes", "my notes\n")
    local _, err = azureml.try(recording.start, path)
    assert.equal("RecordingFailed", err.code)
    assert.is_truthy(err.message:find("it holds something else", 1, true), err.message)
    local file <close> = assert(io.open(path))
    assert.equal("my notes\n", file:read "a")
    process.remove(folder)
  end)

  it("is written by one process at a time", function()
    local folder = process.directory()
    local held = require("azureml.core").state_file(folder .. "/report")
    local _, err = azureml.try(recording.start, folder .. "/report")
    assert.is_truthy(err.message:find("another process uses it", 1, true), err.message)
    held:close()
    process.remove(folder)
  end)

  it("must be writable", function()
    local folder = process.directory()
    local _, err = azureml.try(recording.start, folder .. "/absent/report")
    process.remove(folder)
    assert.equal("RecordingFailed", err.code)
  end)
end)
