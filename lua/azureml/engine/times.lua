--- Read when a job runs, in the words of an instance's schedule, and write it for each engine.
local checking = require "azureml.definition.schedule.checking"
local errors = require "azureml.error"
local text = require "azureml.definition.schedule.text"
local time_zone = require "azureml.definition.time_zone"

local times = {}

---@class azureml.engine.Times
---@field cron string      five fields
---@field zone string      "Europe/Amsterdam", "UTC"

local EXAMPLE = "'weekdays 19:00 Europe/Amsterdam' or 'cron 0 19 * * 1-5'"

local function refuse(message, ...)
  errors.raise { code = "Usage", message = message:format(...) }
end

-- Return the IANA name of a zone: the user's own word, or that of the zone's Windows name.
local function iana(given, windows)
  if not given or windows == "UTC" then return "UTC" end
  if given:find "/" then return given end
  return time_zone.iana(windows) or refuse("--at: give the zone '%s' by its IANA name", given)
end

--- Read the text of --at.
---@param words string      "weekdays 19:00 Europe/Amsterdam"
---@return azureml.engine.Times
---@raise an error object `Usage`
function times.read(words)
  local fields, fault = text.parse("stop " .. words)
  if not fields then refuse("--at: %s", (fault:gsub("stop ", ""):gsub("a schedule", "a time"))) end
  if fields.status or fields.start_time then
    refuse("--at says when the job runs, such as %s; it takes neither 'from' nor 'disabled'",
      EXAMPLE)
  end
  local notes = {}
  local canonical = checking.check(fields, function(message, ...)
    notes[#notes + 1] = message:format(...)
  end)
  if #notes > 0 then refuse("--at: %s", table.concat(notes, "; ")) end
  if not canonical.cron then
    refuse("--at: an engine has no periods such as 'every 2 weeks'; give %s", EXAMPLE)
  end
  return { cron = canonical.cron, zone = iana(fields.time_zone, canonical.time_zone) }
end

-- systemd -----------------------------------------------------------------------------------------

local DAYS = { [0] = "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" }

-- Write a field of cron as systemd does: "1-5" is "1..5", "*/15" is "0/15".
local function calendar_field(field, first)
  if field == "*" then return "*" end
  local parts = {}
  for part in field:gmatch "[^,]+" do
    parts[#parts + 1] = part:gsub("^%*/", first .. "/"):gsub("%-", "..")
  end
  return table.concat(parts, ",")
end

local function day_names(field)
  if field == "*" then return "" end
  local names = field:gsub("%d", function(digit) return DAYS[tonumber(digit)] end)
  return names:gsub("%-", "..") .. " "
end

-- Write a field of hours or minutes, with two digits where it is a number.
local function clock_field(field)
  return (calendar_field(field, "0"):gsub("%f[%d]%d%f[%D]", "0%0"))
end

--- Return the times in the form of systemd's OnCalendar.
---@param self azureml.engine.Times
---@return string      "Mon..Fri *-*-* 19:00:00 Europe/Amsterdam"
---@raise an error object `Usage` for what systemd cannot say
function times.calendar(self)
  local minute, hour, day, month, weekday = self.cron:match "^(%S+) (%S+) (%S+) (%S+) (%S+)$"
  if weekday:find "/" then
    refuse "--at: systemd cannot step through days of the week: list them, as in 'mon,wed 19:00'"
  end
  if day ~= "*" and weekday ~= "*" then
    refuse("--at: cron means a day of the month or of the week, systemd means both: give one of "
      .. "them")
  end
  return ("%s*-%s-%s %s:%s:00 %s"):format(day_names(weekday), calendar_field(month, "1"),
    calendar_field(day, "1"), clock_field(hour), clock_field(minute), self.zone)
end

return times
