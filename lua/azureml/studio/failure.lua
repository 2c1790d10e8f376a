--- Describe an error object for the page: what failed, and what to do next.
local errors = require "azureml.error"
local json = require "azureml.json"

local failure = {}

---@class azureml.StudioFailure
---@field code string
---@field message string
---@field status integer?        HTTP status of the service
---@field request_id string?
---@field hint string?
---@field details string[]       further errors, a sentence each

-- Return the sentence of a detail: an error of the service, or one of a group.
local function sentence(detail)
  if type(detail) ~= "table" then return nil end
  local message = json.get(detail, "message") or json.get(detail, "code")
  return message and tostring(message)
end

--- Describe an error.
---@param err any             an error object; anything else is a fault of this program
---@return azureml.StudioFailure
function failure.of(err)
  if not errors.is(err) then
    return { code = "InternalError", message = tostring(err), details = json.array {} }
  end
  local details = json.array {}
  for _, detail in ipairs(err.details or {}) do details[#details + 1] = sentence(detail) end
  return {
    code = err.code, message = err.message, status = err.status, request_id = err.request_id,
    hint = err.hint, details = details,
  }
end

return failure
