--- Read a schedule that is written as one line, for the command line:
---
---   ACTION WHEN [ZONE] [from START] [disabled]
---
---   ACTION   start, stop
---   WHEN     daily TIME | weekdays TIME | weekends TIME | DAYS TIME | cron FIELD*5
---            | every [N] UNIT
---   TIME     18:00; "at" may stand before it
---   DAYS     mon   mon,wed   mon-thu   monday
---   UNIT     minutes, hours, days, weeks, months: a recurrence, counted from START
---   ZONE     Europe/Amsterdam or W. Europe Standard Time; UTC by default
---   START    2026-11-30, 2026-11-30T08:00
---
--- Examples: "stop weekdays 18:00 Europe/Amsterdam", "start mon,thu 08:00",
--- "stop cron 0 18 * * 1-5", "stop every 2 weeks at 18:00 from 2026-11-30".
local forms = require "azureml.definition.schedule.forms"

local values = require "azureml.definition.schedule.values"

local shown = values.shown

local text = {}

local LONGEST = 300      -- characters of a line

local ACTIONS = { start = true, stop = true }
local STATUSES = { enabled = true, disabled = true }
local FREQUENCIES = {
  minute = "minute", minutes = "minute", hour = "hour", hours = "hour", day = "day", days = "day",
  week = "week", weeks = "week", month = "month", months = "month",
}

local function words_of(line)
  local words = {}
  for word in line:gmatch "%S+" do words[#words + 1] = word end
  return words
end

local function next_word(words)
  return table.remove(words, 1)
end

-- Take the time of "daily 18:00" or "daily at 18:00".
local function take_time(words)
  if words[1] and words[1]:lower() == "at" then next_word(words) end
  return next_word(words) or ""
end

-- Read "every 2 weeks", and "at 08:00" for periods of days and more.
local function take_recurrence(words, fields)
  local interval = words[1] and words[1]:find "^%d+$" and math.tointeger(tonumber(next_word(words)))
  local frequency = FREQUENCIES[(next_word(words) or ""):lower()]
  if not frequency then return "after 'every' comes a period, such as '2 weeks'" end
  fields.recurrence = { frequency = frequency, interval = interval or 1 }
  if not words[1] or words[1]:lower() ~= "at" then return nil end
  local hour, minute = forms.time_of(take_time(words))
  if not hour then return minute end
  fields.recurrence.hours, fields.recurrence.minutes = { hour }, { minute }
end

local function take_cron(words, fields)
  fields.cron = table.concat(words, " ", 1, math.min(5, #words))
  table.move(words, 6, #words + 5, 1)
end

-- Read when the schedule fires. Return what is wrong, or nil.
local function take_when(words, fields)
  local word = next_word(words) or ""
  local name = word:lower()
  if name == "every" then return take_recurrence(words, fields) end
  if name == "cron" then return take_cron(words, fields) end
  if name ~= "weekly" and forms.by_name[name] then
    fields[name] = take_time(words)
    return nil
  end
  if not forms.has_days(word) then
    return shown(word)
      .. " does not say when: daily, weekdays, weekends, days such as 'mon,thu', cron or every"
  end
  fields.weekly = word .. " " .. take_time(words)
end

-- Take what ends the line: "disabled", "from START", and the zone before them.
local function take_rest(words, fields)
  local status = (words[#words] or ""):lower()
  if STATUSES[status] then
    fields.status = status
    words[#words] = nil
  end
  if #words >= 2 and words[#words - 1]:lower() == "from" then
    fields.start_time = words[#words]
    words[#words], words[#words - 1] = nil, nil
  end
  if words[1] then fields.time_zone = table.concat(words, " ") end
end

local EXAMPLE = "'stop weekdays 18:00 Europe/Amsterdam'"

--- Read a line. The fields are those of a schedule's table; their values are checked later.
---@param line string        "stop weekdays 18:00 Europe/Amsterdam"
---@return table? fields     { action = "stop", weekdays = "18:00", time_zone = "Europe/Amsterdam" }
---@return string? fault
function text.parse(line)
  if #line > LONGEST then return nil, ("its text exceeds %d characters"):format(LONGEST) end
  local words = words_of(line)
  local action = (next_word(words) or ""):lower()
  local fields = { action = action }
  local fault = not ACTIONS[action] and "it begins with start or stop" or take_when(words, fields)
  if fault then
    return nil, ("%s is not a schedule: %s; an example is %s"):format(shown(line), fault, EXAMPLE)
  end
  take_rest(words, fields)
  return fields
end

return text
