--- Wait for operations: in the main chunk, at a prompt, in tasks and in any other coroutine. Only
--- this file yields. azureml.task.question answers the questions of the core.
---
--- A task is a coroutine that `parallel` or `each` runs. A task that waits is parked while other
--- tasks run. Code outside of tasks (the main chunk, a generator, gsub's callback) turns the loop
--- itself: it hands out the loop's events, but resumes no task except those that answer questions
--- of the core. Without their answers it could wait forever.
local core = require "azureml.core"
local errors = require "azureml.error"
local options = require "azureml.options"
local question = require "azureml.task.question"

local task = {}

local handlers = {}      -- descriptor -> function
local timers = {}        -- core sleep -> function
-- number -> function; the client that registered it holds the only strong reference
local observers = setmetatable({}, { __mode = "v" })
local last_observer = 0
-- operation -> tasks parked until its next event; a closed operation has no more events
local parked = setmetatable({}, { __mode = "k" })
-- operation -> the inbox that collects its events
local inboxes = setmetatable({}, { __mode = "k" })
local current            -- the running task, or nil
local PARKED = {}        -- what a task yields when it waits

---@class azureml.Group
---@field left integer         tasks that have not ended
---@field failure any          the first error
---@field parent table?        the task that waits for the group, or nil
---@field answers integer?     the id of the question that its only task answers

local runnable = { first = 1, last = 0 }      -- a queue: tasks of groups
-- Those that answer questions, and the tasks that they start.
local answering = { first = 1, last = 0 }
local answerers = {}     -- question id -> its task; the only reference to the task

-- Tasks -------------------------------------------------------------------------------------------

local function make_runnable(member)
  if member.queued or member.ended then return end
  local queue = member.within and answering or runnable
  member.queued = true
  queue.last = queue.last + 1
  queue[queue.last] = member
end

local function next_in(queue)
  local member = queue[queue.first]
  if not member then return nil end
  queue[queue.first] = nil
  queue.first = queue.first + 1
  member.queued = false
  return member
end

local function is_task()
  return current and coroutine.running() == current.coroutine and coroutine.isyieldable()
end

local function park_on(op, member)
  local list = parked[op]
  if not list then parked[op] = { member } else list[#list + 1] = member end
end

local function wake(op)
  local list = parked[op]
  parked[op] = nil
  for _, member in ipairs(list or {}) do make_runnable(member) end
end

-- Add an error of a <close> handler to the details of the error that closed its task.
local function add_detail(failure, detail)
  if not errors.is(failure) then return end
  failure.details = failure.details or {}
  table.insert(failure.details, errors.is(detail) and detail or { message = tostring(detail) })
end

local function end_task(member, failure)
  local group = member.group
  member.ended = true
  group.left = group.left - 1
  if group.failure == nil then group.failure = failure
  elseif failure ~= nil then add_detail(group.failure, failure) end
  if group.parent then make_runnable(group.parent) end
end

-- End a task that failed. Close its coroutine: until then its <close> variables stay open.
local function fail_task(member, failure)
  if failure == nil then failure = "an error without a value" end
  member.ended = true
  local _, raised = coroutine.close(member.coroutine)
  if raised ~= nil and raised ~= failure then add_detail(failure, raised) end
  end_task(member, failure)
end

local function stray_yield(member)
  local info = debug.getinfo(member.coroutine, 1, "Sl")
  local where = info and ("%s:%d: "):format(info.short_src, info.currentline) or ""
  return where .. "a task yields only by waiting: nobody would resume it here"
end

local function run(member)
  local before = current
  current = member
  local ok, result = coroutine.resume(member.coroutine)
  current = before
  if coroutine.status(member.coroutine) == "dead" then
    if ok then end_task(member) else fail_task(member, result) end
  elseif result ~= PARKED then
    fail_task(member, stray_yield(member))
  end
end

-- Questions ---------------------------------------------------------------------------------------

local function begin_answer(id, kind, asked, handler)
  local function answer() core.answer(id, question.answer(kind, asked, handler)) end
  answerers[id] = {
    coroutine = coroutine.create(answer), group = { left = 1, answers = id }, within = id,
  }
  make_runnable(answerers[id])
end

-- Close the task that answers a question which the core has withdrawn, and the tasks that it
-- started. Return false if that task is not suspended: then it continues.
local function abandon(member)
  local answerer = answerers[member.within]
  if not answerer or coroutine.status(answerer.coroutine) ~= "suspended" then return false end
  answerer.ended = true
  answerers[member.within] = nil
  coroutine.close(answerer.coroutine)
  return true
end

local function after_turn(member)
  local id, failure = member.group.answers, member.group.failure
  if not id or not member.ended then return end
  answerers[id] = nil
  if failure == nil then return end
  core.answer(id, nil, question.refusal(failure))
  if errors.is_interrupted(failure) then error(failure, 0) end
end

-- Run the queue of answering tasks. Return whether a task was in it.
local function run_answers()
  local member, ran = next_in(answering), false
  while member do
    ran = true
    if not member.ended and (core.is_asked(member.within) or not abandon(member)) then
      run(member)
      after_turn(member)
    end
    member = next_in(answering)
  end
  return ran
end

-- The loop ----------------------------------------------------------------------------------------

local function fire(timer)
  local handler = timers[timer]
  timers[timer] = nil
  handler()
end

-- Call the observers before the event is handed out, so that a task which resumes can rely on them.
-- Return the first error of an observer, in a table; raising it here would lose the event.
local function tell_observers()
  local fault
  for seen in core.seen do
    local observer = observers[seen.observer]
    local ok, raised = true, nil
    if observer then ok, raised = pcall(observer, seen) end
    if not ok then fault = fault or { raised = raised } end
  end
  return fault
end

local function put(inbox, op)
  inbox.last = inbox.last + 1
  inbox[inbox.last] = op
  wake(inbox)
end

local function hand_out(kind, source, ...)
  if kind == "op" and source then
    if timers[source] then return fire(source) end
    if inboxes[source] then put(inboxes[source], source) end
    wake(source)
  elseif kind == "watch" then
    handlers[source]()
  elseif kind == "question" then
    begin_answer(source, ...)
  elseif kind == "idle" then
    error("azureml: a wait for something that can never come", 0)
  end
end

local function hand_out_next(...)
  local fault = last_observer > 0 and tell_observers()
  hand_out(...)
  if fault then error(fault.raised, 0) end
end

-- Turn the loop once: hand out at most one event. Resume only tasks that answer questions.
local function pump(seconds)
  if run_answers() then return end
  hand_out_next(core.step(seconds))
  run_answers()
end

local function wait_as_task(op, is_over, deadline)
  local member = current
  local alarm <close> = deadline and core.sleep(math.max(0, deadline - core.now())) or nil
  while not is_over(op) do
    if alarm and alarm:done() then return false end
    park_on(op, member)
    if alarm and not parked[alarm] then park_on(alarm, member) end
    coroutine.yield(PARKED)
  end
  return true
end

local function wait_by_pumping(op, is_over, deadline)
  while not is_over(op) do
    local left = deadline and deadline - core.now()
    if left and left <= 0 then return false end
    pump(left)
  end
  return true
end

-- Limits ------------------------------------------------------------------------------------------

---@class azureml.Limit
---@field deadline number
---@field coroutine thread       the coroutine that set it; the limit applies while this coroutine
---  runs, or has resumed the one that runs, not while it is suspended
---@field over boolean?          true: its timeout was raised; <close> handlers may still wait

local outside = {}      -- holds the limits of code that runs outside of tasks

-- Return the limit with the earliest deadline that applies to the running code.
local function nearest_limit()
  local context = current or outside
  local found = context.limit
  if found and found.over then found = nil end
  for _, limit in ipairs(context.limits or {}) do
    local status = limit.coroutine and coroutine.status(limit.coroutine)
    local holds = (status == "running" or status == "normal") and not limit.over
    if holds and (not found or limit.deadline < found.deadline) then found = limit end
  end
  return found
end

local function remove(list, item)
  for i = #list, 1, -1 do
    if list[i] == item then table.remove(list, i) end
  end
end

--- Call f with a limit on the time that it, and the tasks that it starts, may wait.
---@param seconds number
---@param describe fun(err: azureml.Error)      completes the error object of the timeout
---@param f function
---@return any ...       the results of f
---@raise the error of f; or an error object `Timeout`. Within the limit its field `limit` is set,
---  and nothing collects it
function task.limited(seconds, describe, f, ...)
  local context = current or outside
  local limit = setmetatable({ deadline = core.now() + seconds, coroutine = coroutine.running() },
    { __mode = "v" })
  context.limits = context.limits or {}
  table.insert(context.limits, limit)
  local _ <close> = setmetatable({}, { __close = function() remove(context.limits, limit) end })
  local function sort_out(ok, ...)
    if ok then return ... end
    local err = ...
    if errors.is(err) and err.limit == limit then
      err.limit = nil      -- outside the limit it is an ordinary error
      describe(err)
    end
    error(err, 0)
  end
  return sort_out(pcall(f, ...))
end

local function raise_over(limit)
  limit.over = true
  errors.raise { code = "Timeout", message = "the time limit is over", limit = limit }
end

--- Wait until is_over(op) is true. Call it again after each event of op.
---@param op userdata|table      a core operation; or any table: task.look_again is its event
---@param is_over fun(op): boolean?
---@param deadline number?       on core.now()'s clock
---@return boolean               false: the deadline passed first
---@raise an error object: the timeout of a group's limit, or `OwnCredential`
function task.wait_until(op, is_over, deadline)
  if current and current.within and type(op) == "userdata" and op:waits_for(current.within) then
    errors.raise {
      code = "OwnCredential",
      message = "the credential's function waits for a request that waits for its answer",
    }
  end
  local wait, limit = is_task() and wait_as_task or wait_by_pumping, nearest_limit()
  if not limit or deadline and deadline <= limit.deadline then
    return wait(op, is_over, deadline)
  end
  return wait(op, is_over, limit.deadline) or raise_over(limit)
end

--- Wake the tasks that wait for an operation, so that they check their condition again: it was
--- closed, or has changed without an event.
---@param op userdata|table
function task.look_again(op)
  wake(op)
end

--- Return the id of the question that the running task answers, or nil. Requests that it starts
--- must not wait for that answer.
---@return integer?
function task.within()
  return current and current.within
end

--- Wait until an operation is done.
---@param op userdata
---@param deadline number?
---@return boolean
function task.wait(op, deadline)
  return task.wait_until(op, op.done, deadline)
end

--- Wait until the service has accepted an operation or refused it.
---@param op userdata
---@param deadline number?
---@return boolean
function task.wait_accepted(op, deadline)
  return task.wait_until(op, op.accepted, deadline)
end

-- A queue of the events of many operations: a task can follow thousands of them.
---@class azureml.Inbox
local Inbox = {}
Inbox.__index = Inbox

--- Make an empty inbox.
---@return azureml.Inbox
function task.inbox()
  return setmetatable({ first = 1, last = 0 }, Inbox)
end

--- Collect the events of an operation in this inbox as well, until the operation is closed.
---@param op userdata
function Inbox:follow(op)
  inboxes[op] = self
end

local function has_news(inbox)
  return inbox.first <= inbox.last
end

--- Wait for the next operation with an event and return it. It may be closed by now.
---@param deadline number?      on core.now()'s clock
---@param is_over function?     ends the wait, after task.look_again(inbox)
---@return userdata? op         nil: the deadline passed first, or is_over() is true
function Inbox:next(deadline, is_over)
  local function may_go_on() return has_news(self) or is_over ~= nil and is_over() end
  if not has_news(self) then task.wait_until(self, may_go_on, deadline) end
  if not has_news(self) then return nil end
  local op = self[self.first]
  self[self.first] = nil
  self.first = self.first + 1
  return op
end

--- Wait for some time, while other tasks run.
---@param seconds number
function task.sleep(seconds)
  options.check_seconds("sleep: its argument", seconds)
  local op <close> = core.sleep(seconds)
  task.wait(op)
end

-- Groups ------------------------------------------------------------------------------------------

local closing      -- the error that is closing tasks now, or nil

-- Close the tasks of a group. Errors of their <close> handlers become details of `cause`. Without a
-- cause (the group itself is closed) raise the first of these errors.
local function close_all(tasks, cause)
  local raised
  local before = closing
  closing = cause or before
  for _, member in ipairs(tasks) do
    if not member.ended then
      member.ended = true
      local ok, failure = coroutine.close(member.coroutine)
      if not ok and cause == nil and raised == nil then raised = failure
      elseif not ok then add_detail(cause or raised, failure) end
    end
  end
  closing = before
  if raised ~= nil then error(raised, 0) end
end

--- Return the error that is closing tasks now; nil if no task is being closed, or not by an error.
---@return any
function task.cause_of_closing()
  return closing
end

-- Hand out all pending events, so that a task with an inbox is resumed once for all of them.
local function pump_all()
  repeat pump() until not core.has_news()
end

local function turn_until_over(group)
  while group.left > 0 and group.failure == nil do
    local member = next_in(runnable)
    if member then run(member) else pump_all() end
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
  group.parent = current
  while group.left > 0 and group.failure == nil do coroutine.yield(PARKED) end
end

--- Run functions as tasks until all have ended or the first has failed. Close the others then.
---@param functions function[]
local function run_group(functions)
  local group = { left = #functions, failure = nil }
  local tasks = setmetatable({}, { __close = close_all })
  local guard <close> = tasks      -- closes the tasks after an interrupt, too
  local limit = nearest_limit()
  for i, f in ipairs(functions) do
    tasks[i] = {
      coroutine = coroutine.create(f), group = group, within = current and current.within,
      limit = limit,
    }
    make_runnable(tasks[i])
  end
  if is_task() then park_until_over(group) else turn(group) end
  close_all(guard, group.failure)
  if group.failure ~= nil then error(group.failure, 0) end
end

--- Run functions concurrently. The first error closes the others and is raised.
---@param ... function
---@return any ...       the first result of each, in order
---@raise the first error of a function
---@usage local a, b = azureml.parallel(
---  function() return ws.instances:start("a"):wait() end,
---  function() return ws.instances:start("b"):wait() end)
function task.parallel(...)
  local arguments, functions, results = table.pack(...), {}, {}
  for i = 1, arguments.n do
    local f = arguments[i]
    if type(f) ~= "function" then
      errors.mistake("bad argument #%d to 'parallel' (function expected, got %s)", i, type(f))
    end
    functions[i] = function() results[i] = f() end
  end
  run_group(functions)
  return table.unpack(results, 1, arguments.n)
end

local function read_all(list)
  if type(list) == "table" and getmetatable(list) == nil then return list end
  local items = {}
  for item in list do items[#items + 1] = item end
  return items
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

local DEFAULT_LIMIT = 1000

local function is_iterable(list)
  local meta = getmetatable(list)
  return type(list) == "table" or type(list) == "function" or type(meta) == "table"
    and meta.__call ~= nil
end

local function limit_of(settings)
  local limit = options.check("each", settings, { limit = "integer" }).limit or DEFAULT_LIMIT
  if limit < 1 then errors.mistake("each: option 'limit' must be 1 or more, not %d", limit) end
  return limit
end

--- Call f with each item, concurrently. Try all items, then raise the failures together.
---@param list table|function  a sequence, or an iterator such as ws.instances:list(); read whole
---  before the first call
---@param f fun(item: any)
---@param settings? { limit: integer? }     the number of concurrent calls; 1000
---@raise an error object `SomeFailed` with a detail for each failure; a mistake or an interrupt at
---  once
---@usage azureml.each(ws.instances:list { state = "Running" }, function(vm) vm:stop():wait() end)
function task.each(list, f, settings)
  if not is_iterable(list) then
    errors.mistake("bad argument #1 to 'each' (list or iterator expected, got %s)", type(list))
  end
  if type(f) ~= "function" then
    errors.mistake("bad argument #2 to 'each' (function expected, got %s)", type(f))
  end
  local limit = limit_of(settings)
  local items, failures, index = read_all(list), {}, 0
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
  run_group(workers)
  raise_failures(failures, #items)
end

-- Handlers ----------------------------------------------------------------------------------------

--- Watch a descriptor: the loop calls handler whenever it is readable. The handler must not wait.
---@param fd integer
---@param handler function
function task.on(fd, handler)
  handlers[fd] = handler
  core.watch(fd, true)
end

--- Stop watching a descriptor.
---@param fd integer
function task.off(fd)
  handlers[fd] = nil
  core.watch(fd, false)
end

--- Start a timer: the loop calls handler after some seconds. The handler must not wait.
---@param seconds number
---@param handler function
---@return userdata timer
function task.at(seconds, handler)
  local timer = core.sleep(seconds)
  timers[timer] = handler
  return timer
end

--- Cancel a timer.
---@param timer userdata
function task.cancel(timer)
  timers[timer] = nil
  timer:close()
end

--- Register an observer: the loop calls it after each request and reply of a client. The observer
--- must not wait. The caller owns it: this module holds only a weak reference.
---@param observer fun(seen: table)
---@return integer number      the observer option of core.client
function task.observe(observer)
  last_observer = last_observer + 1
  observers[last_observer] = observer
  return last_observer
end

--- Turn the loop until the process is interrupted.
function task.serve()
  while true do pump() end
end

return task
