--- Iterate over the changes of state in a workspace, or in all workspaces. One list per interval
--- covers all instances; one page of it is decoded at a time. The iterator is a closure, not a
--- coroutine.
local core = require "azureml.core"
local errors = require "azureml.error"
local list = require "azureml.list"
local options = require "azureml.options"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

local DEFAULT_INTERVAL = 10      -- seconds

--- A change of an instance's state.
---@class azureml.Change
---@field name string  of the instance
---@field workspace string          the name of its workspace
---@field was string?               its state before; nil: it appeared
---@field state string?             its state now; nil: it is gone, or no longer passes the filters
---@field vm azureml.Instance?      the instance now; nil: it is gone
---@field is_initial boolean        it is no change: the first list had it
local change_metatable = { __name = "azureml.Change" }

function change_metatable:__tostring()
  if not self.was then return ("%s: %s, new"):format(self.name, tostring(self.state)) end
  return ("%s: %s, was %s"):format(self.name, self.state or "gone", self.was)
end

local watch = {}

--- What to watch: an instance appears when it starts to pass the filters, and is gone when it no
--- longer passes them.
---@class azureml.WatchOptions: azureml.ListOptions
---@field interval? number  seconds between lists; 10
---@field timeout? number  seconds from the first list
---@field initial? boolean  report the instances of the first list as new
---@field on_change? fun(change: azureml.Change)  called with each change: the watch runs until its
---  timeout and returns how many there were
---@field on_error? fun(err: azureml.Error)  called instead of raising an error of a list; the watch
---  goes on

local OPTIONS = tables.merge(list.filters, {
  interval = "number", timeout = "number", initial = "boolean", on_change = "callable",
  on_error = "callable",
})

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

-- What is kept of an instance between two lists. `pass` is the number of the list that had it.
local function record_of(vm, pass)
  return {
    name = vm.name, workspace = vm.workspace.name, state = vm.state, created_on = vm.created_on,
    pass = pass,
  }
end

local function change(record, was, state, vm)
  return setmetatable({
    name = record.name, workspace = record.workspace, was = was, state = state, vm = vm,
    is_initial = vm ~= nil and record.pass == 1,
  }, change_metatable)
end

---@class azureml.Pass          one reading of the list after another
---@field number integer        of the current list
---@field is_silent boolean     the first list is not reported
---@field listing azureml.List?      being read; nil: between two lists
---@field known table<string, table>      records by the ARM id
---@field queue azureml.Change[]          found, and not yet returned

-- Compare an instance with its record and queue the changes. An instance that was deleted and
-- created again between two lists is gone and new.
local function compare(pass, vm)
  local key = vm.id or vm.name
  local old = pass.known[key]
  local record = record_of(vm, pass.number)
  pass.known[key] = record
  if pass.is_silent then return end
  if old and old.created_on ~= record.created_on then
    pass.queue[#pass.queue + 1] = change(old, old.state, nil, nil)
    old = nil
  end
  if not old or old.state ~= record.state then
    pass.queue[#pass.queue + 1] = change(record, old and old.state, record.state, vm)
  end
end

-- Queue the instances that the list did not have, sorted by name. Those of a workspace that refused
-- its list are not gone.
local function find_gone(pass, refused)
  local gone = {}
  for key, record in pairs(pass.known) do
    if record.pass < pass.number and not refused[record.workspace] then
      gone[#gone + 1], pass.known[key] = record, nil
    end
  end
  table.sort(gone, function(a, b) return a.name < b.name end)
  for _, record in ipairs(gone) do
    pass.queue[#pass.queue + 1] = change(record, record.state, nil, nil)
  end
end

-- End a list that was read to its end.
local function finish(pass, refused)
  find_gone(pass, refused)
  pass.listing, pass.is_silent = nil, false
end

-- Return the workspaces that an error at the end of a list names; nil for other errors.
local function refused_in(err)
  if not errors.is(err) or not err.refused_workspaces then return nil end
  local names = {}
  for _, name in ipairs(err.refused_workspaces) do names[name] = true end
  return names
end

-- Read the next instance of the list. An error is raised; what was read before it is kept, and the
-- next call lists again.
local function read_on(pass)
  local ok, vm = pcall(pass.listing)
  if ok and vm then return compare(pass, vm) end
  if ok then return finish(pass, {}) end
  local refused = refused_in(vm)
  if refused then finish(pass, refused) else pass.listing = nil end
  error(vm, 0)
end

local function new_pass(checked)
  return { number = 0, is_silent = not checked.initial, known = {}, queue = {} }
end

-- Call a function with each change until the timeout.
local function run(next_change, on_change)
  local count = 0
  for each in next_change do
    on_change(each)
    count = count + 1
  end
  return count
end

--- Iterate over changes of state. The iterator is a closure for a single pass. It ends only at its
--- timeout; the script leaves the loop when it has seen enough.
---@param instances azureml.Instances|azureml.AllInstances
---@param settings? azureml.WatchOptions
---@return (fun(): azureml.Change?)|integer
---@raise an error object if a list fails; the next call lists again and reports what is left
function watch.changes(instances, settings)
  local wanted, interval, checked = read_options(settings)
  local pass, next_list, deadline = new_pass(checked), nil, nil

  local function wait_for_list()
    local time = core.now()
    deadline = deadline or checked.timeout and time + checked.timeout
    if next_list and deadline and next_list > deadline then
      task.sleep(math.max(0, deadline - time))
      return false
    end
    if next_list and next_list > time then task.sleep(next_list - time) end
    next_list = core.now() + interval
    pass.number, pass.listing = pass.number + 1, instances:list(wanted)
    return true
  end

  local function read()
    if not checked.on_error then return read_on(pass) end
    local _, err = errors.try(read_on, pass)
    if err then checked.on_error(err) end
  end

  local function next_change()
    while #pass.queue == 0 do
      if pass.listing then read() elseif not wait_for_list() then return nil end
    end
    return table.remove(pass.queue, 1)
  end
  return checked.on_change and run(next_change, checked.on_change) or next_change
end

return watch
