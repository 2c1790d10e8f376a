--- Open an emulator without a socket, for specs of its answers: requests enter through `handle`.
local emulator = require "azureml.emulator"
local form = require "azureml.emulator.entra.form"
local json = require "azureml.json"

local PROVIDER = "Microsoft.MachineLearningServices"

local Door = {}
Door.__index = Door

local door = {}

door.SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"

--- Open an emulator with a clock that only the spec moves.
---@param given table?       as for emulator.new
---@return table
function door.open(given)
  local all = { manual = true }
  for name, value in pairs(given or {}) do all[name] = value end
  local self = setmetatable({ emulator = emulator.new(all) }, Door)
  self.token = self.emulator:issue_token()
  self.names = self.emulator:settings()
  return self
end

--- Send the following requests as another principal.
---@param principal table
---@param audience string?      Resource Manager's
---@param claims string?        a JSON text, that the token is fetched with
function Door:use(principal, audience, claims)
  self.token = self.emulator.tokens:issue {
    principal = principal, audience = audience or "https://management.azure.com", claims = claims,
  }
end

--- Post a form to the token endpoint, of the default tenant unless the spec names another.
---@return integer status, any value, table<string, string> headers
function Door:ask_token(fields, tenant, headers)
  local all = { host = "127.0.0.1" }
  for name, value in pairs(headers or {}) do all[name] = value end
  return self:send {
    method = "POST", target = ("/%s/oauth2/v2.0/token"):format(tenant or self.names.tenant_id),
    headers = all, body = form.write(fields),
  }
end

--- Return a path below its workspace: "computes/ann".
function Door:path(below)
  return ("/subscriptions/%s/resourceGroups/%s/providers/%s/workspaces/%s%s"):format(
    self.names.subscription_id, self.names.resource_group, PROVIDER, self.names.workspace_name,
    below and "/" .. below or "")
end

--- Return a path below its region: "vmSizes".
function Door:region(below)
  return ("/subscriptions/%s/providers/%s/locations/%s/%s"):format(self.names.subscription_id,
    PROVIDER, self.names.location, below)
end

--- Send a request unchanged.
---@return integer status, any value, table<string, string> headers, string body
function Door:send(request)
  local response = self.emulator:handle(request)
  return response.status, json.decode(response.body or ""), response.headers, response.body
end

--- Send a request as the owner, with an api-version.
---@param method string
---@param target string       a path; may hold a query
---@param body any            a table is sent as JSON
---@param headers table?
---@return integer status, any value, table<string, string> headers, string body
function Door:ask(method, target, body, headers)
  local all = { authorization = "Bearer " .. self.token, host = "127.0.0.1" }
  for name, value in pairs(headers or {}) do all[name] = value end
  if not target:find("api-version=", 1, true) then
    target = target .. (target:find("?", 1, true) and "&" or "?") .. "api-version=2024-04-01"
  end
  return self:send {
    method = method, target = target, headers = all,
    body = type(body) == "table" and json.encode(body) or body or "",
  }
end

--- Merge fields; the value false removes a field.
function door.merged(into, change)
  for name, value in pairs(change or {}) do into[name] = value or nil end
  return into
end

--- Return the body of a PUT that creates an instance.
function door.instance(more)
  local properties = { vmSize = "STANDARD_DS3_V2" }
  for name, value in pairs(more or {}) do properties[name] = value end
  return {
    location = "eastus", properties = { computeType = "ComputeInstance", properties = properties },
  }
end

--- Get the status URL of an answer.
function Door:follow(headers)
  return self:ask("GET", (headers["Azure-AsyncOperation"]:gsub("^https?://[^/]+", "")))
end

return door
