--- What trouble that was asked for does to an answer, on both sides: Entra's and Resource Manager's. Which there is: fault.troubles.
local fault = require "azureml.emulator.fault"
local json = require "azureml.json"
local tables = require "azureml.tables"

local trouble = {}

local SLOW, WAIT = 5, 1      -- seconds, where nothing else is said

local instead = {}

-- Without a status nothing is answered.
function instead.hang() return {} end

function instead.answer(one)
  return { status = one.status or 200, headers = one.headers, json = one.json, body = one.body }
end

function instead.throttle(one)
  local seconds = one.retry_after or WAIT
  return {
    status = 429, gateway = true, headers = { ["Retry-After"] = seconds > 0 and ("%d"):format(math.ceil(seconds)) or nil },
    json = { error = { code = "TooManyRequests", message = "The request is being throttled." } },
  }
end

--- What is answered instead of doing what was asked; nil: it is done.
---@param one table?      the trouble
---@return table?
function trouble.instead(one)
  return one and instead[one.name] and instead[one.name](one)
end

local function without(headers, ...)
  local kept = tables.copy(headers)
  for _, name in ipairs { ... } do kept[name] = nil end
  return kept
end

--- What becomes of the answer on its way.
---@param one table?
---@param given table     the answer; changed
---@return table given
function trouble.mark(one, given)
  if not one then return given end
  if one.name == "lose_header" then given.headers = without(given.headers, "Azure-AsyncOperation", "Location") end
  if one.name == "slow" then given.delay = one.seconds or SLOW end
  local known = fault.troubles[one.name]
  if known and known.by == "wire" and one.name ~= "slow" and given.status then given.fault = one.name end
  return given
end

local number = 0

--- The claims that a challenge asks for, as a JSON text: those that were given, or such as no token holds yet.
---@param one table
---@param now number
---@return string
function trouble.claims(one, now)
  number = number + 1
  return one.claims or json.encode { access_token = { nbf = { essential = true, value = ("%d.%d"):format(math.floor(now), number) } } }
end

return trouble
