--- Iterate over the changes of state in a workspace. One list request per interval covers all
--- instances. The iterator is a closure, not a coroutine.
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
---@field state string?             its state now; nil: it is gone, or no longer passes the filters
---@field vm azureml.Instance?      the instance now; nil: it is gone
local change_metatable = { __name = "azureml.Change" }

function change_metatable:__tostring()
  if not self.was then return ("%s: %s, new"):format(self.name, tostring(self.state)) end
  return ("%s: %s, was %s"):format(self.name, self.state or "gone", self.was)
end

local watch = {}

local OPTIONS = tables.merge(list.filters,
  { interval = "number", timeout = "number", initial = "boolean" })

local function read_options(settings)
  settings = options.check("watch", settings, OPTIONS)
  local wanted = {}
  for name in pairs(list.filters) do wanted[name] = settings[name] end
  list.check("watch", wanted)
  local interval = settings.interval or DEFAULT_INTERVAL
  options.check_seconds("watch: interval", interval)
  if interval == 0 then errors.mistake("watch: interval must be more than 0 seconds") end
  if settings.timeout then options.check_seconds("watch: timeout", settings.timeout) end
  return wanted, interval, settings
end

local function change(name, was, state, vm)
  return setmetatable({ name = name, was = was, state = state, vm = vm }, change_metatable)
end

-- Tell whether the instance was deleted and created again between two lists.
local function is_recreated(before, vm)
  return before.created_on ~= vm.created_on
end

-- Compare two lists and append the changes to a queue: deleted instances last, sorted by name.
local function compare(before, now, vms, queue)
  for _, vm in ipairs(vms) do
    local old = before[vm.name]
    if old and is_recreated(old, vm) then
      queue[#queue + 1] = change(vm.name, old.state, nil, nil)
      old = nil
    end
    if not old or old.state ~= vm.state then
      queue[#queue + 1] = change(vm.name, old and old.state, vm.state, vm)
    end
  end
  local gone = {}
  for name in pairs(before) do
    if not now[name] then gone[#gone + 1] = name end
  end
  table.sort(gone)
  for _, name in ipairs(gone) do queue[#queue + 1] = change(name, before[name].state, nil, nil) end
end

--- Iterate over changes of state. The iterator is a closure for a single pass. It ends only at its
--- timeout; the script leaves the loop when it has seen enough.
---@param instances azureml.Instances
---@param settings? table   interval number (seconds between lists; 10); timeout number? (seconds
---  from the first list); initial boolean (true: report the instances of the first list as new);
---  state, vm_size, tags, mine, where: filters, as for list. An instance appears when it starts to
---  pass the filters, and is gone when it no longer passes them
---@return fun(): azureml.Change?
---@raise an error object if a list fails; the next call lists again and reports all changes
function watch.changes(instances, settings)
  local wanted, interval, checked = read_options(settings)
  local before, queue, index, next_list, deadline = nil, {}, 0, nil, nil

  -- Keep only two fields of each instance. A failed list raises and changes nothing.
  local function list_again()
    local now, vms = {}, instances:list(wanted):all()
    for _, vm in ipairs(vms) do now[vm.name] = { state = vm.state, created_on = vm.created_on } end
    queue, index = {}, 0
    if before or checked.initial then compare(before or {}, now, vms, queue) end
    before = now
  end

  local function wait_for_list()
    local time = core.now()
    deadline = deadline or checked.timeout and time + checked.timeout
    if next_list and deadline and next_list > deadline then
      task.sleep(math.max(0, deadline - time))
      return false
    end
    if next_list and next_list > time then task.sleep(next_list - time) end
    next_list = core.now() + interval
    return true
  end

  return function()
    while index >= #queue do
      if not wait_for_list() then return nil end
      list_again()
    end
    index = index + 1
    return queue[index]
  end
end

return watch
