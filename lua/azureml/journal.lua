--- The journal of operations that outlive their process: a line before a verb is sent, a line when
--- the service has accepted it, a line at its end. Each process has a file. The core tells which
--- files belong to processes that have exited; another process continues their operations.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local options = require "azureml.options"
local later = require "azureml.tool.later"
local state_directory = require "azureml.state_directory"
local ticket = require "azureml.ticket"
local task = later "azureml.task"
local warning = require "azureml.tool.warning"

local journal = {}

--- An operation that another process has begun.
---@class azureml.JournalEntry
---@field id string                the request's id
---@field verb string  "start" and so on
---@field name string              of the instance
---@field subscription_id string  the id of the subscription
---@field resource_group string  the resource group of the workspace
---@field workspace_name string  the name of the workspace
---@field endpoint string          where the verb was sent
---@field began string             ISO 8601
---@field then_stop boolean?       the instance is stopped when the verb is done
---@field then_mount table[]?      data mounts that the instance gets when the verb is done
---@field is_accepted boolean?     the process saw that the service accepted the verb
---@field progress table?          how far the operation has got, as a ticket has it
---@field file azureml.JournalFile?      where its lines go; nil: to this process's own file
local Entry = {}
local metatable = { __name = "azureml.JournalEntry", __index = Entry }

local FIELDS = {
  "verb", "name", "subscription_id", "resource_group", "workspace_name", "endpoint", "began",
}

-- Where -------------------------------------------------------------------------------------------

--- Return the directory: $XDG_STATE_HOME/azureml/operations, else below ~/.local/state. Nil
--- without a home.
---@return string?
function journal.directory()
  return state_directory "operations"
end

-- Writing -----------------------------------------------------------------------------------------

--- The file with the operations of a process.
---@class azureml.JournalFile
---@field handle userdata       locked while it is open
---@field active integer        how many of its operations have not ended
---@field is_waiting boolean?   its lines are written before the next step of the loop

local own                       -- this process's file, once there is something to write
local has_warned = false
local gatherings = 0            -- fleets that gather their lines

local function open()
  local directory = journal.directory()
  if not directory then return nil, "neither XDG_STATE_HOME nor HOME is set" end
  local handle, reason = core.journal(directory)
  if not handle then return nil, ("%s: %s"):format(directory, reason) end
  return { handle = handle, active = 0 }
end

-- Warn once for the whole process.
local function warn_once(message)
  if has_warned then return end
  has_warned = true
  warning.give(message)
end

-- Report that there is no journal: raise to a script that asked for it, warn a command.
local function no_journal(wanted, reason)
  if wanted then
    errors.raise { code = "JournalFailed",
      message = "the journal of pending operations cannot be written: " .. reason,
      hint = "set XDG_STATE_HOME to a writable directory, or pass journal = false" }
  end
  warn_once("pending operations are not written down: " .. reason)
end

--- Tell whether operations are written down: as the caller says; by default in the executable only.
---@param wanted boolean?
---@return boolean
function journal.is_wanted(wanted)
  if wanted ~= nil then return wanted end
  return warning.is_executable()
end

-- Write the lines that were appended. A failure is only a warning: the operations need no journal.
local function flush(file)
  file.is_waiting = false
  local is_written, reason = file.handle:flush()
  if not is_written then
    warn_once(("the journal of pending operations could not be written (%s): 'azureml operations' "
      .. "may not show them"):format(reason))
  end
end

-- Write the appended lines: at once, because a script may end by os.exit; while they are gathered,
-- before the loop sends anything.
local function flush_soon(file)
  if gatherings == 0 then return flush(file) end
  if file.is_waiting then return end
  file.is_waiting = true
  task.before_step(function() flush(file) end)
end

local gathering = setmetatable({}, { __close = function()
  gatherings = gatherings - 1
  if own then flush(own) end
end })

--- Gather the lines of each turn of the loop into one write, until the returned value is closed. It
--- is for many operations at once: 1,000 starts need 500 writes instead of 3,000.
---@return table gathering
function journal.gather()
  gatherings = gatherings + 1
  return gathering
end

local last_second, last_text

-- Return the time as ISO 8601. 1,000 starts ask for it in one second.
local function now_text()
  local second = os.time()
  if second ~= last_second then
    last_second, last_text = second, os.date("!%Y-%m-%dT%H:%M:%SZ", second)
  end
  return last_text
end

