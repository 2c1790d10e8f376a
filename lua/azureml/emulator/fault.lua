--- Trouble on request: rules in a list, each for so many requests, never by chance.
local fault = {}

local Faults = {}
Faults.__index = Faults

--- An empty list, or one with rules.
---@param rules table[]?
function fault.new(rules)
  local self = setmetatable({ rules = {} }, Faults)
  for _, rule in ipairs(rules or {}) do self:add(rule) end
  return self
end

local TRANSPORT = { reset = true, close = true, truncate = true, hang = true, lose_header = true, expire_token = true }

--- Add a rule: match { method, path (a Lua pattern), verb }, after (requests to let pass), times (1), answer: "reset", "close", "truncate",
--- "hang", "lose_header", "expire_token", { status, headers, body } or { operation = "Failed", code, message }.
function Faults:add(rule)
  local answer = rule.answer
  if type(answer) == "string" and not TRANSPORT[answer] or type(answer) ~= "string" and type(answer) ~= "table" then
    error("a fault's answer is a table or one of close, expire_token, hang, lose_header, reset, truncate", 0)
  end
  table.insert(self.rules, { match = rule.match or {}, after = rule.after or 0, left = rule.times or 1, answer = answer })
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
