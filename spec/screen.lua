--- Run the executable in a terminal of tmux, as a user types and sees it.
local busted = require "busted"
local process = require "spec.process"
local system = require "system"

local PATIENCE = 30      -- seconds until what is expected counts as missing
local PAUSE = 0.02       -- seconds between looks: each starts a program

local Screen = {}
Screen.__index = Screen

local screen = {}

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text
end

screen.quote, screen.output_of = quote, output_of

--- Tell whether tmux is installed.
screen.is_possible = os.execute "command -v tmux >/dev/null 2>&1" == true

--- Make a screen with its own home. It runs nothing yet.
function screen.new()
  local home = os.tmpname()
  os.remove(home)
  assert(os.execute("mkdir -m 700 " .. quote(home)))
  return setmetatable({ home = home, starts = 0 }, Screen)
end

function Screen:tmux(...)
  local words = {
    "tmux", "-S", quote(("%s/tmux-%d"):format(self.home, self.starts)), "-f", "/dev/null",
  }
  for _, word in ipairs { ... } do words[#words + 1] = quote(word) end
  return output_of(table.concat(words, " ") .. " 2>&1")
end

--- Start the executable in its own terminal and wait for its prompt. After its end, its exit code
--- is on the screen.
---@param arguments string?
---@param environment string?
---@param shows string?           "\n>"
---@param columns integer?        80
function Screen:start(arguments, environment, shows, columns)
  local command =
    ("env -i HOME=%s TERM=screen PATH=\"$PATH\" %s %s %s; echo left with $?; exec cat"):format(
    quote(self.home), environment or "", quote(process.executable_path), arguments or "")
  self.starts = self.starts + 1      -- a server that was stopped may still hold its socket
  self:tmux("-u", "new-session", "-d", "-x", tostring(columns or 80), "-y", "40", command)
  return self:expect(shows or "\n>")
end

--- Return the contents of the screen, optionally with escape sequences.
function Screen:text(escapes)
  return self:tmux("capture-pane", "-p", escapes and "-e" or nil)
end

--- Wait until the screen shows a text. Spaces at the end of a line are ignored.
function Screen:expect(text)
  local deadline, shown = os.time() + PATIENCE
  repeat
    shown = self:text()
    if shown:find(text, 1, true) then return shown end
    system.sleep(PAUSE)
  until os.time() > deadline
  error(("the screen lacks '%s':\n%s"):format(text, shown), 2)
end

--- Press keys by their tmux names, or type another text.
function Screen:type(...)
  self:tmux("send-keys", ...)
end

--- Type a line and wait for a text on the screen.
function Screen:ask(line, answer)
  self:tmux("send-keys", "-l", line)
  self:type "Enter"
  return self:expect(answer)
end

--- Type a line at a prompt; wait for a text on the screen, and for the next prompt at its end.
--- What is typed before the prompt shows up twice.
function Screen:answer(line, answer)
  self:ask(line, answer)
  local deadline, shown = os.time() + PATIENCE
  repeat
    shown = self:text()
    if shown:find "\n[^\n]*>%s*$" then return shown end
    system.sleep(PAUSE)
  until os.time() > deadline
  error("the prompt has not come back:\n" .. shown, 2)
end

--- Set its width.
function Screen:resize(columns)
  self:tmux("resize-window", "-x", tostring(columns))
end

function Screen:stop()
  self:tmux "kill-server"
end

--- Stop it and remove its home.
function Screen:close()
  self:stop()
  os.execute("rm -r " .. quote(self.home))
end

Screen.__close = Screen.close

--- Open a screen before each spec of a `describe` and close it afterwards. Without tmux these
--- specs are pending.
---@param open fun(screen: table)      called with each new screen
---@return fun(sentence: string, f: function) it      to be used in place of busted's
function screen.each(open)
  local current

  busted.before_each(function()
    if not screen.is_possible then return end
    current = screen.new()
    open(current)
  end)

  busted.after_each(function()
    if current then current:close() end
    current = nil
  end)

  return function(sentence, f)
    busted.it(sentence, function()
      if not screen.is_possible then return busted.pending "tmux is not installed" end
      f()
    end)
  end
end

return screen
