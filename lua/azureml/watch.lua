--- Changes of state in a workspace, as they are seen: one list per interval for all instances together. An iterator, never a coroutine.
local core = require "azureml.core"
local errors = require "azureml.error"
local list = require "azureml.list"
local options = require "azureml.options"
local tables = require "azureml.tables"
local task = require "azureml.task"

local DEFAULT_INTERVAL = 10      -- seconds

---@class azureml.Change
---@field name string
---@field was string?               its state before; nil: it appeared
---@field state string?             its state now; nil: it is gone, or passes the filters no more
---@field vm azureml.Instance?      as it is now
local change_metatable = { __name = "azureml.Change" }

function change_metatable:__tostring()
  if not self.was then return ("%s: %s, new"):format(self.name, tostring(self.state)) end
  return ("%s: %s, was %s"):format(self.name, self.state or "gone", self.was)
end

local watch = {}

local OPTIONS = tables.merge(list.filters, { interval = "number", timeout = "number", initial = "boolean" })

local function read_options(given)
  given = options.check("watch", given, OPTIONS)
  local wanted = {}
  for name in pairs(list.filters) do wanted[name] = given[name] end
  local interval = given.interval or DEFAULT_INTERVAL
  options.check_seconds("watch: interval", interval)
  if interval == 0 then errors.mistake("watch: interval must be more than 0 seconds") end
  if given.timeout then options.check_seconds("watch: timeout", given.timeout) end
  return wanted, interval, given
end

local function change(name, was, state, vm)
  return setmetatable({ name = name, was = was, state = state, vm = vm }, change_metatable)
end

-- One that was deleted and created anew between two looks is another one.
local function is_another(before, vm)
  return before.created_on ~= vm.created_on
end

-- Compares two looks; the changes go into a queue, those that are gone last, by name.
local function compare(before, now, vms, queue)
  for _, vm in ipairs(vms) do
    local old = before[vm.name]
    if old and is_another(old, vm) then
      queue[#queue + 1] = change(vm.name, old.state, nil, nil)
      old = nil
    end
    if not old or old.state ~= vm.state then queue[#queue + 1] = change(vm.name, old and old.state, vm.state, vm) end
  end
  local gone = {}
  for name in pairs(before) do
    if not now[name] then gone[#gone + 1] = name end
  end
  table.sort(gone)
  for _, name in ipairs(gone) do queue[#queue + 1] = change(name, before[name].state, nil, nil) end
end

--- Iterate over changes of state: a closure, single-pass. It ends with its timeout only; leave the loop when you have seen enough.
---@param instances azureml.Instances
---@param given? table
---  interval number (seconds between looks; 10); timeout number? (seconds, from the first look); initial boolean (also those that are there
---  at the first look, as if they appeared); state, vm_size, tags, mine, where: filters, as for list. One that comes to pass them appears,
---  one that ceases to is gone
---@return fun(): azureml.Change?
---@raise an error object when a list fails; the next call looks again, and nothing that changed meanwhile is lost
function watch.changes(instances, given)
  local wanted, interval, known = read_options(given)
  local before, queue, at, next_look, deadline = nil, {}, 0, nil, nil

  -- Kept of each: two words. The list is whole, or it is none.
  local function look()
    local now, vms = {}, instances:list(wanted):all()
    for _, vm in ipairs(vms) do now[vm.name] = { state = vm.state, created_on = vm.created_on } end
    queue, at = {}, 0
    if before or known.initial then compare(before or {}, now, vms, queue) end
    before = now
  end

  local function wait_for_look()
    local time = core.now()
    deadline = deadline or known.timeout and time + known.timeout
    if next_look and deadline and next_look > deadline then
      task.sleep(math.max(0, deadline - time))
      return false
    end
    if next_look and next_look > time then task.sleep(next_look - time) end
    next_look = core.now() + interval
    return true
  end

  return function()
    while at >= #queue do
      if not wait_for_look() then return nil end
      look()
    end
    at = at + 1
    return queue[at]
  end
end

return watch
