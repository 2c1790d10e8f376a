--- Read cron expressions of five fields, as the service takes them: minute, hour, day of the month,
--- month, day of the week. A day must match both its fields, unlike in the cron of Unix.
--- Source: spec/contract/compute-rest.md, section 9.1.
local cron = {}

local MONTHS = {
  "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
  "november", "december",
}
local WEEK_DAYS = {
  "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
}

-- The names of a field's values begin with the name of its first value.
local FIELDS = {
  { key = "minutes", noun = "a minute", first = 0, last = 59 },
  { key = "hours", noun = "an hour", first = 0, last = 23 },
  { key = "month_days", noun = "a day of the month", first = 1, last = 31 },
  { key = "months", noun = "a month", first = 1, last = 12, names = MONTHS },
  { key = "week_days", noun = "a day of the week", first = 0, last = 6, names = WEEK_DAYS },
}

local DAYS = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local NOT_FIVE = "it needs five fields: minute hour day month weekday"
local SHOWN = 40      -- the characters of a wrong part that a message shows

-- Return the number of a name or of its beginning, which has three letters or more.
local function number_of_name(field, text)
  for index, name in ipairs(#text >= 3 and field.names or {}) do
    if name:sub(1, #text) == text then return field.first + index - 1 end
  end
end

local function number_of(field, text)
  local number = text:find "^%d+$" and math.tointeger(tonumber(text))
    or number_of_name(field, text:lower())
  return number and number >= field.first and number <= field.last and number or nil
end

-- Return the first and the last number of a part such as "*", "5", "1-5", "*/15" or "8-18/2", and
-- its step; nil for an invalid part. "5/10" extends to the field's last number.
local function range_of(field, part)
  local range, step = part:match "^([^/]+)/(%d+)$"
  local has_step = range ~= nil
  range, step = range or part, math.tointeger(tonumber(step or 1))
  if not step or step < 1 then return nil end
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

--- Read a cron expression.
---@param text string
---@return table<string, table<integer, true>>? fields  the sets `minutes`, `hours`, `month_days`,
---  `months` and `week_days` (0 is Sunday); nil: the expression is wrong
---@return string? fault
---@usage local fields, fault = cron.parse "0 18 * * 1-5"
function cron.parse(text)
  local fields, count = {}, 0
  for word in text:gmatch "%S+" do
    count = count + 1
    local field = FIELDS[count]
    if not field then return nil, NOT_FIVE end
    local numbers, part = numbers_of(field, word)
    if not numbers then
      return nil, ("'%s' is not %s, which goes from %d to %d"):format(part:sub(1, SHOWN),
        field.noun, field.first, field.last)
    end
    fields[field.key] = numbers
  end
  if count ~= #FIELDS then return nil, NOT_FIVE end
  if not has_a_day(fields.month_days, fields.months) then
    return nil, "no month of it has such a day"
  end
  return fields
end

--- Return what is wrong with a cron expression; nil where it fires some day.
---@param text string
---@return string?
function cron.fault(text)
  local _, fault = cron.parse(text)
  return fault
end

--- Write an expression in lower case, with a single blank between fields.
---@param text string
---@return string
function cron.canonical(text)
  return (text:lower():gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

local function is_same_set(left, right)
  for number in pairs(left) do
    if not right[number] then return false end
  end
  return true
end

--- Tell whether two expressions name the same times: "0 18 * * 1-5" and "0 18 * * MON-FRI" do.
---@param left string
---@param right string
---@return boolean
function cron.same(left, right)
  if cron.canonical(left) == cron.canonical(right) then return true end
  local one, other = cron.parse(left), cron.parse(right)
  if not one or not other then return false end
  for key in pairs(one) do
    if not is_same_set(one[key], other[key]) or not is_same_set(other[key], one[key]) then
      return false
    end
  end
  return true
end

return cron
