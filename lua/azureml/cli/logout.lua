--- azureml logout: remove the saved tokens from this machine.
local azureml = require "azureml"

local logout = {}

function logout.configure() end

function logout.run()
  local count = azureml.logout()
  local message = ("removed the tokens of %d credentials"):format(count)
  if count == 0 then message = "there are no saved tokens" end
  if count == 1 then message = "removed the tokens of 1 credential" end
  io.stderr:write(message, "\n")
end

return logout