--- Write down what is about to be sent.
---@param fields table       id, then_stop, then_mount, and FIELDS but began; they become the line
---@param wanted boolean?    as the caller of the workspace said
---@return azureml.JournalEntry?      nil: there is no journal
---@raise an error object `JournalFailed` where the caller asked for a journal
function journal.intend(fields, wanted)
  local reason, is_written
  if not own then own, reason = open() end
  fields.event, fields.began = "intent", now_text()
  if own then is_written, reason = own.handle:append(fields) end
  if is_written and wanted then is_written, reason = own.handle:flush() end
  if not is_written then return no_journal(wanted, reason) end
  flush_soon(own)
  own.active = own.active + 1
  return setmetatable({ id = fields.id }, metatable)      -- small: 10,000 may be pending
end

--- Count the operations of this process that are written down and have not ended.
---@return integer
function journal.active_count()
  return own and own.active or 0
end

local function file_of(entry)
  return entry.file or own
end

-- Append a line.
local function append(file, line, loss)
  local is_written, reason = file.handle:append(line)
  if is_written then return flush_soon(file) end
  warn_once(("a line of the journal could not be written (%s): %s"):format(reason, loss))
end

--- Write down that the service has accepted the verb.
---@param handle userdata?    the core's operation, written as its progress; nil: only the instance
---  can be polled
function Entry:accepted(handle)
  if self.is_over then return end
  append(file_of(self), { event = "accepted", id = self.id, progress = handle or json.null },
    "after a crash, 'azureml operations' looks at the instance instead of the operation")
end

--- Write down that the operation has ended, or that no other process shall continue it.
function Entry:ended()
  if self.is_over then return end
  local file = file_of(self)
  self.is_over = true
  file.active = file.active - 1
  if file.active == 0 then
    file.handle:clear()
  else
    append(file, { event = "ended", id = self.id },
      "'azureml operations' may list an operation that has ended")
  end
end

function metatable:__tostring()
  local acceptance = self.is_accepted and "accepted" or "not known to be accepted"
  return ("%s %s in %s, %s"):format(self.verb, self.name, self.workspace_name, acceptance)
end

-- Reading -----------------------------------------------------------------------------------------

-- event -> function that applies a line to the entries; false: the line is damaged.
local readers = {}

function readers.intent(entries, line)
  for _, name in ipairs(FIELDS) do
    if type(line[name]) ~= "string" then return false end
  end
  line.event = nil
  entries[#entries + 1] = setmetatable(line, metatable)
  entries[line.id] = line
  return true
end

function readers.accepted(entries, line)
  local entry, progress = entries[line.id], json.get(line, "progress")
  local is_good = progress == nil or pcall(ticket.check_progress, progress)
  if not entry or not is_good then return false end
  entry.is_accepted, entry.progress = true, progress
  return true
end

function readers.ended(entries, line)
  local entry = entries[line.id]
  if entry then entry.is_over = true end
  return entry ~= nil
end

-- Return the entries of a file, and how many of its lines are unreadable. Skip silently a last line
-- without an end, which a kill or a full disk has left.
local function read(text)
  local entries, skipped = {}, 0
  for content in text:gmatch "([^\n]+)\n" do
    local line = json.decode(content)
    local reader = type(line) == "table" and type(line.id) == "string" and readers[line.event]
    if not reader or not reader(entries, line) then skipped = skipped + 1 end
  end
  return entries, skipped
end

local function set_aside(handle)
  return "a damaged journal was set aside: " .. (handle:set_aside() or handle:path())
end

-- Append the entries of a file that have not ended to a list; return a warning about what is
-- damaged.
local function read_file(handle, entries)
  local text = handle:text()
  if not text then return set_aside(handle) end
  local found, skipped = read(text)
  local file = { handle = handle, active = 0 }
  for _, entry in ipairs(found) do
    if not entry.is_over then
      entry.file, file.active = file, file.active + 1
      entries[#entries + 1] = entry
    end
  end
  if file.active == 0 and skipped > 0 then return set_aside(handle) end
  if file.active == 0 then handle:clear() end
  if skipped > 0 then
    return ("%d unreadable lines of a journal were skipped: %s"):format(skipped, handle:path())
  end
end

--- List the operations left behind by processes that have exited, oldest first. While an entry is
--- in use no other process gets it.
---@return azureml.JournalEntry[] entries
---@return string[] warnings      what was done about damaged files, each a sentence
---@raise an error object `JournalFailed` where the directory cannot be read
function journal.left_behind()
  local directory, entries, warnings = journal.directory(), {}, {}
  local handles, reason = {}, nil
  if directory then handles, reason = core.dead_journals(directory) end
  if not handles then
    errors.raise { code = "JournalFailed",
      message = ("the journals in %s cannot be read: %s"):format(directory, reason) }
  end
  for _, handle in ipairs(handles) do warnings[#warnings + 1] = read_file(handle, entries) end
  table.sort(entries, function(a, b) return a.began < b.began end)
  return entries, warnings
end

options.check_colon(Entry, metatable, "entry")

return journal
