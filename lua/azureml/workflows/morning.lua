--- Start each stopped instance with the tag morning=on, wait for capacity, and print where to work.
---
---     azureml run morning [WORKSPACE] [TAG] [SECONDS]     default: morning, at most 1800 s
local azureml = require "azureml"
if select("#", ...) > 3 then
  error("usage: azureml run morning [WORKSPACE] [TAG] [SECONDS]: it takes no more", 0)
end

local workspace_name, tag, timeout = ...
tag, timeout = tag or "morning", tonumber(timeout or 1800)
if not timeout then error("usage: SECONDS of azureml run morning is a number", 0) end
local ws = azureml.workspace { name = workspace_name }

local function start(vm)
  local op = vm:start { wait_for_capacity = true, timeout = timeout }
  local started = op:wait { timeout = timeout }
  print(("%s: %s, %s"):format(vm.name, started.state, started.applications.jupyter_lab or "no URL"))
end

-- The stopped instances that the team wants; `each` tries all of them, then raises what failed.
azureml.each(ws.instances:list { state = "Stopped", tags = { [tag] = "on" } }, start)
