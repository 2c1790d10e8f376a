--- Read and write moments in time as the service spells them: "2026-11-28T17:00:00.1234567+00:00".
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

--- Write a moment in UTC.
---@param seconds number      since 1970
---@return string             "2026-11-28T17:00:00Z"
function moment.write(seconds)
  return date.write(math.floor(seconds)) .. "Z"
end

return moment
