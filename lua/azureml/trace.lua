--- Seeing what goes over the wire: one JSON line for each request, retry, poll and token fetch. Signatures in URLs are left out; headers,
--- bodies and tokens are never in it.
local core = require "azureml.core"
local errors = require "azureml.error"

local trace = {}

--- Trace from now on. `AZUREML_TRACE` in the environment does it from the start.
---@param path string        a file to append to, made private; "-": standard error
---@raise an error object when it cannot be written
function trace.start(path)
  local ok, failure = core.trace(path)
  if not ok then errors.raise(errors.from_core(failure)) end
end

local path = os.getenv "AZUREML_TRACE"
if path and path ~= "" then trace.start(path) end

return trace
