--- azureml logout: remove all tokens that are kept on this machine.
local azureml = require "azureml"

local logout = {}

function logout.configure() end

function logout.run()
  local count = azureml.logout()
  io.stderr:write(count == 0 and "nothing was kept" or ("removed what was kept of %d"):format(count), "\n")
end

return logout
