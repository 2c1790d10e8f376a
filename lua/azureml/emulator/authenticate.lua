--- Whose request is this? 401 as Resource Manager answers it. Source: compute-rest.md, section 6.
local refusal = require "azureml.emulator.refusal"

local AUDIENCE = "https://management.azure.com/"
local AUDIENCES = { ["https://management.azure.com"] = true, ["https://management.core.windows.net"] = true }

local function utc(time)
  return os.date("!%m/%d/%Y %I:%M:%S %p", math.floor(time))
end

--- Who asks.
---@param directory table
---@param request table
---@param now number
---@return table application
return function(directory, request, now)
  local text = (request.headers.authorization or ""):match "^[Bb]earer +(%S+)$"
  if not text then refusal.raise "no_token" end
  local token = directory:token(text)
  if not token then refusal.raise "unknown_token" end
  if not AUDIENCES[(token.audience:gsub("/+$", ""))] then refusal.raise("wrong_audience", token.audience, AUDIENCE) end
  if token.expires <= now then refusal.raise("expired_token", utc(token.expires), utc(now)) end
  return token.application
end
