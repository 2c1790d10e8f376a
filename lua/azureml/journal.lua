--- Operations that outlive their process: a line before one is sent, one when the service has accepted it, one at its end. What a dead
--- process left is gone on with from there. One file a process; which are the dead ones is the core's to tell.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local state_directory = require "azureml.state_directory"
local ticket = require "azureml.ticket"

local journal = {}

---@class azureml.JournalEntry
---@field id string                the request's id
---@field verb string
---@field name string              of the instance
---@field subscription_id string
---@field resource_group string
---@field workspace_name string
---@field endpoint string          where it was sent
---@field began string             ISO 8601
---@field taken_on boolean?         its acceptance was seen
---@field progress table?          how far it has got, as a ticket has it
---@field file azureml.JournalFile? where its lines go; nil: to this process's own
local Entry = {}
local metatable = { __name = "azureml.JournalEntry", __index = Entry }

local FIELDS = { "verb", "name", "subscription_id", "resource_group", "workspace_name", "endpoint", "began" }

-- Where --------------------------------------------------------------------------------------------------------------------

--- The directory: $XDG_STATE_HOME/azureml/operations, else below ~/.local/state. Nil without a home.
---@return string?
function journal.directory()
  return state_directory "operations"
end

-- Writing ------------------------------------------------------------------------------------------------------------------

---@class azureml.JournalFile
---@field handle userdata       locked while it is open
---@field going integer         how many of its operations go on

local own                    -- this process's, once there is anything to write
local complained = false

local function open()
  local directory = journal.directory()
  if not directory then return nil, "neither XDG_STATE_HOME nor HOME says where" end
  local handle, why = core.journal(directory)
  if not handle then return nil, ("%s: %s"):format(directory, why) end
  return { handle = handle, going = 0 }
end

-- A script that asked for it is stopped; a command goes on without, and says so once.
local function no_journal(wanted, why)
  if wanted then
    errors.raise { code = "JournalFailed", message = "the journal of pending operations cannot be written: " .. why,
      hint = "XDG_STATE_HOME names another place; journal = false does without" }
  end
  if not complained then io.stderr:write("azureml: pending operations are not written down: ", why, "\n") end
  complained = true
end

--- Whether operations are written down: as the caller says; else in the executable, not in somebody's lua5.4.
---@param wanted boolean?
---@return boolean
function journal.is_wanted(wanted)
  if wanted ~= nil then return wanted end
  return package.loaded["azureml.host"] ~= nil
end

--- Write down what is about to be sent.
---@param fields table       id, and FIELDS but began; they become the line
---@param wanted boolean?    as the caller of the workspace said
---@return azureml.JournalEntry?      nil: there is no journal
---@raise an error object `JournalFailed` where it was asked for
function journal.intend(fields, wanted)
  local why, ok
  if not own then own, why = open() end
  fields.event, fields.began = "intent", os.date "!%Y-%m-%dT%H:%M:%SZ"
  if own then ok, why = own.handle:append(fields) end
  if not ok then return no_journal(wanted, why) end
  own.going = own.going + 1
  return setmetatable({ id = fields.id }, metatable)      -- 10,000 may be under way: the rest is in the file
end

local function file_of(entry)
  return entry.file or own
end

--- The service has accepted it.
---@param handle userdata?    the core's operation, written as how far it has got; nil: there is nothing to poll but the instance
function Entry:accepted(handle)
  if self.over then return end
  file_of(self).handle:append { event = "accepted", id = self.id, progress = handle or json.null }
end

--- It is over, or nobody shall go on with it.
function Entry:ended()
  if self.over then return end
  local file = file_of(self)
  self.over = true
  file.going = file.going - 1
  if file.going == 0 then file.handle:clear() else file.handle:append { event = "ended", id = self.id } end
end

function metatable:__tostring()
  return ("%s %s in %s, %s"):format(self.verb, self.name, self.workspace_name, self.taken_on and "accepted" or "not known to be accepted")
end

-- Reading ------------------------------------------------------------------------------------------------------------------

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
  if not entry or progress ~= nil and not pcall(ticket.check_progress, progress) then return false end
  entry.taken_on, entry.progress = true, progress
  return true
end

function readers.ended(entries, line)
  local entry = entries[line.id]
  if entry then entry.over = true end
  return entry ~= nil
end

-- A line that a kill tore is the last, and has no end: it is left out. Nil for a file that something else wrote.
local function read(text)
  local entries = {}
  for each in text:gmatch "([^\n]*)\n" do
    local line = json.decode(each)
    local reader = type(line) == "table" and type(line.id) == "string" and readers[line.event]
    if not reader or not reader(entries, line) then return nil end
  end
  return entries
end

-- Appends to entries those that go on; false for a damaged file.
local function read_file(handle, entries)
  local text = handle:text()
  local found, file = text and read(text), { handle = handle, going = 0 }
  if not found then return false end
  for _, entry in ipairs(found) do
    if not entry.over then
      entry.file, file.going = file, file.going + 1
      entries[#entries + 1] = entry
    end
  end
  if file.going == 0 then handle:clear() end
  return true
end

--- What processes that are gone had under way, oldest first. While an entry lives no other process is given it.
---@return azureml.JournalEntry[] entries
---@return string[] damaged       files that could not be read, by the names under which they were set aside
function journal.of_the_dead()
  local directory, entries, damaged = journal.directory(), {}, {}
  local handles, why = {}, nil
  if directory then handles, why = core.dead_journals(directory) end
  if not handles then
    errors.raise { code = "JournalFailed", message = ("the journals in %s are not read: %s"):format(directory, why) }
  end
  for _, handle in ipairs(handles) do
    if not read_file(handle, entries) then damaged[#damaged + 1] = handle:set_aside() or handle:path() end
  end
  table.sort(entries, function(a, b) return a.began < b.began end)
  return entries, damaged
end

return journal
