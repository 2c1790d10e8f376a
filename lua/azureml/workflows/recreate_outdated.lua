--- Recreate the instances whose operating system image is outdated: a new instance has the newest.
--- All that is on their disks is lost; the file share of the workspace stays. Without "yes" it only
--- lists them. Instances that run are left alone.
---
---     azureml run recreate_outdated [WORKSPACE] [yes]
local azureml = require "azureml"
if select("#", ...) > 2 then
  error("usage: azureml run recreate_outdated [WORKSPACE] [yes]: it takes no more", 0)
end

local workspace_name, word = ...
if workspace_name == "yes" then workspace_name, word = nil, "yes" end
if word and word ~= "yes" then
  error(("usage: azureml run recreate_outdated [WORKSPACE] [yes], not '%s'"):format(word), 0)
end
local ws = azureml.workspace { name = workspace_name }

local function recreate(vm)
  if vm.is_latest_image ~= false then return end
  if vm.state ~= "Stopped" then return print(("%s: %s, left alone"):format(vm.name, vm.state)) end
  if word ~= "yes" then return print(("%s: outdated (%s)"):format(vm.name, vm.image_version)) end
  local new = vm:recreate():wait()
  print(("%s: recreated, now %s"):format(new.name, new.image_version))
end

azureml.each(ws.instances:list(), recreate)
