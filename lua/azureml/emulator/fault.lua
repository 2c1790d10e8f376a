--- Keep fault rules: trouble that tests ask for, each for a number of requests, never at random.
--- The table fault.troubles lists all troubles by name. The part of the emulator that causes a
--- trouble reads it from the request's `trouble`; trouble.lua applies it to answers.
local aadsts = require "azureml.emulator.entra.aadsts"
local options = require "azureml.options"
local planned = require "azureml.emulator.planned"
local tables = require "azureml.tool.tables"

local fault = {}

local Faults = {}
Faults.__index = Faults

local CREATE = { create = true }
local STOP = { stop = true, restart = true }
local LONG = {
  create = true, delete = true, start = true, stop = true, restart = true, reimage = true,
  resize = true,
}
local EXCLUSIVE = tables.merge({
  updateIdleShutdownSetting = true, customServices = true, updateDataMounts = true,
  updateSchedules = true, enableSso = true,
}, LONG)
local BEGINS = { create = true, start = true, restart = true }
local GROWS = { create = true, resize = true }

-- name -> `by`: what causes it ("wire": the server; "answer": the emulator, in the answer; "token":
-- the check of tokens; "service": the machines); `verbs`: the requests that it can happen to (all
-- requests if absent); `takes`: its options; `says`: what happens; `check`: a further check of the
-- options.
fault.troubles = {
  close = { by = "wire", says = "the connection closes without an answer" },
  reset = { by = "wire", says = "the connection is reset" },
  truncate = { by = "wire", says = "the connection closes half-way through the answer" },
  garbage = { by = "wire", says = "the answer is not HTTP" },
  hang = { by = "wire", says = "no answer is ever sent, and the request is not performed" },
  slow = {
    by = "wire", takes = { seconds = "number" },
    says = "the answer is sent after so many seconds of real time (5)",
  },

  lose_header = { by = "answer", says = "the answer lacks the header that says where to poll" },
  throttle = {
    by = "answer", takes = { retry_after = "number" },
    says = "429 with Retry-After (1 second); 0 leaves the header out",
  },

  expire_token = { by = "token", says = "all tokens expire now" },
  entra = {
    by = "token", takes = { code = "number" },
    says = "Entra refuses with that AADSTS number (90033: a transient error)",
    check = function(chosen)
      if chosen.code == nil or aadsts.knows(math.tointeger(chosen.code)) then return nil end
      return "a fault's trouble 'entra': 'code' is not the number of one of Entra's errors"
    end,
  },
  claims_challenge = {
    by = "token", takes = { claims = "string" },
    says = "401 that asks for claims (a JSON text); tokens that were requested with them pass",
  },

  quota_family = {
    by = "service", verbs = GROWS, says = "400: the quota of the family does not suffice",
  },
  quota_total = {
    by = "service", verbs = GROWS, says = "400: the quota of all families does not suffice",
  },
  quota_count = {
    by = "service", verbs = CREATE,
    says = "400: the region has reached its maximum number of computes",
  },
  conflict = {
    by = "service", verbs = EXCLUSIVE,
    says = "409: another command on the same instance is being processed",
  },
  disk_full = {
    by = "service", verbs = STOP, says = "400: stop is not allowed while the disk is full",
  },
  capacity = {
    by = "service", verbs = tables.merge(BEGINS, GROWS),
    says = "the operation fails: the region has no machine of that size left",
  },
  unusable_node = {
    by = "service", verbs = BEGINS, says = "the operation fails, and the instance is Unusable",
  },
  mount_failed = {
    by = "service", verbs = { updateDataMounts = true },
    says = "the data mounts of the request fail, each in its own state",
  },
  setup_script = {
    by = "service", verbs = BEGINS,
    says = "the operation fails, and the instance is UserSetupFailed",
  },
  operation_failed = {
    by = "service", verbs = LONG, takes = { code = "string", message = "string" },
    says = "the operation fails",
  },
  operation_hung = {
    by = "service", verbs = LONG, says = "the operation hangs, and times out after two hours",
  },
}

for name, row in pairs(planned.rows) do
  fault.troubles[name] = { by = "service", verbs = row.verbs, says = row.says }
end

-- The fields of `answer`: a reply of any kind, or how an operation ends.
local ANSWER = {
  status = "number", headers = "table", body = "string", json = "any", operation = "string",
  code = "string", message = "string",
}
local RULE = {
  match = "table", after = "number", times = "number", answer = "any", trouble = "any",
}
local MATCH = { method = "string", path = "string", verb = "string", name = "string" }

--- Make an empty list of rules.
function fault.new()
  return setmetatable({ rules = {} }, Faults)
end

local function names()
  return table.concat(tables.keys(fault.troubles), ", ")
end

-- Return what a rule asks for: its trouble, else its answer.
local function chosen_by(rule)
  if rule.trouble ~= nil then return rule.trouble end
  return rule.answer
