--- Check cron expressions of five fields, as the service takes them: minute, hour, day of the
--- month, month, day of the week. Source: spec/contract/compute-rest.md, section 9.1.
local cron = {}

local MONTHS = {
  jan = 1, feb = 2, mar = 3, apr = 4, may = 5, jun = 6, jul = 7, aug = 8, sep = 9, oct = 10,
  nov = 11, dec = 12,
}
local WEEK_DAYS = { sun = 0, mon = 1, tue = 2, wed = 3, thu = 4, fri = 5, sat = 6 }

local FIELDS = {
  { name = "minute", first = 0, last = 59 },
  { name = "hour", first = 0, last = 23 },
  { name = "day of the month", first = 1, last = 31 },
  { name = "month", first = 1, last = 12, words = MONTHS },
  { name = "day of the week", first = 0, last = 6, words = WEEK_DAYS },
}

local DAYS = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function number_of(field, text)
  local word = field.words and field.words[text:lower():sub(1, 3)]
  if word and text:find "^%a+$" then return word end
  local number = text:find "^%d+$" and math.tointeger(tonumber(text))
  return number and number >= field.first and number <= field.last and number or nil
end

-- Return the first and the last number of a part such as "*", "5", "1-5", "*/15" or "8-18/2", and
-- its step; nil for an invalid part. "5/10" extends to the field's last number.
local function range_of(field, part)
  local range, step = part:match "^([^/]+)/(%d+)$"
  local has_step = range ~= nil
  range, step = range or part, math.tointeger(tonumber(step or 1))
  if step < 1 then return nil end
  if range == "*" then return field.first, field.last, step end
  local from, to = range:match "^(%w+)%-(%w+)$"
  local first = number_of(field, from or range)
  local last = first
  if to then last = number_of(field, to) elseif has_step then last = field.last end
  if not first or not last or first > last then return nil end
  return first, last, step
end

-- Return the numbers of a field, as a set; or nil and the part that is wrong.
local function numbers_of(field, text)
  local numbers = {}
  for part in (text .. ","):gmatch "([^,]*)," do
    local first, last, step = range_of(field, part)
    if not first then return nil, part end
    for number = first, last, step do numbers[number] = true end
  end
  return numbers
end

-- Tell whether some month has some of the days.
local function has_a_day(days, months)
  for month in pairs(months) do
    for day in pairs(days) do
      if day <= DAYS[month] then return true end
    end
  end
  return false
end

--- Return what is wrong with a cron expression; nil where it fires some day.
---@param text string
---@return string?
function cron.fault(text)
  local sets, count = {}, 0
  for word in text:gmatch "%S+" do
    count = count + 1
    local field = FIELDS[count]
    if not field then return "it needs five fields: minute hour day month weekday" end
    local numbers, part = numbers_of(field, word)
    if not numbers then
      return ("'%s' is not a %s, which goes from %d to %d"):format(part, field.name, field.first,
        field.last)
    end
    sets[count] = numbers
  end
  if count ~= #FIELDS then return "it needs five fields: minute hour day month weekday" end
  if not has_a_day(sets[3], sets[4]) then return "no month of it has such a day" end
end

return cron
