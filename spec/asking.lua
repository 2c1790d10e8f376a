--- The start of a script that asks for tokens in its own process: it defines `credential`,
--- `use(credential, scope)` and `ask()`. Requests reach no server: an attempt to send one shows
--- that the credential had a token.
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
