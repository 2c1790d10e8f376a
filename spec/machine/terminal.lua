-- A shell on a real machine as a person has it: the executable in a terminal that tmux plays.
local azureml = require "azureml"
local core = require "azureml.core"
local hosted = require "spec.hosted"
local process = require "spec.process"
local screens = require "spec.screen"
local terminal = require "azureml.jupyter.terminal"

describe("a terminal of a real machine", function()
  local world, vm, screen

  setup(function()
    world = hosted.open()
    vm = world:create "ci-ann"
  end)
  teardown(function() world:close() end)

  -- Wait until the screen shows a text, while the emulator in this process serves.
  local function expect(text)
    local deadline, shown = core.now() + 30
    repeat
      shown = screen:text()
      if shown:find(text, 1, true) then return shown end
      azureml.sleep(0.02)
    until core.now() > deadline
    error(("the screen lacks '%s':\n%s"):format(text, shown), 2)
  end

  before_each(function()
    screen = screens.new()
    screen:tmux("-u", "new-session", "-d", "-x", "150", "-y", "30",
      ("env -i HOME=%s PATH=\"$PATH\" TERM=screen PS1='here> ' AZUREML_EMULATOR=%s /bin/sh"):format(
        screens.quote(world.home), world.emulator.url))
    expect "here>"
  end)
  after_each(function()
    screen:close()
    for _, open in ipairs(vm.jupyter:terminals()) do open:stop() end
  end)

  local function enter(line, answer)
    screen:type("-l", line)
    screen:type "Enter"
    return expect(answer)
  end

  -- Enter a line again and again: keys are dropped until the terminal is connected and has shown
  -- its replay.
  local function enter_until_taken(line, answer)
    for _ = 1, 40 do
      screen:type("-l", line)
      screen:type "Enter"
      azureml.sleep(0.5)
      if screen:text():find(answer, 1, true) then return end
    end
    expect(answer)
  end

  local COMMAND = screens.quote(process.executable_path) .. " terminal ci-ann"

  -- Open a shell there, and set its prompt.
  local function open(words)
    enter("stty -echo; stty -g > $HOME/before; " .. COMMAND .. (words or ""), "detaches, ~? shows")
    enter("PS1='ci''-ann# '; cd /; clear", "ci-ann#")
  end

  -- Tell whether the terminal here is as it was before.
  local function is_restored(mark)
    enter("stty -g | cmp - $HOME/before && echo same " .. mark, "same " .. mark)
  end

  it("runs a shell, whose keys, size and signals are exact", function()
    open()
    enter("echo $((6 * 7)) 'grüße'", "42 grüße")
    enter("stty size", "30 150")
    screen:tmux("resize-window", "-x", "133", "-y", "25")
    enter("clear; stty size", "25 133")
    enter("sleep 100; echo never", "sleep")
    screen:type "C-c"
    enter("echo after $?", "after 130")
    enter("cat", "cat")
    screen:type "C-d"
    enter("echo still here", "still here")
    enter("exit", "here>")
    is_restored "exit"
    assert.equal(0, #vm.jupyter:terminals())
  end)

  it("detaches, is listed, attached to and closed", function()
    open()
    enter("echo in the $((1 + 1))nd life", "in the 2nd life")
    screen:type("-l", "~.")
    expect "comes back"
    is_restored "detached"
    enter("clear; " .. COMMAND .. " --list", "Last activity")
    enter("clear; " .. COMMAND .. " --attach 1", "in the 2nd life")
    enter_until_taken("echo $((2 + 1))rd life", "3rd life")
    screen:type "Enter"
    screen:type("-l", "~.")
    expect "comes back"
    enter("clear; " .. COMMAND .. " --attach 9", "there is no terminal '9' of 'ci-ann' (open: 1)")
    enter("clear; " .. COMMAND .. " --close 1; echo closed $?", "closed 0")
    assert.equal(0, #vm.jupyter:terminals())
    enter(COMMAND .. " --close 1", "there is no terminal '1'")
  end)

  it("does not type the answers to what a replay asks", function()
    open()
    enter("printf '\\033[6n\\033[c'; echo asked", "asked")
    screen:type "C-c"
    screen:type "Enter"
    screen:type("-l", "~.")
    expect "comes back"
    enter("clear; " .. COMMAND .. " --attach 1", "asked")
    azureml.sleep(2.5)      -- its keys count by then, also without answers
    enter("echo clean", "ci-ann# echo clean\nclean")
  end)

  -- Leave by a signal from outside, and see what it does to the terminal here.
  for _, signal in ipairs { "TERM", "HUP", "QUIT", "SEGV", "ABRT", "INT" } do
    it("restores the terminal after SIG" .. signal, function()
      open()
      local shell = screen:tmux("display", "-p", "#{pane_pid}"):match "%d+"
      assert.is_true(os.execute(("kill -%s $(cat /proc/%s/task/%s/children)"):format(
        signal, shell, shell)))
      expect "here>"
      is_restored(signal)
    end)
  end

  it("shows a flood, and stops it", function()
    open()
    screen:type("-l", "yes $((10 * 10))0")
    screen:type "Enter"
    expect "1000"
    local begun = core.now()
    screen:type "C-c"
    screen:type "Enter"
    enter("clear; echo stopped", "stopped")
    assert.truthy(core.now() - begun < 20)
  end)

  it("connects again when the connection is lost", function()
    open()
    enter("X=kept; echo it is $X", "it is kept")
    local host = world.emulator.host
    local computer = host:computer(world.emulator.world:instance_named "ci-ann")
    host:cut(computer.servers.jupyter.socket)
    enter_until_taken("echo it was $X", "\nit was kept")
  end)

  it("says that the instance has stopped", function()
    local own = world:create "ci-cal"
    assert(own)
    enter(COMMAND:gsub("ci%-ann", "ci-cal"), "detaches, ~? shows")
    azureml.sleep(2.1)      -- later than a key of the user could have ended the shell
    own:stop():wait()
    expect "its Jupyter needs a running instance"
    enter("clear; " .. COMMAND:gsub("ci%-ann", "ci-cal"), "'ci-cal' is stopped. Start it?")
    enter("n", "its Jupyter needs a running instance")
    is_restored "stopped"
    enter(COMMAND:gsub("ci%-ann", "ci-cal") .. " --start", "detaches, ~? shows")
  end)

  it("is refused without a terminal", function()
    local output, errors, code = world:azureml("terminal", "ci-ann")
    assert.equal("", output)
    assert.matches("an interactive terminal needs a terminal here: standard", errors)
    assert.equal(1, code)
  end)

  it("serves 50 at once", function()
    local opened = {}
    for i = 1, 50 do opened[i] = i end
    local begun = core.now()
    azureml.each(opened, function(i)
      local remote <close> = terminal.open(vm.jupyter.server)
      remote:type(("echo $((%d * 2))\r"):format(i))
      local text = ""
      while not text:find(("\r%d\r"):format(i * 2)) do
        local kind, more = remote:receive(20)
        assert(kind, more)
        text = text .. (more or "")
      end
    end)
    assert.truthy(core.now() - begun < 60)
  end)
end)
