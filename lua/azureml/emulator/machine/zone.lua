--- Convert between UTC and the wall clock of a time zone. Schedules name zones as Windows does; the
--- rules come from the system's time zone data (tzdata). Schedules follow daylight saving time; no
--- source says whether those of the service do.
local calendar = require "azureml.emulator.machine.calendar"

local zone = {}

local Zone = {}
Zone.__index = Zone

local FOLDERS = { "/usr/share/zoneinfo/", "/usr/lib/zoneinfo/", "/usr/share/lib/zoneinfo/" }

-- The footer of a file ----------------------------------------------------------------------------
-- Rules for the years that the file does not list, as in POSIX's TZ: "CET-1CEST,M3.5.0,M10.5.0/3".

local function take_name(text)
  local name, rest = text:match "^(<[^>]+>)(.*)$"
  if not name then name, rest = text:match "^(%a+)(.*)$" end
  return name, rest
end

local function take_time(text)
  local sign, hours, rest = text:match "^([+-]?)(%d+)(.*)$"
  if not hours then return nil, text end
  local seconds, unit = tonumber(hours) * 3600, 60
  for part, after in function() return rest:match "^:(%d+)(.*)$" end do
    seconds, unit, rest = seconds + tonumber(part) * unit, unit // 60, after
  end
  return math.tointeger(sign == "-" and -seconds or seconds), rest
end

-- Read a rule such as "M3.5.0/2". Return a function of a year that returns when the rule applies,
-- in seconds of the wall clock.
local function rule_of(text)
  local date, time = text:match "^([^/]+)/?(.*)$"
  local seconds = time == "" and 7200 or take_time(time)
  local month, week, weekday = date:match "^M(%d+)%.(%d)%.(%d)$"
  if not month then return nil end
  month, week, weekday = tonumber(month), tonumber(week), tonumber(weekday)
  return function(year)
    local first = calendar.days(year, month, 1)
    local day = first + (weekday - (first + 4)) % 7 + (week - 1) * 7
    if day >= calendar.days(year, month + 1, 1) then day = day - 7 end
    return day * calendar.DAY + seconds
  end
end

local function footer_of(text)
  local _, rest = take_name(text)
  local west = rest and take_time(rest)
  if not west then return nil end
  local footer = { offset = -west }
  rest = select(2, take_time(rest))
  local name, after = take_name(rest)
  if not name then return footer end
  local summer, rules = take_time(after)
  footer.summer = summer and -summer or footer.offset + 3600
  local from, to = (rules or after):match "^,([^,]+),([^,]+)$"
  footer.from, footer.to = from and rule_of(from), to and rule_of(to)
  return footer.from and footer.to and footer or nil
end

local function offset_by_footer(footer, time)
  if not footer.summer then return footer.offset end
  local year = calendar.parts(time + footer.offset).year
  local from, to = footer.from(year) - footer.offset, footer.to(year) - footer.summer
  local is_summer
  if from < to then
    is_summer = time >= from and time < to
  else      -- south of the equator
    is_summer = time >= from or time < to
  end
  return is_summer and footer.summer or footer.offset
end

-- The file, RFC 8536 ------------------------------------------------------------------------------

local HEADER = ">c4 c1 c15 I4 I4 I4 I4 I4 I4"

local function header_at(bytes, position)
  local magic, version, _, utc, std, leap, times, types, chars = HEADER:unpack(bytes, position)
  if magic ~= "TZif" then return nil end
  return {
    version = version, utc = utc, std = std, leap = leap, times = times, types = types,
    chars = chars,
  }
end

-- Return the length of the block behind a header, in which a time has `width` bytes.
local function length(header, width)
  return header.times * (width + 1) + header.types * 6 + header.chars
    + header.leap * (width + 4) + header.std + header.utc
end

local function read_block(bytes, position, header)
  local self = { times = {}, offsets = {} }
  local by_type = {}
  local indexes = position + header.times * 8
  local types = indexes + header.times
  for i = 1, header.types do by_type[i] = (">i4"):unpack(bytes, types + (i - 1) * 6) end
  for i = 1, header.times do
    self.times[i] = (">i8"):unpack(bytes, position + (i - 1) * 8)
    self.offsets[i] = by_type[bytes:byte(indexes + i - 1) + 1]
  end
  self.first = by_type[1]
  return self
end

local SIZE = HEADER:packsize()

local function decode(bytes)
  local old = #bytes >= SIZE and header_at(bytes, 1)
  if not old or old.version < "2" then return nil end
  local second = 1 + SIZE + length(old, 4)
  local header = header_at(bytes, second)
  if not header then return nil end
  local self = read_block(bytes, second + SIZE, header)
  local footer = second + SIZE + length(header, 8)
  local text = bytes:sub(footer):match "^\n([^\n]*)\n"
  self.footer = text and text ~= "" and footer_of(text) or nil
  return setmetatable(self, Zone)
end

local function read(name)
  for _, folder in ipairs(FOLDERS) do
    local file <close> = io.open(folder .. name, "rb")
    if file then
      local ok, decoded = pcall(decode, file:read "a")
      return ok and decoded or nil
    end
  end
end

-- Zones -------------------------------------------------------------------------------------------

local utc = setmetatable({ times = {}, offsets = {}, first = 0 }, Zone)
local known = { UTC = utc }

--- Find a zone by its Windows name. Load the table of names with the first one that is not UTC.
---@param name string        "W. Europe Standard Time"
---@return table? zone, string? fault        nil and the reason if there is no such zone
function zone.find(name)
  if known[name] then return known[name] end
  local names = require("azureml.definition.windows_zones")[name]
  if not names then return nil, "it is no Windows name of a time zone" end
  local iana = names:match "%S+"
  known[name] = read(iana)
  if not known[name] then
    return nil, "this machine has no time zone data of " .. iana .. ": install tzdata"
  end
  return known[name]
end

-- Return the index of the last change of the clocks before a time, 0 before all changes.
local function find(self, time)
  local low, high = 0, #self.times
  while low < high do
    local middle = (low + high + 1) // 2
    if self.times[middle] <= time then low = middle else high = middle - 1 end
  end
  return low
end

local function is_between(self, index, time)
  local from, to = self.times[index] or -math.huge, self.times[index + 1] or math.huge
  return time >= from and time < to
end

--- Return the seconds that the zone's clocks are ahead of UTC.
---@param time number        seconds since 1970
---@return integer
function Zone:offset_at(time)
  local last = self.last      -- the result of the previous call, which mostly still holds
  if not last or not is_between(self, last, time) then
    last = find(self, time)
    self.last = last
  end
  if last == #self.times and self.footer then return offset_by_footer(self.footer, time) end
  return self.offsets[last] or self.first
end

--- Return what the zone's clocks show.
---@param time number        seconds since 1970
---@return number wall       seconds of the wall clock
function Zone:local_of(time)
  return time + self:offset_at(time)
end

--- Return when the zone's clocks show a time. If they show it twice, return the first time; if they
--- skip it, return the time at which they would show it without the change.
---@param wall number        seconds of the wall clock
---@return number            seconds since 1970
function Zone:utc_of(wall)
  local before = wall - self:offset_at(wall - 86400)
  if self:local_of(before) == wall then return before end
  local after = wall - self:offset_at(wall + 86400)
  return self:local_of(after) == wall and after or before
end

return zone
