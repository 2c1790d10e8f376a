--- Keep the emulator's state in a file, so that it survives the process. A line of the file holds
--- all changes of a request and is written before the request is answered. So after a kill, the
--- file holds every request that was answered; a line that a kill cut off belongs to a request
--- without an answer. The file is rewritten at each start, and when it has grown far beyond its
--- content. It is flushed but not synced, so it survives the process, not the machine. The file
--- itself is core.state_file, in C.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"

local state_file = {}

local State = {}
State.__index = State
State.__name = "azureml.emulator.State"

local HEADER = { azureml = "emulator state", version = 1 }
local SPARE = 1024 * 1024      -- bytes beyond twice the rewritten size before the next rewrite
local CHUNK = 200              -- records per line when the file is rewritten

local function fail(path, reason, hint)
  local message = ("the state in %s cannot be used: %s"):format(path, reason)
  errors.raise { code = "StateFailed", message = message, hint = hint }
end

-- Reading -----------------------------------------------------------------------------------------

local function is_change(change)
  return json.is_array(change) and type(change[1]) == "string" and type(change[2]) == "string"
    and (change[3] == nil or type(change[3]) == "table")
end

local function is_line(line)
  if type(line) ~= "table" or not json.is_array(line.at) or not json.is_array(line.set) then
    return false
  end
  if type(line.at[1]) ~= "number" or type(line.at[2]) ~= "number" then return false end
  for _, change in ipairs(line.set) do
    if not is_change(change) then return false end
  end
  return true
end

local function take(records, change)
  local kind, key, record = table.unpack(change)
  records[kind] = records[kind] or {}
  records[kind][key] = record
end

local AWAY = "move the file away to start with a new state"

local OTHER_VERSION = "it is of version %s, and this azureml reads version %d"

local function read_header(path, text)
  local header = json.decode_exact(text)
  if type(header) ~= "table" or header.azureml ~= HEADER.azureml then
    fail(path, "it is not an emulator's state", AWAY)
  end
  if header.version ~= HEADER.version then
    fail(path, OTHER_VERSION:format(tostring(header.version), HEADER.version), AWAY)
  end
end

-- Tell whether a file without a whole line is the beginning of a header that a kill cut off.
local function is_torn_header(text)
  return ('{"azureml":"emulator state"'):find(text:sub(1, 27), 1, true) ~= nil
end

-- Read all records and the clock's last position. A last line without an end was cut off by a kill
-- and is left out.
local function read(path, text)
  local records, position, number = {}, nil, 0
  for each in text:gmatch "([^\n]*)\n" do
    number = number + 1
    if number == 1 then
      read_header(path, each)
    else
      local line = json.decode_exact(each)
      if not is_line(line) then fail(path, ("line %d is damaged"):format(number), AWAY) end
      for _, change in ipairs(line.set) do take(records, change) end
      position = line.at
    end
  end
  if number == 0 and not is_torn_header(text) then read_header(path, text) end
  return records, position
end

--- Open a state file, lock it and read it.
---@param path string
---@return table state
---  records: kind -> key -> record; position: the clock's { now, time }, nil for a new file
---@raise an error object `StateFailed` if it cannot be opened, is in use, or is damaged
function state_file.open(path)
  local file, why = core.state_file(path)
  if not file then fail(path, why) end
  local text, unread = file:text()
  if not text then fail(path, unread) end
  local self = setmetatable({ path = path, file = file, changes = {}, places = {} }, State)
  self.records, self.position = read(path, text)
  return self
end

-- Writing -----------------------------------------------------------------------------------------

local function line_of(self, changes)
  return json.encode { at = { self.clock:now(), core.time() }, set = json.array(changes) } .. "\n"
end

-- Return the whole file as it is rewritten: the header and all records.
local function whole(self)
  local lines, changes = { json.encode(HEADER) .. "\n" }, {}
  local function write()
    lines[#lines + 1] = line_of(self, changes)
    changes = {}
  end
  self.each(function(kind, key, record)
    changes[#changes + 1] = { kind, key, record }
    if #changes == CHUNK then write() end
  end)
  write()
  return table.concat(lines)
end

local function rewrite(self)
  local ok, why = self.file:rewrite(whole(self))
  self.most = 2 * self.file:size() + SPARE
  return ok, why
end

--- Begin to write: rewrite the file with all records.
---@param clock table
---@param each fun(visit: fun(kind: string, key: string, record: table))      visits all records
function State:begin(clock, each)
  self.clock, self.each, self.records = clock, each, nil
  local ok, why = rewrite(self)
  if not ok then fail(self.path, why) end
end

--- Note a change for the next line.
---@param kind string?      nil: only time has moved on
---@param key string?
---@param record table?     nil: the record was removed
function State:note(kind, key, record)
  self.is_changed = true
  if not kind then return end
  local name = kind .. "\n" .. key
  local place = self.places[name] or #self.changes + 1
  self.places[name], self.changes[place] = place, { kind, key, record }
end

--- Write the changes since the last call. Changes that cannot be written are tried again with the
--- next call.
---@return boolean done, string? why
function State:commit()
  if not self.is_changed or not self.each then return true end
  local text = line_of(self, self.changes)
  local ok, why = self.file:append(text)
  if not ok then return false, why end
  self.changes, self.places, self.is_changed = {}, {}, false
  -- If the rewrite fails, the old file goes on growing.
  if self.file:size() > self.most then rewrite(self) end
  return true
end

--- Close the file after writing the clock's position.
function State:close()
  if not self.file then return end
  self.is_changed = true
  self:commit()
  self.file:close()
  self.file = nil
end

return state_file
