--- Durations: "30m", "2h", "1h30m", "1d" or ISO 8601 ("PT1H30M"); the service takes ISO 8601.
--- Source: spec/contract/compute-rest.md, section 9.2.
local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"

local duration = {}

local MINUTES = { W = 7 * 24 * 60, D = 24 * 60, H = 60, M = 1, S = 1 / 60 }

-- Add up parts such as "1H30M", whose units must be among `units`, each at most once and in this
-- order. Return nil for another text.
local function sum_of(text, units)
  local minutes, position, reached = 0, 1, 0
  while position <= #text do
    local number, unit, after = text:match("^(%d+)(%u)()", position)
    local index = unit and units:find(unit, reached + 1, true)
    if not index or #number > 9 then return nil end
    minutes = minutes + tonumber(number) * MINUTES[unit]
    position, reached = after, index
  end
  return minutes
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

--- Return how many minutes a duration has. Months and years have no fixed length.
---@param text string      "30m", "1h30m", "2d", "PT30M", "P1DT12H" in any case
---@return number?         nil: it is no duration
function duration.minutes(text)
  local upper = text:upper()
  local days, time = iso_parts(upper)
  if not days then return upper ~= "" and upper:sub(1, 1) ~= "P" and sum_of(upper, "DHM") or nil end
  local before, after = sum_of(days, "WD"), sum_of(time, "HMS")
  return before and after and before + after
end

local function shown_minutes(minutes)
  local days = minutes // (24 * 60)
  if days > 0 and minutes % (24 * 60) == 0 then return ("%d days"):format(days) end
  return ("%d minutes"):format(minutes)
end

--- Make the kind of a duration between two bounds. `false` means that there is no such time.
---@param least integer       minutes
---@param most integer        minutes
---@return azureml.Kind
function duration.kind(least, most)
  local kind = { none = false }

  function kind.check(value)
    if value == false then return false end
    local minutes = type(value) == "string" and duration.minutes(value)
    if minutes and minutes >= least and minutes <= most and minutes % 1 == 0 then
      return ("PT%dM"):format(minutes)
    end
    return nil, ("is from %s to %s, such as '30m', '1h30m', '1d' or 'PT30M'; not %s"):format(
      shown_minutes(least), shown_minutes(most), kinds.shown(value))
  end

  function kind.write(value) return value or json.null end

  function kind.read(member)
    if type(member) == "string" then return member end
  end

  function kind.same(wanted, actual)
    if not wanted or not actual then return not wanted == not actual end
    return wanted:lower() == actual:lower()
      or duration.minutes(wanted) == duration.minutes(actual)
  end

  return kind
end

return duration
