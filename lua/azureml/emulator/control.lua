--- The control endpoint, /emulator/...: for tests in any language, in JSON. Only for programs on this machine: a web page cannot reach it.
--- Its part for people is entra/accounts.lua.
local accounts = require "azureml.emulator.entra.accounts"
local circumstance = require "azureml.emulator.circumstance"
local clock = require "azureml.emulator.clock"
local core = require "azureml.core"
local fault = require "azureml.emulator.fault"
local json = require "azureml.json"
local options = require "azureml.options"
local tables = require "azureml.tables"
local throttle = require "azureml.emulator.throttle"

local control = {}

local function refuse(status, message)
  return { status = status, json = { error = { code = "EmulatorControl", message = message } } }
end

-- A page that a browser loaded from elsewhere sends its Origin; a name that was rebound to loopback, its Host.
local function is_foreign(request)
  local host, origin = request.headers.host or "", request.headers.origin
  return not core.is_loopback("http://" .. host) or origin ~= nil and not core.is_loopback(origin)
end

local actions = tables.copy(accounts.actions)

actions["GET settings"] = function(emulator)
  return { status = 200, json = emulator:settings() }
end

local SETTINGS = { token_lifetime = "number", page_size = "number", throttle = "any" }

local function fault_of_settings(given)
  local wrong = options.fault_of("settings", given, SETTINGS)
  if wrong then return wrong end
  for _, name in ipairs { "token_lifetime", "page_size" } do
    local value = given[name]
    if value and (value < 1 or value ~= math.floor(value) or value > 1e9) then
      return ("settings: %s must be a whole number from 1 on"):format(name)
    end
  end
  return given.throttle ~= nil and throttle.fault_of(given.throttle) or nil
end

-- How long tokens live, how many computes a page holds, how much may be asked: throttle.set.
actions["POST settings"] = function(emulator, body)
  local wrong = fault_of_settings(body)
  if wrong then return refuse(400, wrong) end
  if body.token_lifetime then emulator.tokens:set_lifetime(math.tointeger(body.token_lifetime)) end
  if body.page_size then emulator:set_page_size(math.tointeger(body.page_size)) end
  if body.throttle ~= nil then emulator.throttle:set(body.throttle) end
  return { status = 204 }
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

local function clock_of(emulator)
  local one = emulator.clock
  return { status = 200, json = { now = clock.iso(one:now()), speed = one.speed, manual = one.manual == true } }
end

actions["GET clock"] = clock_of

-- { advance = "3h" } moves it; { speed = 60 } lets it run so fast.
actions["POST clock"] = function(emulator, body)
  local wrong = options.fault_of("clock", body, { advance = "any", speed = "number" })
  if wrong then return refuse(400, wrong) end
  local seconds = body.advance ~= nil and clock.seconds(body.advance) or nil
  if body.advance ~= nil and not seconds then return refuse(400, "'advance' is a number of seconds, or a text such as '3h'") end
  if body.speed and not (body.speed > 0 and body.speed <= 1e6) then return refuse(400, "'speed' is a number above 0, to 1000000") end
  if body.speed then emulator.clock:set_speed(body.speed) end
  if seconds then emulator.clock:advance(seconds) end
  return clock_of(emulator)
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
  local name, what = json.get(body, "name"), tables.copy(type(body) == "table" and body or nil)
  what.name = nil
  local wrong = circumstance.fault_of_affect(what)
  if wrong then return refuse(400, wrong) end
  if type(name) ~= "string" or not emulator.world:instance_named(name) then return refuse(404, "there is no instance of that name") end
  emulator:affect(name, what)
  return { status = 204 }
end

-- What can be asked for by name.
actions["GET troubles"] = function()
  local list = {}
  for name, one in pairs(fault.troubles) do
    list[name] = { says = one.says, takes = json.array(tables.keys(one.takes)) }
  end
  return { status = 200, json = list }
end

actions["GET faults"] = function(emulator)
  return { status = 200, json = json.array(emulator.faults:list()) }
end

actions["DELETE faults"] = function(emulator)
  emulator.faults:clear()
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
  return table.concat(tables.keys(actions), ", ")
end

-- By its path; else by the first part of it, with the second as an id.
local function find(request, segments)
  local action = actions[request.method .. " " .. table.concat(segments, "/", 2)]
  if action then return action end
  return #segments == 3 and actions[("%s %s/*"):format(request.method, segments[2])] or nil
end

--- Answer a request to it.
---@param emulator azureml.Emulator
---@param request table
---@param segments string[]
---@return table
function control.answer(emulator, request, segments)
  if is_foreign(request) then return refuse(403, "the control endpoint is for programs on this machine") end
  local action = find(request, segments)
  if not action then return refuse(404, "known: " .. known_actions()) end
  if request.method ~= "POST" then return action(emulator, nil, segments[3]) end
  local body, why = json.decode(request.body or "")
  if body == nil then return refuse(400, "the body is not JSON: " .. tostring(why)) end
  return action(emulator, body, segments[3])
end

return control
