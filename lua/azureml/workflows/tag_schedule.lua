--- Start and stop instances by their tags, in all workspaces of a subscription. Run it every
--- quarter of an hour, from cron:
---
---     */15 * * * *  TZ=Europe/Amsterdam azureml run tag_schedule [MINUTES]
---
--- An instance with the tags start=07:30 and stop=18:00 is started and stopped at these times on
--- workdays; with days=all on every day. The times are those of this machine, or of TZ. Only what
--- was due in the last MINUTES (15) is done: what a user starts in the evening keeps running.
local azureml = require "azureml"
if select("#", ...) > 1 then
  error("usage: azureml run tag_schedule [MINUTES]: it takes no more", 0)
end

local minutes = tonumber((...) or 15)
if not minutes then error("usage: MINUTES of azureml run tag_schedule is a number", 0) end
local now = os.date "*t"
local is_workday = now.wday >= 2 and now.wday <= 6

local function is_due(vm, tag)
  local hour, minute = (vm.tags[tag] or ""):match "^(%d%d?):(%d%d)$"
  if not hour or not is_workday and vm.tags.days ~= "all" then return false end
  local ago = (now.hour * 60 + now.min - (hour * 60 + minute)) % (24 * 60)
  return ago < minutes
end

local instances, failed = azureml.instances(), 0
azureml.each({ "start", "stop" }, function(verb)
  local results = instances[verb .. "_all"](instances, {
    where = function(vm) return is_due(vm, verb) end, keep_going = true,
  })
  print(tostring(results))
  for _, result in ipairs(results) do
    print(("  %s/%s: %s"):format(result.workspace, result.name, result.outcome))
    if result.error then print("    " .. result.error.message) end
  end
  failed = failed + results.counts.failed
end)
if failed > 0 then error(failed .. " have failed", 0) end
