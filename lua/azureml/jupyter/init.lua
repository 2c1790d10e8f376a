--- The Jupyter of an instance: files, terminals, kernels and sessions, without SSH.
local later = require "azureml.tool.later"
local options = require "azureml.options"
local server = require "azureml.jupyter.server"
local sessions = later "azureml.jupyter.sessions"

---@class azureml.Jupyter
---@field server azureml.jupyter.Server
local Jupyter = {}
local metatable = { __name = "azureml.Jupyter", __index = Jupyter }

local jupyter = {}

--- List the terminals that are open.
---@return azureml.jupyter.Open[]      with last_activity, idle and stop()
---@usage for _, terminal in ipairs(vm.jupyter:terminals()) do print(terminal) end
function Jupyter:terminals()
  return sessions.terminals(self.server)
end

--- List the kernels that run, also those that no notebook uses.
---@return azureml.jupyter.Open[]      with state, last_activity, idle, is_busy() and stop()
function Jupyter:kernels()
  return sessions.kernels(self.server)
end

--- List the notebooks and consoles that have a kernel.
---@return azureml.jupyter.Open[]      with path, kernel, last_activity, idle and stop()
---@usage for _, open in ipairs(vm.jupyter:sessions()) do
---  if open.idle > 7200 and not open:is_busy() then open:stop() end end
function Jupyter:sessions()
  return sessions.list(self.server)
end

--- Close the connection to the server. It opens again when it is needed.
function Jupyter:close()
  self.server:close()
end

options.check_colon(Jupyter, metatable, "vm.jupyter")
metatable.__close = Jupyter.close
metatable.__methods = Jupyter      -- for completion at the prompt

function metatable:__tostring()
  return ("the Jupyter of %s"):format(self.server.vm.name)
end

--- Make the Jupyter of an instance: scripts write `vm.jupyter`.
---@param vm azureml.Instance
---@return azureml.Jupyter
function jupyter.new(vm)
  return setmetatable({ server = server.new(vm) }, metatable)
end

return jupyter
