--- Read and write moments in time as services spell them: "2026-11-28T17:00:00.1234567+00:00".
local date = require "azureml.definition.schedule.date"

local moment = {}

--- Read a moment.
---@param text any
---@return integer? seconds      since 1970; nil when it is not a moment with a zone or in UTC
function moment.read(text)
  if type(text) ~= "string" then return nil end
  local wall, zone = text:match "^(%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d)[%d.]*(.*)$"
  local seconds = wall and date.parse(wall)
  if not seconds then return nil end
  if zone == "" or zone == "Z" then return seconds end
  local sign, hours, minutes = zone:match "^([+-])(%d%d):?(%d%d)$"
  if not sign then return nil end
  local offset = tonumber(hours) * 3600 + tonumber(minutes) * 60
  return math.tointeger(sign == "-" and seconds + offset or seconds - offset)
end

local MONTHS = {
  Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10,
  Nov = 11, Dec = 12,
}

--- Read the moment of an HTTP header such as Date: "Sun, 06 Nov 1994 08:49:37 GMT".
---@param text any
---@return integer? seconds      since 1970; nil when it is not such a moment
function moment.read_header(text)
  if type(text) ~= "string" then return nil end
  local day, month, year, time =
    text:match "^%a%a%a, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d:%d%d:%d%d) GMT$"
  if not MONTHS[month] then return nil end
  return date.parse(("%s-%02d-%sT%s"):format(year, MONTHS[month], day, time))
end

--- Write a moment in UTC.
---@param seconds number      since 1970
---@return string             "2026-11-28T17:00:00Z"
function moment.write(seconds)
  return date.write(math.floor(seconds)) .. "Z"
end

return moment
