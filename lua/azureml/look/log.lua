--- A log: text that grows while a script or a job runs. It is read in pieces, so that its length
--- does not matter; how a piece is read, a source knows.
local core = require "azureml.core"
local errors = require "azureml.error"
local options = require "azureml.options"
local pace = require "azureml.pace"
local screen = require "azureml.console.screen"
local task = require "azureml.task"

---@class azureml.LogSource
---@field read fun(first: integer, last: integer): string, integer?
---  return the bytes from first to last (counted from 0) as far as they are there, and how many the
---  log has now; "" and nil: there is no such log yet
---@field is_over? fun(): boolean      nothing more will be written; without it the log never ends

--- A log: text that may still grow.
---@class azureml.Log
---@field name string             "user_logs/std_log.txt"
---@field path string?            where it is
---@field size integer?           bytes, when it was listed
---@field modified string?        ISO 8601, when it was listed
local Log = {}
local metatable = { __name = "azureml.Log", __index = Log }

local log = {}

local PIECE = 1024 * 1024            -- bytes that are read at once
local MOST = 64 * 1024 * 1024        -- bytes that `read` returns
-- Bytes in which the last lines are looked for: first, and at most.
local TAIL, LONGEST_TAIL = 64 * 1024, 4 * 1024 * 1024
local INTERVAL = 3                   -- seconds between two looks

--- Make a log.
---@param fields { name: string, path: string?, size: integer?, modified: string? }
---@param source azureml.LogSource
---@return azureml.Log
function log.new(fields, source)
  return setmetatable({
    name = fields.name, path = fields.path, size = fields.size, modified = fields.modified,
    source = source,
  }, metatable)
end

function metatable:__tostring()
  return screen.one_line(self.name)
end

local function summary(self)
  return { name = self.name, path = self.path, size = self.size, modified = self.modified }
end

--- Return the fields of a log, for commands.
log.summary = summary
metatable.__render, metatable.__json, metatable.__methods = summary, summary, Log

-- Reading -----------------------------------------------------------------------------------------

local function raise_invalid(self, fault)
  errors.raise { code = "InvalidReply",
    message = ("the log %s cannot be read: %s"):format(tostring(self), fault) }
end

-- Read a piece. Return it, and how long the log is now; 0: it is not there.
local function read_piece(self, first, last)
  local text, size = self.source.read(first, last)
  if #text > last - first + 1 then raise_invalid(self, "the answer is longer than asked for") end
  return text, size or first + #text
end

-- Hand on what the log has from a position on. Return the position behind it. A log that has become
-- shorter was begun anew, and is read from its beginning.
local function drain(self, position, on_text)
  while true do
    local text, size = read_piece(self, position, position + PIECE - 1)
    if size < position then
      position = 0
    elseif text == "" then
      return position
    else
      position = position + #text
      on_text(text)
    end
  end
end

-- Return the number of bytes before the last lines of a text; nil if the text has no more lines.
local function start_of_lines(text, count)
  local position = #text
  if text:sub(-1) == "\n" then position = position - 1 end
  for _ = 1, count do
    while position > 0 and text:byte(position) ~= 10 do position = position - 1 end
    if position == 0 then return nil end
    position = position - 1
  end
  return position + 1
end

-- Return the position of the last lines of a log.
local function position_of_tail(self, count)
  local _, size = read_piece(self, 0, 0)
  if count == 0 then return size end
  local width = TAIL
  while width < size do
    local first = size - width
    local text = read_piece(self, first, size - 1)
    local start = start_of_lines(text, count)
    if start then return first + start end
    if width >= LONGEST_TAIL then return first end
    width = width * 4
  end
  local text = size > 0 and read_piece(self, 0, size - 1) or ""
  return start_of_lines(text, count) or 0
end

local function check(owner, settings, known)
  settings = options.check(owner, settings, known)
  for _, name in ipairs { "timeout", "interval" } do
    if settings[name] then options.check_seconds(owner .. ": " .. name, settings[name]) end
  end
  local tail = settings.tail
  if tail and (math.type(tail) ~= "integer" or tail < 0) then
    options.refuse("%s: tail must be a number of lines, 0 or more", owner)
  end
  return settings
end

local function first_position(self, settings)
  return settings.tail and position_of_tail(self, settings.tail) or 0
end

--- How much of a log.
---@class azureml.TailOptions
---@field tail? integer  only the last lines

--- How to follow a log.
---@class azureml.FollowOptions: azureml.TailOptions
---@field timeout? number  seconds
---@field interval? number  seconds between two looks; 3

--- Hand on what the log has now, piece by piece.
---@param on_text fun(text: string)
---@param settings? azureml.TailOptions
---@raise an error object if it cannot be read
---@usage log:each(io.write)
function Log:each(on_text, settings)
  settings = check("each", settings, { tail = "number" })
  drain(self, first_position(self, settings), on_text)
end

--- Return what the log has now.
---@param settings? azureml.TailOptions
---@return string
---@raise an error object; `LogTooLong` for more than 64 MiB: `each` hands on any log
---@usage print(vm:logs()[1]:read { tail = 20 })
function Log:read(settings)
  settings = check("read", settings, { tail = "number" })
  local pieces, size = {}, 0
  drain(self, first_position(self, settings), function(text)
    size = size + #text
    if size > MOST then
      errors.raise { code = "LogTooLong",
        message = ("the log %s has more than %d MiB"):format(tostring(self), MOST >> 20),
        hint = "read its last lines (tail), or take it piece by piece with log:each" }
    end
    pieces[#pieces + 1] = text
  end)
  return table.concat(pieces)
end

local FOLLOW = { tail = "number", timeout = "number", interval = "number" }

--- Hand on what the log has, and then what is written to it, until nothing more will be. Only the
--- logs of jobs have such an end: set a timeout to follow the log of a setup script.
---@param on_text fun(text: string)
---@param settings? azureml.FollowOptions
---@raise an error object if it cannot be read; `Timeout` while it may still grow
---@usage job:log():follow(io.write, { tail = 10 })
function Log:follow(on_text, settings)
  settings = check("follow", settings, FOLLOW)
  local deadline = settings.timeout and core.now() + settings.timeout or math.huge
  local is_over = self.source.is_over or function() return false end
  local position = first_position(self, settings)
  while true do
    local was_over = is_over()      -- before the reading: what was written until then is read
    position = drain(self, position, on_text)
    if was_over then return end
    local left = deadline - core.now()
    if left <= 0 then
      errors.raise { code = "Timeout",
        message = ("the log %s may still grow after %s s"):format(tostring(self),
          pace.text(settings.timeout)),
        hint = "follow it again: 'tail' skips the lines before" }
    end
    task.sleep(math.min(settings.interval or INTERVAL, left))
  end
end

options.check_colon(Log, metatable, "log")

return log
