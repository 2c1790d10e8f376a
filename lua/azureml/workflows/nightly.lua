--- Stop each running instance that has no tag keep=on. One that runs a job is left alone: its state
--- is JobRunning.
---
---     azureml run nightly [WORKSPACE]
local azureml = require "azureml"
if select("#", ...) > 1 then
  error("usage: azureml run nightly [WORKSPACE]: it takes no more", 0)
end
local ws = azureml.workspace { name = ... }

azureml.each(ws.instances:list { state = "Running" }, function(vm)
  if vm.tags.keep ~= "on" then vm:stop():wait() end
end)
