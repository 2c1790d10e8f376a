--- azureml logout: remove the saved tokens from this machine.
local azureml = require "azureml"
local count = require "azureml.tool.count"

local logout = {}

function logout.configure() end

function logout.run()
  local removed = azureml.logout()
  local message = "removed the tokens of " .. count.of(removed, "credential")
  if removed == 0 then message = "there are no saved tokens" end
  io.stderr:write(message, "\n")
end

return logout
