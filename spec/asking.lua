--- How a script begins that asks for tokens in a process of its own: with `credential`,
--- `use(credential, scope)`, `ask()`. Requests go nowhere: that a token was had shows in that they
--- got as far as to be sent.
return [[
local azureml, core = require "azureml", require "azureml.core"
local credential = azureml.credential
core.clock "virtual"
local client
local function use(own, scope)
  client = azureml.client {
    endpoint = "https://127.0.0.1:1", credential = own, scope = scope, retry = { tries = 0 },
  }
end
local function ask()
  local _, err = azureml.try(client.request, client, { path = "/x" })
  return err.code == "ConnectionFailed" and "sent" or tostring(err)
end
]]
