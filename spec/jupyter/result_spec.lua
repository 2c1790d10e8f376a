local azureml = require "azureml"
local result = require "azureml.jupyter.result"

local function made(...)
  local found = result.new {}
  for _, pair in ipairs { ... } do found:take { kind = pair[1], content = pair[2] } end
  return found
end

local DONE = { "execute_reply", { status = "ok", execution_count = 7 } }

describe("the result of code", function()
  it("has value, output, errors and displays", function()
    local found = made({ "stream", { name = "stdout", text = "a" } },
      { "stream", { name = "stderr", text = "b" } }, { "stream", { name = "stdout", text = "c" } },
      { "display_data", { data = { ["image/png"] = "AAAA" } } },
      { "execute_result", { data = { ["text/plain"] = "2" } } }, DONE):finish "python3"
    assert.same({ "ac", "b", "2", 7 }, { found.output, found.errors, found.text, found.count })
    assert.same({ { ["image/png"] = "AAAA" } }, found.displays)
    assert.equal("acb2", tostring(found))
  end)

  it("has the value that a kernel displays instead of returning it", function()
    local found = made({ "display_data", { data = { ["text/plain"] = "[1] 42" } } }, DONE)
    assert.equal("[1] 42", found:finish("ir").text)
  end)

  it("replaces a display that is updated", function()
    local found = made(
      { "display_data", { data = { a = 1 }, transient = { display_id = "d" } } },
      { "update_display_data", { data = { a = 2 }, transient = { display_id = "d" } } },
      { "update_display_data", { data = { a = 3 }, transient = { display_id = "other" } } }, DONE)
    assert.same({ { a = 2 } }, found:finish("k").displays)
  end)

  it("hands output on instead of collecting it", function()
    local pieces = {}
    local found = result.new { on_output = function(text) pieces[#pieces + 1] = text end }
    found:take { kind = "stream", content = { name = "stdout", text = "x" } }
    assert.same({ "", { "x" } }, { found:finish("k").output, pieces })
  end)

  it("raises the error of the code, with a plain traceback", function()
    local found = made({ "stream", { name = "stdout", text = "so far" } }, { "error", {
      ename = "ValueError", evalue = "bad\27[2J", traceback = { "\27[0;31mline 1\27[0m", "line 2" },
    } }, { "execute_reply", { status = "error" } })
    local _, err = azureml.try(found.finish, found, "python3")
    assert.equal("CodeFailed", err.code)
    assert.matches("ValueError in the kernel 'python3': bad", err.message)
    assert.equal("line 1\nline 2", err.exception.traceback)
    assert.matches("  | line 1\n  | line 2", tostring(err), 1, true)
    assert.is_nil(tostring(err):find "\27")
    assert.equal("so far", err.result.output)
  end)

  it("says that output was lost, and keeps the rest", function()
    local found = made({ "stream", { name = "stderr",
      text = "IOPub data rate exceeded.\nThe Jupyter server will" } }, DONE)
    local _, err = azureml.try(found.finish, found, "python3")
    assert.equal("OutputLost", err.code)
    assert.equal(7, err.result.count)
  end)

  it("believes code that prints about rates", function()
    local printed = { name = "stdout", text = "IOPub data rate exceeded.\n" }
    local found = made({ "stream", printed }, DONE)
    assert.equal("IOPub data rate exceeded.\n", found:finish("k").output)
  end)

  it("says no more of an error without a text than its name", function()
    local found = made({ "error", { ename = "KeyboardInterrupt", evalue = "" } }, DONE)
    local _, err = azureml.try(found.finish, found, "k")
    assert.equal("the code raised KeyboardInterrupt in the kernel 'k'", err.message)
  end)

  it("says that code was skipped", function()
    local found = made { "execute_reply", { status = "aborted" } }
    local _, err = azureml.try(found.finish, found, "python3")
    assert.equal("CodeSkipped", err.code)
  end)

  it("survives content of other types", function()
    local found = made({ "stream", { name = 1, text = {} } }, { "display_data", { data = 1 } },
      { "execute_result", { data = "x" } }, { "unknown", {} },
      { "error", { ename = 1, evalue = {}, traceback = 3 } }, DONE)
    local _, err = azureml.try(found.finish, found, "k")
    assert.matches("the code raised an error", err.message)
  end)
end)
