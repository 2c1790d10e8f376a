-- The prompt as a person meets it: the executable in a terminal that tmux plays.

local EXECUTABLE = (os.getenv "AZUREML_BUILD" or "build") .. "/azureml"
local PATIENCE = 10      -- seconds until what is expected counts as missing

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text
end

local has_tmux = os.execute "command -v tmux >/dev/null 2>&1"
local working_directory = output_of("pwd"):gsub("\n$", "")
local program = EXECUTABLE:sub(1, 1) == "/" and EXECUTABLE or working_directory .. "/" .. EXECUTABLE

local Screen = {}
Screen.__index = Screen

function Screen:tmux(...)
  local words = { "tmux", "-S", quote(("%s/tmux-%d"):format(self.home, self.starts)), "-f", "/dev/null" }
  for _, word in ipairs { ... } do words[#words + 1] = quote(word) end
  return output_of(table.concat(words, " ") .. " 2>&1")
end

--- Starts the executable in a terminal of its own and waits for its prompt; when it has left, its exit code is on the screen.
function Screen:start(arguments, environment)
  local command = ("env -i HOME=%s TERM=screen PATH=\"$PATH\" %s %s %s; echo left with $?; exec cat"):format(
    quote(self.home), environment or "", quote(program), arguments or "")
  self.starts = self.starts + 1      -- a server that was stopped may still hold its socket
  self:tmux("-u", "new-session", "-d", "-x", "80", "-y", "40", command)
  return self:expect "\n>"
end

function Screen:text()
  return self:tmux("capture-pane", "-p")
end

--- Waits until the screen shows a text. Spaces at the end of a line are not seen.
function Screen:expect(text)
  local deadline, shown = os.time() + PATIENCE
  repeat
    shown = self:text()
    if shown:find(text, 1, true) then return shown end
  until os.time() > deadline
  error(("the screen lacks '%s':\n%s"):format(text, shown), 2)
end

--- Presses keys, by tmux's names, or types a text that is no such name.
function Screen:type(...)
  self:tmux("send-keys", ...)
end

--- Types a line and waits for what it shows.
function Screen:ask(line, answer)
  self:tmux("send-keys", "-l", line)
  self:type "Enter"
  return self:expect(answer)
end

function Screen:stop()
  self:tmux "kill-server"
end

local function new_screen()
  local home = os.tmpname()
  os.remove(home)
  assert(os.execute("mkdir -m 700 " .. quote(home)))
  return setmetatable({ home = home, starts = 0 }, Screen)
end

describe("the prompt in a terminal", function()
  local screen

  before_each(function() screen = has_tmux and new_screen() end)

  after_each(function()
    if not screen then return end
    screen:stop()
    os.execute("rm -r " .. quote(screen.home))
  end)

  local function it_shows(sentence, f)
    it(sentence, function()
      if not has_tmux then return pending "tmux is not installed" end
      f()
    end)
  end

  it_shows("greets, answers, and leaves at Ctrl-D", function()
    local shown = screen:start()
    assert.matches("^azureml %d+%.%d+%.%d+, Lua 5%.4\nType help [^\n]+\n>", shown)
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
    screen:ask("local function f() error 'oops' end f()", "\nstdin:1: oops\n")
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
    assert.matches("\27%[36m42", screen:tmux("capture-pane", "-p", "-e"))
    screen:stop()
    screen:start("", "NO_COLOR=1")
    screen:ask("{ 43 }", "\n{ 43 }\n")
    assert.is_nil(screen:tmux("capture-pane", "-p", "-e"):find("\27", 1, true))
  end)

  it_shows("works without line editing when its output is no terminal", function()
    screen:start "| (trap '' INT; cat)"
    screen:ask("1 + 1", "\n2\n")
    screen:type "C-c"
    screen:ask("'alive'", "\nalive\n")
  end)
end)
