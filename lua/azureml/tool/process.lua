--- Run programs: collect or hand on what they print, wait for their end, stop them. A program gets
--- only the environment that the caller names. If this process ends, also by a crash, its programs
--- end as well: see csrc/process.h.
local core = require "azureml.core"
local errors = require "azureml.error"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

local process = {}

---@class azureml.Process
---@field status integer?      the exit code once it has ended; 128 + n after signal n; -1: unknown
---@field has_ended boolean    the program has ended and its output is complete
---@field is_gone boolean      nothing of a kept program is left
---@field is_overdue boolean    it was stopped at its time limit
local Process = {}
Process.__index = Process
Process.__name = "azureml.Process"

-- Seconds that other processes may hold the pipes of a program that has ended.
local GRACE = 0.25

local MOST = 256 * 1024 * 1024      -- bytes that are collected from a stream

-- Watching ----------------------------------------------------------------------------------------

local function cancel_timers(self)
  for _, timer in pairs(self.timers) do task.cancel(timer) end
  self.timers = {}
end

-- Tell that nothing of the program is left, once its end has been told.
local function tell_gone(self)
  if not self.has_ended or not self.keeper_has_ended or self.is_gone then return end
  self.is_gone = true
  if self.on_gone then self.on_gone(self) end
  task.look_again(self)
end

local function finish(self)
  if self.has_ended or not self.status then return end
  if next(self.streams) and not self.is_late then return end
  self.has_ended = true
  cancel_timers(self)
  for _, stream in pairs(self.streams) do
    if not stream.is_held then task.off(stream.fd) end
  end
  self.streams = {}
  if self.on_end then self.on_end(self) end
  task.look_again(self)
  tell_gone(self)
end

local function keep(self, name, text)
  local handler = self["on_" .. name]
  if handler then return handler(text) end
  self.bytes[name] = self.bytes[name] + #text
  if self.bytes[name] > MOST then
    self.is_cut = true
    return self.core:kill()
  end
  table.insert(self.texts[name], text)
end

-- Read a stream until there is nothing now, or a bounded number of times so that others go on.
local TURNS = 16

local function read_stream(self, name)
  local stream = self.streams[name]
  for _ = 1, TURNS do
    if stream.is_held then return end
    local text = self.core:read(name)
    if text == "" then return end
    if not text then
      task.off(stream.fd)
      self.streams[name] = nil
      return finish(self)
    end
    keep(self, name, text)
  end
end

-- Stop waiting for the pipes of a program that has ended: read what is there.
local function give_up(self)
  self.timers.grace, self.is_late = nil, true
  for name in pairs(tables.copy(self.streams)) do
    self:hold(name, false)
    read_stream(self, name)
  end
  finish(self)
end

local function look(self)
  local has_ended, status, is_gone = self.core:look()
  if is_gone and not self.keeper_has_ended then
    self.keeper_has_ended = true
    task.off(self.report)
  end
  if has_ended and not self.status then
    self.status = status
    if next(self.streams) then
      self.timers.grace = task.at(GRACE, function() give_up(self) end)
    end
    finish(self)
  end
  tell_gone(self)
end

-- Starting ----------------------------------------------------------------------------------------

local function environment_list(variables)
  return tables.texts(variables or {}, function(name, value) return name .. "=" .. value end)
end

--- Return the variables of this process's environment that have these names.
---@param names string[]
---@param more table<string, string>?      further variables
---@return table<string, string>
function process.inherit(names, more)
  local variables = {}
  for _, name in ipairs(names) do variables[name] = os.getenv(name) end
  return tables.merge(variables, more)
end

