--- The control endpoint, /emulator/...: for tests in any language. Only for programs on this machine: a web page cannot reach it.
local circumstance = require "azureml.emulator.circumstance"
local clock = require "azureml.emulator.clock"
local core = require "azureml.core"
local fault = require "azureml.emulator.fault"
local json = require "azureml.json"

local control = {}

local function refuse(status, message)
  return { status = status, json = { error = { code = "EmulatorControl", message = message } } }
end

-- A page that a browser loaded from elsewhere sends its Origin; a name that was rebound to loopback, its Host.
local function is_foreign(request)
  local host, origin = request.headers.host or "", request.headers.origin
  return not core.is_loopback("http://" .. host) or origin ~= nil and not core.is_loopback(origin)
end

local actions = {}

actions["GET settings"] = function(emulator)
  return { status = 200, json = emulator:settings() }
end

-- For programs that sign in nowhere: curl, az rest.
actions["GET token"] = function(emulator)
  return { status = 200, body = emulator:issue_token(), headers = { ["Content-Type"] = "text/plain" } }
end

-- How often each verb was asked for.
actions["GET requests"] = function(emulator)
  return { status = 200, json = emulator:verb_counts() }
end

actions["GET state"] = function(emulator)
  return {
    status = 200,
    json = { now = clock.iso(emulator.clock:now()), requests = emulator:request_count(), tokens = emulator:token_count() },
  }
end

actions["POST advance"] = function(emulator, body)
  local seconds = clock.seconds(json.get(body, "seconds"))
  if not seconds then return refuse(400, "'seconds' is a number, or a text such as '3h'") end
  emulator.clock:advance(seconds)
  return actions["GET state"](emulator)
end

actions["GET bill"] = function(emulator)
  local bill = emulator:bill()
  json.array(bill.computes)
  return { status = 200, json = bill }
end

-- How the service behaves where it has several ways.
actions["POST behaviour"] = function(emulator, body)
  local wrong = circumstance.fault_of_behaviour(body)
  if wrong then return refuse(400, wrong) end
  emulator:behave(body)
  return { status = 204 }
end

-- What befalls an instance: { name, unusable, disk_full, active }.
actions["POST instance"] = function(emulator, body)
  local name, what = json.get(body, "name"), {}
  for member, value in pairs(type(body) == "table" and body or {}) do
    if member ~= "name" then what[member] = value end
  end
  local wrong = circumstance.fault_of_affect(what)
  if wrong then return refuse(400, wrong) end
  if type(name) ~= "string" or not emulator.world:instance_named(name) then return refuse(404, "there is no instance of that name") end
  emulator:affect(name, what)
  return { status = 204 }
end

-- One rule or a list of them: all or none.
actions["POST faults"] = function(emulator, body)
  local rules = type(body) == "table" and body[1] ~= nil and body or { body }
  for _, rule in ipairs(rules) do
    local wrong = fault.fault_of(rule)
    if wrong then return refuse(400, wrong) end
  end
  for _, rule in ipairs(rules) do emulator:fault(rule) end
  return { status = 204 }
end

local function known_actions()
  local names = {}
  for name in pairs(actions) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, ", ")
end

--- Answer a request to it.
---@param emulator azureml.Emulator
---@param request table
---@param segments string[]
---@return table
function control.answer(emulator, request, segments)
  if is_foreign(request) then return refuse(403, "the control endpoint is for programs on this machine") end
  local action = actions[request.method .. " " .. table.concat(segments, "/", 2)]
  if not action then return refuse(404, "known: " .. known_actions()) end
  if request.method ~= "POST" then return action(emulator) end
  local body, why = json.decode(request.body or "")
  if body == nil then return refuse(400, "the body is not JSON: " .. tostring(why)) end
  return action(emulator, body)
end

return control
