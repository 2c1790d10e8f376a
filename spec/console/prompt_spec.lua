local prompt = require "azureml.console.prompt"

-- A terminal with lines typed beforehand. A function among them is called in place of a line: a
-- signal that came.
local function typing(lines)
  local terminal = { prompts = {}, results = {}, errors = {}, chunks = {}, greets = false }
  function terminal.read(text)
    table.insert(terminal.prompts, text)
    local line = table.remove(lines, 1)
    if type(line) == "function" then return line() end
    return line
  end
  function terminal.write(text) table.insert(terminal.results, text) end
  function terminal.complain(text) table.insert(terminal.errors, text) end
  function terminal.remember(chunk) table.insert(terminal.chunks, chunk) end
  function terminal.look() return { width = 60 } end
  return terminal
end

-- Signals that only come when a spec says so.
local function quiet_signals()
  local signals = {}
  function signals.drain()
    local number = signals.number
    signals.number = nil
    return number
  end
  function signals.call(_, handler, f, ...) return xpcall(f, handler, ...) end
  return signals
end

local interrupt = { code = "Interrupted" }

local function converse(lines, options)
  options = options or {}
  local terminal = typing(lines)
  terminal.greets = options.greets or false
  terminal.env = setmetatable({ azureml = {} }, { __index = _G })
  terminal.code = prompt.run {
    version = "1.2.3", world = options.world, terminal = terminal, env = terminal.env,
    signals = options.signals or quiet_signals(),
    signal_of = function(value) return value == interrupt and (options.signal or 2) or nil end,
  }
  return terminal
end

describe("the prompt", function()
  it("shows what an expression gives, with and without =", function()
    assert.same({ "2", "3", "4\t5" }, converse({ "1 + 1", "=1 + 2", "return 4, 5" }).results)
  end)

  it("shows nothing where there is nothing, and nil where there is nil", function()
    assert.same({ "nil" }, converse({ "", "x = 1", "(function() end)()", "nil" }).results)
  end)

  it("shows values on lines of their own when one has several", function()
    assert.same({ "1\na\nb" }, converse({ [[1, "a\nb"]] }).results)
  end)

  it("keeps the last line's first value in _", function()
    assert.same({ "7\t8", "14", "14" }, converse({ "7, 8", "_ * 2", "x = 1", "_" }).results)
  end)

  it("asks for more lines until the chunk is whole", function()
    local terminal = converse { "for i = 1, 2 do", "  x = i", "end", "x" }
    assert.same({ "> ", ">> ", ">> ", "> ", "> " }, terminal.prompts)
    assert.same({ "2" }, terminal.results)
    assert.same({ "for i = 1, 2 do\n  x = i\nend", "x" }, terminal.chunks)
  end)

  it("asks for more lines of an expression too", function()
    assert.same({ "{ 1, 2 }", "3" }, converse({ "{ 1,", "2 }", "= 1 +", "2" }).results)
  end)

  it("asks with _PROMPT and _PROMPT2, as lua5.4 does", function()
    assert.same({ "> ", "lua: ", "more: ", "lua: " },
      converse({ "_PROMPT, _PROMPT2 = 'lua: ', 'more: '", "x = (", "1)" }).prompts)
  end)

  it("tells an error with a traceback of what was typed, and goes on", function()
    local terminal = converse { "local t; t.x()", "1" }
    local text = "stdin:1: attempt to index a nil value (local 't')\n"
      .. "stack traceback:\n\tstdin:1: in "
    assert.same({ text }, { (terminal.errors[1]:match "^.-\tstdin:1: in ") })
    assert.same({ "1" }, terminal.results)
  end)

  it("tells a syntax error in its message alone", function()
    assert.same({ "stdin:1: syntax error near 'y'" }, converse({ "x y" }).errors)
  end)

  it("tells that a chunk has no end when the file has one", function()
    local terminal = converse { "x = (" }
    assert.same({ "stdin:1: unexpected symbol near <eof>" }, terminal.errors)
    assert.equal(0, terminal.code)
  end)

  it("tells when a result cannot be shown", function()
    local terminal = converse { "setmetatable({}, { __tostring = function() error('shy', 0) end })",
      "1" }
    assert.same({ "<no text: shy>", "1" }, terminal.results)
  end)

  it("says its name and its world when a user sits there", function()
    local results = converse({}, { greets = true, world = "emulator, speed 60" }).results
    assert.equal("azureml 1.2.3, Lua 5.4 (emulator, speed 60)", results[1])
    assert.matches("help", results[2])
    assert.same({}, converse({}).results)
  end)

  it("has azureml and help, and leaves a script's own", function()
    local terminal = converse { "type(azureml)", "#tostring(help) > 0" }
    assert.same({ "table", "true" }, terminal.results)
    assert.is_nil(rawget(_G, "help"))
  end)
end)

