--- Write schedules as the service's JSON has them.
--- Source: spec/contract/compute-rest.md, section 9.1.
local json = require "azureml.json"
local values = require "azureml.definition.schedule.values"

local plain = values.plain

local writing = {}

-- "stop" -> "Stop": the service's words begin with a capital.
local function capital(word)
  return (word:gsub("^%l", string.upper))
end

local function capitals(words)
  local list = json.array {}
  for index, word in ipairs(words) do list[index] = capital(word) end
  return list
end

local function write_recurrence(recurrence)
  return {
    frequency = capital(recurrence.frequency), interval = recurrence.interval,
    schedule = {
      hours = json.array(plain(recurrence.hours or {})),
      minutes = json.array(plain(recurrence.minutes or {})),
      weekDays = recurrence.week_days and capitals(recurrence.week_days),
      monthDays = recurrence.month_days and json.array(plain(recurrence.month_days)),
    },
  }
end

local function add_extra(written, extra)
  for name, value in next, extra do
    local there = written[name]
    if type(there) == "table" and type(value) == "table" then
      add_extra(there, value)
    else
      written[name] = value
    end
  end
end

--- Write a schedule.
---@param item table         canonical
---@return table
function writing.write(item)
  if item.verbatim ~= nil then return item.verbatim end
  local kind = item.cron and "cron" or "recurrence"
  local trigger = item.cron and { expression = item.cron } or write_recurrence(item.recurrence)
  trigger.timeZone, trigger.startTime = item.time_zone, item.start_time
  local written = {
    action = capital(item.action), status = capital(item.status), triggerType = capital(kind),
    [kind] = trigger,
  }
  if item.extra then add_extra(written, item.extra) end
  return written
end

return writing
