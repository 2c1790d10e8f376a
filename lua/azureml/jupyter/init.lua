--- The Jupyter of an instance: files, terminals, kernels and sessions, without SSH.
local options = require "azureml.options"
local server = require "azureml.jupyter.server"

---@class azureml.Jupyter
---@field server azureml.jupyter.Server
local Jupyter = {}
local metatable = { __name = "azureml.Jupyter", __index = Jupyter }

local jupyter = {}

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
