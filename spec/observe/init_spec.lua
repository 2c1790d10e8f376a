local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local notice = require "azureml.tool.notice"
local observe = require "azureml.observe"
local process = require "spec.process"

describe("the observation of a run", function()
  local directory, path

  before_each(function()
    directory = process.directory()
    path = directory .. "/summary.json"
  end)
  after_each(function()
    observe.finish(0)
    process.remove(directory)
  end)

  local function start(file)
    observe.start { files = { { option = "summary", path = file or path } }, argv = {} }
  end

  local function summary()
    local file <close> = assert(io.open(path))
    return json.decode(file:read "a")
  end

  it("ends once", function()
    start()
    notice.tell("failed", errors.new { code = "Timeout", message = "late" })
    assert.is_nil(observe.finish(5))
    assert.same({ 5, "Timeout" }, { summary().exit_code, summary().error.code })
    os.remove(path)
    assert.is_nil(observe.finish(0))
    assert.equal("no file", core.status(path) or "no file")
  end)

  it("writes without an exit code before the process becomes another program", function()
    start()
    notice.tell "leaving"
    assert.is_nil(summary().exit_code)
    observe.finish(1)      -- it could not become it
    assert.equal(1, summary().exit_code)
  end)

  it("is for the other files when one cannot be written", function()
    local _, err = errors.try(observe.start, {
      files = { { option = "prometheus", path = directory .. "/no/file" },
        { option = "summary", path = path } },
      argv = {},
    })
    assert.equal("OutputFailed", err.code)
    assert.is_nil(observe.finish(1))
    assert.equal(1, summary().exit_code)
  end)

  it("tells what could not be written at its end", function()
    start()
    process.run { "rmdir", directory }
    assert.matches("^the file of %-%-summary, '.*', cannot be written: No such file",
      observe.finish(0))
  end)
end)
