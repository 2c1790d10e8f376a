--- Serve the control endpoint, /emulator/...: JSON for tests in any language. Only programs on this
--- machine can use it; web pages cannot. Its part for people is entra/accounts.lua.
local accounts = require "azureml.emulator.entra.accounts"
local circumstance = require "azureml.emulator.circumstance"
local clock = require "azureml.emulator.clock"
local core = require "azureml.core"
local fault = require "azureml.emulator.fault"
local json = require "azureml.json"
local key_file = require "azureml.emulator.key_file"
local options = require "azureml.options"
local seed = require "azureml.emulator.seed"
local tables = require "azureml.tool.tables"
local throttle = require "azureml.emulator.throttle"
local visitor = require "azureml.emulator.visitor"

local control = {}

local function refuse(status, message)
  return { status = status, json = { error = { code = "EmulatorControl", message = message } } }
end

local actions = tables.copy(accounts.actions)

actions["GET settings"] = function(emulator)
  return { status = 200, json = emulator:settings() }
end

local SETTINGS = { token_lifetime = "number", page_size = "number", throttle = "any" }

local function fault_of_settings(settings)
  local wrong = options.fault_of("settings", settings, SETTINGS)
  if wrong then return wrong end
  for _, name in ipairs { "token_lifetime", "page_size" } do
    local value = settings[name]
    if value and (value < 1 or value ~= math.floor(value) or value > 1e9) then
      return ("settings: %s must be a whole number from 1 on"):format(name)
    end
  end
  return settings.throttle ~= nil and throttle.fault_of(settings.throttle) or nil
end

-- Set the lifetime of tokens, the size of a page, and the limits of requests (throttle.set).
actions["POST settings"] = function(emulator, body)
  local wrong = fault_of_settings(body)
  if wrong then return refuse(400, wrong) end
  if body.token_lifetime then emulator.tokens:set_lifetime(math.tointeger(body.token_lifetime)) end
  if body.page_size then emulator:set_page_size(math.tointeger(body.page_size)) end
  if body.throttle ~= nil then emulator.throttle:set(body.throttle) end
  return { status = 204 }
end

-- Issue a token for programs that do not sign in: curl, az rest.
actions["GET token"] = function(emulator)
  local headers = { ["Content-Type"] = "text/plain" }
  return { status = 200, body = emulator:issue_token(), headers = headers }
end

-- Count the requests of each verb.
actions["GET requests"] = function(emulator)
  return { status = 200, json = emulator:verb_counts() }
end

actions["GET state"] = function(emulator)
  return {
    status = 200,
    json = {
      now = clock.iso(emulator.clock:now()),
      requests = emulator:request_count(),
      tokens = emulator:token_count(),
    },
  }
end

actions["POST advance"] = function(emulator, body)
  local seconds = clock.seconds(json.get(body, "seconds"))
  if not seconds then return refuse(400, "'seconds' is a number, or a text such as '3h'") end
  emulator.clock:advance(seconds)
  return actions["GET state"](emulator)
end

local function show_clock(emulator)
  local time = emulator.clock
  return {
    status = 200,
    json = { now = clock.iso(time:now()), speed = time.speed, manual = time.manual == true },
  }
end

actions["GET clock"] = show_clock

-- { advance = "3h" } moves the clock; { speed = 60 } sets its speed.
actions["POST clock"] = function(emulator, body)
  local wrong = options.fault_of("clock", body, { advance = "any", speed = "number" })
  if wrong then return refuse(400, wrong) end
  local seconds = body.advance ~= nil and clock.seconds(body.advance) or nil
  if body.advance ~= nil and not seconds then
    return refuse(400, "'advance' is a number of seconds, or a text such as '3h'")
  end
  if body.speed and not (body.speed > 0 and body.speed <= 1e6) then
    return refuse(400, "'speed' is a number above 0, to 1000000")
  end
  if body.speed then emulator.clock:set_speed(body.speed) end
  if seconds then emulator.clock:advance(seconds) end
  return show_clock(emulator)
end

