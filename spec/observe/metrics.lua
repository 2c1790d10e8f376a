-- A run that has every family of metrics, for `make metrics`. It ends with an error.
local azureml = require "azureml"
local ws = azureml.workspace()
ws.instances:create("ci-metrics", { idle_time_before_shutdown = "1h" }):wait()
azureml.cost(ws.instances:list())
ws.instances:stop "ci-metrics"      -- it goes on
ws.instances:get "ci-nobody"
