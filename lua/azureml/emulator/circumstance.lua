--- Change what happens to machines, and how the service behaves where it has several ways. Scripts
--- and the control endpoint call this; requests to the service never do. How machines react is in
--- machine/init.lua.
--- Source: spec/contract/compute-rest.md, sections 3.3, 4, 6 and 9.4.
local machine = require "azureml.emulator.machine"
local options = require "azureml.options"

local circumstance = {}

local BEHAVIOUR = {
  location = "boolean", retry_after = "number", put = "string", tags = "string", resize = "string",
  full = "any", locked = "boolean", policy = "any",
}
-- The words of behaviours that have several.
local WORDS = {
  put = { "ignore", "refuse" }, tags = { "replace", "ignore" }, resize = { "any", "stopped" },
}

local function families_of(full)
  if type(full) ~= "table" then return full or nil end
  local set = {}
  for _, family in ipairs(full) do set[family] = true end
  return set
end

--- Return what is wrong with a behaviour; nil if it is valid.
---@param behaviour any
---@return string?
function circumstance.fault_of_behaviour(behaviour)
  local wrong = options.fault_of("behaviour", behaviour, BEHAVIOUR)
  if wrong then return wrong end
  local full, policy = behaviour.full, behaviour.policy
  for name, words in pairs(WORDS) do
    local word = behaviour[name]
    if word and word ~= words[1] and word ~= words[2] then
      return ("behaviour: %s is '%s' or '%s', not '%s'"):format(name, words[1], words[2], word)
    end
  end
  if full ~= nil and type(full) ~= "boolean" and type(full) ~= "table" then
    return "behaviour: full is true, false or a list of families"
  end
  if policy ~= nil and policy ~= false and type(policy) ~= "string" then
    return "behaviour: policy is the name of a policy, or false"
  end
end

--- Change the behaviour of the service from now on. Fields that are absent keep their value.
---@param world table
---@param changes table      valid, as fault_of_behaviour decides
---  location: whether the Location header is also sent with operations;
---  retry_after: the Retry-After of operations in seconds (0: no header);
---  put: whether schedules in a PUT on an existing instance are ignored or refused: "ignore",
---  "refuse";
---  tags: whether a PUT on an existing instance replaces its tags and description or ignores them:
---  "replace", "ignore";
---  resize: whether a running instance can be resized or only a stopped one: "any", "stopped";
---  full: whether the region has no machines left: for all sizes (true) or for a list of families;
---  locked: whether a lock forbids to delete;
---  policy: the name of a policy that forbids public addresses (false: there is no policy)
function circumstance.behave(world, changes)
  local behaviour = world.behaviour
  for name, value in pairs(changes) do behaviour[name] = value end
  behaviour.full = families_of(behaviour.full)
  if behaviour.retry_after == 0 then behaviour.retry_after = nil end
end

local AFFECTS = {
  unusable = "boolean", disk_full = "boolean", active = "boolean", outdated = "boolean",
}

--- Return what is wrong with the events for an instance; nil if they are valid.
---@param events any
---@return string?
function circumstance.fault_of_affect(events)
  return options.fault_of("an event of an instance", events, AFFECTS)
end

--- Let events happen to an instance.
---@param world table
---@param instance table
---@param events { unusable: boolean?, disk_full: boolean?, active: boolean?, outdated: boolean? }
---  unusable: its node breaks; disk_full: its disk fills up (true) or has room again (false);
---  active: a user works on it, which postpones its idle shutdown; outdated: a newer image of its
---  operating system exists (true), or it has the newest (false)
function circumstance.affect(world, instance, events)
  local now = world:now()
  if events.disk_full ~= nil then instance.disk_full = events.disk_full or nil end
  if events.outdated ~= nil then instance.is_outdated = events.outdated or nil end
  if events.unusable then machine.break_down(instance, now) end
  if events.active then machine.touch(instance, now) end
  world:save("compute", instance)
end

return circumstance
