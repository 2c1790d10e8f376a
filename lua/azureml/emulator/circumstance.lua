--- What befalls machines and how the service behaves where it has several ways: set by tests, never
--- by requests. Sources: spec/contract/compute-rest.md, sections 3.3, 4, 6 and 9.4.
local machine = require "azureml.emulator.machine"
local options = require "azureml.options"

local circumstance = {}

local BEHAVIOUR = { location = "boolean", retry_after = "number", put = "string", full = "any", locked = "boolean", policy = "any" }
local PUTS = { ignore = true, refuse = true }

local function families_of(full)
  if type(full) ~= "table" then return full or nil end
  local set = {}
  for _, family in ipairs(full) do set[family] = true end
  return set
end

--- What is wrong with a behaviour; nil if nothing is.
---@param given any
---@return string?
function circumstance.fault_of_behaviour(given)
  local wrong = options.fault_of("behaviour", given, BEHAVIOUR)
  if wrong then return wrong end
  if given.put and not PUTS[given.put] then return ("behaviour: put is 'ignore' or 'refuse', not '%s'"):format(given.put) end
  if given.full ~= nil and type(given.full) ~= "boolean" and type(given.full) ~= "table" then
    return "behaviour: full is true, false or a list of families"
  end
  if given.policy ~= nil and given.policy ~= false and type(given.policy) ~= "string" then
    return "behaviour: policy is the name of a policy, or false"
  end
end

--- Behave so from now on; what is not named stays.
---@param world table
---@param given table
---  location: Location tells of operations too; retry_after: seconds that are told with each (0: none); put: "ignore" or "refuse" schedules
---  in a PUT on an instance that is there; full: the region has no room, for any size or for the families of a list; locked: nothing can be
---  deleted; policy: the name of one that forbids public addresses, false: none does
function circumstance.behave(world, given)
  local behaviour = world.behaviour
  for name, value in pairs(given) do behaviour[name] = value end
  behaviour.full = families_of(behaviour.full)
  if behaviour.retry_after == 0 then behaviour.retry_after = nil end
end

local AFFECTS = { unusable = "boolean", disk_full = "boolean", active = "boolean" }

--- What is wrong with what is to befall an instance; nil if nothing is.
---@return string?
function circumstance.fault_of_affect(given)
  return options.fault_of("what befalls an instance", given, AFFECTS)
end

--- Something befalls an instance.
---@param world table
---@param one table         the instance
---@param given { unusable: boolean?, disk_full: boolean?, active: boolean? }
---  its node breaks; its disk is full, or no more; somebody works on it, which puts off its idle shutdown
function circumstance.affect(world, one, given)
  local now = world:now()
  if given.disk_full ~= nil then one.disk_full = given.disk_full or nil end
  if given.unusable then machine.break_down(one, now) end
  if given.active then machine.touch(one, now) end
  world:save("compute", one)
end

return circumstance
