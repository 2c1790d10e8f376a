--- Compare schedules: those of the service with the wanted ones.
local cron = require "azureml.definition.cron"

local comparison = {}

-- Tell whether all that is wanted is there.
local function includes(actual, wanted)
  if type(wanted) ~= "table" or type(actual) ~= "table" then return wanted == actual end
  for key, value in next, wanted do
    if not includes(actual[key], value) then return false end
  end
  return true
end

local function is_equal(left, right)
  return includes(left, right) and includes(right, left)
end

local function is_same_trigger(wanted, actual)
  if wanted.cron and actual.cron then return cron.same(wanted.cron, actual.cron) end
  return wanted.cron == actual.cron and is_equal(wanted.recurrence, actual.recurrence)
end

--- Tell whether a schedule of the service is the wanted one. A start time that is not wanted does
--- not count.
---@param wanted table       canonical
---@param actual table       canonical
---@return boolean
function comparison.same(wanted, actual)
  if wanted.verbatim ~= nil then return is_equal(wanted.verbatim, actual.verbatim) end
  if actual.verbatim ~= nil then return false end
  return wanted.action == actual.action and wanted.status == actual.status
    and wanted.time_zone:lower() == actual.time_zone:lower()
    and (wanted.start_time == nil or wanted.start_time == actual.start_time)
    and is_same_trigger(wanted, actual) and includes(actual.extra or {}, wanted.extra or {})
end

return comparison
