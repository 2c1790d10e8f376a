--- azureml logout: remove all tokens that are kept on this machine.
local azureml = require "azureml"

local logout = {}

function logout.configure() end

function logout.run()
  local count = azureml.logout()
  io.stderr:write(count == 0 and "no token was kept" or ("removed the tokens of %d %s"):format(count,
    count == 1 and "credential" or "credentials"), "\n")
end

return logout
