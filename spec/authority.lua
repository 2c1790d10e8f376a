--- Serve a token endpoint and a service in the spec's own process. Record the credential's token
--- requests and the service's requests.
local azureml = require "azureml"
local json = require "azureml.json"
local scripted = require "spec.scripted"

local Authority = {}
Authority.__index = Authority

local function decoded(text)
  local function byte(hex) return string.char(tonumber(hex, 16)) end
  return (text:gsub("+", " "):gsub("%%(%x%x)", byte))
end

local function form_of(body)
  local form = {}
  for name, value in body:gmatch "([^&=]+)=([^&]*)" do form[name] = decoded(value) end
  return form
end

function Authority:close()
  if self.client then self.client:close() end
  if self.own then self.own:close() end
  self.server:close()
end

Authority.__close = Authority.close

--- Use a credential: add the fields of AUTHORITY and an application to its options.
---@param kind string
---@param given? table
---@return azureml.Credential
function Authority:use(kind, given)
  local all = { authority = self.url, tenant_id = "t.org", client_id = "app" }
  for name, value in pairs(given or {}) do all[name] = value or nil end
  self:take(azureml.credential[kind](all))
  return self.own
end

--- Use an existing credential.
function Authority:take(own)
  if self.client then self.client:close() end
  if self.own then self.own:close() end
  self.own = own
  self.client = azureml.client {
    endpoint = self.url, credential = own, scope = "https://management.azure.com/.default",
  }
end

--- Send a request to the service.
---@return string? authorization      what the service got; else nil and the error object
---@return azureml.Error? err
function Authority:ask()
  local came, err = azureml.try(self.client.request, self.client, { path = "/x" })
  if not came then return nil, err end
  return came.json.authorization
end

--- Start the token endpoint and the service.
---@param answer? fun(form: table, request: table): table?  of a token request; else a token
---  "token-1", "token-2", ...
---@param service? fun(request: table): table?  of any other; else what it got for a token
---@param given? table                                          tls, as for the emulator's server
---@return table authority  with url, forms (of all token requests) and requests; ends with its
---  scope
return function(answer, service, given)
  local self = setmetatable({ forms = {} }, Authority)
  local function grant(request)
    local form = form_of(request.body)
    self.forms[#self.forms + 1] = form
    return answer and answer(form, request)
      or { status = 200, body = json.encode {
        token_type = "Bearer", expires_in = 3600, access_token = "token-" .. #self.forms,
      } }
  end
  self.server = scripted(function(request)
    if request.target:find "/oauth2/.*token$" then return grant(request) end
    return service and service(request) or {
      status = 200, body = json.encode { authorization = request.headers.authorization },
    }
  end, given)
  self.url, self.requests = self.server.url, self.server.requests
  return self
end
