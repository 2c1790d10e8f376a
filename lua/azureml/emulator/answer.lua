--- Build answers with the headers that the service sends on every response. Handlers choose the
--- status and the body; refusal.lua has the texts of refusals.
--- Source: spec/contract/compute-rest.md, section 5.
local crypto = require("azureml.core").crypto
local endpoints = require "azureml.emulator.endpoints"
local json = require "azureml.json"
local tables = require "azureml.tool.tables"

local answer = {}

local ALWAYS = {
  ["Cache-Control"] = "no-cache",
  Pragma = "no-cache",
  Expires = "-1",
  ["X-Content-Type-Options"] = "nosniff",
  ["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains",
  ["x-ms-response-type"] = "standard",
  ["x-request-time"] = "0.012",
}

-- The last second and its text: many answers share a second.
local stamped, stamp_text

local function stamp(time)
  local second = math.floor(time)
  if second ~= stamped then
    stamped, stamp_text = second, os.date("!%Y%m%dT%H%M%SZ", second)
  end
  return stamp_text
end

local function ids(request, world)
  local id = world.guid()
  return id, request.headers["x-ms-correlation-request-id"] or id
end

--- Answer 200 with a resource or a list of resources.
---@param value table?      nil: the caller adds the body
---@return table
function answer.of(value)
  return { status = 200, json = value, headers = { Vary = "Accept-Encoding" } }
end

-- The challenge to claims has the form of spec/contract/auth.md, section 11.
local CLAIMS_CHALLENGE = 'Bearer realm="", authorization_uri="%s/common/oauth2/authorize", '
  .. 'error="insufficient_claims", claims="%s"'
local CHALLENGE = 'Bearer authorization_uri="%s/common", error="invalid_token", '
  .. 'error_description="%s"'

-- Return the WWW-Authenticate header of a 401, which names the place to sign in; nil for others.
-- Source: spec/contract/compute-rest.md, section 6. The form is Entra's.
local function challenge(raised, origin)
  if raised.status ~= 401 then return nil end
  local login = endpoints.of(origin).login
  if raised.claims then return CLAIMS_CHALLENGE:format(login, crypto.base64(raised.claims)) end
  return CHALLENGE:format(login, (raised.message:gsub('"', "'")))
end

--- Answer with a refusal.
---@param raised table       as refusal.raise raises it
---@param origin string      by which the client reaches the emulator
---@return table
function answer.of_refusal(raised, origin)
  local details = raised.details and json.array(raised.details)
  return {
    status = raised.status,
    json = { error = { code = raised.code, message = raised.message, details = details } },
    headers = {
      ["Retry-After"] = raised.retry_after and ("%d"):format(raised.retry_after),
      ["WWW-Authenticate"] = challenge(raised, origin),
    },
    gateway = raised.status == 401 or raised.status == 403 or raised.status == 429,
  }
end

--- Complete a reply to the whole response: add the headers of every answer and encode the body.
---@param request table
---@param reply { status: integer, json: any, body: string?, headers: table? }
---@param world table
---@return table response
---  status integer, headers table<string, string>, body string, fault string?,
---  delay number? (seconds)
function answer.complete(request, reply, world)
  local headers = tables.merge(ALWAYS, reply.headers)
  local id, correlation = ids(request, world)
  for name, value in pairs {
    ["x-ms-request-id"] = id, ["x-ms-correlation-request-id"] = correlation,
  } do
    headers[name] = headers[name] or value      -- a replay has those of the recording
  end
  headers["x-ms-routing-request-id"] = "EMULATOR:" .. stamp(world.clock:now()) .. ":" .. id
  if request.headers["x-ms-return-client-request-id"] == "true" then
    headers["x-ms-client-request-id"] = request.headers["x-ms-client-request-id"]
  end
  if reply.gateway then headers["x-ms-failure-cause"] = "gateway" end
  local body = reply.body or reply.json ~= nil and json.encode(reply.json) or ""
  if body ~= "" and not headers["Content-Type"] then
    headers["Content-Type"] = "application/json; charset=utf-8"
  end
  return {
    status = reply.status, headers = headers, body = body, fault = reply.fault, delay = reply.delay,
  }
end

return answer
