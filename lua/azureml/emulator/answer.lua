--- Answers with the headers that the service sends on every one.
--- Source: spec/contract/compute-rest.md, section 5.
local crypto = require("azureml.core").crypto
local json = require "azureml.json"
local tables = require "azureml.tables"

local answer = {}

local ALWAYS = {
  ["Cache-Control"] = "no-cache", Pragma = "no-cache", Expires = "-1", ["X-Content-Type-Options"] = "nosniff",
  ["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains", ["x-ms-response-type"] = "standard", ["x-request-time"] = "0.012",
}

local stamped, stamp_text      -- a second has many answers

local function stamp(time)
  local second = math.floor(time)
  if second ~= stamped then stamped, stamp_text = second, os.date("!%Y%m%dT%H%M%SZ", second) end
  return stamp_text
end

local function ids(request, world)
  local id = world.guid()
  return id, request.headers["x-ms-correlation-request-id"] or id
end

--- A resource, or many.
---@param value table
---@return table
function answer.of(value)
  return { status = 200, json = value, headers = { Vary = "Accept-Encoding" } }
end

-- Where one signs in, said where no token or the wrong one came.
-- Source: spec/contract/compute-rest.md, section 6; its form is Entra's.
local function challenge(raised, origin)
  if raised.status ~= 401 then return nil end
  if raised.claims then      -- as spec/contract/auth.md, section 11, has it
    return ('Bearer realm="", authorization_uri="%s/common/oauth2/authorize", error="insufficient_claims", claims="%s"'):format(origin,
      crypto.base64(raised.claims))
  end
  local why = raised.message:gsub('"', "'")
  return ('Bearer authorization_uri="%s/common", error="invalid_token", error_description="%s"'):format(origin, why)
end

--- What a refusal says.
---@param raised table
---@param origin string       where this emulator issues tokens
---@return table
function answer.of_refusal(raised, origin)
  return {
    status = raised.status,
    json = { error = { code = raised.code, message = raised.message, details = raised.details and json.array(raised.details) } },
    headers = {
      ["Retry-After"] = raised.retry_after and ("%d"):format(raised.retry_after),
      ["WWW-Authenticate"] = challenge(raised, origin),
    },
    gateway = raised.status == 401 or raised.status == 403 or raised.status == 429,
  }
end

--- The whole response.
---@param request table
---@param given { status: integer, json: any, body: string?, headers: table? }
---@param world table
---@return { status: integer, headers: table<string, string>, body: string, fault: string?, delay: number? }    delay: seconds
function answer.complete(request, given, world)
  local headers = tables.merge(ALWAYS, given.headers)
  local id, correlation = ids(request, world)
  headers["x-ms-request-id"], headers["x-ms-correlation-request-id"] = id, correlation
  headers["x-ms-routing-request-id"] = "EMULATOR:" .. stamp(world.clock:now()) .. ":" .. id
  if request.headers["x-ms-return-client-request-id"] == "true" then
    headers["x-ms-client-request-id"] = request.headers["x-ms-client-request-id"]
  end
  if given.gateway then headers["x-ms-failure-cause"] = "gateway" end
  local body = given.body or given.json ~= nil and json.encode(given.json) or ""
  if body ~= "" and not headers["Content-Type"] then headers["Content-Type"] = "application/json; charset=utf-8" end
  return { status = given.status, headers = headers, body = body, fault = given.fault, delay = given.delay }
end

return answer
