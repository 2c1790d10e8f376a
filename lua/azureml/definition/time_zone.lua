--- Translate time zones: the service takes Windows names, most users know the IANA names.
--- Source: spec/contract/compute-rest.md, section 9.1.
local errors = require "azureml.error"

local time_zone = {}

local LONGEST = 60      -- the characters of an unknown name that are compared and shown
local SUGGESTED = 3     -- the names that an error suggests at most

-- A Windows name by each name in lower case, and all names as they are spelled.
local by_name, spellings

-- Read the table of zones when a script first names a zone: most scripts never do.
local function load_names()
  if by_name then return end
  by_name, spellings = {}, {}
  local function add(name, windows)
    local key = name:lower()
    if not by_name[key] then spellings[#spellings + 1] = name end
    by_name[key] = windows
  end
  for windows, names in pairs(require "azureml.definition.windows_zones") do
    add(windows, windows)
    for name in names:gmatch "%S+" do add(name, windows) end
  end
  table.sort(spellings)
end

-- Count the letters to insert, delete or replace until `left` is `right`; infinite above `limit`.
local function distance(left, right, limit)
  if math.abs(#left - #right) > limit then return math.huge end
  local row = {}
  for column = 0, #right do row[column] = column end
  for line = 1, #left do
    local diagonal, letter = row[0], left:byte(line)
    row[0] = line
    for column = 1, #right do
      local replaced = diagonal + (letter == right:byte(column) and 0 or 1)
      diagonal = row[column]
      row[column] = math.min(replaced, row[column] + 1, row[column - 1] + 1)
    end
  end
  return row[#right] <= limit and row[#right] or math.huge
end

-- "america/new_york" -> "new york"
local function city(name)
  local place = name:match("[^/]*$"):gsub("_", " ")
  return place
end

-- Allow one wrong letter in four, three at most.
local function tolerance(name)
  return math.min(#name // 4, 3)
end

local SUFFIX = " standard time"

-- Measure how far a known name is from an unknown one: as a whole, or by its city ("new york").
-- A shared " Standard Time" proves no likeness, and "UTC+1" is no misspelled "UTC+12".
local function misspelling(unknown, name)
  local wanted, known = unknown:lower(), name:lower()
  if wanted:gsub("%D", "") ~= known:gsub("%D", "") then return math.huge end
  if wanted:find(SUFFIX, 1, true) then
    if not known:find(SUFFIX, 1, true) then return math.huge end
    wanted, known = wanted:gsub(SUFFIX, ""), known:gsub(SUFFIX, "")
  end
  local place = city(wanted)
  local whole = distance(wanted, known, tolerance(wanted))
  return math.min(whole, place ~= "" and distance(place, city(known), tolerance(place)) or whole)
end

-- List the known names that are nearest to an unknown one, all equally near.
local function nearest(unknown)
  local found, least = {}, math.huge
  if #unknown > LONGEST then return found end
  for _, name in ipairs(spellings) do
    local far = misspelling(unknown, name)
    if far < least then found, least = {}, far end
    if far == least and far < math.huge and #found < SUGGESTED then
      found[#found + 1] = ("'%s'"):format(name)
    end
  end
  return found
end

-- Tell whether a name looks like a Windows name: Windows may have it since this table was made.
local function is_windows_form(name)
  return name:find "^[%w .()+-]+ Standard Time$" or name:find "^[%w .()+-]+ Standard Time %(%a+%)$"
end

-- Say what is wrong with an unknown name, and what to write instead.
local function unknown(name)
  local suggested = nearest(name)
  if #suggested == 0 and is_windows_form(name) then return nil end
  return ("the time zone '%s' is not known here"):format(name:sub(1, LONGEST)),
    #suggested > 0 and ("did you mean %s?"):format(table.concat(suggested, " or "))
    or "give its IANA name, such as 'Europe/Amsterdam', "
    .. "or its Windows name, such as 'W. Europe Standard Time'"
end

--- Find the Windows name of a zone without raising an error. Upper and lower case do not matter. A
--- name that looks like a Windows name and resembles no known name stays as it is: the service may
--- know it.
---@param name string        "Europe/Amsterdam", "W. Europe Standard Time", "UTC"
---@return string? windows   nil: the name is not known
---@return string? fault, string? hint
function time_zone.find(name)
  load_names()
  local windows = by_name[name:lower()]
  if windows then return windows end
  local fault, hint = unknown(name)
  if fault then return nil, fault, hint end
  return name
end

--- Return the Windows name of a zone, as `time_zone.find` does.
---@param name string        "Europe/Amsterdam", "W. Europe Standard Time", "UTC"
---@return string
---@raise an error object `InvalidArgument` that suggests the nearest names
function time_zone.windows(name)
  local windows, fault, hint = time_zone.find(name)
  if windows then return windows end
  errors.raise { code = "InvalidArgument", message = fault, hint = hint }
end

--- Return the IANA name of the zone whose clocks a Windows zone follows.
---@param windows string     "W. Europe Standard Time"
---@return string?           "Europe/Berlin"; nil: the Windows name is not known here
function time_zone.iana(windows)
  load_names()
  local names = require("azureml.definition.windows_zones")[by_name[windows:lower()]]
  return names and names:match "%S+"
end

-- Return the zone of this machine's user: the environment variable TZ, or Debian's setting.
local function own_name()
  local name = os.getenv "TZ"
  if name then return (name:gsub("^:", "")) end
  local file <close> = io.open "/etc/timezone"
  return file and file:read "l" or ""
end

--- Return the name of a zone for a person: the user's own zone if it is the same one, or else the
--- IANA name of the zone whose clocks it follows.
---@param windows string     "W. Europe Standard Time"
---@param own string?        the user's own zone; default: that of this machine
---@return string            "Europe/Amsterdam", "Europe/Berlin"; or the given name
function time_zone.label(windows, own)
  own = own or own_name()
  load_names()
  if windows == "UTC" then return windows end
  local zone = by_name[windows:lower()]
  if zone and own:find "/" and by_name[own:lower()] == zone then return own end
  return time_zone.iana(windows) or windows
end

return time_zone