describe("help at the prompt", function()
  local function helped(line)
    local terminal = converse { "ws = require('azureml').workspace { resource_group = 'ml', "
      .. "subscription_id = '11111111-1111-1111-1111-111111111111', name = 'team', credential = "
      .. "require('azureml').credential.none() }", line }
    return (table.concat(terminal.results, "\n"):gsub("\n+", " "))
  end

  it("explains a field by what was typed, not by its value", function()
    assert.matches("^ws.resource_group: string the resource group of the workspace",
      helped "help(ws.resource_group)")
  end)

  it("explains a function or a module by its value", function()
    assert.matches("^ws.instances:get%(name, api_version%?%)", helped "help(ws.instances.get)")
    assert.matches("^azureml.credential Functions:", helped "help(require('azureml').credential)")
  end)

  it("explains its own names", function()
    for _, line in ipairs { "help(exit)", "help 'exit'", "help(quit)" } do
      assert.matches("^exit leaves the prompt", helped(line))
    end
    assert.matches("^help%(%) shows examples%.", helped "help(help)")
    assert.matches("^full%(x%) shows a value whole", helped "help(full)")
  end)

  it("says what can be asked where there is nothing to tell", function()
    for _, line in ipairs { "help(nil)", "help(5)", "help(nosuch)", "help(ws.x)", "help ''" } do
      assert.matches("^there is no help on this: try help%(azureml%)", helped(line))
    end
  end)
end)

describe("a long error", function()
  it("is wrapped between words on a terminal, and left whole elsewhere", function()
    local line = "error(('word '):rep(30), 0)"
    for text in converse({ line }, { greets = true }).errors[1]:gmatch "[^\n]+" do
      assert.is_true(#text < 60 or text:find "^\t" ~= nil, text)
    end
    assert.matches("^" .. ("word "):rep(30), converse({ line }).errors[1])
  end)
end)

describe("an interrupt", function()
  it("at the prompt drops the lines of the chunk", function()
    local signals = quiet_signals()
    local function ctrl_c() signals.number = 2 end
    local terminal = converse({ "x = (", ctrl_c, "5" }, { signals = signals })
    assert.same({ "> ", ">> ", "> ", "> " }, terminal.prompts)
    assert.same({ "5" }, terminal.results)
    assert.same({}, terminal.errors)
    assert.equal(0, terminal.code)
  end)

  it("of what runs ends that, and the prompt goes on", function()
    _G.interrupt_of_spec = interrupt
    local terminal = converse { "error(interrupt_of_spec)", "6" }
    _G.interrupt_of_spec = nil
    assert.same({ "interrupted" }, terminal.errors)
    assert.same({ "6" }, terminal.results)
  end)

  it("by SIGTERM ends the prompt, at work and at rest", function()
    _G.interrupt_of_spec = interrupt
    local terminal = converse({ "error(interrupt_of_spec)", "6" }, { signal = 15 })
    _G.interrupt_of_spec = nil
    assert.equal(143, terminal.code)
    local signals = quiet_signals()
    terminal = converse({ function() signals.number = 15 end, "6" }, { signals = signals })
    assert.equal(143, terminal.code)
    assert.same({}, terminal.results)
  end)

  it("that came before the prompt is forgotten, SIGTERM is not", function()
    local signals = quiet_signals()
    signals.number = 2
    assert.same({ "5" }, converse({ "5" }, { signals = signals }).results)
    signals.number = 15
    assert.equal(143, converse({ "5" }, { signals = signals }).code)
  end)
end)

describe("the prompt's names", function()
  it("keep a local variable for the next lines, and close it at the end", function()
    local closed
    _G.thing_of_spec = setmetatable({}, { __close = function() closed = true end })
    local terminal = converse { "local a, b = 1, 2", "a + b",
      "local t <close> = thing_of_spec", "type(t)" }
    _G.thing_of_spec = nil
    assert.same({ "3", "table" }, terminal.results)
    assert.is_true(closed)
    assert.is_nil(rawget(terminal.env, "a"))
  end)

  it("end it: exit, quit, and their calls", function()
    for _, line in ipairs { "exit", "quit", "exit()", "quit()" } do
      local terminal = converse { "1", line, "2" }
      assert.same({ "1" }, terminal.results)
      assert.equal(0, terminal.code)
    end
  end)

  it("show examples, and explain", function()
    local results = converse({ "help()", "help 'InstanceOptions'", "help 'nothing.of.it'" }).results
    assert.matches("ws.instances:list%(%)", results[1])
    assert.matches("idle_time_before_shutdown", results[2])
    assert.matches("there is no help on this", results[3])
  end)

  it("show a value whole", function()
    local results = converse({ "t = {} for i = 1, 150 do t[i] = i end", "t", "full(t)" }).results
    assert.matches("%.%.%. 50 more", results[1])
    assert.matches(" 150 }$", (results[2]:gsub("%s+", " ")))
  end)
end)

describe("an error at the prompt", function()
  it("is a card where the service or the package raised it", function()
    local terminal = converse { "errors = require 'azureml.error'",
      "error(errors.new { code = 'Odd', message = 'odd' })" }
    assert.same({ "odd\n  code  Odd" }, terminal.errors)
  end)

  it("of what was under way is shown, and the line is asked for again", function()
    local lines = { function() return nil, "an observer failed" end, "5" }
    local terminal = converse(lines)
    assert.same({ "an observer failed" }, terminal.errors)
    assert.same({ "5" }, terminal.results)
  end)
end)
