-- The examples of comments that need a machine behind the instance, by the name of their function.
local usages = {}

for _, name in ipairs {
  "Instance.activity", "Instance.copy", "Instance.logs", "Instance.metrics",
  "Jupyter.contents", "Jupyter.execute", "Jupyter.sessions", "Jupyter.start_kernel",
  "Jupyter.stop_idle", "Jupyter.terminals", "Jupyter.write", "Kernel.execute",
  "Log.each", "Log.read",
} do
  usages["azureml." .. name] = true
end

return usages