actions["GET bill"] = function(emulator)
  local bill = emulator:bill()
  json.array(bill.computes)
  return { status = 200, json = bill }
end

-- Change how the service behaves where it has several ways.
actions["POST behaviour"] = function(emulator, body)
  local wrong = circumstance.fault_of_behaviour(body)
  if wrong then return refuse(400, wrong) end
  emulator:behave(body)
  return { status = 204 }
end

-- Let events happen to an instance: { name, unusable, disk_full, active }.
actions["POST instance"] = function(emulator, body)
  local name, events = json.get(body, "name"), tables.copy(type(body) == "table" and body or nil)
  events.name = nil
  local wrong = circumstance.fault_of_affect(events)
  if wrong then return refuse(400, wrong) end
  if type(name) ~= "string" or not emulator.world:instance_named(name) then
    return refuse(404, "there is no instance of that name")
  end
  emulator:affect(name, events)
  return { status = 204 }
end

-- List the troubles that a fault rule can name.
actions["GET troubles"] = function()
  local list = {}
  for name, trouble in pairs(fault.troubles) do
    list[name] = {
      says = trouble.says,
      takes = json.array(tables.keys(trouble.takes)),
      verbs = trouble.verbs and json.array(tables.keys(trouble.verbs)) or nil,
    }
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

-- Add a fault rule or a list of rules. If a rule is invalid, add none of them.
actions["POST faults"] = function(emulator, body)
  local rules = type(body) == "table" and body[1] ~= nil and body or { body }
  for _, rule in ipairs(rules) do
    local wrong = fault.fault_of(rule)
    if wrong then return refuse(400, wrong) end
  end
  for _, rule in ipairs(rules) do emulator:fault(rule) end
  return { status = 204 }
end

-- Add virtual networks or stored SSH keys: one or a list, as a seed has them.
for _, name in ipairs { "virtual_networks", "ssh_keys" } do
  actions["POST " .. name] = function(emulator, body)
    local list = type(body) == "table" and body[1] ~= nil and body or { body }
    local wrong = seed.fault_of { [name] = list }
    if wrong then return refuse(400, wrong) end
    emulator:add { [name] = list }
    return { status = 204 }
  end
end

local function known_actions()
  return table.concat(tables.keys(actions), ", ")
end

-- Find the action by the whole path, else by the first part of the path with the second as an id.
local function find(request, segments)
  local action = actions[request.method .. " " .. table.concat(segments, "/", 2)]
  if action then return action end
  return #segments == 3 and actions[("%s %s/*"):format(request.method, segments[2])] or nil
end

local NEEDS_KEY = "this emulator gives a shell, so its control endpoint needs the key that it "
  .. "printed, in the header " .. key_file.header

--- Tell whether a request carries the emulator's key. Most emulators have none and need none.
---@param emulator azureml.Emulator
---@param request table
---@return boolean
function control.has_key(emulator, request)
  local sent = request.headers[key_file.header:lower()]
  return emulator.key == nil or sent ~= nil and control.is_key(emulator, sent)
end

--- Tell whether a text is the emulator's key. Comparing digests takes the same time for every text.
---@param emulator azureml.Emulator
---@param text string
---@return boolean
function control.is_key(emulator, text)
  return core.crypto.sha256(text) == core.crypto.sha256(emulator.key)
end

--- Answer a request to the control endpoint.
---@param emulator azureml.Emulator
---@param request table
---@param segments string[]
---@return table
function control.answer(emulator, request, segments)
  if visitor.is_foreign(request) then
    return refuse(403, "the control endpoint is for programs on this machine")
  end
  if not control.has_key(emulator, request) then return refuse(401, NEEDS_KEY) end
  local action = find(request, segments)
  if not action then return refuse(404, "known: " .. known_actions()) end
  if request.method ~= "POST" then return action(emulator, nil, segments[3]) end
  local body, fault_of_body = json.decode(request.body or "")
  if body == nil then return refuse(400, "the body is not JSON: " .. tostring(fault_of_body)) end
  return action(emulator, body, segments[3])
end

return control
