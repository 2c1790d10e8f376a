--- Tasks and waiting. Only this file yields.
---
--- A task is a coroutine that `parallel` or `each` runs. A task that waits is parked while other
--- tasks run. Code outside of tasks (the main chunk, a generator, gsub's callback) turns the loop
--- itself: it hands out the loop's events, but resumes no task except those that answer questions
--- of the core. Without their answers it could wait forever.
local later = require "azureml.tool.later"
local core = require "azureml.core"
local errors = later "azureml.error"
local limits = require "azureml.task.limits"
local loop = require "azureml.task.loop"
local options = require "azureml.options"
local runner = require "azureml.task.runner"
local sequence = later "azureml.tool.sequence"

local yield, PARKED = coroutine.yield, runner.PARKED

local tasks = {}

-- Waiting -----------------------------------------------------------------------------------------

local function wait_as_task(op, is_over, deadline, member)
  local alarm <close> = deadline and core.sleep(math.max(0, deadline - core.now())) or nil
  while not is_over(op) do
    if alarm and alarm:done() then return false end
    runner.park_on(op, member)
    if alarm and not runner.is_awaited(alarm) then runner.park_on(alarm, member) end
    yield(PARKED)
  end
  return true
end

local function wait_by_pumping(op, is_over, deadline)
  while not is_over(op) do
    local left = deadline and deadline - core.now()
    if left and left <= 0 then return false end
    loop.pump(left)
  end
  return true
end

--- Wait until is_over(op) is true. Call it again after each event of op.
---@param op userdata|table      a core operation; or any table: tasks.look_again is its event
---@param is_over fun(op): boolean?
---@param deadline number?       on core.now()'s clock
---@return boolean               false: the deadline passed first
---@raise an error object: the timeout of a group's limit, or `OwnCredential`
function tasks.wait_until(op, is_over, deadline)
  local current = runner.current()
  local answered = current and current.within
  if answered and type(op) == "userdata" and op:waits_for(answered) then
    errors.raise {
      code = "OwnCredential",
      message = "the credential's function waits for a request that waits for its answer",
    }
  end
  local wait, limit = runner.is_task() and wait_as_task or wait_by_pumping, limits.nearest(current)
  if not limit or deadline and deadline <= limit.deadline then
    return wait(op, is_over, deadline, current)
  end
  return wait(op, is_over, limit.deadline, current) or limits.raise_over(limit)
end

--- Wake the tasks that wait for an operation, so that they check their condition again: it was
--- closed, or has changed without an event.
---@param op userdata|table
function tasks.look_again(op)
  runner.wake(op)
end

--- Return the id of the question that the running task answers, or nil. Requests that it starts
--- must not wait for that answer.
---@return integer?
function tasks.within()
  local current = runner.current()
  return current and current.within
end

--- Wait until an operation is done.
---@param op userdata
---@param deadline number?
---@return boolean
function tasks.wait(op, deadline)
  return tasks.wait_until(op, op.done, deadline)
end

--- Wait until the service has accepted an operation or refused it.
---@param op userdata
---@param deadline number?
---@return boolean
function tasks.wait_accepted(op, deadline)
  return tasks.wait_until(op, op.accepted, deadline)
end

--- Wait for some time, while other tasks run.
---@param seconds number
function tasks.sleep(seconds)
  options.check_seconds("sleep: its argument", seconds)
  local op <close> = core.sleep(seconds)
  tasks.wait(op)
end

-- Groups ------------------------------------------------------------------------------------------

local closing      -- the error that is closing tasks now, or nil

-- Close the tasks of a group. Errors of their <close> handlers become details of `cause`. Without a
-- cause (the group itself is closed) raise the first of these errors.
local function close_all(members, cause)
  local raised
  local before = closing
  closing = cause or before
  for _, member in ipairs(members) do
    if not member.ended then
      member.ended = true
      local ok, failure = coroutine.close(member.coroutine)
      if not ok and cause == nil and raised == nil then raised = failure
      elseif not ok then runner.add_detail(cause or raised, failure) end
    end
  end
  closing = before
  if raised ~= nil then error(raised, 0) end
end

--- Return the error that is closing tasks now; nil if no task is being closed, or not by an error.
---@return any
function tasks.cause_of_closing()
  return closing
end

local function turn_until_over(group)
  while group.left > 0 and group.failure == nil do
    if not runner.run_next() then loop.pump_all() end
  end
end

-- Run the group outside of a task. An error that is raised while the loop turns, such as an
-- interrupt, is the group's failure. It closes the tasks unchanged, before a message handler of the
-- caller could convert it.
local function turn(group)
  local ok, raised = pcall(turn_until_over, group)
  if not ok and group.failure == nil then group.failure = raised end
end

local function park_until_over(group)
  group.parent = runner.current()
  while group.left > 0 and group.failure == nil do yield(PARKED) end
end

-- Drop the tasks that have ended from the list of a group that many tasks join.
local function drop_ended(members)
  local kept = 0
  for index, member in ipairs(members) do
    members[index] = nil
    if not member.ended then
      kept = kept + 1
      members[kept] = member
    end
  end
end

local MOST_ENDED = 32

-- Return a function that adds a task to a group.
local function adder(group, members)
  local limit, answered = limits.nearest(runner.current()), tasks.within()
  return function(f)
    if group.is_over then errors.mistake("a task cannot start: the tasks beside it have ended") end
    if #members > 2 * group.left + MOST_ENDED then drop_ended(members) end
    local member = {
      coroutine = coroutine.create(f), group = group, within = answered, limit = limit,
    }
    group.left = group.left + 1
    members[#members + 1] = member
    runner.make_runnable(member)
  end
end

-- Run a group of tasks until all have ended or the first has failed. Close the others then. `fill`
-- gets a function that adds a task.
local function run_group(fill)
  local group = { left = 0, failure = nil }
  local members = setmetatable({}, { __close = close_all })
  local guard <close> = members      -- closes the tasks after an interrupt, too
  fill(adder(group, members))
  if runner.is_task() then park_until_over(group) else turn(group) end
  group.is_over = true
  close_all(guard, group.failure)
  if group.failure ~= nil then error(group.failure, 0) end
end

-- Run a list of functions as tasks.
local function run_all(functions)
  run_group(function(start)
    for _, f in ipairs(functions) do start(f) end
  end)
end

--- Run functions concurrently. The first error closes the others and is raised.
---@param ... function      each runs in a task of its own
---@return any ...       the first result of each, in order
---@raise the first error of a function
---@usage local a, b = azureml.parallel(
---    function() return ws.instances:start("a"):wait() end,
---    function() return ws.instances:start("b"):wait() end)
function tasks.parallel(...)
  local arguments, functions, results = table.pack(...), {}, {}
  for i = 1, arguments.n do
    local f = arguments[i]
    if type(f) ~= "function" then
      errors.mistake("bad argument #%d to 'parallel' (function expected, got %s)", i, type(f))
    end
    functions[i] = function() results[i] = f() end
  end
  run_all(functions)
  return table.unpack(results, 1, arguments.n)
end

--- Run a function that may start tasks beside itself at any time. Return when all have ended. The
--- first error closes the others and is raised.
---@param f fun(start: fun(f: function))      start(g) runs g as a task
---@raise the first error of a function
function tasks.crew(f)
  run_group(function(start)
    start(function() f(start) end)
  end)
end

local function name_of(item, i)
  if type(item) == "table" and type(item.name) == "string" then return item.name end
  return type(item) == "string" and item or "#" .. i
end

local function raise_failures(failures, count)
  if #failures == 0 then return end
  errors.raise {
    code = "SomeFailed",
    message = ("%d of %d failed"):format(#failures, count),
    details = failures,
  }
end

--- How to call.
---@class azureml.EachOptions
---@field limit? integer  the number of concurrent calls; 1,000

local DEFAULT_LIMIT = 1000

local function limit_of(settings)
  local limit = options.check("each", settings, { limit = "integer" }).limit or DEFAULT_LIMIT
  if limit < 1 then errors.mistake("each: option 'limit' must be 1 or more, not %d", limit) end
  return limit
end

--- Call f with each item, concurrently. Try all items, then raise the failures together.
---@param list table|function  a sequence, or an iterator such as ws.instances:list(); read whole
---  before the first call. A sequence may have its items by its metatable
---@param f fun(item: any)            called with each item
---@param settings? azureml.EachOptions
---@raise an error object `SomeFailed` with a detail for each failure; a mistake or an interrupt at
---  once
---@usage azureml.each(ws.instances:list { state = "Running" }, function(vm) vm:stop():wait() end)
function tasks.each(list, f, settings)
  if not sequence.is_readable(list) then
    errors.mistake("bad argument #1 to 'each' (list or iterator expected, got %s)", type(list))
  end
  if type(f) ~= "function" then
    errors.mistake("bad argument #2 to 'each' (function expected, got %s)", type(f))
  end
  local limit = limit_of(settings)
  local items, failures, index = sequence.read("each", list), {}, 0
  local function worker()
    while index < #items do
      index = index + 1
      local i = index
      local _, err = errors.try(f, items[i])
      if err and errors.is(err) then
        failures[#failures + 1] = {
          name = name_of(items[i], i), error = err,
          message = name_of(items[i], i) .. ": " .. err.message,
        }
      end
    end
  end
  local workers = {}
  for i = 1, math.min(limit, #items) do workers[i] = worker end
  run_all(workers)
  raise_failures(failures, #items)
end

return tasks
