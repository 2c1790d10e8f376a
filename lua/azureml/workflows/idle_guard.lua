--- Stop each running instance that was not used for some time: no terminal, kernel or job of it was
--- at work. Without "yes" it only says what it would stop. Run it every quarter of an hour.
---
---     azureml run idle_guard [WORKSPACE] [MINUTES] [yes]     default: 120 minutes
---
--- Instances with the tag keep=on are left alone, and so are those of other users: only its own
--- user can look into an instance. What is done by SSH is not seen.
local azureml = require "azureml"

local USAGE = "usage: azureml run idle_guard [WORKSPACE] [MINUTES] [yes]"
local workspace_name, minutes, is_meant
for _, word in ipairs { ... } do
  if word == "yes" and not is_meant then is_meant = true
  elseif tonumber(word) and not minutes then minutes = tonumber(word)
  elseif not workspace_name then workspace_name = word
  else error(USAGE .. (": '%s' is too much"):format(word), 0) end
end
minutes = minutes or 120
if minutes <= 0 then error(USAGE .. ": MINUTES is more than 0", 0) end
local ws = azureml.workspace { name = workspace_name }

local NOT_OURS = { NotYours = true, InstanceForbidden = true }

local function guard(vm)
  if vm.tags.keep == "on" then return end
  local activity, err = azureml.try(vm.activity, vm)
  if err and NOT_OURS[err.code] then
    return print(("%s: left alone, it is another user's"):format(vm.name))
  end
  if err then error(err, 0) end
  local is_idle = not activity.is_busy and activity.idle and activity.idle >= minutes * 60
  local word = not is_idle and "kept" or is_meant and "stopped" or "would be stopped"
  if is_idle and is_meant then vm:stop():wait() end
  print(("%s: %s, %s"):format(vm.name, tostring(activity), word))
end

azureml.each(ws.instances:list { state = "Running" }, guard)
