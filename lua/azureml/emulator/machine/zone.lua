--- Time zones by their Windows names, as schedules have them, with the rules of the system's time zone data (tzdata). Schedules follow
--- daylight saving, as people's days do; no source says whether the service's do.
local calendar = require "azureml.emulator.machine.calendar"

local zone = {}

local Zone = {}
Zone.__index = Zone

local FOLDERS = { "/usr/share/zoneinfo/", "/usr/lib/zoneinfo/", "/usr/share/lib/zoneinfo/" }

-- Rules for the years that the file does not list: "CET-1CEST,M3.5.0,M10.5.0/3", as POSIX writes TZ -----------------------------

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

-- When, in a year, a rule such as "M3.5.0/2" is: seconds of the wall clock.
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

local function offset_by_footer(footer, at)
  if not footer.summer then return footer.offset end
  local year = calendar.parts(at + footer.offset).year
  local from, to = footer.from(year) - footer.offset, footer.to(year) - footer.summer
  local is_summer
  if from < to then is_summer = at >= from and at < to else is_summer = at >= from or at < to end      -- south of the equator
  return is_summer and footer.summer or footer.offset
end

-- The file, RFC 8536 ------------------------------------------------------------------------------------------------------

local HEADER = ">c4 c1 c15 I4 I4 I4 I4 I4 I4"

local function header_at(bytes, at)
  local magic, version, _, utc, std, leap, times, types, chars = HEADER:unpack(bytes, at)
  if magic ~= "TZif" then return nil end
  return { version = version, utc = utc, std = std, leap = leap, times = times, types = types, chars = chars }
end

-- How long the block behind a header is, where times have so many bytes.
local function length(header, width)
  return header.times * (width + 1) + header.types * 6 + header.chars + header.leap * (width + 4) + header.std + header.utc
end

local function read_block(bytes, at, header)
  local self = { at = {}, offset = {} }
  local offsets, types_at = {}, at + header.times * 9
  for i = 1, header.types do offsets[i] = (">i4"):unpack(bytes, types_at + (i - 1) * 6) end
  for i = 1, header.times do
    self.at[i] = (">i8"):unpack(bytes, at + (i - 1) * 8)
    self.offset[i] = offsets[bytes:byte(at + header.times * 8 + i - 1) + 1]
  end
  self.first = offsets[1]
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
  local text = bytes:sub(second + SIZE + length(header, 8)):match "^\n([^\n]*)\n"
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

-- Asking ------------------------------------------------------------------------------------------------------------------

local utc = setmetatable({ at = {}, offset = {}, first = 0 }, Zone)
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
  if not known[name] then return nil, "this machine has no time zone data of " .. iana .. ": install tzdata" end
  return known[name]
end

-- Between which two changes of its clocks a time is: the number of the first, 0 before all.
local function find(self, at)
  local low, high = 0, #self.at
  while low < high do
    local middle = (low + high + 1) // 2
    if self.at[middle] <= at then low = middle else high = middle - 1 end
  end
  return low
end

--- Seconds that its clocks are ahead of UTC.
---@param at number        seconds since 1970
---@return integer
function Zone:offset_at(at)
  local last = self.last      -- mostly it is where it was
  if not last or at < (self.at[last] or -math.huge) or at >= (self.at[last + 1] or math.huge) then
    last = find(self, at)
    self.last = last
  end
  if last == #self.at and self.footer then return offset_by_footer(self.footer, at) end
  return self.offset[last] or self.first
end

--- What its clocks show.
function Zone:local_of(at)
  return at + self:offset_at(at)
end

--- When its clocks show a time: the first time of two; where they leap over it, what it would have been without the leap.
function Zone:utc_of(wall)
  local before = wall - self:offset_at(wall - 86400)
  if self:local_of(before) == wall then return before end
  local after = wall - self:offset_at(wall + 86400)
  return self:local_of(after) == wall and after or before
end

return zone
