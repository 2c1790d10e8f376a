-- The executable itself, beside lua5.4: where they should agree, what they print and how they leave
-- is compared.

local process = require "spec.process"
local EXECUTABLE = (os.getenv "AZUREML_BUILD" or "build") .. "/azureml"

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function read_and_remove(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read "a"
  file:close()
  os.remove(name)
  return text
end

-- Runs a program and gives its output, its errors and its exit code. options: stdin, a text; env,
-- "NAME=value" words; before, words to start it with.
local function run(program, words, options)
  options = options or {}
  local out, err, input = os.tmpname(), os.tmpname(), os.tmpname()
  local file = assert(io.open(input, "wb"))
  file:write(options.stdin or "")
  file:close()
  local line = { "env", "--default-signal=INT,TERM", "-u", "LUA_INIT", "-u", "LUA_INIT_5_4" }
  for _, word in ipairs(options.env or {}) do line[#line + 1] = quote(word) end
  for _, word in ipairs(options.before or {}) do line[#line + 1] = quote(word) end
  line[#line + 1] = quote(program)
  for _, word in ipairs(words) do line[#line + 1] = quote(word) end
  local _, how, code = os.execute(("%s >%s 2>%s <%s"):format(table.concat(line, " "), out, err,
    input))
  os.remove(input)
  return { out = read_and_remove(out), err = read_and_remove(err),
    code = how == "exit" and code or how .. code }
end

local function azureml(words, options)
  return run(EXECUTABLE, words, options)
end

-- Runs f with the name of a file that has a text.
local function with_script(text, f)
  local name = os.tmpname()
  local file = assert(io.open(name, "wb"))
  file:write(text)
  file:close()
  local ok, err = pcall(f, name)
  os.remove(name)
  if not ok then error(err, 0) end
end

local function agree(words, options)
  local ours, theirs = azureml(words, options), run("lua5.4", words, options)
  local what = table.concat(words, " ") .. "\n" .. ours.err
  assert.equal(theirs.out, ours.out, what)
  assert.equal(theirs.code, ours.code, what)
  return ours, theirs
end

describe("the executable agrees with lua5.4", function()
  it("on options and their order", function()
    agree { "-e", "print(1)" }
    agree { "-eprint(1)", "-e", "print(2)" }
    agree { "-l", "cjson", "-e", "print(type(cjson.decode))" }
    agree { "-lj=cjson", "-e", "print(type(j.decode), cjson)" }
    agree { "-e", "x = 1", "-W", "-e", "print(x)" }
    agree { "-v" }
    agree { "-v", "-e", "print(1)" }
    agree { "-E", "-e", "print(1)" }
    agree({ "-" , "a", "b" }, { stdin = "print(..., #arg, arg[0], arg[-1] ~= nil)" })
    agree({}, { stdin = "print(..., arg[0] ~= nil)" })
    agree({ "--" }, { stdin = "print(1)" })
  end)

  it("on a script, its arguments and its arg", function()
    local text = "#!/usr/bin/lua\nprint(...) "
      .. "for i = -3, #arg do print(i, i < 0 and arg[i] ~= nil or arg[i]) end"
    with_script(text, function(name)
      agree { name }
      agree { name, "a", "-x", "" }
      agree { "-e", "y = 1", name, "a" }
      agree { "--", name, "--" }
      agree { "-e", "arg = { 'other' }", name }
      agree { "-e", "arg = nil", name }
    end)
  end)

  it("on what fails", function()
    for _, text in ipairs {
      "error()", "error('x')", "error('x', 0)", "error({})", "error({ code = 2 })", "error(nil)",
      "error(2)", "local x = nil; x.y()",
      "error(setmetatable({}, { __tostring = function() return 'own' end }))", "x y",
      "os.exit(false)", "os.exit(7)", "os.exit(true, true)",
      "local function f() return 1 + f() end f()", "coroutine.wrap(function() error('in') end)()",
      "require 'nothing.here'",
      "error(setmetatable({}, { __tostring = function() return 1 end }))",
      "string.rep('x', 1 << 40)",
    } do
      local ours, theirs = agree { "-e", "print(1)", "-e", text, "-e", "print(2)" }
      assert.equal(theirs.err ~= "", ours.err ~= "")
      assert.equal(theirs.err:match "^lua5.4: ([^\n]*)", ours.err:match "^azureml: ([^\n]*)")
    end
    agree { "./nothing/here.lua" }
    agree { "-l", "nothing.here" }
    agree { "--", "-" }
  end)

  it("on the stack that a script finds below it", function()
    agree { "-e", "print(debug.traceback('x')) print(pcall(debug.getlocal, 4, 1))" }
    with_script("print(debug.traceback('x'):gsub(arg[0], '')) print(pcall(debug.getlocal, 4, 1))",
      function(name) agree { name } end)
  end)

  it("on what is closed and collected at the end", function()
    local text = [[
      local mt = { __close = function() print "closed" end,
        __gc = function() print "collected" end }
      Keep = setmetatable({}, mt)
      local x <close> = setmetatable({}, mt)
      if ... then error "x" end]]
    with_script(text, function(name)
      agree { name }
      agree { name, "fail" }
    end)
  end)

  it("on the exit code of a finalizer that ends the process at the end", function()
    for _, arguments in ipairs { "3, true", "false, true", "3" } do
      local text = "setmetatable({}, { __gc = function() os.exit(%s) end })"
      agree { "-e", text:format(arguments) }
    end
  end)

  it("on LUA_INIT", function()
    agree({ "-e", "print(2)" }, { env = { "LUA_INIT=print(1)" } })
    agree({ "-e", "print(2)" }, { env = { "LUA_INIT=print(1)", "LUA_INIT_5_4=print(54)" } })
    agree({ "-E", "-e", "print(2)" }, { env = { "LUA_INIT=print(1)" } })
    agree({ "-e", "print(2)" }, { env = { "LUA_INIT=error('init')" } })
    agree({ "-e", "print(2)" }, { env = { "LUA_INIT=x y" } })
    agree({ "-e", "print(2)" }, { env = { "LUA_INIT=" } })
    agree({ "-e", "print(2)" }, { env = { "LUA_INIT=@./nothing/here.lua" } })
    with_script("print('from a file', ...)", function(name)
      agree({ "-e", "print(2)" }, { env = { "LUA_INIT=@" .. name } })
    end)
    local _, theirs = agree({ "-e", "" }, { env = { "LUA_INIT_5_4=error('x', 1)" } })
    assert.matches("LUA_INIT_5_4", theirs.err)
  end)

  it("on the paths that the environment gives, and -E", function()
    local env = { "LUA_PATH=./nothing/?.lua;;", "LUA_CPATH_5_4=./nothing/?.so;;" }
    agree({ "-e", "print(package.path) print(package.cpath)" }, { env = env })
    agree({ "-E", "-e", "print(package.path) print(package.cpath)" }, { env = env })
    agree({ "-e", "", "-E", "-e", "print(package.path)" }, { env = env })
  end)

  it("on warnings", function()
    local text = "warn('@on', 'x') warn('a', 'b')"
    assert.equal(run("lua5.4", { "-W", "-e", text }).err, azureml({ "-W", "-e", text }).err)
    assert.equal(run("lua5.4", { "-e", "warn('a')" }).err, azureml({ "-e", "warn('a')" }).err)
  end)

  it("on coroutines, although resuming is its own", function()
    with_script([[
      local function closing(text)
        return setmetatable({}, { __close = function(_, e) print(text, e) end })
      end
      print(pcall(coroutine.wrap(function() local x <close> = closing "closed" error "a" end)))
      print(pcall(coroutine.wrap(function()
        local x <close> = setmetatable({}, { __close = function() error("b", 0) end })
        error "a"
      end)))
      local over = coroutine.wrap(function() end)
      over()
      print(pcall(over))
      print(coroutine.resume(coroutine.create(function(...) return coroutine.yield(...) end), 1, 2))
      print(coroutine.resume(coroutine.running()))
      print(pcall(coroutine.resume))
      print(pcall(coroutine.wrap))
      print(select("#",
        coroutine.resume(coroutine.create(function() return table.unpack({}, 1, 100000) end))))
      local function nest(n)
        return coroutine.wrap(function() return n == 0 and 0 or 1 + nest(n - 1)() end)
      end
      print(pcall(nest(150)))
      local function endless() return coroutine.wrap(endless)() end
      print(pcall(endless))
      local squares = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i, i * i) end end)
      for a, b in squares do io.write(a, " ", b, ";") end
      print(coroutine.close(coroutine.create(print)), coroutine.isyieldable())]],
      function(name)
        local ours, theirs = azureml { name }, run("lua5.4", { name })
        assert.equal(theirs.out, ours.out)
        assert.equal(theirs.err, ours.err)
      end)
  end)
end)

describe("the executable", function()
  it("is one file: it needs no path", function()
    local env = { "LUA_PATH=./nothing/?.lua", "LUA_CPATH=./nothing/?.so" }
    local ran = azureml({ "-e",
      'print(type(require "azureml"), type(require "cjson"), type(require "argparse"))' },
      { env = env })
    assert.equal("table\ttable\ttable\n", ran.out, ran.err)
  end)

  it("prefers what is built in to what is installed", function()
    assert.equal(":embedded:\n",
      azureml({ "-e", 'print(select(2, require "azureml.console.screen"))' }).out)
  end)

  it("loads C modules of the system's", function()
    local tried = 0
    for _, module in ipairs { "lfs", "term.core", "system.core" } do
      local words = { "-l", "m=" .. module, "-e", "print(type(m))" }
      if run("lua5.4", words).code == 0 then
        agree(words)
        tried = tried + 1
      end
    end
    if tried == 0 then pending "no C module is installed" end
  end)

  it("explains itself", function()
    local help = azureml { "--help" }
    assert.equal(0, help.code)
    assert.matches("LUA_INIT", help.out)
    assert.matches("\n  stop +%S", help.out)
    local version = azureml { "--version" }
    assert.matches("^azureml %d+%.%d+%.%d+, Lua 5%.4%.%d+\n", version.out)
    assert.matches("\nargparse +[%d.]+ +built in\n", version.out)
    assert.matches("\nlibedit +[%d.]+ ", version.out)
    assert.equal(version.out, azureml({ "version" }).out)
  end)

  it("refuses wrong usage with a sentence, a hint, and 2", function()
    for _, words in ipairs {
      { "-x" }, { "-e" }, { "-l" }, { "-vi" }, { "--speed", "60" },
      { "--emulator", "--speed", "no" }, { "--nothing" }, { "strat" }, { "frobnicate", "x" },
      { "" }, { "zażółć" },
    } do
      local ran = azureml(words)
      assert.equal(2, ran.code)
      assert.equal("", ran.out)
      assert.matches("^azureml: [^\n]+\n  hint: [^\n]+\n$", ran.err)
    end
  end)

  it("suggests a command for a mistyped one, unless a file has that name", function()
    assert.matches("there is no command and no script 'strat'; did you mean start%?\n",
      azureml({ "strat" }).err)
    with_script("print 'the file'", function(name)
      local directory, base = name:match "^(.*)/([^/]+)$"
      local path = directory .. "/strat"
      assert(os.rename(name, path))
      local out = process.executable({ "strat" }, nil, directory)
      assert(os.rename(path, directory .. "/" .. base))
      assert.equal("the file\n", out)
    end)
  end)

  it("runs a file that is called like a command when it is given a path", function()
    with_script("print 'the file'", function(name)
      local directory, base = name:match "^(.*)/([^/]+)$"
      assert(os.rename(name, directory .. "/stop-" .. base))
      local ran = azureml { directory .. "/stop-" .. base }
      assert(os.rename(directory .. "/stop-" .. base, name))
      assert.equal("the file\n", ran.out)
    end)
  end)

  it("tells an error with the frames of the script alone", function()
    with_script('local function f()\n  error "boom"\nend\nf()', function(name)
      local ran = azureml { name }
      local text = "azureml: %s:2: boom\nstack traceback:\n\t[C]: in function 'error'\n"
        .. "\t%s:2: in local 'f'\n\t%s:4: in main chunk\n"
      assert.equal(text:format(name, name, name), ran.err)
    end)
  end)

  it("tells an error object by its text and where it was raised", function()
    with_script('local ws = require "azureml".workspace { name = 1 }', function(name)
      local ran = azureml { name }
      assert.equal(1, ran.code)
      assert.matches("^azureml: .-:1: ", ran.err)
      assert.is_nil(ran.err:find("lua/azureml/", 1, true), ran.err)
    end)
  end)

  it("tells where in a task an error object was raised, by the place of the task", function()
    local text = [[
      local azureml = require "azureml"
      azureml.parallel(function()
        azureml.resume "no ticket"
      end)]]
    with_script(text, function(name)
      local ran = azureml { name }
      local place = ("\n\t%s:3: in function <%s:2>\n"):format(name, name)
      assert.is_truthy(ran.err:find(place, 1, true), ran.err)
    end)
  end)

  it("waits at its prompt, and lua5.4 at its own", function()
    local lines = 'azureml = require "azureml"\nazureml.sleep(0.01)\n'
      .. "a, b = azureml.parallel(function() azureml.sleep(0.02) return 1 end, "
      .. "function() azureml.sleep(0.01) return 2 end)\nprint('waited', a + b)\n"
    assert.equal("waited\t3\n", azureml({ "-i" }, { stdin = lines }).out)
    local out = process.plain_lua({ "-i" }, nil, nil, lines)
    assert.matches("waited\t3\n", out)
  end)

  it("reads plain lines, and shows no prompt, when -i has no terminal", function()
    local ran = azureml({ "-i", "-e", "x = 20" },
      { stdin = "x + 1\nfor i = 1, 2 do\nprint(i)\nend\nerror 'oops'\n_" })
    assert.equal("21\n1\n2\n21\n", ran.out)
    assert.matches("^stdin:1: oops\n", ran.err)
    assert.equal(0, ran.code)
    assert.equal(3, azureml({ "-i" }, { stdin = "os.exit(3)\nprint 'still here'" }).code)
  end)
end)

-- The script signals its own process: no sleeping. popen, since system() would have the signal
-- ignored.
local SIGNAL = 'io.popen("kill -%s $PPID"):close() '

describe("an interrupt", function()
  it("ends a script that computes, and runs what it has to close", function()
    local text = 'local x <close> = setmetatable({}, { __close = function() print "closed" end }) '
      .. SIGNAL .. "while true do end"
    local ran = azureml { "-e", text:format "INT" }
    assert.same({ out = "closed\n", err = "interrupted\n", code = 130 }, ran)
    ran = azureml { "-e", text:format "TERM" }
    assert.same({ out = "closed\n", err = "interrupted\n", code = 143 }, ran)
  end)

  it("ends a coroutine that computes", function()
    local text = "coroutine.wrap(function() coroutine.wrap(function() " .. SIGNAL
      .. "while true do end end)() end)()"
    assert.same({ out = "", err = "interrupted\n", code = 130 },
      azureml { "-e", text:format "INT" })
  end)

  it("ends a wait, in the main chunk and in a task", function()
    local text = 'local azureml = require "azureml" ' .. SIGNAL .. "azureml.sleep(100)"
    assert.same({ out = "", err = "interrupted\n", code = 130 },
      azureml { "-e", text:format "INT" })
    text = 'local azureml = require "azureml" '
      .. "azureml.parallel(function() azureml.sleep(100) end, function() " .. SIGNAL .. "end)"
    assert.same({ out = "", err = "interrupted\n", code = 130 },
      azureml { "-e", text:format "INT" })
  end)

  for place, text in pairs {
    ["gsub's callback"] = 'string.gsub("x", "x", wait)',
    ["a comparison of sort"] = "table.sort({ 2, 1 }, wait)",
    ["a generator"] = "coroutine.wrap(wait)()",
    ["a task's generator"] = "azureml.parallel(function() coroutine.wrap(wait)() end)",
    ["a metamethod of a task"] = "azureml.parallel(function() "
      .. "return setmetatable({}, { __index = wait }).x end)",
    ["each, which does not collect it"] = "azureml.each({ 1, 2 }, wait)",
    ["try"] = "azureml.try(wait)",
  } do
    it("ends a wait in " .. place, function()
      local script = 'local azureml = require "azureml" local function wait() '
        .. SIGNAL:format "INT" .. "azureml.sleep(100) end " .. text
      assert.same({ out = "", err = "interrupted\n", code = 130 }, azureml { "-e", script })
    end)
  end

  it("that comes from outside while a script waits ends the wait", function()
    local ran = azureml { "-e", [[local azureml = require "azureml"
      local killer <close> = io.popen "sleep 0.1; kill -INT $PPID"
      azureml.sleep(100)]] }
    assert.equal("interrupted\n", ran.err)
  end)

  it("is an error that a script may catch", function()
    local text = "print(pcall(function() " .. SIGNAL .. "while true do end end)) print 'still here'"
    local ran = azureml { "-e", text:format "INT" }
    assert.equal("false\tinterrupted (Interrupted)\nstill here\n", ran.out)
    assert.equal(0, ran.code)
  end)

  it("leaves at once when it is the second", function()
    local text = "pcall(function() " .. SIGNAL .. "while true do end end) " .. SIGNAL
      .. "print 'still here'"
    assert.same({ out = "", err = "", code = 130 }, azureml { "-e", text:format("INT", "INT") })
    assert.same({ out = "", err = "", code = 143 }, azureml { "-e", text:format("INT", "TERM") })
  end)

  it("names the operations that go on at the service", function()
    local text = [[
      local function pending() return { "stop ci-ann: polling" } end
      package.loaded["azureml.operation"] = { pending = pending }
      ]] .. SIGNAL .. "while true do end"
    assert.equal("interrupted\nthese go on at the service:\n  stop ci-ann: polling\n",
      azureml({ "-e", text:format "INT" }).err)
  end)

  it("that our parent ignores stays ignored", function()
    local text = SIGNAL:format "INT" .. "print 'still here'"
    local ran = azureml({ "-e", text }, { before = { "sh", "-c", 'trap "" INT; exec "$0" "$@"' } })
    assert.same({ out = "still here\n", err = "", code = 0 }, ran)
  end)
end)
