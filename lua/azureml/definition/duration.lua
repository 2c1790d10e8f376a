--- Durations: "30m", "2h", "1h30m", "1d" or ISO 8601 ("PT1H30M"); the service takes ISO 8601.
--- Source: spec/contract/compute-rest.md, section 9.2.
local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"

local duration = {}

local SECONDS = { W = 7 * 24 * 3600, D = 24 * 3600, H = 3600, M = 60, S = 1 }
local MOST_DIGITS = 9      -- of a number: the sum fits into an integer

-- Add up parts such as "1H30M", whose units must be among `units`, each at most once and in this
-- order. Return the seconds; nil for another text.
local function sum_of(text, units)
  local seconds, position, reached = 0, 1, 0
  while position <= #text do
    local number, unit, after = text:match("^(%d+)(%u)()", position)
    local index = unit and units:find(unit, reached + 1, true)
    if not index or #number > MOST_DIGITS then return nil end
    seconds = seconds + math.tointeger(number) * SECONDS[unit]
    position, reached = after, index
  end
  return seconds
end

-- Split "P1DT2H" into the parts before and after the "T".
local function iso_parts(text)
  local days, time = text:match "^P([%d%u]*)$", ""
  if not days or days:find("T", 1, true) then
    days, time = text:match "^P([%d%u]-)T([%d%u]+)$"
  end
  if not days or days .. time == "" then return nil end
  return days, time
end

--- Return how many seconds a duration has. Months and years have no fixed length.
---@param text string      "30m", "1h30m", "2d", "PT30M", "P1DT12H" in any case
---@return integer?        nil: it is no duration
function duration.seconds(text)
  local upper = text:upper()
  local days, time = iso_parts(upper)
  if not days then
    if upper == "" or upper:sub(1, 1) == "P" then return nil end
    return sum_of(upper, "DHM")
  end
  local before, after = sum_of(days, "WD"), sum_of(time, "HMS")
  return before and after and before + after
end

--- Return how many minutes a duration has: an integer unless it has seconds.
---@param text string      as for `duration.seconds`
---@return number?         nil: it is no duration
function duration.minutes(text)
  local seconds = duration.seconds(text)
  if not seconds then return nil end
  return seconds % 60 == 0 and seconds // 60 or seconds / 60
end

local function shown_minutes(minutes)
  local days = minutes // (24 * 60)
  if days > 0 and minutes % (24 * 60) == 0 then return ("%d days"):format(days) end
  return ("%d minutes"):format(minutes)
end

--- Make the kind of a duration between two bounds, in whole minutes. `false` means that there is no
--- such time.
---@param least integer       minutes
---@param most integer        minutes
---@return azureml.Kind
function duration.kind(least, most)
  local kind = { none = false }

  function kind.check(value)
    if value == false then return false end
    local seconds = type(value) == "string" and duration.seconds(value)
    local minutes = seconds and seconds // 60
    if minutes and seconds % 60 == 0 and minutes >= least and minutes <= most then
      return ("PT%dM"):format(minutes)
    end
    return nil, ("must be whole minutes from %s to %s, such as '30m', '1h30m', '1d' or 'PT30M', "
      .. "not %s"):format(shown_minutes(least), shown_minutes(most), kinds.shown(value))
  end

  function kind.write(value) return value or json.null end

  function kind.read(member)
    if type(member) == "string" then return member end
  end

  function kind.same(wanted, actual)
    if not wanted or not actual then return not wanted == not actual end
    return wanted:lower() == actual:lower()
      or duration.seconds(wanted) == duration.seconds(actual)
  end

  return kind
end

return duration
