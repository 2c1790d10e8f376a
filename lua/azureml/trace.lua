--- Trace what goes over the wire: one JSON line for each request, retry, poll and token fetch. The
--- trace omits signatures in URLs, and never contains headers, bodies or tokens.
local later = require "azureml.tool.later"
local core = require "azureml.core"
local errors = later "azureml.error"

local trace = {}

--- Start the trace. `AZUREML_TRACE` in the environment starts it when the module is loaded.
---@param path string        the file to append to, which is made private; "-": standard error
---@raise an error object if the file cannot be written
function trace.start(path)
  local ok, failure = core.trace(path)
  if not ok then errors.raise(errors.from_core(failure)) end
end

local path = os.getenv "AZUREML_TRACE"
if path and path ~= "" then trace.start(path) end

return trace
