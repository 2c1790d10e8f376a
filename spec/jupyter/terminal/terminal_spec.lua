local azureml = require "azureml"
local json = require "azureml.json"
local remote = require "spec.terminal_server"
local terminal = require "azureml.jupyter.terminal"

describe("a terminal of an instance", function()
  it("is opened, typed into, resized and read", function()
    local served <close> = remote.start()
    local opened <close> = terminal.open(served.server)
    assert.equal("ready", (opened:receive()))
    assert.equal("terminal 1 of ci-ann", tostring(opened))
    assert.is_false(opened.is_replayed)
    opened:type "ls\r"
    opened:resize(120, 30)
    served:say('["stdout", "a.txt\\r\\n"]')
    assert.same({ "output", "a.txt\r\n" }, { opened:receive() })
    assert.same({ { "stdin", "ls\r" }, { "set_size", 30, 120 } }, served:wait(2))
    served:say('["disconnect", 1]')
    assert.equal("exit", (opened:receive()))
  end)

  it("gets every key as it was pressed", function()
    local served <close> = remote.start()
    local opened <close> = terminal.open(served.server)
    local text = "\0\1\3\27[A\"\\/\127é\u{2028}"
    opened:type(text)
    assert.same({ { "stdin", text } }, served:wait(1))
  end)

  it("gets long texts in pieces that end between characters", function()
    local served <close> = remote.start()
    local opened <close> = terminal.open(served.server)
    local text = "x" .. ("é"):rep(2000)
    opened:type(text)
    local function got()
      local parts = {}
      for i, item in ipairs(served.heard) do parts[i] = item[2] end
      return table.concat(parts)
    end
    while #got() < #text do azureml.sleep(0) end
    assert.equal(text, got())
    for _, item in ipairs(served.heard) do
      assert.truthy(#item[2] <= 1024 and utf8.len(item[2]))
    end
  end)

  it("is attached to again when it is open", function()
    local served <close> = remote.start { terminals = { { name = "1" }, { name = "7" } } }
    local opened <close> = terminal.open(served.server, "7")
    assert.is_true(opened.is_replayed)
    assert.truthy(served.requests[1]:find "^GET /terminals/websocket/7 ")
    local _, err = azureml.try(terminal.open, served.server, "8")
    assert.same({ "TerminalNotFound", "there is no terminal '8' of 'ci-ann' (open: 1, 7)" },
      { err.code, err.message })
  end)

  it("takes a long replay, and no long message after it", function()
    local served <close> = remote.start { terminals = { { name = "1" } } }
    local opened <close> = terminal.open(served.server, "1")
    local long = ("x"):rep(5 * 1024 * 1024)
    served:say(json.encode { "stdout", long })
    assert.equal("ready", (opened:receive()))
    assert.same({ "output", long }, { opened:receive() })
    served:say(json.encode { "stdout", long })
    local _, reason, code = opened:receive()
    assert.same({ "invalid", 1009 }, { reason, code })
  end)

  it("ignores what it does not know", function()
    local served <close> = remote.start()
    local opened <close> = terminal.open(served.server)
    for _, text in ipairs { "no JSON", "[]", "{}", "7", "null", '["stdout"]', '["stdout", 7]',
      '[["stdout"], "x"]', '["later", "x"]', '["stdout", null]' } do served:say(text) end
    served:say('["stdout", "known"]')
    assert.equal("ready", (opened:receive()))
    assert.same({ "output", "known" }, { opened:receive() })
    assert.same({ nil, "timeout" }, { opened:receive(0) })
  end)

  it("has a name that fits into a path", function()
    for _, answer in ipairs { { name = "../x" }, { name = "" }, { name = 7 }, {},
      { name = ("x"):rep(101) } } do
      local served <close> = remote.start { created = answer }
      local _, err = azureml.try(terminal.open, served.server)
      assert.equal("InvalidReply", err.code)
      assert.equal("cannot open a terminal of ci-ann: the answer names no terminal", err.message)
    end
  end)
end)
