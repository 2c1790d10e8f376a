--- Read ISO 8601 durations: "PT30M", "P3D", "P1DT12H". Years and months are refused, because their
--- length varies. Times of day are formatted in clock.lua.
local iso8601 = {}

local DAYS = { W = 7 * 86400, D = 86400 }
local TIME = { H = 3600, M = 60, S = 1 }

-- Return the sum of "3D" or of "1H30M" in seconds. Each unit may occur once, longer units first.
local function sum(text, units)
  local total, last = 0, math.huge
  local rest = text:gsub("(%d+%.?%d*)(%a)", function(number, unit)
    local seconds = units[unit]
    if not seconds or seconds >= last then return nil end
    total, last = total + tonumber(number) * seconds, seconds
    return ""
  end)
  return rest == "" and total or nil
end

--- Return the seconds of a duration; nil if the text is not a duration.
---@param text string
---@return number?
function iso8601.seconds(text)
  local days, time = text:upper():match "^P([^T]*)(T?.*)$"
  if not days or days == "" and #time < 2 or time == "T" then return nil end
  local long, short = sum(days, DAYS), sum(time:sub(2), TIME)
  return long and short and long + short or nil
end

return iso8601
