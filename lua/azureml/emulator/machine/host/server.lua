--- Run a server of an instance: know from its log when it is ready, keep the log, notice its end.
local process = require "azureml.tool.process"
local task = require "azureml.task"

local server = {}

local GRACE = 6      -- seconds from SIGTERM to SIGKILL; Jupyter with many terminals takes four
local READY = 120    -- seconds until it must be ready: many may start at the same time

---@class azureml.emulator.Server
---@field is_ready boolean
---@field is_gone boolean       it has ended, with everything that it had started
---@field failure string?       why it never became ready
local Server = {}
Server.__index = Server

local TAIL = 4096      -- bytes of the log that are searched and quoted

local function last_line(text)
  return text:match "([^\r\n]+)%s*$" or "it printed nothing"
end

local function read(self, text)
  if self.log then self.log:write(text) self.log:flush() end
  if self.is_ready then return end
  self.tail = (self.tail .. text):sub(-TAIL)
  if not self.tail:find(self.ready, 1, true) then return end
  self.is_ready = true
  task.cancel(self.timer)
  self.timer = nil
  self.changed(self)
end

local function fail(self, why)
  self.failure = self.failure or ("%s: %s"):format(self.name, why)
end

local function gone(self)
  if self.timer then task.cancel(self.timer) end
  if not self.is_ready and not self.is_stopped then
    fail(self, last_line(self.tail))
    self.address_was_taken = self.tail:find(self.in_use, 1, true) ~= nil
  end
  self.timer, self.is_ready, self.is_gone = nil, false, true
  self.process:close()
  if self.log then self.log:close() end
  self.log = nil
  self.changed(self)
end

--- Start a server.
---@param settings table
---  name string; argv string[]; environment table; directory string; log string (a file's path);
---  ready string (its log has this text when it is ready); in_use string (its log has this text
---  when another program has its address)
---@param changed fun(server: table)      called when it is ready and when it has ended
---@return azureml.emulator.Server
function server.start(settings, changed)
  local self = setmetatable({
    name = settings.name, ready = settings.ready, in_use = settings.in_use, changed = changed,
    is_ready = false, is_gone = false, tail = "", log = io.open(settings.log, "a"),
  }, Server)
  local function take(text) read(self, text) end
  self.process = process.start {
    argv = settings.argv, environment = settings.environment, directory = settings.directory,
    kept = true, grace = GRACE, on_output = take, on_errors = take,
    on_end = function(ended) ended:stop() end,      -- what it has started ends with it
    on_gone = function() gone(self) end,
  }
  self.timer = task.at(READY, function()
    self.timer = nil
    fail(self, ("it was not ready within %d seconds"):format(READY))
    self:stop()
  end)
  return self
end

--- Ask the server to end; kill it after a grace time.
function Server:stop()
  self.is_stopped = true
  self.process:stop()
end

--- Kill the server, and wait for that a moment.
function Server:close()
  if self.is_gone then return end
  if self.timer then task.cancel(self.timer) end
  if self.log then self.log:close() end
  self.timer, self.log, self.is_gone = nil, nil, true
  self.process:close()
end

return server
