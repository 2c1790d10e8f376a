--- The user's own terminal, raw: keys come as they are pressed, output goes out as fast as the
--- terminal takes it. It is restored on every way out (csrc/terminal.c, and main.c for signals).
local core = require "azureml.core"
local errors = require "azureml.error"
local task = require "azureml.task"

---@class azureml.jupyter.Display
local Display = {}
Display.__index = Display

local display = {}

local MAX_WAITING = 1024 * 1024      -- bytes of output that may wait; the other side is not slowed
local KEPT = 64 * 1024               -- bytes of its end that are shown when there is more
local OMITTED = "\r\n[azureml: output was left out, because this terminal is slow]\r\n"
local LOOK = 1                       -- seconds between looks at the size, without signals

-- Undo what a program that was cut off may have left: other screen, pasting, mouse, cursor, keys,
-- colours.
local PLAIN = "\27[?1049l\27[?2004l\27[?1000l\27[?1002l\27[?1003l\27[?1006l\27[?25h\27[?1l\27>\27[m"

local function refuse(why)
  errors.raise {
    code = "NotATerminal",
    message = ("an interactive terminal needs a terminal here: %s"):format(why),
    hint = "to run a command without one: 'azureml exec'",
  }
end

--- Refuse where there is no terminal, before anything else happens.
---@raise an error object `NotATerminal`
function display.check()
  if not core.terminal_width(0) then refuse "standard input is not a terminal" end
  if not core.terminal_width(1) then refuse "standard output is not a terminal" end
end

--- Say something before the terminal is raw. A blank line follows: a shell that began with another
--- width may erase a line above its prompt when it learns the real one.
---@param text string
function display.announce(text)
  io.stderr:write(text, "\n\n")
end

-- Output ------------------------------------------------------------------------------------------

-- Return the end of a text, from the beginning of a line or at least of a character.
local function tail_of(text)
  local tail = text:sub(-KEPT)
  local _, line = tail:find("\n", 1, true)
  if line and line < #tail then return tail:sub(line + 1) end
  return (tail:gsub("^[\x80-\xbf]+", ""))
end

display.tail_of = tail_of

local function watch_room(self, on)
  if self.is_watching == on then return end
  self.is_watching = on
  if on then task.on(self.terminal:room(), function() self:drain() end, "output")
  else task.off(self.terminal:room()) end
end

-- Drop what waits.
local function forget(self)
  self.parts, self.first, self.last, self.at, self.bytes = {}, 1, 0, 1, 0
end

local function add(self, text)
  self.last = self.last + 1
  self.parts[self.last] = text
  self.bytes = self.bytes + #text
end

-- Count bytes of the first part as written.
local function take(self, count)
  self.at, self.bytes = self.at + count, self.bytes - count
  if self.at <= #self.parts[self.first] then return end
  self.parts[self.first] = nil
  self.first, self.at = self.first + 1, 1
end

-- Keep the end of what waits.
local function omit(self)
  local text = table.concat(self.parts, "", self.first, self.last):sub(self.at)
  forget(self)
  add(self, PLAIN .. OMITTED .. tail_of(text))
end

--- Write what waits, as far as there is room.
function Display:drain()
  while self.bytes > 0 do
    local count = self.terminal:write(self.parts[self.first], self.at)
    if not count then
      self.has_gone = true
      forget(self)
    elseif count == 0 then break
    else take(self, count) end
  end
  watch_room(self, self.bytes > 0)
  if self.bytes == 0 then task.look_again(self) end
end

--- Show a text: the bytes go to the terminal as they are.
---@param text string
function Display:write(text)
  if text == "" then return end
  add(self, text)
  if self.bytes > MAX_WAITING then omit(self) end
  if not self.is_watching then self:drain() end
end

--- Show a line of our own.
---@param text string
function Display:say(text)
  self:write(("[azureml: %s]\r\n"):format(text))
end

--- Wait until all is shown, some seconds at most.
---@param seconds number
function Display:flush(seconds)
  local function is_shown() return self.bytes == 0 end
  if not is_shown() then task.wait_until(self, is_shown, core.now() + seconds) end
end

--- Undo what a program that was cut off has set, and begin a line.
function Display:calm()
  self:write(PLAIN .. "\r\n")
end

-- Size --------------------------------------------------------------------------------------------

--- Return the size.
---@return integer columns, integer rows
function Display:size()
  return self.terminal:size()
end

local function look_at_size(self)
  local columns, rows = self:size()
  if columns == self.columns and rows == self.rows then return end
  self.columns, self.rows = columns, rows
  self.on_resize(columns, rows)
end

-- A guest of another program leaves signals alone and looks each second.
local function look_each_second(self)
  look_at_size(self)
  self.timer = task.at(LOOK, function() look_each_second(self) end)
end

local function watch_size(self)
  local ok, signals = pcall(require, "azureml.signals")
  if not ok then return look_each_second(self) end
  self.signals, self.changes = signals, signals.guard(true)
  task.on(self.changes, function()
    signals.changed()
    self.terminal:again()
    look_at_size(self)
  end)
end

-- Keys --------------------------------------------------------------------------------------------

--- Listen to the keys, or stop that.
---@param on boolean
function Display:listen(on)
  if self.is_listening == on then return end
  self.is_listening = on
  if not on then return task.off(self.terminal:fd()) end
  task.on(self.terminal:fd(), function()
    local bytes = self.terminal:read()
    if not bytes then
      self.has_gone = true
      self:listen(false)
    end
    if bytes ~= "" then self.on_keys(bytes) end
  end)
end

-- Life --------------------------------------------------------------------------------------------

--- Restore the terminal.
function Display:close()
  if self.is_closed then return end
  self.is_closed = true
  self:listen(false)
  watch_room(self, false)
  if self.timer then task.cancel(self.timer) end
  if self.changes then
    task.off(self.changes)
    self.signals.guard(false)
  end
  self.terminal:close()
end

Display.__close = Display.close

--- Make the terminal raw.
---@param handlers { on_keys: fun(bytes: string?), on_resize: fun(columns: integer, rows: integer) }
---  they must not wait; on_keys gets nil when the terminal has gone
---@return azureml.jupyter.Display      to be closed
---@raise an error object `NotATerminal`
function display.open(handlers)
  local terminal, why = core.terminal()
  if not terminal then refuse(why) end
  local self = setmetatable({
    terminal = terminal, is_watching = false, is_listening = false,
    on_keys = handlers.on_keys, on_resize = handlers.on_resize,
  }, Display)
  forget(self)
  self.columns, self.rows = self:size()
  watch_size(self)
  self:listen(true)
  return self
end

return display