end

-- Return the options that a rule may have beside the name of its trouble:
-- { trouble = "slow", seconds = 2 }.
local function options_beside(rule)
  local known = fault.troubles[chosen_by(rule)]
  return known and known.takes or {}
end

-- Return the trouble of a rule as a table: its name and its options, wherever they are.
local function trouble_of(rule)
  local chosen = chosen_by(rule)
  if type(chosen) == "table" then return tables.copy(chosen) end
  local trouble = { name = chosen }
  for name in pairs(options_beside(rule)) do trouble[name] = rule[name] end
  return trouble
end

local function fault_of_trouble(trouble)
  local known = fault.troubles[trouble.name]
  if not known then
    return "a fault's trouble is one of " .. names() .. "; or it has an answer, a table"
  end
  local takes = tables.merge({ name = "string" }, known.takes)
  return options.fault_of(("a fault's trouble '%s'"):format(trouble.name), trouble, takes)
    or known.check and known.check(trouble)
end

-- The names of troubles that are answers, as `Faults:list` shows them.
local ANSWERS = { answer = true, operation = true }

local function fault_of_answer(rule)
  if rule.trouble ~= nil and rule.answer ~= nil then
    return "a fault has a trouble or an answer, not both"
  end
  local trouble = trouble_of(rule)
  if type(rule.answer) == "table" or ANSWERS[trouble.name] then
    trouble.name = nil
    return options.fault_of("a fault's answer", trouble, ANSWER)
  end
  return fault_of_trouble(trouble)
end

local function fault_of_match(match)
  local wrong = options.fault_of("a fault's match", match, MATCH)
  if wrong then return wrong end
  if not pcall(string.find, "", match.path or "") then
    return ("a fault's path is not a Lua pattern: '%s'"):format(match.path)
  end
end

--- Return what is wrong with a rule; nil if it is valid.
---@param rule any
---@return string?
function fault.fault_of(rule)
  local known = type(rule) == "table" and tables.merge(options_beside(rule), RULE) or RULE
  return options.fault_of("a fault", rule, known)
    or fault_of_match(rule.match or {})
    or fault_of_answer(rule)
end

-- Normalise a rule's trouble: { name = "reset" }, { name = "slow", seconds = 2 },
-- { name = "answer", status = .. }, { name = "operation", .. }.
local function normal(rule)
  local trouble = trouble_of(rule)
  trouble.name = trouble.name or trouble.operation and "operation" or "answer"
  return trouble
end

--- Add a rule. A request to Entra matches only rules with a path.
---@param rule table
---  match table? { method, path (a Lua pattern), verb, name (of a compute) }; after integer?
---  (requests to let pass: 0); times integer? (requests to disturb: 1); and either
---  trouble (a name of fault.troubles, with its options beside it, or { name = , options }), or
---  answer { status, headers, body or json }, or
---  answer { operation = "Failed", code, message }: how the operation that begins will end
function Faults:add(rule)
  local trouble = normal(rule)
  local known = fault.troubles[trouble.name] or {}
  table.insert(self.rules, {
    match = rule.match or {},
    after = rule.after or 0,
    left = rule.times or 1,
    trouble = trouble,
    verbs = trouble.operation and LONG or known.verbs,
  })
end

--- Remove all rules.
function Faults:clear()
  self.rules = {}
end

--- List the rules that are not used up.
---@return table[]      { match, after, times, trouble }
function Faults:list()
  local list = {}
  for _, rule in ipairs(self.rules) do
    if rule.left > 0 then
      list[#list + 1] = {
        match = rule.match, after = rule.after, times = rule.left, trouble = rule.trouble,
      }
    end
  end
  return list
end

local function matches(rule, request)
  local wanted = rule.match
  return (not wanted.method or wanted.method == request.method)
    and (not wanted.verb or wanted.verb == request.verb)
    and (not wanted.name or wanted.name:lower() == (request.name or ""):lower())
    and (not wanted.path or request.path:find(wanted.path) ~= nil)
    and (wanted.path ~= nil or not request.entra)
    and (not rule.verbs or rule.verbs[request.verb] ~= nil)
end

--- Return the trouble of the first rule that matches, and count the rule down; nil without one.
---@param request { method: string, path: string, verb: string?, name: string?, entra: boolean? }
---@return table? trouble      { name = , ... }
function Faults:take(request)
  for _, rule in ipairs(self.rules) do
    if rule.left > 0 and matches(rule, request) then
      if rule.after == 0 then
        rule.left = rule.left - 1
        return rule.trouble
      end
      rule.after = rule.after - 1
    end
  end
end

--- Give back a trouble that could not be caused: the next request that matches gets it.
---@param trouble table      as `take` returned it
function Faults:give_back(trouble)
  for _, rule in ipairs(self.rules) do
    if rule.trouble == trouble then rule.left = rule.left + 1 end
  end
end

return fault
