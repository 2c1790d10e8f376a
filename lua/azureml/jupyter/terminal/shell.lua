--- An interactive shell on an instance: the user's terminal joined with a terminal of the
--- instance's Jupyter. A lost connection is opened again; the shell there goes on meanwhile.
local core = require "azureml.core"
local display = require "azureml.jupyter.terminal.display"
local errors = require "azureml.error"
local keys = require "azureml.jupyter.terminal.keys"
local options = require "azureml.options"
local screen = require "azureml.console.screen"
local task = require "azureml.task"
local terminal = require "azureml.jupyter.terminal"

local shell = {}

---@class azureml.jupyter.Shell      one visit: what joins both terminals
local Shell = {}
Shell.__index = Shell

local PATIENCE = 2           -- seconds to wait for a replay, and for the answers to it
-- A terminal answers in order: its answer to this question comes after those to the replay.
local QUESTION, ANSWER = "\27[5n", "\27%[[03]n"
local LONGEST_ANSWER = 4
local BURST, PAUSE = 512, 0.02      -- pasted bytes, and the seconds of rest after them
local LAST_PAUSE = 8         -- seconds between attempts to connect again, at most
local GIVE_UP = 300          -- seconds until they end
local SURPRISE = 2           -- seconds without a key after which the end of a shell is a surprise
local CTRL_C = "\3"

-- Keys --------------------------------------------------------------------------------------------

-- Leave the terminal, or end the attempts to connect again.
function Shell:leave(how)
  self.ended = self.ended or how
  if self.remote then self.remote:close() end
  task.look_again(self)
end

-- Rest after a burst, and until there is room: a terminal that is flooded with keys may block the
-- whole server.
function Shell:rest()
  self.display:listen(false)
  self.resting = task.at(PAUSE, function()
    self.resting = nil
    if self.remote and not self.remote:has_room() then return self:rest() end
    if not self.display.is_closed then self.display:listen(true) end
  end)
end

local ACTS = {
  detach = function(self) self:leave "detached" end,
  help = function(self) self.display:write("\r\n" .. keys.help .. "\r\n") end,
}

-- While there is no connection, only leaving is possible.
local function hear_alone(self, bytes)
  local _, action = self.keys:feed(bytes)
  if action == "detach" or bytes:find(CTRL_C, 1, true) then self:leave "detached" end
end

-- Let keys count again.
local function hear(self)
  if self.hearing then task.cancel(self.hearing) end
  self.hearing, self.is_deaf = nil, false
end

-- Drop the answers to what the replay asks, and what the user types meanwhile.
local function drop(self, bytes)
  local text = self.dropped .. bytes
  local _, answers = text:gsub(ANSWER, "")
  self.unanswered = self.unanswered - answers
  self.dropped = answers == 0 and text:sub(1 - LONGEST_ANSWER) or ""
  if self.unanswered <= 0 then hear(self) end
end

function Shell:on_keys(bytes)
  if not bytes then return self:leave "hung up" end
  if not self.remote then return hear_alone(self, bytes) end
  if self.is_deaf then return drop(self, bytes) end
  self.typed_at = core.now()
  if #bytes >= BURST or not self.remote:has_room() then self:rest() end
  local text, action = self.keys:feed(bytes)
  while true do
    if text ~= "" then self.remote:type(text) end
    if not action or self.ended then return end
    ACTS[action](self)
    text, action = self.keys:feed ""
  end
end

function Shell:on_resize(columns, rows)
  if self.remote and self.is_ready then self.remote:resize(columns, rows) end
end

-- Output ------------------------------------------------------------------------------------------

-- Let keys count again at the latest after some seconds: not every terminal answers.
local function hear_later(self)
  if self.hearing then task.cancel(self.hearing) end
  self.hearing = task.at(PATIENCE, function() hear(self) end)
end

-- Show the end of what came before: a replay can be megabytes.
local function show_replay(self, text)
  local shown = display.tail_of(text) .. QUESTION
  self.is_replaying = false
  self.unanswered = select(2, shown:gsub(QUESTION:gsub("%p", "%%%0"), ""))
  self.display:write(shown)
  self.display:flush(PATIENCE)
  if self.is_deaf then hear_later(self) end
end

