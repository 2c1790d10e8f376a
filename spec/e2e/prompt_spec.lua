-- The prompt as a person meets it: the executable in a terminal that tmux plays.

local process = require "spec.process"
local terminal = require "spec.screen"

local quote, output_of = terminal.quote, terminal.output_of

describe("the prompt in a terminal", function()
  local screen

  local it_shows = terminal.each(function(opened) screen = opened end)

  it_shows("greets, answers, and leaves at Ctrl-D", function()
    local shown = screen:start()
    assert.matches("^azureml %d+%.%d+%.%d+, Lua 5%.4 %(Azure%); no workspace yet\n"
      .. "help%(%) shows [^\n]+\n>", shown)
    screen:ask("6 * 7", "\n42\n")
    screen:type "C-d"
    screen:expect "left with 0"
  end)

  it_shows("says that it is in the emulator's world", function()
    assert.matches("(emulator, speed 3600)", screen:start "--emulator --speed 3600", 1, true)
  end)

  it_shows("goes on asking until a chunk is whole", function()
    screen:start()
    screen:ask("answer = {", "\n>>")
    screen:ask("6 * 7 }", "\n>> 6 * 7 }\n>")
    screen:ask("answer", "\n{ 42 }\n")
  end)

  it_shows("completes names", function()
    screen:start()
    screen:type("string.rev", "Tab", "('abc')", "Enter")
    screen:expect "\ncba\n"
    screen:type("whi", "Tab", " false do en", "Tab")
    screen:expect "while false do end"
    screen:type("Enter", "string.g", "Tab", "Tab")
    screen:expect "string.gmatch"
    screen:expect "string.gsub"
  end)

  it_shows("takes letters beyond ASCII, in the C locale too", function()
    screen:start("", "LC_ALL=C")
    screen:ask("#'日本é'", "\n8\n")
    screen:ask("'<' .. '日本é' .. '>'", "\n<日本é>\n")
  end)

  it_shows("recalls lines, in the next session too, from a private file", function()
    screen:start()
    screen:ask("'first'", "\nfirst\n")
    screen:ask("os.exit(5)", "left with 5")
    local directory = screen.home .. "/.local/state/azureml"
    assert.equal("600\n", output_of("stat -c %a " .. quote(directory .. "/history")))
    assert.equal("700\n", output_of("stat -c %a " .. quote(directory)))
    assert.equal("history\n", output_of("ls -A " .. quote(directory)))
    screen:stop()
    screen:start()
    screen:type("Up", "Up", "Enter")
    screen:expect "\nfirst\n"
  end)

  it_shows("drops a line at Ctrl-C", function()
    screen:start()
    screen:type "error 'dropped'"
    screen:expect "> error 'dropped'"
    screen:type "C-c"
    screen:expect "> error 'dropped'\n>"
    screen:ask("answer = {", "\n>>")
    screen:type "C-c"
    screen:expect "\n>>\n>"
    assert.is_nil(screen:ask("'alive'", "\nalive\n"):find("stdin:", 1, true))
  end)

  it_shows("comes back from what computes, waits, or runs tasks at Ctrl-C", function()
    screen:start()
    for i, line in ipairs {
      "print('begun'..1) while true do end",
      "print('begun'..2) azureml.sleep(1000)",
      "azureml.parallel(function() print('begun'..3) azureml.sleep(1000) end)",
      "coroutine.wrap(function() print('begun'..4) while true do end end)()",
    } do
      screen:ask(line, "\nbegun" .. i .. "\n")
      screen:type "C-c"
      screen:expect(("begun%d\n^C\ninterrupted\n>"):format(i))
    end
    screen:ask("'alive'", "\nalive\n")
    screen:type "C-d"
    screen:expect "left with 0"
  end)

  it_shows("tells an error with a traceback of what was typed", function()
    screen:start()
    screen:answer("local function f() error 'oops' end f()", "\nstdin:1: oops\n")
    local shown = screen:ask("'alive'", "\nalive\n")
    assert.matches("in main chunk\n> 'alive'", shown)
    assert.is_nil(shown:find("azureml/", 1, true))
  end)

  it_shows("leaves with 143 at SIGTERM, at rest and at work", function()
    for _, line in ipairs { "'at rest'", "print 'at rest' while true do end" } do
      screen:start()
      screen:ask("io.popen 'echo pid $PPID.':read 'a'", "\npid ")
      screen:ask(line, "\nat rest\n")
      screen:expect "pid "
      local pid = screen:text():match "\npid (%d+)%."
      os.execute("kill -TERM " .. pid)
      screen:expect "left with 143"
      screen:stop()
    end
  end)

  it_shows("prompts after a script at -i, and shows colours unless NO_COLOR is set", function()
    screen:start "-i -e 'answer = 42'"
    screen:ask("{ answer }", "\n{ 42 }\n")
    assert.matches("\27%[36m42", screen:text(true))
    screen:stop()
    screen:start("", "NO_COLOR=1")
    screen:ask("{ 43 }", "\n{ 43 }\n")
    assert.is_nil(screen:text(true):find("\27", 1, true))
  end)

  it_shows("completes options and names of instances, and shows cards, at 80 columns", function()
    screen:start "--emulator --speed 600"
    assert.matches("^azureml %d+%.%d+%.%d+, Lua 5%.4 %(emulator, speed 600%); ws is emulator in "
      .. "emulator\nhelp%(%) shows examples, Tab completes\n>", screen:text())
    screen:type("-l", "local vm = ws.instances:create('ci-ann', { idl")
    screen:type "Tab"
    screen:expect "{ idle_time_before_shutdown ="
    screen:type("-l", "'3d' }):wait()")
    screen:type "Enter"
    screen:expect "create ci-ann: Running, "
    screen:answer("'made'", "\nmade\n")
    screen:answer("vm", "\nci-ann: Running, STANDARD_DS3_V2\n  owner ")
    screen:answer("ws.instances:list()",
      "\nName    State    Size             Age  Tags\nci-ann  Running  STANDARD_DS3_V2  ")
    screen:answer("_[1] and #_", "\n1\n")
    screen:type("-l", "ws.instances:get \"")
    for _ = 1, 500 do      -- the first Tab begins to look for names, and does not wait for them
      screen:type "Tab"
      if screen:text():find("ws.instances:get \"ci-ann", 1, true) then break end
    end
    screen:expect "ws.instances:get \"ci-ann"
    screen:type("-l", "\".name")
    screen:type "C-u"
    screen:answer("ws.instances:get 'nobody'",
      "\n  code     ResourceNotFound\n  status   HTTP 404\n")
    screen:answer("ws.instances:stop_all { all = true }",
      "\nName    Outcome  Why\nci-ann  done       -\nstop: 1 done\n>")
    screen:answer("help(vm.start)", "\n  wait_for_capacity  boolean?: ")
    screen:ask("exit", "left with 0")
  end)

  it_shows("fits 40 columns, and leaves wrapped lines clean at Ctrl-C", function()
    screen:start("--emulator --speed 3600", nil, nil, 40)
    assert.matches("^emulator, speed 3600; ws is emulator\nhelp%(%) shows examples, Tab completes"
      .. "\n>", screen:text())
    screen:type("-l", "local text = 'a line that takes three rows of a narrow screen, and more'")
    screen:expect "and more'"
    screen:type("C-a", "C-c")
    screen:expect("takes three\nrows of a narrow screen, and more'\n>")
    screen:answer("ws:vm_sizes { min_gpus = 8 }", "\nname                       vcpus  gpus\n")
    screen:answer("help()", "\n    look at one: vm.state, vm.tags\n")
    for line in screen:text():gmatch "[^\n]+" do assert.is_true(utf8.len(line) <= 40, line) end
  end)

  it_shows("tells of operations that go on while the user types", function()
    local script = process.write(screen.home .. "/world.lua", [[
      emulator = require("azureml.emulator").start { manual = true,
        seed = { instances = { ["ci-ann"] = "Stopped" } } } ]])
    screen:start("-i " .. script)
    screen:answer("op = ws.instances:start 'ci-ann'", "\n[start ci-ann] >")
    -- This is told while the prompt waits for a key.
    screen:answer("emulator:advance '1h'", "\nstart ci-ann: Succeeded\n>")
    screen:answer("op:wait().state", "\nRunning\n>")
  end)

  it_shows("works without line editing when its output is no terminal", function()
    screen:start "| (trap '' INT; cat)"
    screen:ask("1 + 1", "\n2\n")
    screen:type "C-c"
    screen:expect "> ^C\n>"      -- else the signal could interrupt the next line
    screen:ask("'alive'", "\nalive\n")
  end)
end)

describe("the prompt", function()
  local function text_of(path)
    local file <close> = assert(io.open(path))
    return file:read "a"
  end

  it("takes the examples of README and of the emulator's page line by line", function()
    local input = {}
    local text = text_of "README.md" .. text_of "lua/azureml/guide/emulator.md"
    for snippet in text:gmatch "```lua\n(.-)```" do
      local is_seed = snippet:find("^local instances")      -- a file that returns a table
      if not is_seed then input[#input + 1] = snippet end
    end
    input[#input + 1] = "'all of ' .. type(hers) .. ' ' .. type(err)\n"
    local out, err, code = process.executable({ "--emulator", "--speed", "3000", "-i" }, {}, nil,
      table.concat(input))
    assert.equal(0, code)
    for line in err:gmatch "[^\n]+" do      -- nothing but progress
      assert.matches("^%l+ ?[%w-]*: [%u%d][%a%d ]*, [%d.]+ s$", line)
    end
    for _, shown in ipairs { "not there\n", " USD\n", "AllocationFailed\nAuthorizationFailed\n",
      "all of table table\n" } do
      assert.is_truthy(out:find(shown, 1, true), shown .. out)
    end
  end)
end)