--- Start a program.
---@param settings table
---  argv string[]; environment table<string, string>?; directory string? ("/");
---  input string|integer? (its text, or a descriptor of this process; nothing);
---  output, errors string|integer? (a file's path or a descriptor; collected);
---  on_output, on_errors fun(text)? (called with each piece instead of collecting it);
---  on_end, on_gone fun(process)?; kept boolean? (what it has started ends with it);
---  grace number? (seconds from SIGTERM to SIGKILL; 5); limit number? (seconds until it is
---  stopped); counts boolean? (virtual time waits for it)
---@return azureml.Process
---@raise an error object `ProgramMissing` or `ProgramFailed`
function process.start(settings)
  local started, why, is_missing = core.process {
    argv = settings.argv, environment = environment_list(settings.environment),
    directory = settings.directory, input = settings.input, output = settings.output,
    errors = settings.errors, kept = settings.kept, grace = settings.grace,
    counts = settings.counts,
  }
  if not started then
    local name = settings.argv[1]
    errors.raise {
      code = is_missing and "ProgramMissing" or "ProgramFailed",
      message = is_missing and ("the program '%s' is not installed"):format(name)
        or ("the program '%s' cannot be started: %s"):format(name, why),
    }
  end
  local self = setmetatable({
    core = started, streams = {}, texts = { output = {}, errors = {} },
    bytes = { output = 0, errors = 0 }, timers = {},
    has_ended = false, is_gone = false, is_overdue = false,
    on_output = settings.on_output, on_errors = settings.on_errors, on_end = settings.on_end,
    on_gone = settings.on_gone,
  }, Process)
  local report, output, errors_fd = started:descriptors()
  self.report = report
  task.on(report, function() look(self) end)
  for name, fd in pairs { output = output, errors = errors_fd } do
    self.streams[name] = { fd = fd, is_held = false }
    task.on(fd, function() read_stream(self, name) end)
  end
  self.timers.limit = settings.limit and task.at(settings.limit, function()
    self.timers.limit, self.is_overdue = nil, true
    self:stop()
  end)
  return self
end

-- Using -------------------------------------------------------------------------------------------

--- Return what was collected of a stream so far.
---@param name "output"|"errors"
---@return string
function Process:text(name)
  local text = table.concat(self.texts[name])
  self.texts[name] = { text }
  return text
end

--- Wait for the end of the program.
---@param timeout number?      seconds; without a limit if nil
---@return integer? status     nil: the time is over, and the program still runs
---@raise an error object `OutputTooLong` if the program printed more than can be collected
function Process:wait(timeout)
  local deadline = timeout and core.now() + timeout
  local function has_ended() return self.has_ended end
  if not task.wait_until(self, has_ended, deadline) then return nil end
  if self.is_cut then
    errors.raise {
      code = "OutputTooLong",
      message = ("a program was ended because it printed more than %d MiB"):format(MOST >> 20),
      hint = "take the output piece by piece instead of collecting it",
    }
  end
  return self.status
end

--- Wait until nothing of a kept program is left.
---@param timeout number?
---@return boolean
function Process:wait_gone(timeout)
  local deadline = timeout and core.now() + timeout
  return task.wait_until(self, function() return self.is_gone end, deadline)
end

--- Stop reading a stream for now, or go on. The program waits when its pipe is full.
---@param name "output"|"errors"
---@param is_held boolean
function Process:hold(name, is_held)
  local stream = self.streams[name]
  if not stream or stream.is_held == is_held then return end
  stream.is_held = is_held
  if is_held then return task.off(stream.fd) end
  task.on(stream.fd, function() read_stream(self, name) end)
end

--- Ask the program to end, and kill it after its grace time.
function Process:stop()
  if self.core then self.core:stop() end
end

--- Kill the program.
function Process:kill()
  if self.core then self.core:kill() end
end

--- Kill the program if it still runs, and stop watching it.
function Process:close()
  if not self.core then return end
  if not self.keeper_has_ended then task.off(self.report) end
  for _, stream in pairs(self.streams) do
    if not stream.is_held then task.off(stream.fd) end
  end
  cancel_timers(self)
  self.streams = {}
  self.core:close()
  self.core, self.has_ended, self.is_gone = nil, true, true
  task.look_again(self)
end

Process.__close = Process.close

return process
