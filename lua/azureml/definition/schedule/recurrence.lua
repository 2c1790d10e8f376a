--- Check a recurrence: every so many minutes, hours, days, weeks or months.
--- Source: spec/contract/compute-rest.md, section 9.1.
local json = require "azureml.json"
local values = require "azureml.definition.schedule.values"

local shown, whole = values.shown, values.whole

local recurrence = {}

local LARGEST = 2 ^ 31 - 1
local FREQUENCIES = { "minute", "hour", "day", "week", "month" }
local WEEK_DAYS = {
  "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
}

local function numbers(name, value, first, last, note)
  local found = {}
  for _, item in ipairs(values.list_of(name, value, note) or {}) do
    local number = whole(item, first, last)
    if not number then
      note("%s are whole numbers from %d to %d, not %s", name, first, last, shown(item))
      return nil
    end
    found[#found + 1] = number
  end
  return values.set_of(found)
end

local function week_days(value, note)
  local found = {}
  for _, item in ipairs(values.list_of("week_days", value, note) or {}) do
    local day = values.one_of("a week day", item, WEEK_DAYS, note)
    if not day then return nil end
    found[#found + 1] = values.position_of(day, WEEK_DAYS)
  end
  found = values.set_of(found)
  for index, position in ipairs(found) do found[index] = WEEK_DAYS[position] end
  return found
end

local CHECKS = {
  frequency = function(value, note) return values.one_of("frequency", value, FREQUENCIES, note) end,
  interval = function(value, note)
    local number = whole(value, 1, LARGEST)
    if not number then note("interval is a whole number, 1 or more, not %s", shown(value)) end
    return number
  end,
  hours = function(value, note) return numbers("hours", value, 0, 23, note) end,
  minutes = function(value, note) return numbers("minutes", value, 0, 59, note) end,
  month_days = function(value, note) return numbers("month_days", value, 1, 31, note) end,
  week_days = week_days,
}

-- The frequencies at which a list has an effect.
local EFFECTIVE = {
  hours = { day = true, week = true, month = true },
  minutes = { day = true, week = true, month = true },
  week_days = { day = true, week = true },
  month_days = { month = true },
}

local LISTS = { "hours", "minutes", "week_days", "month_days" }
local IS_TIME = { hours = true, minutes = true }

-- The service always shows hours and minutes; it may show the other lists empty.
local function is_default(name, list)
  return #list == 0 or IS_TIME[name] and #list == 1 and list[1] == 0
end

-- Add the defaults; drop lists that mean the same as none. An empty list of hours or minutes is
-- kept: it means those of the start.
local function fill_in(checked, note)
  checked.interval = checked.interval or 1
  for _, name in ipairs(LISTS) do
    local list, frequencies = checked[name], EFFECTIVE[name]
    local is_idle = list and not frequencies[checked.frequency]
    if is_idle and not is_default(name, list) then
      note("%s have no effect with frequency '%s'", name, checked.frequency)
    end
    if is_idle or list and #list == 0 and not IS_TIME[name] then checked[name] = nil end
  end
  if EFFECTIVE.hours[checked.frequency] then
    for name in pairs(IS_TIME) do checked[name] = checked[name] or json.array { 0 } end
  end
  return checked
end

--- Check a recurrence.
---@param value any
---@param note fun(message: string, ...: any)
---@return table?            the canonical recurrence, without absent lists
function recurrence.check(value, note)
  if type(value) ~= "table" then
    note("recurrence is a table such as { frequency = 'day', hours = { 18 } }, not %s",
      shown(value))
    return nil
  end
  local fields = values.plain(value)
  local checked = values.check_fields("a recurrence", fields, CHECKS, note)
  if fields.frequency == nil then
    note("a recurrence needs its frequency: %s", table.concat(FREQUENCIES, ", "))
  end
  return checked.frequency and fill_in(checked, note)
end

return recurrence
