--- Waiting: for operations, in the main chunk, at a prompt, in tasks and anywhere else. The only
--- file that yields.
---
--- A task is a coroutine that `parallel` or `each` runs. A task that waits parks, and others go on.
--- Anything else that waits (main chunk, generator, gsub's callback) turns the loop itself: it
--- hands out news, but resumes no task but those that answer the core's questions, without whom it
--- might wait for ever.
local core = require "azureml.core"
local errors = require "azureml.error"
local options = require "azureml.options"
local question = require "azureml.task.question"

local task = {}

local handlers = {}      -- descriptor -> function
local timers = {}        -- sleep -> function
-- Number -> function; whoever asked for it keeps it.
local observers = setmetatable({}, { __mode = "v" })
local last_observer = 0
-- Operation -> tasks that wait for news of it; a closed one brings none.
local parked = setmetatable({}, { __mode = "k" })
local inboxes = setmetatable({}, { __mode = "k" })     -- operation -> where its news are gathered
local current            -- the task that runs now, if one does
local PARKED = {}        -- what a task yields when it waits

---@class azureml.Group
---@field left integer         tasks that have not ended
---@field failure any          the first error
---@field parent table?        the task that waits for it, if a task does
---@field answers integer?     the question that its only task answers

local runnable = { first = 1, last = 0 }      -- tasks of groups, in a queue
-- Those that answer questions, and the tasks that they start.
local answering = { first = 1, last = 0 }
local answerers = {}     -- question -> task: nobody else keeps those

-- Tasks -------------------------------------------------------------------------------------------

local function make_runnable(one)
  if one.queued or one.ended then return end
  local queue = one.within and answering or runnable
  one.queued = true
  queue.last = queue.last + 1
  queue[queue.last] = one
end

local function next_in(queue)
  local one = queue[queue.first]
  if not one then return nil end
  queue[queue.first] = nil
  queue.first = queue.first + 1
  one.queued = false
  return one
end

local function is_task()
  return current and coroutine.running() == current.coroutine and coroutine.isyieldable()
end

local function park_on(op, one)
  local list = parked[op]
  if not list then parked[op] = { one } else list[#list + 1] = one end
end

local function wake(op)
  local list = parked[op]
  parked[op] = nil
  for _, one in ipairs(list or {}) do make_runnable(one) end
end

-- What a <close> handler raises goes into the details of the error that closed it.
local function add_detail(failure, detail)
  if not errors.is(failure) then return end
  failure.details = failure.details or {}
  table.insert(failure.details, errors.is(detail) and detail or { message = tostring(detail) })
end

local function end_task(one, failure)
  local group = one.group
  one.ended = true
  group.left = group.left - 1
  if group.failure == nil then group.failure = failure
  elseif failure ~= nil then add_detail(group.failure, failure) end
  if group.parent then make_runnable(group.parent) end
end

-- A coroutine that failed keeps its <close> variables open until it is closed.
local function fail_task(one, failure)
  if failure == nil then failure = "an error without a value" end
  one.ended = true
  local _, raised = coroutine.close(one.coroutine)
  if raised ~= nil and raised ~= failure then add_detail(failure, raised) end
  end_task(one, failure)
end

local function stray_yield(one)
  local info = debug.getinfo(one.coroutine, 1, "Sl")
  local where = info and ("%s:%d: "):format(info.short_src, info.currentline) or ""
  return where .. "a task yields only by waiting: nobody would resume it here"
end

local function run(one)
  local before = current
  current = one
  local ok, said = coroutine.resume(one.coroutine)
  current = before
  if coroutine.status(one.coroutine) == "dead" then
    if ok then end_task(one) else fail_task(one, said) end
  elseif said ~= PARKED then
    fail_task(one, stray_yield(one))
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

-- Nobody waits for the answer any more: who answers is closed, and with him what he started. What
-- runs just now goes on.
local function abandon(one)
  local answerer = answerers[one.within]
  if not answerer or coroutine.status(answerer.coroutine) ~= "suspended" then return false end
  answerer.ended = true
  answerers[one.within] = nil
  coroutine.close(answerer.coroutine)
  return true
end

local function after_turn(one)
  local id, failure = one.group.answers, one.group.failure
  if not id or not one.ended then return end
  answerers[id] = nil
  if failure == nil then return end
  core.answer(id, nil, question.refusal(failure))
  if errors.is_interrupted(failure) then error(failure, 0) end
end

-- Whether there was something to do.
local function run_answers()
  local one, ran = next_in(answering), false
  while one do
    ran = true
    if not one.ended and (core.is_asked(one.within) or not abandon(one)) then
      run(one)
      after_turn(one)
    end
    one = next_in(answering)
  end
  return ran
end

-- The loop ----------------------------------------------------------------------------------------

local function fire(timer)
  local handler = timers[timer]
  timers[timer] = nil
  handler()
end

-- Before the news that came of it: who waits for an operation finds that its observers have been
-- told. The first error that one of them raised, in a table; the news must not get lost by it.
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

local function hand_out(what, thing, ...)
  if what == "op" and thing then
    if timers[thing] then return fire(thing) end
    if inboxes[thing] then put(inboxes[thing], thing) end
    wake(thing)
  elseif what == "watch" then
    handlers[thing]()
  elseif what == "question" then
    begin_answer(thing, ...)
  elseif what == "idle" then
    error("azureml: a wait for something that can never come", 0)
  end
end

local function hand_out_next(...)
  local fault = last_observer > 0 and tell_observers()
  hand_out(...)
  if fault then error(fault.raised, 0) end
end

-- One turn: at most one piece of news. Resumes nobody but those who answer.
local function pump(seconds)
  if run_answers() then return end
  hand_out_next(core.step(seconds))
  run_answers()
end

local function wait_as_task(op, is_over, deadline)
  local one = current
  local alarm <close> = deadline and core.sleep(math.max(0, deadline - core.now())) or nil
  while not is_over(op) do
    if alarm and alarm:done() then return false end
    park_on(op, one)
    if alarm and not parked[alarm] then park_on(alarm, one) end
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
---@field coroutine thread  whoever set it; it holds while he is on the way down to where one waits,
---  not while he rests
---@field over boolean?          it has been raised: what is closed because of it may wait

local outside = {}      -- where no task runs: its limits

-- The nearest of those that cover what runs now.
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

--- Call f with a limit on all the time that it waits, and the tasks that it starts.
---@param seconds number
---@param describe fun(err: azureml.Error)      completes the error at its end
---@param f function
---@return any ...       what f returned
---@raise what f raised; an error object `Timeout`, which nothing within the limit collects: its
---  field `limit` says which
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
      err.limit = nil      -- from here on it is an error like any other
      describe(err)
    end
    error(err, 0)
  end
  return sort_out(pcall(f, ...))
end

local function raise_over(limit)
  limit.over = true
  errors.raise { code = "Timeout", message = "the time that was given is over", limit = limit }
end

--- Wait until is_over(op), which news of op may change.
---@param op userdata|table  a core operation; or any table, of which task.look_again is the news
---@param is_over function
---@param deadline number?       on core.now()'s clock
---@return boolean               false: the deadline came first
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

--- Let those who wait for an operation look at it again: it was closed, or what they wait for has
--- changed otherwise.
---@param op userdata|table
function task.look_again(op)
  wake(op)
end

--- The question that is being answered here, if one is: what is asked of the core meanwhile must
--- not wait for that answer.
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

--- Wait until the service has taken an operation on, or refused it.
---@param op userdata
---@param deadline number?
---@return boolean
function task.wait_accepted(op, deadline)
  return task.wait_until(op, op.accepted, deadline)
end

-- News of many operations, for who follows thousands of them without a task for each.
---@class azureml.Inbox
local Inbox = {}
Inbox.__index = Inbox

--- An empty one.
---@return azureml.Inbox
function task.inbox()
  return setmetatable({ first = 1, last = 0 }, Inbox)
end

--- Gather the news of an operation here, too, until it is closed.
---@param op userdata
function Inbox:follow(op)
  inboxes[op] = self
end

local function has_news(inbox)
  return inbox.first <= inbox.last
end

--- The next operation of which there is news; waits for it. It may have been closed since.
---@param deadline number?      on core.now()'s clock
---@param is_over function?     ends the wait, after task.look_again(inbox)
---@return userdata? op         nil: the deadline came first, or it is over
function Inbox:next(deadline, is_over)
  local function may_go_on() return has_news(self) or is_over ~= nil and is_over() end
  if not has_news(self) then task.wait_until(self, may_go_on, deadline) end
  if not has_news(self) then return nil end
  local op = self[self.first]
  self[self.first] = nil
  self.first = self.first + 1
  return op
end

--- Let time pass; other tasks go on.
---@param seconds number
function task.sleep(seconds)
  options.check_seconds("sleep: its argument", seconds)
  local op <close> = core.sleep(seconds)
  task.wait(op)
end

-- Groups ------------------------------------------------------------------------------------------

local closing      -- the error because of which tasks are being closed now

-- Where no error closes them, but somebody who closes us, the first that a handler raises is his to
-- know.
local function close_all(tasks, cause)
  local raised
  local before = closing
  closing = cause or before
  for _, one in ipairs(tasks) do
    if not one.ended then
      one.ended = true
      local ok, failure = coroutine.close(one.coroutine)
      if not ok and cause == nil and raised == nil then raised = failure
      elseif not ok then add_detail(cause or raised, failure) end
    end
  end
  closing = before
  if raised ~= nil then error(raised, 0) end
end

--- The error because of which tasks are being closed just now; nil: none is, or not because of one.
---@return any
function task.cause_of_closing()
  return closing
end

-- Who follows thousands of operations is resumed once for all that is new of them.
local function pump_all()
  repeat pump() until not core.has_news()
end

local function turn_until_over(group)
  while group.left > 0 and group.failure == nil do
    local one = next_in(runnable)
    if one then run(one) else pump_all() end
  end
end

-- What is raised while we turn, an interrupt say, is the group's failure: its tasks are closed
-- because of it, as it is, before anybody's message handler makes something else of it.
local function turn(group)
  local ok, raised = pcall(turn_until_over, group)
  if not ok and group.failure == nil then group.failure = raised end
end

local function park_until_over(group)
  group.parent = current
  while group.left > 0 and group.failure == nil do coroutine.yield(PARKED) end
end

--- Run functions as tasks until all have ended or one has failed; then the others are closed.
---@param functions function[]
local function run_group(functions)
  local group = { left = #functions, failure = nil }
  local tasks = setmetatable({}, { __close = close_all })
  local guard <close> = tasks      -- an interrupt leaves no task behind
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

--- Run functions side by side. All or nothing: the first error closes the others and is raised.
---@param ... function
---@return any ...       the first result of each, in order
---@raise what a function raised first
function task.parallel(...)
  local given, functions, results = table.pack(...), {}, {}
  for i = 1, given.n do
    local f = given[i]
    if type(f) ~= "function" then
      errors.mistake("bad argument #%d to 'parallel' (function expected, got %s)", i, type(f))
    end
    functions[i] = function() results[i] = f() end
  end
  run_group(functions)
  return table.unpack(results, 1, given.n)
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

local function limit_of(given)
  local limit = options.check("each", given, { limit = "integer" }).limit or DEFAULT_LIMIT
  if limit < 1 then errors.mistake("each: option 'limit' must be 1 or more, not %d", limit) end
  return limit
end

--- Call f with each item, side by side; all are tried, then the failures are raised together.
---@param list table|function  a sequence, or an iterator such as ws.instances:list(); read whole
---  before the first call
---@param f fun(item: any)
---@param given? { limit: integer? }     how many at once; 1000
---@raise an error object `SomeFailed` whose details list each failure by name; a mistake or an
---  interrupt at once
function task.each(list, f, given)
  if not is_iterable(list) then
    errors.mistake("bad argument #1 to 'each' (list or iterator expected, got %s)", type(list))
  end
  if type(f) ~= "function" then
    errors.mistake("bad argument #2 to 'each' (function expected, got %s)", type(f))
  end
  local limit = limit_of(given)
  local items, failures, at = read_all(list), {}, 0
  local function worker()
    while at < #items do
      at = at + 1
      local i = at
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

--- Call handler from the loop whenever a descriptor is ready to be read. It must not wait.
---@param fd integer
---@param handler function
function task.on(fd, handler)
  handlers[fd] = handler
  core.watch(fd, true)
end

--- No more.
---@param fd integer
function task.off(fd)
  handlers[fd] = nil
  core.watch(fd, false)
end

--- Call handler from the loop in so many seconds. It must not wait.
---@param seconds number
---@param handler function
---@return userdata timer
function task.at(seconds, handler)
  local timer = core.sleep(seconds)
  timers[timer] = handler
  return timer
end

--- Not any more.
---@param timer userdata
function task.cancel(timer)
  timers[timer] = nil
  timer:close()
end

--- Call observer from the loop with what a client sends and is answered, afterwards. It must not
--- wait. The caller keeps it.
---@param observer fun(seen: table)
---@return integer number      for core.client
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
