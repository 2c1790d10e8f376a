--- Convert between UTC and the wall clock of a time zone, with the system's time zone data, tzdata.
--- The environment variable TZDIR names another folder. RFC 8536 describes the files.
local clock_rule = require "azureml.definition.schedule.clock_rule"
local date = require "azureml.definition.schedule.date"
local time_zone = require "azureml.definition.time_zone"

---@class azureml.Clock
local Clock = {}
Clock.__index = Clock

local clock = {}

local FOLDERS = { "/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo" }
local LARGEST = 1 << 20               -- bytes of a file
local WIDEST = 26 * 3600              -- seconds that clocks differ from UTC at most
local BEFORE, AFTER = 15 * 3600, 13 * 3600      -- a clock is at most so far before and after UTC

-- Reading -----------------------------------------------------------------------------------------

local HEADER = ">c4 c1 c15 I4 I4 I4 I4 I4 I4"
local HEADER_SIZE = HEADER:packsize()

local function read_header(bytes, position)
  if position + HEADER_SIZE - 1 > #bytes then return nil end
  local magic, version, _, utc, standard, leap, times, types, letters =
    HEADER:unpack(bytes, position)
  if magic ~= "TZif" then return nil end
  return {
    version = version, utc = utc, standard = standard, leap = leap, times = times, types = types,
    letters = letters, first = position + HEADER_SIZE,
  }
end

-- Return the position behind a block whose times have `width` bytes.
local function end_of(header, width)
  return header.first + header.times * (width + 1) + header.types * 6 + header.letters
    + header.leap * (width + 4) + header.standard + header.utc
end

-- Read the kinds of clocks: winter and summer time, and those of earlier years.
local function read_states(bytes, position, header)
  local states, names = {}, position + header.types * 6
  for index = 1, header.types do
    local offset, is_summer, letter = (">i4 B B"):unpack(bytes, position + (index - 1) * 6)
    if math.abs(offset) > WIDEST or letter >= header.letters then return nil end
    states[index] = {
      offset = offset, is_summer = is_summer ~= 0,
      name = bytes:match("^[%w+-]*", names + letter),
    }
  end
  return states[1] and states
end

-- Read the changes of the clocks, in order.
local function read_changes(bytes, header, width)
  local kinds = header.first + header.times * width
  local self = { times = {}, states = {} }
  local states = read_states(bytes, kinds + header.times, header)
  if not states then return nil end
  for index = 1, header.times do
    local time = (">i" .. width):unpack(bytes, header.first + (index - 1) * width)
    local state = states[bytes:byte(kinds + index - 1) + 1]
    if not state or index > 1 and time <= self.times[index - 1] then return nil end
    self.times[index], self.states[index] = time, state
  end
  self.first = states[1]
  return self
end

-- Read the rule behind the last block. A file without a rule has an empty line.
local function read_rule(bytes, position)
  local text = bytes:match("^\n([^\n]*)\n", position)
  if not text then return nil end
  return text == "" or clock_rule.parse(text)
end

-- Return the contents of a file; nil: the file breaks the format. Version 1 has times of 4 bytes
-- and no rule; later versions repeat them with 8 bytes.
local function decode(bytes)
  local header, width = read_header(bytes, 1), 4
  if header and header.version >= "2" then
    header, width = read_header(bytes, end_of(header, 4)), 8
  end
  -- Files that count leap seconds have other times than the rest of the system.
  if not header or header.leap > 0 or end_of(header, width) - 1 > #bytes then return nil end
  local self = read_changes(bytes, header, width)
  local rule = width == 4 or read_rule(bytes, end_of(header, width))
  if not self or not rule then return nil end
  self.rule = rule ~= true and rule or nil
  return setmetatable(self, Clock)
end

local function folders()
  local chosen = os.getenv "TZDIR"
  return chosen and chosen ~= "" and { chosen } or FOLDERS
end

-- A name comes from the table of zones, but it must not lead out of the folder in any case.
local function is_safe(name)
  return name:find "^%a[%w_+/-]*$" and not name:find "//"
end

local function read(name)
  for _, folder in ipairs(is_safe(name) and folders() or {}) do
    local path = folder .. "/" .. name
    local file <close> = io.open(path, "rb")
    if file then
      local bytes = file:read(LARGEST) or ""
      local found = decode(bytes)
      if found then return found end
      return nil, ("the time zone data in %s are not valid"):format(path)
    end
  end
  return nil, ("this machine has no time zone data of %s: install tzdata, or set TZDIR to their "
    .. "folder"):format(name)
end

-- Clocks ------------------------------------------------------------------------------------------

local UTC = { offset = 0, name = "UTC", is_summer = false }
local utc = setmetatable({ times = {}, states = {}, first = UTC }, Clock)

-- The clocks that were read, by folder and name.
local known = {}

--- Find the clock of a zone. UTC needs no time zone data.
---@param name string            "W. Europe Standard Time", "Europe/Amsterdam"
---@return azureml.Clock?
---@return string? fault
function clock.find(name)
  local windows, fault = time_zone.find(name)
  if not windows then return nil, fault end
  if windows == "UTC" then return utc end
  local iana = time_zone.iana(windows)
  if not iana then return nil, ("the clocks of '%s' are not known here"):format(windows) end
  local key = folders()[1] .. ":" .. iana
  if not known[key] then known[key], fault = read(iana) end
  return known[key], fault
end

-- Return the index of the last change at or before a time; 0: the time is before all changes.
local function last_change(times, time)
  local low, high = 0, #times
  while low < high do
    local middle = (low + high + 1) // 2
    if times[middle] <= time then low = middle else high = middle - 1 end
  end
  return low
end

--- Return what the clocks are at a time.
---@param time integer           seconds since 1970
---@return { offset: integer, name: string, is_summer: boolean }  offset: seconds ahead of UTC
function Clock:state_at(time)
  local index = last_change(self.times, time)
  if self.rule and index == #self.times then return clock_rule.state_at(self.rule, time) end
  return self.states[index] or self.first
end

--- Return what the clocks show.
---@param time integer           seconds since 1970
---@return integer wall          seconds of the wall clock
function Clock:wall_of(time)
  return time + self:state_at(time).offset
end

--- Return when the clocks show a time. Where they show it twice, return the first time. Where they
--- skip it, return the time at which they would show it without the change.
--- Inferred: no source says what the service does; see spec/contract/compute-rest.md, section 9.1.
---@param wall integer           seconds of the wall clock
---@return integer time          seconds since 1970
---@return string? oddity        "twice" or "skipped"
function Clock:time_of(wall)
  local before = self:state_at(wall - BEFORE).offset
  local after = self:state_at(wall + AFTER).offset
  local first, second = wall - before, wall - after
  local is_first = self:wall_of(first) == wall
  local is_second = before ~= after and self:wall_of(second) == wall
  if is_first and is_second then return math.min(first, second), "twice" end
  if is_first then return first end
  if is_second then return second end
  return first, "skipped"
end

--- Return by how much the clocks change within a day of a time, forward or back.
---@param time integer           seconds since 1970
---@return integer               seconds; 0: they do not change
function Clock:change_near(time)
  return math.abs(self:state_at(time + date.DAY).offset - self:state_at(time - date.DAY).offset)
end

return clock
