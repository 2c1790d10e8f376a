--- Trouble on request: rules in a list, each for so many requests, never by chance.
local options = require "azureml.options"

local fault = {}

local Faults = {}
Faults.__index = Faults

--- No rules.
function fault.new()
  return setmetatable({ rules = {} }, Faults)
end

local RULE = { match = "table", after = "number", times = "number", answer = "any" }
local MATCH = { method = "string", path = "string", verb = "string" }
local ANSWER = {
  status = "number", headers = "table", body = "string", json = "any", operation = "string", code = "string", message = "string",
}
local TRANSPORT = { reset = true, close = true, truncate = true, hang = true, lose_header = true, expire_token = true }

local function fault_of_answer(answer)
  if type(answer) == "table" then return options.fault_of("a fault's answer", answer, ANSWER) end
  if TRANSPORT[answer] then return nil end
  return "a fault's answer is a table or one of close, expire_token, hang, lose_header, reset, truncate"
end

local function fault_of_match(match)
  local wrong = options.fault_of("a fault's match", match, MATCH)
  if wrong then return wrong end
  if not pcall(string.find, "", match.path or "") then return ("a fault's path is not a Lua pattern: '%s'"):format(match.path) end
end

--- What is wrong with a rule; nil if nothing is.
---@param rule any
---@return string?
function fault.fault_of(rule)
  return options.fault_of("a fault", rule, RULE) or fault_of_match(rule.match or {}) or fault_of_answer(rule.answer)
end

--- Add a rule: match { method, path (a Lua pattern), verb }, after (requests to let pass), times (1), answer: "reset", "close", "truncate",
--- "hang", "lose_header", "expire_token", { status, headers, body or json } or { operation = "Failed", code, message }.
function Faults:add(rule)
  table.insert(self.rules, { match = rule.match or {}, after = rule.after or 0, left = rule.times or 1, answer = rule.answer })
end

local function matches(wanted, request)
  return (not wanted.method or wanted.method == request.method)
    and (not wanted.verb or wanted.verb == request.verb)
    and (not wanted.path or request.path:find(wanted.path) ~= nil)
end

--- The answer of the first rule that matches, used up by one.
---@param request table
---@return any answer
function Faults:take(request)
  for _, rule in ipairs(self.rules) do
    if rule.left > 0 and matches(rule.match, request) then
      if rule.after == 0 then
        rule.left = rule.left - 1
        return rule.answer
      end
      rule.after = rule.after - 1
    end
  end
end

return fault