local TAKE = {
  ready = function(self)
    self.is_ready = true
    self.remote:resize(self.display:size())
    if self.is_replaying then hear_later(self) end
  end,
  output = function(self, text)
    if self.is_replaying then show_replay(self, text) else self.display:write(text) end
  end,
  exit = function(self) self.ended = self.ended or "exited" end,
}

-- Look whether the instance runs, after a shell has ended that got no key lately: an instance that
-- stops ends its shells.
local function check_instance(self)
  local server = self.server
  if core.now() - self.typed_at < SURPRISE then return end
  if errors.try(server.vm.refresh, server.vm) then server:check() end
end

-- Show what comes until the connection or the visit ends. Return why the connection ended.
local function converse(self)
  self.is_replaying, self.is_ready = self.remote.is_replayed, false
  self.is_deaf, self.dropped, self.unanswered = self.is_replaying, "", math.huge
  while not self.ended do
    local kind, text, _, words = self.remote:receive()
    if not kind then return words end
    TAKE[kind](self, text)
  end
end

-- Again -------------------------------------------------------------------------------------------

-- Tell whether another attempt may help.
local function may_pass(err)
  return err.kind == "transport" or err.code == "Timeout" or (err.status or 0) >= 500
end

local function reopen(self)
  local remote, err = errors.try(terminal.open, self.server, self.name)
  if err and not may_pass(err) then errors.raise(err) end
  return remote, err
end

-- Connect again after a loss, in growing intervals. Return false when the user gives up.
local function connect_again(self, why)
  local pause, deadline = 0.5, core.now() + GIVE_UP
  local function has_left() return self.ended end
  self.remote:close()
  self.remote = nil
  self.display:calm()
  self.display:say(why .. "; connecting again, Ctrl-C gives up")
  while true do
    if task.wait_until(self, has_left, core.now() + pause) then return false end
    local remote, err = reopen(self)
    if remote then
      self.remote, self.keys = remote, keys.new()
      if self.ended then return false end
      self.display:say "connected again; what came last is shown again"
      return true
    end
    if core.now() > deadline then errors.raise(err) end
    pause = math.min(pause * 2, LAST_PAUSE)
  end
end

-- The visit ---------------------------------------------------------------------------------------

local function run(self)
  local why = converse(self)
  while not self.ended and connect_again(self, screen.one_line(why)) do why = converse(self) end
  if self.ended ~= "exited" then self.display:calm() end
  self.display:flush(PATIENCE)
  if self.ended == "exited" then check_instance(self) end
end

local function finish(self)
  for _, name in ipairs { "resting", "hearing" } do
    if self[name] then task.cancel(self[name]) end
  end
  if self.remote then self.remote:close() end
  if self.display then self.display:close() end
end

Shell.__close = finish

local function announce(name, remote)
  display.announce(("%s terminal %s of %s; ~. at the start of a line detaches, ~? shows help")
    :format(remote.is_replayed and "Attached to" or "Opened", remote.name, name))
end

local SETTINGS = { attach = "string" }

--- Which terminal.
---@class azureml.ShellOptions
---@field attach? string  the name of an open terminal: vm.jupyter:terminals()

--- How a shell has ended.
---@class azureml.ShellEnd
---@field ended "exited"|"detached"|"hung up"  exited; else it is still open on the instance
---@field name string  of the terminal

--- Open a shell on an instance in this terminal, and return when it ends or the user detaches.
---@param server azureml.jupyter.Server
---@param settings? azureml.ShellOptions
---@return azureml.ShellEnd
---@raise an error object: `NotATerminal`, `NotRunning`, `TerminalNotFound`; a connection that was
---  lost and does not come back
function shell.run(server, settings)
  settings = options.check("shell", settings, SETTINGS)
  display.check()
  local self <close> = setmetatable({
    server = server, keys = keys.new(), typed_at = core.now(),
  }, Shell)
  self.remote = terminal.open(server, settings.attach)
  self.name = self.remote.name
  announce(server.vm.name, self.remote)
  self.display = display.open {
    on_keys = function(bytes) self:on_keys(bytes) end,
    on_resize = function(columns, rows) self:on_resize(columns, rows) end,
  }
  run(self)
  return { ended = self.ended, name = self.name }
end

return shell
