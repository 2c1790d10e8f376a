--- Apply planned trouble to an answer, on both sides: Entra and Resource Manager. fault.lua lists
--- the troubles and chooses the requests.
local fault = require "azureml.emulator.fault"
local json = require "azureml.json"
local tables = require "azureml.tool.tables"

local trouble = {}

local SLOW, WAIT = 5, 1      -- default seconds of `slow` and of Retry-After

-- Replies that replace the work, by the name of the trouble.
local instead = {}

-- Leave the request unanswered: a reply without a status does that.
function instead.hang() return {} end

function instead.answer(planned)
  return {
    status = planned.status or 200, headers = planned.headers, json = planned.json,
    body = planned.body,
  }
end

function instead.throttle(planned)
  local seconds = planned.retry_after or WAIT
  local retry_after = seconds > 0 and ("%d"):format(math.ceil(seconds)) or nil
  return {
    status = 429,
    gateway = true,
    headers = { ["Retry-After"] = retry_after },
    json = {
      error = { code = "TooManyRequests", message = "The request is being throttled." },
    },
  }
end

--- Return the reply that replaces the work of a request; nil if the request is to be performed.
---@param planned table?      the trouble
---@return table?
function trouble.instead(planned)
  return planned and instead[planned.name] and instead[planned.name](planned)
end

local function without(headers, ...)
  local kept = tables.copy(headers)
  for _, name in ipairs { ... } do kept[name] = nil end
  return kept
end

--- Apply a trouble to a reply on its way to the client.
---@param planned table?      the trouble
---@param reply table         changed
---@return table reply
function trouble.mark(planned, reply)
  if not planned then return reply end
  local name, known = planned.name, fault.troubles[planned.name]
  if name == "lose_header" then
    reply.headers = without(reply.headers, "Azure-AsyncOperation", "Location")
  end
  if name == "slow" then reply.delay = planned.seconds or SLOW end
  if known and known.by == "wire" and name ~= "slow" and reply.status then reply.fault = name end
  return reply
end

local number = 0

--- Return the claims that a challenge asks for, as a JSON text: the planned claims, or new claims
--- that no token holds yet.
---@param planned table
---@param now number
---@return string
function trouble.claims(planned, now)
  number = number + 1
  if planned.claims then return planned.claims end
  local value = ("%d.%d"):format(math.floor(now), number)
  return json.encode { access_token = { nbf = { essential = true, value = value } } }
end

return trouble
